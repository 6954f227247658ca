//! One lane, as the scheduler sees it: first-in, first-out queues of renewals in flight.

use std::collections::VecDeque;
use std::time::Duration;

use super::io::{SlotId, Timeouts};
use crate::{LeaseId, MAX_TTL};
use simkit::Timestamp;

/// Maximum number of renewals in flight on one stream. More are sent when half of them have a reply. The more are sent at
/// once, the less etcd has to wake up for each.
const WINDOW: usize = 256;

/// Maximum number of streams of a lane without a reply in time that stay open for late replies. Where packets are lost,
/// any of them may reply first.
const MAX_OLDER: usize = 3;

/// A renewal in flight. The time at which it was sent distinguishes it from others of the same slot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct InFlight {
    pub(super) slot: SlotId,
    pub(super) id: LeaseId,
    pub(super) sent: Timestamp,
}

/// A stream without a reply in time. What is in flight on it was sent again on a newer one, and a late reply counts.
#[derive(Debug)]
struct OlderStream {
    generation: u32,
    in_flight: VecDeque<InFlight>,
}

/// A lane: its newest stream, a few older streams without a reply, and what is in flight on them.
#[derive(Debug, Default)]
pub(super) struct StreamState {
    pub(super) in_flight: VecDeque<InFlight>,
    /// Counts the streams of this lane. Replies of a closed one are ignored.
    pub(super) generation: u32,
    pub(super) open: bool,
    /// Whether to close it as soon as nothing is in flight, because another member is chosen.
    pub(super) retiring: bool,
    /// The oldest first.
    older: Vec<OlderStream>,
    /// Whether its first renewal has waited for [`Timeouts::head`].
    is_late: bool,
    /// Number of streams in a row without a reply in time.
    pub(super) unanswered: u32,
    /// Maximum number of renewals in flight.
    window: usize,
    /// Whether it accepts renewals: until the window is full, and again once half of it is free.
    filling: bool,
    /// When the last reply arrived, or when the first renewal was sent if that is later.
    progress: Timestamp,
    retry_at: Timestamp,
    /// Number of streams in a row that failed.
    failures: u32,
    /// The shortest TTL of the renewals in flight.
    shortest_ttl: Duration,
    /// How long the last two replies took, each since the one before it. A single pause must not set a timeout.
    replies: [Duration; 2],
    /// The round trip of the last reply on the newest stream.
    round_trip: Duration,
    /// How much longer the round trips of the last two replies took, each than the one before it.
    growth: [Duration; 2],
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

    /// Adds a renewal of a lease with this TTL.
    pub(super) fn push(&mut self, renewal: InFlight, ttl: Duration) {
        if self.in_flight.is_empty() {
            self.progress = renewal.sent;
            self.shortest_ttl = ttl;
        }
        self.shortest_ttl = self.shortest_ttl.min(ttl);
        self.in_flight.push_back(renewal);
        self.filling = self.in_flight.len() < self.window;
    }

    /// Finds the renewal that a reply answers, and makes it the first of its stream. etcd replies to the requests of a
    /// stream in their order, once to each. Its gRPC proxy replies in any order (`leaseProxyStream` in
    /// `server/proxy/grpcproxy/lease.go`). The error says what is wrong with a reply that neither can have sent. `None` if
    /// the stream is closed.
    pub(super) fn answered(&mut self, generation: u32, id: LeaseId, ttl: i64) -> Option<Result<InFlight, String>> {
        let older = self.older.iter_mut().find(|older| older.generation == generation);
        let queue = match older {
            Some(older) => &mut older.in_flight,
            None if self.generation == generation => &mut self.in_flight,
            None => return None,
        };
        let place = queue.iter().position(|renewal| renewal.id == id);
        if let Some(renewal) = place.filter(|place| *place > 0).and_then(|place| queue.remove(place)) {
            queue.push_front(renewal);
        }
        Some(match queue.front() {
            Some(_) if ttl > MAX_TTL => Err(format!("got a TTL of {ttl} s for lease {id}, more than etcd grants")),
            Some(first) if first.id == id => Ok(*first),
            _ => Err(format!("got a reply for lease {id} that was not asked for")),
        })
    }

