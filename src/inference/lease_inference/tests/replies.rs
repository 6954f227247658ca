//! Replies that are invalid, forgotten, or older than the known state.

use super::*;

#[test]
fn odd_replies_are_named_and_do_not_set_the_deadline() {
    let mut observed = LeaseInference::default();
    let mut truth = Truth::granted(10, 1);
    let mut reply = |answer: &TimeToLive, second: u64| {
        let inferred = observed.apply_reply(answer, at(second * SECOND), at(second * SECOND + MILLI)).inferred;
        (inferred, observed.bounds())
    };
    let (inferred, known) = reply(&truth.answer(103 * SECOND), 103);
    assert_eq!(inferred, Inferred::Nothing);
    let forever = TimeToLive { ttl: 9_223_372_036, ..truth.answer(104 * SECOND) };
    assert_eq!(reply(&forever, 104), (Inferred::Invalid, known));
    let unknown = TimeToLive { ttl: -1, granted_ttl: 0, ..truth.answer(104 * SECOND) };
    assert_eq!(reply(&unknown, 104), (Inferred::Missing, known));
    truth.refill(105 * SECOND);
    assert_eq!(reply(&truth.answer(106 * SECOND), 106).0, Inferred::Refilled { is_full: true });
    let full = TimeToLive { ttl: 10, ..truth.answer(108 * SECOND) };
    assert_eq!(
        reply(&full, 108).0,
        Inferred::Refilled { is_full: true },
        "of the same term, and more than a renewal leaves"
    );
    let less = TimeToLive { ttl: 1, ..truth.answer(109 * SECOND) };
    assert_eq!(reply(&less, 109).0, Inferred::Contradiction);
    assert_eq!(reply(&truth.answer(120 * SECOND), 120).0, Inferred::Contradiction);
    assert_eq!(reply(&truth.answer(121 * SECOND), 121).0, Inferred::Dying);
    assert_eq!((observed.refills(), observed.contradictions(), observed.renewals().cadence().answers), (2, 2, 0));
}

#[test]
fn a_refill_is_inferred_once() {
    let mut observed = LeaseInference::default();
    let mut truth = Truth::granted(60, 1);
    truth.poll(&mut observed, 110 * SECOND, MILLI);
    truth.refill(111 * SECOND);
    // A refill leaves a second more than the granted TTL.
    for (millis, expected) in
        [(100, Inferred::Refilled { is_full: true }), (400, Inferred::Nothing), (700, Inferred::Nothing)]
    {
        assert_eq!(truth.poll(&mut observed, 111 * SECOND + millis * MILLI, MILLI).0, expected);
    }
    assert_eq!((observed.refills(), observed.contradictions()), (1, 0));
}

#[test]
fn a_refill_from_a_checkpoint_is_not_the_full_ttl() {
    let mut observed = LeaseInference::default();
    let mut truth = Truth::granted(900, 1);
    // etcd checkpoints a lease of 900 s with 600 s left. The grant was at 100 s.
    truth.poll(&mut observed, 412 * SECOND, MILLI);
    truth.refill(418 * SECOND);
    truth.deadline -= 300 * SECOND;
    assert_eq!(truth.poll(&mut observed, 420 * SECOND, MILLI).0, Inferred::Refilled { is_full: false });
    assert!(observed.bounds().unwrap().contains(at(truth.deadline)));
    assert_eq!((observed.refills(), observed.renewals().cadence().answers), (1, 0));
    truth.refill(500 * SECOND);
    assert_eq!(truth.poll(&mut observed, 503 * SECOND, MILLI).0, Inferred::Refilled { is_full: true });
    // A full TTL 320 s ago and a checkpoint just now leave the same.
    truth.refill(505 * SECOND);
    assert_eq!(truth.poll(&mut observed, 825 * SECOND, MILLI).0, Inferred::Refilled { is_full: false });
}

