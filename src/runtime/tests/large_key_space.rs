//! A key space that is too large to be read: the keys of leases are found for few bytes.

use super::headless::HeadlessTest;
use super::*;
use crate::app::EventKind;
use etcd_lease::LeaseId;

const LEASES: i64 = 50;
const KEYS: usize = 20;
/// What the lists, polls and keys of 50 leases may cost in half a minute.
const MOST_BYTES: u64 = 1_500_000;

/// 18 MB without leases, and leases with keys below the same and below another prefix.
fn prepare(sandbox: &Sandbox) {
    for number in 0..3_000 {
        sandbox.put(format!("/registry/pods/{number}"), vec![b'x'; 6_000], None).unwrap();
    }
    for id in 1..=LEASES {
        let lease = sandbox.grant_as(LeaseId(id), 600).unwrap();
        let folder = if id % 2 == 0 { "/registry/leases" } else { "/service" };
        for key in 0..KEYS {
            sandbox.put(format!("{folder}/{id}/key-{key}"), "value", Some(lease)).unwrap();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn all_keys_are_known_soon_and_unleased_puts_cost_nothing() {
    let test = HeadlessTest::start(10_000, prepare).await;
    test.wait(7.0).await;
    let idle = test.sandbox.dialer(0).received();
    assert!(idle < MOST_BYTES / 3, "{idle} bytes in the first 10 s");
    for number in 0..2_000 {
        let key = if number % 2 == 0 { "/registry/pods/7" } else { "/service/7/unleased" };
        test.sandbox.put(key, vec![b'y'; 6_000], None).unwrap();
        test.wait(0.01).await;
    }
    let received = test.sandbox.dialer(0).received();
    assert!(received < MOST_BYTES, "{received} bytes with 100 puts of 6 kB per second");
    let FinalState { app, now, .. } = test.end().await;
    for id in 1..=LEASES {
        let keys = app.leases.get(LeaseId(id)).and_then(|lease| lease.keys.clone());
        assert!(keys.as_ref().is_some_and(|keys| keys.is_all && keys.count == KEYS), "{id}: {keys:?}");
    }
    let counted = app.keys.queries().received(now);
    assert!(counted > 0 && counted < received, "{counted} of {received} bytes were for keys");
}

#[tokio::test(start_paused = true)]
async fn changes_of_keys_are_reported() {
    let mut test = HeadlessTest::start(10_000, prepare).await;
    test.events();
    assert!(test.sandbox.delete("/service/1/key-3"));
    test.wait(0.5).await;
    let deleted = test.events();
    assert!(
        matches!(&deleted[..], [one] if matches!(one.event.kind, EventKind::Detached { is_deleted: true, .. })),
        "{deleted:?}"
    );
    // A new lease is queried several times.
    let new = LeaseId(test.sandbox.grant(600).unwrap());
    test.wait(1.5).await;
    test.sandbox.put("/service/new", "value", Some(new.0)).unwrap();
    test.wait(4.0).await;
    let reported = test.event_names();
    assert_eq!(reported, [("granted", Some(new)), ("attached", Some(new))]);
    // All keys of a lease are deleted with it.
    test.sandbox.revoke(LeaseId(2)).unwrap();
    test.wait(2.0).await;
    let ended = test.events();
    let [one] = &ended[..] else { panic!("{ended:?}") };
    assert!(
        matches!(&one.event.kind, EventKind::LeaseEnded(end) if end.keys.as_ref().is_some_and(|keys| keys.count == KEYS))
    );
}

#[tokio::test(start_paused = true)]
async fn the_queue_of_a_lock_is_found() {
    let [first, second] = [0x694d_9aa8_d4d4_f304, 0x694d_9aa8_d4d4_f30a_i64];
    let test = HeadlessTest::start(10_000, |sandbox| {
        prepare(sandbox);
        // The waiter has the smaller id.
        for id in [second, first] {
            let lease = sandbox.grant_as(LeaseId(id), 600).unwrap();
            sandbox.put(format!("/registry/lock/{id:x}"), "", Some(lease)).unwrap();
        }
    })
    .await;
    test.wait(2.0).await;
    let FinalState { app, .. } = test.end().await;
    let queue: Vec<i64> = app.keys.locks().candidates().map(|candidate| candidate.lease.0).collect();
    assert_eq!(queue, [second, first]);
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_costs_too_much_is_given_up() {
    let test = HeadlessTest::start(10_000, |sandbox| {
        let lease = sandbox.grant_as(LeaseId(7), 600).unwrap();
        sandbox.put("/service/7", "value", Some(lease)).unwrap();
    })
    .await;
    for _ in 0..3_000 {
        test.sandbox.put("/service/unleased", vec![b'x'; 6_000], None).unwrap();
        test.wait(0.01).await;
    }
    let received = test.sandbox.dialer(0).received();
    assert!(received < 11_000_000, "{received} of 36 MB, with the previous values");
    // The watch has used the budget of a minute.
    test.wait(62.0).await;
    let FinalState { app, .. } = test.end().await;
    let keys = app.leases.get(LeaseId(7)).and_then(|lease| lease.keys.clone());
    assert!(keys.is_some_and(|keys| keys.is_all && keys.count == 1));
}

#[tokio::test(start_paused = true)]
async fn keys_that_are_missing_are_read_without_their_values() {
    const HEAVY: usize = 200;
    let heavy = |sandbox: &Sandbox, lease: Option<LeaseId>| {
        for key in 0..HEAVY {
            sandbox.put(format!("/heavy/{key}"), vec![b'x'; 50_000], lease.map(|id| id.0)).unwrap();
        }
    };
    let mut test = HeadlessTest::start(10_000, |sandbox| {
        sandbox.grant_as(LeaseId(7), 600).unwrap();
        heavy(sandbox, Some(LeaseId(7)));
    })
    .await;
    heavy(&test.sandbox, None);
    let before = test.sandbox.dialer(0).received();
    test.events();
    test.wait(130.0).await;
    let received = test.sandbox.dialer(0).received() - before;
    assert!(received < 200_000, "{received} bytes for 10 MB of values");
    let detached = test.events();
    let detached = detached.iter().filter(|it| matches!(it.event.kind, EventKind::Detached { is_deleted: false, .. }));
    assert_eq!(detached.count(), HEAVY);
}

/// The sandbox removes an expired lease within half a second; the lock is free then.
#[tokio::test(start_paused = true)]
async fn a_lock_of_one_key_that_changes_hands_is_recognised() {
    let mut test = HeadlessTest::start(10_000, |sandbox| {
        prepare(sandbox);
        for id in [71, 72] {
            sandbox.grant_as(LeaseId(id), 600).unwrap();
        }
        sandbox.put("jobs/leader", "a", Some(71)).unwrap();
    })
    .await;
    test.wait(8.0).await;
    test.events();
    test.sandbox.revoke(LeaseId(71)).unwrap();
    test.sandbox.put("jobs/leader", "b", Some(72)).unwrap();
    test.wait(5.0).await;
    let attached = test.events().into_iter().find(|timed| matches!(timed.event.kind, EventKind::Attached { .. }));
    let attached = attached.expect("an event").event;
    assert!(attached.lease == Some(LeaseId(72)) && attached.doubt < Duration::from_secs(1), "{attached:?}");
    let FinalState { app, .. } = test.end().await;
    let held: Vec<_> = app.keys.locks().candidates().map(|candidate| (&candidate.key[..], candidate.lease)).collect();
    assert_eq!(held, [(&b"jobs/leader"[..], LeaseId(72))]);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_put_again_without_a_lease_is_reported() {
    for wait in [0.1, 1.0, 5.0, 40.0] {
        let mut test = HeadlessTest::start(10_000, prepare).await;
        test.wait(8.0).await;
        test.sandbox.revoke(LeaseId(3)).unwrap();
        test.wait(wait).await;
        test.events();
        test.sandbox.put("/service/3/key-4", "value", None).unwrap();
        test.wait(70.0).await;
        let back: Vec<String> = test.texts(&["back"]);
        let [back] = &back[..] else { panic!("{wait}: {back:?}") };
        assert!(back.starts_with("back /service/3/key-4 is back without a lease and never expires; "), "{back}");
    }
}

/// Each deleted key costs four replies of at most 150 bytes.
#[tokio::test(start_paused = true)]
async fn many_deleted_keys_cost_few_bytes() {
    let test = HeadlessTest::start(10_000, prepare).await;
    test.wait(70.0).await;
    let before = test.sandbox.dialer(0).received();
    test.wait(70.0).await;
    let idle = test.sandbox.dialer(0).received() - before;
    for id in 1..=LEASES {
        test.sandbox.revoke(LeaseId(id)).unwrap();
    }
    test.wait(70.0).await;
    let received = test.sandbox.dialer(0).received() - before - idle;
    let keys = u64::try_from(LEASES).unwrap() * KEYS as u64;
    assert!(received < idle + keys * 600, "{received} bytes after the end of {keys} keys, {idle} before");
}

#[tokio::test(start_paused = true)]
async fn another_cluster_behind_the_address_of_a_large_key_space_is_read_for_few_bytes() {
    let mut test = HeadlessTest::start(10_000, prepare).await;
    test.wait(8.0).await;
    test.events();
    let other = Sandbox::builder().seed(99).start(test.sandbox.clock().clone());
    prepare(&other);
    // The leases with even ids, the other ones are not there.
    for id in (1..=LEASES).step_by(2) {
        other.revoke(LeaseId(id)).unwrap();
    }
    let before = test.sandbox.dialer(0).received();
    test.sandbox.swap(&other);
    test.wait(10.0).await;
    let received = test.sandbox.dialer(0).received() - before;
    assert!(received < MOST_BYTES / 3, "{received} bytes in 10 s");
    let names = test.event_names();
    let count = |name: &str| names.iter().filter(|(event, _)| *event == name).count();
    assert_eq!((count("cluster"), count("absent")), (1, LEASES as usize / 2), "{names:?}");
    assert_eq!(count("revoked") + count("expired") + count("gone") + count("attached") + count("detached"), 0);
    let FinalState { app, .. } = test.end().await;
    for id in 1..=LEASES {
        let lease = app.leases.get(LeaseId(id)).filter(|lease| lease.end.is_none());
        let keys = lease.map(|lease| lease.keys.as_ref().map(|keys| (keys.is_all, keys.count)));
        assert_eq!(keys, (id % 2 == 0).then_some(Some((true, KEYS))), "{id}");
    }
}
