//! Spare lanes, over which renewals are spread while etcd replies to those of a stream slowly, one after the other.
//!
//! Before it renews a lease, etcd waits until it has applied what is committed (`waitAppliedIndex` in its
//! `LeaseRenew`), and it handles the renewals of a stream one after the other. While it removes hundreds of leases,
//! each renewal can take 250 ms: a stream then gets 4 replies a second, and as many streams as there are renewals get
//! all replies in 250 ms.

use super::Scheduler;
use super::stream_state::StreamState;
use simkit::Timestamp;

/// Maximum number of renewals in flight on one stream while they are spread.
const SPREAD_WINDOW: usize = 4;
/// Maximum number of lanes: their numbers fit into a byte of the record of each lease.
const MAX_LANES: usize = 250;

impl Scheduler {
    /// Spreads the renewals on a lane over other lanes, if they wait for each other, and for a while all later ones.
    pub(super) fn spread_if_slow(&mut self, now: Timestamp, lane: usize) {
        // Four renewals that wait for each other then take `Timeouts::head`, and nothing is sent behind the first one.
        let step = self.timeouts.head / 4;
        if lane == self.suspect_lane() || !self.lanes[lane].replies_one_by_one(step) {
            return;
        }
        // This time starts again with each slow reply.
        self.spread_until = now + self.timeouts.answer * 2;
        if self.lanes[lane].in_flight.len() > SPREAD_WINDOW {
            for renewal in self.replace_stream(lane) {
                self.requeue(now, renewal);
            }
        }
    }

    /// Finds a lane that can accept a renewal. The lanes take turns. While renewals are spread, adds a spare lane if
    /// none can.
    pub(super) fn free_lane(&mut self, now: Timestamp) -> Option<usize> {
        let is_spread = now < self.spread_until;
        let count = if is_spread { self.lanes.len() } else { self.shared };
        let is_free = |lane: &usize| {
            let state = &self.lanes[*lane];
            let has_room = !is_spread || state.in_flight.len() < SPREAD_WINDOW;
            *lane != self.suspect_lane() && has_room && state.can_accept(now, &self.timeouts)
        };
        let free = (0..count).map(|step| (self.next_lane + step) % count).find(is_free);
        if free.is_none() && is_spread && self.lanes.len() < MAX_LANES {
            self.lanes.push(StreamState::shared());
            return Some(self.lanes.len() - 1);
        }
        free
    }

    /// When renewals are no longer spread; `None` if no spare lane is open.
    pub(super) fn spread_ends_at(&self) -> Option<Timestamp> {
        let is_open = self.lanes.iter().skip(self.shared + 1).any(|lane| lane.open && !lane.retiring);
        if is_open { Some(self.spread_until) } else { None }
    }

    /// Closes the spare lanes once streams reply quickly again: each as soon as it has all its replies.
    pub(super) fn close_spare_lanes(&mut self, now: Timestamp) {
        if now < self.spread_until {
            return;
        }
        for lane in self.shared + 1..self.lanes.len() {
            if self.lanes[lane].open && !self.lanes[lane].retiring {
                self.lanes[lane].retiring = true;
                self.retire_if_idle(lane);
            }
        }
    }
}