    /// Detaches a slot from its renewals in flight. Their replies are still expected.
    pub(super) fn forget(&mut self, slot: SlotId) {
        let older = self.older.iter_mut().flat_map(|older| &mut older.in_flight);
        self.in_flight.iter_mut().chain(older).filter(|renewal| renewal.slot == slot).for_each(|renewal| {
            renewal.slot = SlotId::MAX;
        });
    }

    /// Handles a reply to the first renewal of the newest stream.
    pub(super) fn pop(&mut self, now: Timestamp) {
        self.replies = [self.waited(now), self.replies[0]];
        if let Some(first) = self.in_flight.front() {
            let round_trip = now.since(first.sent);
            self.growth = [round_trip.saturating_sub(self.round_trip), self.growth[0]];
            self.round_trip = round_trip;
        }
        self.progress = now;
        self.is_late = false;
        self.failures = 0;
        // After streams without a reply, this one uses another connection than the chosen one. It closes once idle.
        self.retiring |= self.unanswered > 0;
        self.unanswered = 0;
        self.in_flight.pop_front();
        self.filling |= self.in_flight.len() <= self.window / 2;
    }

    /// Handles a reply to the first renewal of an older stream. If it is the last one, forgets the stream and returns
    /// true.
    pub(super) fn pop_older(&mut self, generation: u32, now: Timestamp) -> bool {
        let Some(place) = self.older.iter().position(|older| older.generation == generation) else { return false };
        let in_flight = &mut self.older[place].in_flight;
        if let Some(first) = in_flight.pop_front() {
            self.replies = [now.since(first.sent), self.replies[0]];
        }
        let is_last = in_flight.is_empty();
        if is_last {
            self.older.remove(place);
        }
        is_last
    }

    /// Closes the newest stream after a failure. Returns what was in flight. The pause before the next stream grows
    /// with each failure.
    pub(super) fn fail(&mut self, now: Timestamp, timeouts: &Timeouts) -> VecDeque<InFlight> {
        self.retry_at = now + timeouts.reopen(self.failures);
        self.failures = self.failures.saturating_add(1);
        self.close()
    }

    /// Closes the newest stream. Returns what was in flight.
    pub(super) fn close(&mut self) -> VecDeque<InFlight> {
        self.open = false;
        self.retiring = false;
        self.is_late = false;
        self.filling = true;
        self.growth = [Duration::ZERO; 2];
        // The first round trip of the next stream is not compared.
        self.round_trip = Duration::MAX;
        self.generation = self.generation.wrapping_add(1);
        std::mem::take(&mut self.in_flight)
    }

    /// Keeps a stream that was replaced, because late replies count. Returns the generation of the one to close
    /// instead, if there are too many.
    pub(super) fn keep_older(&mut self, generation: u32, in_flight: VecDeque<InFlight>) -> Option<u32> {
        self.older.push(OlderStream { generation, in_flight });
        if self.older.len() > MAX_OLDER { Some(self.older.remove(0).generation) } else { None }
    }

    /// Forgets an older stream. Returns what was in flight on it; `None` if the stream is not an older one.
    pub(super) fn take_older(&mut self, generation: u32) -> Option<VecDeque<InFlight>> {
        let place = self.older.iter().position(|older| older.generation == generation)?;
        Some(self.older.remove(place).in_flight)
    }

    /// Forgets all older streams. Returns their generations.
    pub(super) fn drop_older(&mut self) -> impl Iterator<Item = u32> {
        self.older.drain(..).map(|older| older.generation)
    }

    /// Ends the pause before the next stream and resets the counts of failures and of streams without a reply, because
    /// another member may answer sooner.
    pub(super) fn start_over(&mut self, now: Timestamp) {
        self.retry_at = self.retry_at.min(now);
        self.failures = 0;
        self.unanswered = 0;
    }

    /// How long the first renewal has waited since the last reply.
    pub(super) fn waited(&self, now: Timestamp) -> Duration {
        if self.in_flight.is_empty() { Duration::ZERO } else { now.since(self.progress) }
    }

    /// When the first renewal becomes late; `None` if it is late already or nothing is in flight.
    pub(super) fn late_at(&self, timeouts: &Timeouts) -> Option<Timestamp> {
        if self.is_late || self.in_flight.is_empty() { None } else { Some(self.progress + timeouts.head) }
    }

