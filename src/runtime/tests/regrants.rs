//! Leases that die and are granted again under the same id.

use super::headless::HeadlessTest;
use super::*;
use crate::app::EventKind;

#[tokio::test(start_paused = true)]
async fn a_lease_that_is_granted_again_lives_again_and_has_a_death_of_its_own() {
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
    let told = |word| words.iter().filter(|told| **told == word).count();
    assert_eq!((told("granted"), told("revoked"), told("expired"), told("attached")), (2, 1, 1, 2), "{words:?}");
    let app = test.end().await.app;
    let lease = app.leases.get(id).unwrap();
    assert_eq!((lease.granted_ttl, lease.warnings.as_slice()), (Some(9), &[][..]));
}

#[tokio::test(start_paused = true)]
async fn between_two_lists_a_bare_lease_that_is_granted_again_is_found_out_by_its_ttl() {
    let mut test = HeadlessTest::start(100, |sandbox| drop(sandbox.grant_as(LeaseId(7), 30))).await;
    test.events();
    test.sandbox.revoke(LeaseId(7)).unwrap();
    test.sandbox.grant_as(LeaseId(7), 60).unwrap();
    test.wait(4.0).await;
    let told = test.events();
    let texts: Vec<String> = told.iter().map(|told| told.event.text()).collect();
    assert_eq!(
        texts,
        ["other client's 30 s lease, revoked by another client; no keys deleted", "60 s, by another client"]
    );
    assert!(matches!(told[0].event.kind, EventKind::LeaseEnded(_)));
}
