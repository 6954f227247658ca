//! One keepalive stream, as the schedule sees it: a first-in, first-out line of renewals.

use std::collections::VecDeque;
use std::time::Duration;

use super::{Limits, Slot};
use crate::LeaseId;
use simkit::Moment;

/// Renewals in flight on one stream, at most; refilled at half.
const WINDOW: usize = 96;

/// After so many silences the time for an answer does not grow any more: four times as long.
const MOST_SILENCES: u32 = 2;

/// A renewal on its way: whose, and when it was sent (which tells it from an earlier one of the same slot).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct InFlight {
    pub(super) slot: Slot,
    pub(super) id: LeaseId,
    pub(super) sent: Moment,
}

/// One stream and what is in flight on it.
#[derive(Debug, Default)]
pub(super) struct Lane {
    pub(super) line: VecDeque<InFlight>,
    /// Counts the streams that this lane has had; answers of an earlier one are too late.
    pub(super) generation: u32,
    pub(super) open: bool,
    /// To be closed as soon as nothing is in flight: another member is the better one now.
    pub(super) retiring: bool,
    window: usize,
    filling: bool,
    progress: Moment,
    retry_at: Moment,
    failures: u32,
    /// Times in a row that nothing was answered at all.
    silences: u32,
}

impl Lane {
    /// A lane for many.
    pub(super) fn shared() -> Self {
        Lane { window: WINDOW, filling: true, ..Lane::default() }
    }

    /// A lane for one at a time.
    pub(super) fn apart() -> Self {
        Lane { window: 1, filling: true, ..Lane::default() }
    }

    /// Whether it can take a renewal now. Nothing queues behind a head that waits for long already.
    pub(super) fn takes(&self, now: Moment, limits: &Limits) -> bool {
        self.filling && !self.retiring && now >= self.retry_at && self.waited(now) < limits.head
    }

    /// Takes a renewal.
    pub(super) fn push(&mut self, renewal: InFlight) {
        if self.line.is_empty() {
            self.progress = renewal.sent;
        }
        self.line.push_back(renewal);
        self.filling = self.line.len() < self.window;
    }

    /// The answer to the first in line has arrived.
    pub(super) fn pop(&mut self, now: Moment) {
        self.progress = now;
        self.failures = 0;
        self.silences = 0;
        self.line.pop_front();
        self.filling |= self.line.len() <= self.window / 2;
    }

    /// The stream is gone: whoever was in line gets out, and the next stream waits a little longer each time.
    pub(super) fn fail(&mut self, now: Moment, limits: &Limits) -> VecDeque<InFlight> {
        self.retry_at = now + limits.reopen(self.failures);
        self.failures = self.failures.saturating_add(1);
        self.close()
    }

    /// The stream is given up because the first in line was not answered in time. The next one gets twice the time: a
    /// server that is only slow must be heard out at last.
    pub(super) fn give_up(&mut self, now: Moment, limits: &Limits) -> VecDeque<InFlight> {
        self.silences = (self.silences + 1).min(MOST_SILENCES);
        self.fail(now, limits)
    }

    /// Closes the stream.
    pub(super) fn close(&mut self) -> VecDeque<InFlight> {
        self.open = false;
        self.retiring = false;
        self.filling = true;
        self.generation = self.generation.wrapping_add(1);
        std::mem::take(&mut self.line)
    }

    /// How long the first in line has waited since anything moved.
    pub(super) fn waited(&self, now: Moment) -> Duration {
        if self.line.is_empty() { Duration::ZERO } else { now.since(self.progress) }
    }

    /// When the first in line has waited too long.
    pub(super) fn overdue_at(&self, limits: &Limits) -> Option<Moment> {
        (!self.line.is_empty()).then(|| self.progress + limits.answer * (1 << self.silences))
    }

    /// When it may open its next stream.
    pub(super) fn retry_at(&self) -> Moment {
        self.retry_at
    }
}