    /// Notes whether the first renewal is late.
    pub(super) fn note_late(&mut self, now: Timestamp, timeouts: &Timeouts) {
        self.is_late |= self.late_at(timeouts).is_some_and(|at| at <= now);
    }

    /// When the renewals in flight are sent again on another stream; `None` if nothing is in flight.
    pub(super) fn resend_at(&self, timeouts: &Timeouts) -> Option<Timestamp> {
        if self.in_flight.is_empty() { None } else { Some(self.progress + self.patience(timeouts)) }
    }

    /// How long its first renewal may wait for a reply. On a member that replies slowly it is longer, up to a third of
    /// the TTL. In a long outage it is longer too, up to a tenth of the TTL, because the probes find a new path.
    fn patience(&self, timeouts: &Timeouts) -> Duration {
        /// In an outage the wait doubles after this many streams without a reply.
        const STREAMS_PER_DOUBLING: u32 = 4;
        /// Keeps the doubled wait from overflowing.
        const MAX_DOUBLINGS: u32 = 10;
        let usual = timeouts.resend(self.shortest_ttl);
        let slow = self.replies[0].min(self.replies[1]) * 2;
        let doublings = (self.unanswered / STREAMS_PER_DOUBLING).min(MAX_DOUBLINGS);
        let outage = usual * (1 << doublings);
        usual.max(slow.min(self.shortest_ttl / 3)).max(outage.min(self.shortest_ttl / 10))
    }

    /// Whether renewals wait for each other: the round trips of the last two replies were each longer by `step` than the one
    /// before, and another renewal is in flight. On a long link, round trips are long and equal.
    pub(super) fn replies_one_by_one(&self, step: Duration) -> bool {
        !self.in_flight.is_empty() && self.growth.iter().all(|growth| *growth >= step)
    }

    /// When it may open its next stream.
    pub(super) fn retry_at(&self) -> Timestamp {
        self.retry_at
    }

    /// Whether its first renewal is late, or its last stream failed or got no reply in time.
    pub(super) fn is_failing(&self) -> bool {
        self.is_late || self.failures > 0 || self.unanswered > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether renewals that are sent and replied to at these milliseconds wait for each other. One more is in flight.
    fn waits(times: &[(u64, u64)]) -> bool {
        let at = |millis| Timestamp::at(Duration::from_millis(millis));
        let mut lane = StreamState::shared();
        let last = times.last().map_or(0, |(_, reply)| *reply);
        for sent in times.iter().map(|(sent, _)| *sent).chain([last]) {
            lane.push(InFlight { slot: 0, id: LeaseId(1), sent: at(sent) }, Duration::from_secs(5));
        }
        times.iter().for_each(|(_, reply)| lane.pop(at(*reply)));
        lane.replies_one_by_one(Duration::from_millis(62))
    }

    #[test]
    fn replies_in_any_order_are_accepted_once() {
        let mut lane = StreamState::shared();
        for id in 1..=3 {
            let renewal = InFlight { slot: 0, id: LeaseId(id), sent: Timestamp::START };
            lane.push(renewal, Duration::from_secs(5));
        }
        for id in [2, 3, 1] {
            let answered = lane.answered(0, LeaseId(id), 5).expect("the stream is open");
            assert_eq!(answered.expect("it was asked for").id, LeaseId(id));
            lane.pop(Timestamp::START);
            assert!(lane.answered(0, LeaseId(id), 5).is_some_and(|again| again.is_err()));
        }
    }

    #[test]
    fn renewals_wait_for_each_other_if_round_trips_grow_and_not_if_they_are_long() {
        assert!(waits(&[(0, 250), (0, 500), (0, 750)]));
        assert!(waits(&[(0, 1), (1_000, 1_250), (1_000, 1_500)]), "after a quick reply");
        assert!(!waits(&[(0, 300), (80, 380), (160, 460), (240, 540)]), "a long link");
        assert!(!waits(&[(0, 300), (0, 301), (0, 302)]), "a long link, sent together");
        assert!(!waits(&[(0, 1), (10, 400), (500, 501), (510, 511)]), "a pause");
    }
}
