use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::Header;
use crate::wire::ErrorCause;

const EXACT: LeaseId = LeaseId(1);
const USUAL: LeaseId = LeaseId(2);
const NOW: Timestamp = Timestamp::from_nanos(1_000_000);

/// A scheduler with two leases of 10 s, one of them with the exact schedule.
fn two() -> Scheduler {
    let mut scheduler = Scheduler::new(RenewalSchedule::Clientv3, 1, Timeouts::at_speed(1));
    scheduler.grant(NOW, EXACT, 10, NOW, Some(RenewalSchedule::Exact));
    scheduler.grant(NOW, USUAL, 10, NOW, None);
    scheduler
}

fn status(scheduler: &Scheduler, id: LeaseId) -> LeaseStatus {
    scheduler.slot(id).and_then(|slot| scheduler.status(slot)).expect("kept")
}

#[test]
fn each_lease_is_due_by_its_own_schedule() {
    let mut scheduler = two();
    for action in scheduler.turn(NOW).actions {
        if let Action::Send { lane, id } = action {
            scheduler.on_renewal_reply(NOW, lane, scheduler.lanes[lane].generation, id, 10, 1);
        }
    }
    let due = |id| status(&scheduler, id).next_due.map(Timestamp::nanos);
    assert_eq!(due(EXACT), Some(NOW.nanos() + 10_000_000_000 / 3));
    assert_eq!(due(USUAL), Some(3_500_000_000));
}

#[test]
fn the_expected_interval_follows_the_schedule_of_the_lease() {
    let mut scheduler = two();
    let expected = |scheduler: &Scheduler, id| status(scheduler, id).expected.map(|every| every.as_millis());
    assert_eq!((expected(&scheduler, EXACT), expected(&scheduler, USUAL)), (Some(3_333), Some(3_500)));
    scheduler.adopt(NOW, EXACT, Some(RenewalSchedule::Clientv3));
    assert_eq!(status(&scheduler, EXACT).pace, RenewalSchedule::Exact, "it is kept alive already, so nothing changes");
}

#[test]
fn a_reply_that_etcd_cannot_have_sent_ends_the_stream_and_no_lease() {
    let mut scheduler = two();
    let sent = scheduler.turn(NOW).actions;
    assert!(sent.contains(&Action::Send { lane: 0, id: EXACT }));
    for (id, ttl) in [(LeaseId(99), 10), (LeaseId(0), 0), (LeaseId(-7), -7), (EXACT, i64::MAX)] {
        let generation = scheduler.lanes[0].generation;
        let wrong = scheduler.on_renewal_reply(NOW, 0, generation, id, ttl, -1);
        assert!(wrong.is_some_and(|wrong| wrong.starts_with("got a ")), "{id} {ttl}");
        let later = NOW + std::time::Duration::from_secs(1);
        let output = scheduler.turn(later);
        assert!(output.actions.contains(&Action::Close { lane: 0, generation }), "{output:?}");
    }
    assert_eq!(scheduler.len(), 2);
}

#[test]
fn a_late_reply_on_any_of_the_last_four_streams_counts() {
    for (late, counts) in [(0, false), (1, true), (2, true), (3, true), (4, true)] {
        let mut scheduler = Scheduler::new(RenewalSchedule::Clientv3, 1, Timeouts::at_speed(1));
        scheduler.grant(NOW, EXACT, 10, NOW, None);
        let second = |number| NOW + std::time::Duration::from_secs(number);
        let actions: Vec<Action> = (0..5).flat_map(|number| scheduler.turn(second(number)).actions).collect();
        let opened = actions.iter().filter(|action| matches!(action, Action::Open { lane: 0, .. })).count();
        let closed = |generation| actions.contains(&Action::Close { lane: 0, generation });
        assert_eq!((opened, closed(late)), (5, !counts), "{actions:?}");

        scheduler.on_renewal_reply(second(4), 0, late, EXACT, 10, 1);
        assert_eq!(status(&scheduler, EXACT).last_answer.is_some(), counts, "a reply on stream {late}");
        let after = scheduler.turn(second(4)).actions;
        let is_closed = after.contains(&Action::Close { lane: 0, generation: late });
        assert_eq!(is_closed, counts, "a stream whose renewals all have a reply is closed: {after:?}");
    }
}