#[test]
fn a_renewal_from_here_sets_the_deadline_and_an_older_reply_does_not_contradict_it() {
    let mut truth = Truth::granted(10, 1);
    let mut observed = LeaseInference::default();
    truth.poll(&mut observed, 100 * SECOND, MILLI);
    let ten = Duration::from_secs(10);
    let fixed = TimeRange { earliest: at(113_500 * MILLI), latest: at(113_510 * MILLI) };
    observed.set_known(fixed, ten);
    assert_eq!((observed.bounds(), observed.seen_at()), (Some(fixed), Some(at(103_500 * MILLI))));
    // Sent before the renewal was answered, and read before it.
    let (sent, received) = (at(103_505 * MILLI), at(103_520 * MILLI));
    assert_eq!(observed.apply_reply(&truth.answer(103_506 * MILLI), sent, received).inferred, Inferred::Nothing);
    assert_eq!(observed.bounds(), Some(fixed));
    truth.renew(103_507 * MILLI);
    let (sent, received) = (at(103_400 * MILLI), at(103_520 * MILLI));
    assert_eq!(observed.apply_reply(&truth.answer(103_508 * MILLI), sent, received).inferred, Inferred::Nothing);
    assert_eq!(observed.bounds(), Some(fixed), "it only narrows");
    // Sent later: a reply that agrees keeps the deadline, even if another client may have renewed the lease too.
    truth.deadline = 113_505 * MILLI;
    let (inferred, _) = truth.poll(&mut observed, 103_800 * MILLI, MILLI);
    assert_eq!((inferred, observed.bounds()), (Inferred::Nothing, Some(fixed)));
    // Sent later, with less left than the renewal set: the server was suspended.
    truth.deadline = 108 * SECOND;
    let (inferred, _) = truth.poll(&mut observed, 104 * SECOND, MILLI);
    assert_eq!(inferred, Inferred::Contradiction);
    assert_eq!(observed.renewals().cadence().answers, 0, "a renewal from here is not another client's");
}

#[test]
fn the_next_poll_sets_a_forgotten_deadline() {
    let mut truth = Truth::granted(10, 1);
    let mut observed = LeaseInference::default();
    assert_eq!((observed.seen_at(), observed.poll_interval()), (None, Duration::from_secs(1)));
    truth.poll(&mut observed, 100 * SECOND, MILLI);
    observed.forget();
    assert_eq!((observed.bounds(), observed.seen_at(), observed.is_dying()), (None, None, false));
    truth.deadline = 98 * SECOND;
    truth.poll(&mut observed, 101 * SECOND, MILLI);
    assert!(observed.is_dying() && observed.bounds().is_some());
    assert_eq!(observed.renewals().certainty(), Certainty::AtLeast);
}

#[test]
fn a_change_says_where_the_deadline_was_and_is() {
    let mut truth = Truth::granted(10, 1);
    let mut observed = LeaseInference::default();
    let mut poll = |truth: &Truth, millis: u64| {
        let sent = at(millis * MILLI);
        let change = observed.apply_reply(&truth.answer(millis * MILLI), sent, sent);
        (change, observed.bounds().unwrap())
    };
    let (change, first) = poll(&truth, 100_000);
    assert_eq!((change.deadline, change.previous_query), (DeadlineChange::First(first), None));
    let (change, again) = poll(&truth, 100_000);
    assert_eq!((change.deadline, again), (DeadlineChange::Unchanged, first));
    let (change, refined) = poll(&truth, 100_500);
    assert_eq!(change.deadline, DeadlineChange::Refined { before: first, after: refined });
    assert_eq!(change.previous_query, Some(at(100 * SECOND)));
    truth.renew(103 * SECOND);
    let (change, renewed) = poll(&truth, 103_500);
    assert!(matches!(change.inferred, Inferred::Renewed(_)));
    assert_eq!(change.deadline, DeadlineChange::Replaced { before: refined, after: renewed });
    let missing = TimeToLive { ttl: -1, granted_ttl: 0, ..truth.answer(104 * SECOND) };
    let change = observed.apply_reply(&missing, at(104 * SECOND), at(104 * SECOND));
    assert_eq!((change.inferred, change.deadline), (Inferred::Missing, DeadlineChange::Unchanged));
    let own = TimeRange { earliest: at(115 * SECOND), latest: at(115 * SECOND) };
    let change = observed.set_known(own, Duration::from_secs(10));
    assert_eq!(change.deadline, DeadlineChange::Replaced { before: renewed, after: own });
}
