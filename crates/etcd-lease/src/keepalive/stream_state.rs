//! One keepalive stream, as the schedule sees it: a first-in, first-out line of renewals.

use std::collections::VecDeque;
use std::time::Duration;

use super::{SlotId, Timeouts};
use crate::LeaseId;
use simkit::Timestamp;

/// Renewals in flight on one stream, at most; refilled at half.
const WINDOW: usize = 96;

/// After so many silences the time for an answer does not grow any more: four times as long.
const MAX_TIMEOUT_DOUBLINGS: u32 = 2;

/// A renewal on its way: whose, and when it was sent (which tells it from an earlier one of the same slot).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct InFlight {
    pub(super) slot: SlotId,
    pub(super) id: LeaseId,
    pub(super) sent: Timestamp,
}

/// One stream and what is in flight on it.
#[derive(Debug, Default)]
pub(super) struct StreamState {
    pub(super) in_flight: VecDeque<InFlight>,
    /// Counts the streams that this lane has had; answers of an earlier one are too late.
    pub(super) generation: u32,
    pub(super) open: bool,
    /// To be closed as soon as nothing is in flight: another member is the better one now.
    pub(super) retiring: bool,
    window: usize,
    filling: bool,
    progress: Timestamp,
    retry_at: Timestamp,
    failures: u32,
    /// Times in a row that nothing was answered at all.
    consecutive_timeouts: u32,
}

impl StreamState {
    /// A lane for many.
    pub(super) fn shared() -> Self {
        StreamState { window: WINDOW, filling: true, ..StreamState::default() }
    }

    /// A lane for one at a time.
    pub(super) fn suspect_stream() -> Self {
        StreamState { window: 1, filling: true, ..StreamState::default() }
    }

    /// Whether it can take a renewal now. Nothing queues behind a head that waits for long already.
    pub(super) fn can_accept(&self, now: Timestamp, timeouts: &Timeouts) -> bool {
        self.filling && !self.retiring && now >= self.retry_at && self.waited(now) < timeouts.head
    }

    /// Takes a renewal.
    pub(super) fn push(&mut self, renewal: InFlight) {
        if self.in_flight.is_empty() {
            self.progress = renewal.sent;
        }
        self.in_flight.push_back(renewal);
        self.filling = self.in_flight.len() < self.window;
    }

    /// The answer to the first in line has arrived.
    pub(super) fn pop(&mut self, now: Timestamp) {
        self.progress = now;
        self.failures = 0;
        self.consecutive_timeouts = 0;
        self.in_flight.pop_front();
        self.filling |= self.in_flight.len() <= self.window / 2;
    }

    /// The stream is gone: whoever was in line gets out, and the next stream waits a little longer each time.
    pub(super) fn fail(&mut self, now: Timestamp, timeouts: &Timeouts) -> VecDeque<InFlight> {
        self.retry_at = now + timeouts.reopen(self.failures);
        self.failures = self.failures.saturating_add(1);
        self.close()
    }

    /// The stream is given up because the first in line was not answered in time. The next one gets twice the time: a
    /// server that is only slow must be heard out at last.
    pub(super) fn give_up(&mut self, now: Timestamp, timeouts: &Timeouts) -> VecDeque<InFlight> {
        self.consecutive_timeouts = (self.consecutive_timeouts + 1).min(MAX_TIMEOUT_DOUBLINGS);
        self.fail(now, timeouts)
    }

    /// Closes the stream.
    pub(super) fn close(&mut self) -> VecDeque<InFlight> {
        self.open = false;
        self.retiring = false;
        self.filling = true;
        self.generation = self.generation.wrapping_add(1);
        std::mem::take(&mut self.in_flight)
    }

    /// How long the first in line has waited since anything moved.
    pub(super) fn waited(&self, now: Timestamp) -> Duration {
        if self.in_flight.is_empty() { Duration::ZERO } else { now.since(self.progress) }
    }

    /// When the first in line has waited too long.
    pub(super) fn overdue_at(&self, timeouts: &Timeouts) -> Option<Timestamp> {
        (!self.in_flight.is_empty()).then(|| self.progress + timeouts.answer * (1 << self.consecutive_timeouts))
    }

    /// When it may open its next stream.
    pub(super) fn retry_at(&self) -> Timestamp {
        self.retry_at
    }
}