/// Sends what is due. Returns the generation of the stream.
fn send(scheduler: &mut Scheduler) -> u32 {
    let actions = scheduler.turn(NOW).actions;
    assert!(actions.contains(&Action::Send { lane: 0, id: EXACT }), "{actions:?}");
    scheduler.lanes[0].generation
}

#[test]
fn a_lease_that_is_granted_again_starts_over_and_replies_about_the_earlier_one_do_not_count() {
    let mut scheduler = Scheduler::new(RenewalSchedule::Clientv3, 1, Timeouts::at_speed(1));
    scheduler.grant(NOW, EXACT, 3600, NOW, None);
    send(&mut scheduler);
    scheduler.grant(NOW, EXACT, 10, NOW, None);
    let generation = send(&mut scheduler);
    scheduler.on_renewal_reply(NOW, 0, generation, EXACT, 3600, 1);
    let kept = status(&scheduler, EXACT);
    assert_eq!((kept.granted_ttl, kept.last_answer, kept.phase), (Some(10), None, Phase::InFlight));
    scheduler.on_renewal_reply(NOW, 0, generation, EXACT, 10, 2);
    assert_eq!(status(&scheduler, EXACT).next_due.map(Timestamp::nanos), Some(3_500_000_000));
}

#[test]
fn a_reply_about_an_earlier_lease_does_not_end_the_next_one_in_its_slot() {
    let mut scheduler = Scheduler::new(RenewalSchedule::Clientv3, 1, Timeouts::at_speed(1));
    let slot = scheduler.grant(NOW, EXACT, 10, NOW, None);
    send(&mut scheduler);
    scheduler.end(slot, Ended::Cancelled);
    scheduler.turn(NOW);
    assert_eq!(scheduler.grant(NOW, EXACT, 10, NOW, None), slot);
    let generation = send(&mut scheduler);
    scheduler.on_renewal_reply(NOW, 0, generation, EXACT, 0, 1);
    assert_eq!(status(&scheduler, EXACT).phase, Phase::InFlight);
    scheduler.on_renewal_reply(NOW, 0, generation, EXACT, 0, 2);
    assert!(scheduler.is_empty(), "this reply is about it");
}

#[test]
fn a_lease_in_the_slot_of_a_former_suspect_is_sent_once() {
    let mut scheduler = two();
    scheduler.expire_timers(NOW);
    scheduler.suspect_queue.push_back((scheduler.slot(EXACT).unwrap(), NOW));
    scheduler.send_suspects(NOW);
    assert_eq!(scheduler.ready.len(), 1);
}

/// Adopts leases. `fails_after` is asked for each query, with the time since the start and the lease: after which time it fails.
/// The others are answered after 1 s. Returns the time of the last reply, and how many leases ended.
fn adopt(leases: usize, mut fails_after: impl FnMut(Duration, usize) -> Option<Duration>) -> (Duration, usize) {
    let mut scheduler = Scheduler::new(RenewalSchedule::Clientv3, 1, Timeouts::at_speed(1));
    let (mut now, mut last, mut ended) = (NOW, NOW, 0);
    let mut replies: BTreeMap<(Timestamp, LeaseId), (SlotId, Timestamp, bool)> = BTreeMap::new();
    (1..=leases as i64).for_each(|id| _ = scheduler.adopt(NOW, LeaseId(id), None));
    while now < NOW + Duration::from_secs(30) {
        while let Some(reply) = replies.first_entry().filter(|reply| reply.key().0 <= now) {
            let ((at, id), (slot, sent, is_error)) = reply.remove_entry();
            let reply = TimeToLive { id, ttl: 100, granted_ttl: 100, keys: Vec::new(), header: Header::default() };
            let error = CallError::new(ErrorCause::NoReply, "read the TTL", "m0", "no reply in time");
            scheduler.on_ttl_reply(now, slot, id, sent, if is_error { Err(error) } else { Ok(&reply) });
            last = at;
        }
        let output = scheduler.turn(now);
        ended += output.notices.iter().filter(|(_, _, notice)| matches!(notice, Notice::Ended(..))).count();
        for action in output.actions {
            if let Action::QueryTtl { slot, id } = action {
                let fails_after = fails_after(now.since(NOW), id.0 as usize);
                let at = now + fails_after.unwrap_or(Duration::from_secs(1));
                replies.insert((at, id), (slot, now, fails_after.is_some()));
            }
        }
        let next = replies.first_key_value().map(|((at, _), _)| *at);
        now = next.into_iter().chain(scheduler.wake_at()).min().unwrap_or(Timestamp::NEVER);
    }
    (last.since(NOW), ended)
}

