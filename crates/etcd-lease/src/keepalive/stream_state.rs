//! One lane, as the scheduler sees it: a first-in, first-out queue of renewals in flight.

use std::collections::VecDeque;
use std::time::Duration;

use super::io::{SlotId, Timeouts};
use crate::LeaseId;
use simkit::Timestamp;

/// Maximum number of renewals in flight on one stream. More are sent when half of them have a reply.
const WINDOW: usize = 96;

/// Maximum number of times that the timeout doubles after consecutive timeouts.
const MAX_TIMEOUT_DOUBLINGS: u32 = 2;

/// A renewal in flight. The time at which it was sent distinguishes it from earlier ones of the same slot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct InFlight {
    pub(super) slot: SlotId,
    pub(super) id: LeaseId,
    pub(super) sent: Timestamp,
}

/// A lane: its current stream, and what is in flight on it.
#[derive(Debug, Default)]
pub(super) struct StreamState {
    pub(super) in_flight: VecDeque<InFlight>,
    /// Counts the streams of this lane. Replies of an earlier one are ignored.
    pub(super) generation: u32,
    pub(super) open: bool,
    /// Whether to close it as soon as nothing is in flight, because another member is chosen.
    pub(super) retiring: bool,
    window: usize,
    filling: bool,
    progress: Timestamp,
    retry_at: Timestamp,
    failures: u32,
    /// Number of consecutive stream timeouts.
    consecutive_timeouts: u32,
}

impl StreamState {
    /// A lane that leases share.
    pub(super) fn shared() -> Self {
        StreamState { window: WINDOW, filling: true, ..StreamState::default() }
    }

    /// A lane for one renewal at a time.
    pub(super) fn suspect_stream() -> Self {
        StreamState { window: 1, filling: true, ..StreamState::default() }
    }

    /// Whether it can accept a renewal now. Nothing is sent behind a renewal that has waited long.
    pub(super) fn can_accept(&self, now: Timestamp, timeouts: &Timeouts) -> bool {
        self.filling && !self.retiring && now >= self.retry_at && self.waited(now) < timeouts.head
    }

    /// Adds a renewal.
    pub(super) fn push(&mut self, renewal: InFlight) {
        if self.in_flight.is_empty() {
            self.progress = renewal.sent;
        }
        self.in_flight.push_back(renewal);
        self.filling = self.in_flight.len() < self.window;
    }

    /// The reply to the first renewal has arrived.
    pub(super) fn pop(&mut self, now: Timestamp) {
        self.progress = now;
        self.failures = 0;
        self.consecutive_timeouts = 0;
        self.in_flight.pop_front();
        self.filling |= self.in_flight.len() <= self.window / 2;
    }

    /// The stream failed. Returns what was in flight. The pause before the next stream grows with each failure.
    pub(super) fn fail(&mut self, now: Timestamp, timeouts: &Timeouts) -> VecDeque<InFlight> {
        self.retry_at = now + timeouts.reopen(self.failures);
        self.failures = self.failures.saturating_add(1);
        self.close()
    }

    /// The stream timed out. The next one gets twice the timeout, so that a slow server can still reply.
    pub(super) fn give_up(&mut self, now: Timestamp, timeouts: &Timeouts) -> VecDeque<InFlight> {
        self.consecutive_timeouts = (self.consecutive_timeouts + 1).min(MAX_TIMEOUT_DOUBLINGS);
        self.fail(now, timeouts)
    }

    /// Closes the stream. Returns what was in flight.
    pub(super) fn close(&mut self) -> VecDeque<InFlight> {
        self.open = false;
        self.retiring = false;
        self.filling = true;
        self.generation = self.generation.wrapping_add(1);
        std::mem::take(&mut self.in_flight)
    }

    /// How long the first renewal has waited since the last reply.
    pub(super) fn waited(&self, now: Timestamp) -> Duration {
        if self.in_flight.is_empty() { Duration::ZERO } else { now.since(self.progress) }
    }

    /// When the first renewal times out; `None` if nothing is in flight.
    pub(super) fn overdue_at(&self, timeouts: &Timeouts) -> Option<Timestamp> {
        if self.in_flight.is_empty() {
            return None;
        }
        Some(self.progress + timeouts.answer * (1 << self.consecutive_timeouts))
    }

    /// When it may open its next stream.
    pub(super) fn retry_at(&self) -> Timestamp {
        self.retry_at
    }
}
