//! Leases that end and are granted again with the same id.

use super::headless::HeadlessTest;
use super::*;
use crate::app::EventKind;

#[tokio::test(start_paused = true)]
async fn a_lease_granted_again_has_its_own_end() {
    let mut test = HeadlessTest::start(100, |_| ()).await;
    test.events();
    let id = LeaseId(0x2222);
    test.sandbox.grant_as(id, 500).unwrap();
    test.sandbox.put("/re2/a", "v", Some(id.0)).unwrap();
    test.wait(4.2).await;
    test.sandbox.revoke(id).unwrap();
    test.wait(0.04).await;
    test.sandbox.grant_as(id, 9).unwrap();
    test.sandbox.put("/re2/b", "v", Some(id.0)).unwrap();
    test.wait(12.0).await;
    let words: Vec<_> =
        test.event_names().into_iter().filter(|(_, lease)| *lease == Some(id)).map(|(word, _)| word).collect();
    let reported = |word| words.iter().filter(|reported| **reported == word).count();
    assert_eq!(
        (reported("granted"), reported("revoked"), reported("expired"), reported("attached")),
        (2, 1, 1, 2),
        "{words:?}"
    );
    let app = test.end().await.app;
    let lease = app.leases.get(id).unwrap();
    assert_eq!((lease.granted_ttl, lease.warnings.as_slice()), (Some(9), &[][..]));
}

#[tokio::test(start_paused = true)]
async fn a_lease_without_keys_granted_again_between_two_lists_is_detected_by_its_ttl() {
    let mut test = HeadlessTest::start(100, |sandbox| drop(sandbox.grant_as(LeaseId(7), 30))).await;
    test.events();
    test.sandbox.revoke(LeaseId(7)).unwrap();
    test.sandbox.grant_as(LeaseId(7), 60).unwrap();
    test.wait(4.0).await;
    let reported = test.events();
    let texts: Vec<String> = reported.iter().map(|reported| reported.event.text()).collect();
    assert_eq!(
        texts,
        ["other client's 30 s lease, revoked by another client; no keys deleted", "60 s, by another client"]
    );
    assert!(matches!(reported[0].event.kind, EventKind::LeaseEnded(_)));
}
