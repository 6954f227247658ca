//! The feed as a scheduler writes it.

use std::time::Duration;

use super::*;
use crate::keepalive::{Action, Notice, Timeouts};
use crate::{Ended, RenewalSchedule};

/// A scheduler with leases of 10 s that are renewed as soon as they are due, and the feed that it is written to.
struct Bench {
    scheduler: Scheduler,
    subscribers: Subscribers,
    feed: Arc<Feed>,
    now: Timestamp,
}

impl Bench {
    fn new() -> (Bench, StatusFeed) {
        let feed = Arc::new(Feed::default());
        let reader = StatusFeed::new(Arc::clone(&feed));
        let scheduler = Scheduler::new(RenewalSchedule::Exact, 1, Timeouts::at_speed(1));
        (Bench { scheduler, subscribers: [].into_iter().collect(), feed, now: Timestamp::START }, reader)
    }

    fn keep(&mut self, id: i64) -> SlotId {
        self.scheduler.grant(self.now, LeaseId(id), 10, self.now, None)
    }

    fn end(&mut self, slot: SlotId) {
        self.scheduler.end(slot, Ended::Cancelled);
        self.turn();
    }

    /// Does a turn, in which nothing is answered.
    fn turn(&mut self) -> Vec<Action> {
        let outcome = self.scheduler.turn(self.now);
        let mut writer = self.feed.writer();
        for (slot, id, news) in outcome.notices {
            match news {
                Notice::Renewed(renewal) => writer.renewed(slot, id, &renewal),
                Notice::Missed { waited } => writer.event(self.now, Some(id), || EngineEventKind::Missed { waited }),
                Notice::Ended(_, last) => writer.end(slot, last),
            }
        }
        outcome.changed.iter().for_each(|slot| writer.update(&self.scheduler, *slot, &self.subscribers));
        outcome.actions
    }

    /// Waits until the leases are due, and renews them.
    fn renew(&mut self) {
        self.now = self.scheduler.wake_at().unwrap();
        for act in self.turn() {
            if let Action::Send { lane, id } = act {
                self.scheduler.on_renewal_reply(self.now + Duration::from_millis(1), lane, 0, id, 10, 1);
            }
        }
        self.turn();
    }
}

fn ids(update: &StatusUpdate) -> Vec<(i64, bool)> {
    update.statuses.iter().map(|status| (status.id.0, status.ended.is_some())).collect()
}

#[test]
fn a_slot_that_is_used_again_keeps_the_end_of_its_lease_apart() {
    let (mut bench, reader) = Bench::new();
    let slot = bench.keep(1);
    bench.turn();
    bench.end(slot);
    assert_eq!(bench.keep(2), slot, "used again before the end was read");
    bench.turn();
    bench.feed.on_read(slot, LeaseId(1));
    assert_eq!(ids(&reader.drain()), [(1, true), (2, false)], "the end first, each once");
    assert_eq!(reader.drain(), StatusUpdate::default());
    bench.feed.on_read(slot, LeaseId(1));
    assert_eq!(reader.drain(), StatusUpdate::default(), "a response of the lease that was there before");
    bench.feed.on_read(slot, LeaseId(2));
    assert_eq!(ids(&reader.drain()), [(2, false)]);
}

#[test]
fn a_lease_that_is_kept_again_ends_first_and_lives_then() {
    let (mut bench, reader) = Bench::new();
    let (first, other) = (bench.keep(1), bench.keep(2));
    bench.turn();
    bench.end(first);
    bench.end(other);
    bench.keep(1);
    bench.turn();
    assert_eq!(ids(&reader.drain()), [(1, true), (2, true), (1, false)]);
}

#[test]
fn every_renewal_is_told_once_and_in_order() {
    let (mut bench, reader) = Bench::new();
    bench.keep(1);
    bench.renew();
    bench.feed.writer().event(bench.now, None, || EngineEventKind::FaultEnded);
    bench.renew();
    bench.renew();
    let update = reader.drain();
    assert_eq!(update.statuses[0].cadence.answers, 3);
    let kinds = update.events.iter().map(|event| match event.kind {
        EngineEventKind::Renewed { interval, .. } => interval.map(|interval| interval.as_millis()),
        _ => Some(0),
    });
    let third = 10_000 / 3;
    assert_eq!(kinds.collect::<Vec<_>>(), [None, Some(0), Some(third), Some(third)]);
    let left = update.events.iter().filter_map(|event| match event.kind {
        EngineEventKind::Renewed { left, .. } => left.map(|left| left.as_millis()),
        _ => None,
    });
    assert_eq!(left.collect::<Vec<_>>(), [9_999, 6_665, 6_665], "by the grant, then by the renewal before");
    assert_eq!(reader.drain(), StatusUpdate::default());
    bench.renew();
    let update = reader.visit(|status| assert_eq!(status.cadence.answers, 4));
    assert_eq!(update, StatusUpdate::default(), "the renewal is only in the status");
}

#[test]
fn events_that_nobody_reads_are_counted_and_dropped_the_oldest_first() {
    let (bench, reader) = Bench::new();
    for nanos in 0..EVENTS as u64 + 3 {
        bench.feed.writer().event(Timestamp::from_nanos(nanos), None, || EngineEventKind::FaultEnded);
    }
    let update = reader.drain();
    assert_eq!((update.events.len(), update.events_lost), (EVENTS, 3));
    assert_eq!(update.events[0].at.nanos(), 3);
    drop(reader);
    bench.feed.writer().event(Timestamp::START, None, || unreachable!("there is no reader"));
}