#[test]
fn an_error_ends_no_adopted_lease_that_waits_for_its_turn() {
    const LEASES: usize = 10 * MAX_TTL_QUERIES;
    let late = Some(Duration::from_secs(1));
    let mut failing: BTreeSet<usize> = (1..=LEASES).filter(|id| id.is_multiple_of(64)).collect();
    let (lasted, ended) = adopt(LEASES, |_, id| if failing.remove(&id) { late } else { None });
    assert!(lasted < Duration::from_secs(13) && ended == 0, "errors among replies: {lasted:?}, {ended} ended");
    let restart = Duration::from_millis(300);
    let (lasted, ended) = adopt(LEASES, |at, _| if at < restart { Some(Duration::from_millis(1)) } else { None });
    assert!(lasted < Duration::from_secs(13) && ended == 0, "a short outage: {lasted:?}, {ended} ended");
    let (lasted, ended) = adopt(LEASES, |_, _| Some(Duration::from_secs(5)));
    assert!(lasted < Duration::from_secs(12) && ended == LEASES, "a long outage: {lasted:?}, {ended} ended");
}

/// Adopts a lease that gets this reply to each query, or none. Returns why its keepalive ended.
fn end_of_adopted(reply: Option<TimeToLive>, before: impl FnOnce(&mut Scheduler)) -> Ended {
    let mut scheduler = Scheduler::new(RenewalSchedule::Clientv3, 1, Timeouts::at_speed(1));
    scheduler.adopt(NOW, USUAL, None);
    before(&mut scheduler);
    let mut now = NOW;
    while now < NOW + Duration::from_secs(30) {
        let output = scheduler.turn(now);
        if let Some((_, _, Notice::Ended(reason, _))) = output.notices.into_iter().next() {
            return reason;
        }
        for action in output.actions {
            if let (Action::QueryTtl { slot, id }, Some(reply)) = (action, &reply) {
                scheduler.on_ttl_reply(now, slot, id, now, Ok(reply));
            }
        }
        now = scheduler.wake_at().unwrap_or(Timestamp::NEVER);
    }
    panic!("it did not end");
}

#[test]
fn an_adopted_lease_ends_with_what_is_known_of_the_trouble() {
    let error_of = |ended: &Ended| match ended {
        Ended::NotStarted { error } => error.as_ref().map(|error| (error.cause(), error.to_string())),
        _ => panic!("{ended:?}"),
    };
    let invalid = TimeToLive { id: USUAL, ttl: i64::MAX, granted_ttl: 10, keys: Vec::new(), header: Header::default() };
    let text = "got a time left that etcd cannot grant";
    let ended = end_of_adopted(Some(invalid), |_| ());
    assert_eq!(error_of(&ended), Some((ErrorCause::Other, text.to_owned())));
    assert_eq!(ended.to_string(), format!("nothing is known of it: {text}"));
    // A stream for another lease broke, and no query was answered.
    let broken = "could not keep leases alive at m0: Connection refused";
    let ended = end_of_adopted(None, |scheduler| scheduler.trouble = Some(broken.to_owned()));
    assert_eq!(error_of(&ended), Some((ErrorCause::NoReply, broken.to_owned())));
    assert_eq!(error_of(&end_of_adopted(None, |_| ())), None);
}

#[test]
fn a_record_is_small() {
    // There may be a million of them.
    assert!(size_of::<Option<KeptLease>>() <= 144, "{}", size_of::<Option<KeptLease>>());
}
