//! Cases of granting, attaching, reading, revoking and expiring.

use std::time::Duration;

use etcd_lease::wire::ErrorKind;
use etcd_lease::{LeaseId, MAX_TTL};

use super::ConformanceTest;

/// How long etcd's own tests wait for an expiry.
const EXPIRY: Duration = Duration::from_secs(15);

/// TestLeaseGrant: a TTL above the maximum is refused; a key can be attached to a granted lease.
pub(crate) async fn lease_grant(test: &mut ConformanceTest) {
    let refused = test.cluster.grant(None, MAX_TTL + 1).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::TooLargeTtl, "{refused}");
    let lease = test.grant(10).await;
    test.put("foo", lease).await;
    assert_eq!(test.cluster.get(b"foo").await.unwrap().unwrap().lease, Some(lease));
}

/// TestLeaseRevoke: a revoked lease has no keys.
pub(crate) async fn lease_revoke(test: &mut ConformanceTest) {
    let lease = test.grant(10).await;
    test.cluster.revoke(lease).await.unwrap();
    let refused = test.cluster.put(b"foo", b"bar", Some(lease)).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NotFound, "{refused}");
}

/// TestLeaseTimeToLive: the time left, and the keys if requested.
pub(crate) async fn lease_time_to_live(test: &mut ConformanceTest) {
    let lease = test.grant(10).await;
    test.put("foo1", lease).await;
    test.put("foo2", lease).await;
    let answer = test.cluster.time_to_live(lease, true).await.unwrap();
    let mut keys = answer.keys;
    keys.sort();
    assert_eq!((answer.id, answer.granted_ttl), (lease, 10));
    assert!((1..=10).contains(&answer.ttl), "{}", answer.ttl);
    assert_eq!(keys, [b"foo1", b"foo2"]);
    assert!(test.cluster.time_to_live(lease, false).await.unwrap().keys.is_empty());
}

/// TestLeaseTimeToLiveLeaseNotFound: an unknown lease is not an error; its TTL is -1.
pub(crate) async fn lease_time_to_live_lease_not_found(test: &mut ConformanceTest) {
    let lease = test.grant(10).await;
    test.cluster.revoke(lease).await.unwrap();
    let answer = test.cluster.time_to_live(lease, false).await.unwrap();
    assert_eq!((answer.id, answer.ttl, answer.granted_ttl), (lease, -1, 0));
    assert_ne!(answer.header.cluster_id, 0);
}

/// TestLeaseLeases: on a single server the list is in the order of expiry, here the order of the grants.
pub(crate) async fn lease_leases(test: &mut ConformanceTest) {
    let mut granted = Vec::new();
    for _ in 0..5 {
        granted.push(test.grant(10).await);
    }
    assert_eq!(test.cluster.leases().await.unwrap().ids, granted);
}

/// TestV3LeaseExpire: the keys of an expired lease are deleted in one revision.
pub(crate) async fn v3_lease_expire(test: &mut ConformanceTest) {
    let lease = test.grant(2).await;
    test.put("foo", lease).await;
    let before = test.cluster.put(b"bar", b"value", Some(lease)).await.unwrap();
    test.until_gone("foo", EXPIRY).await;
    assert!(!test.has("bar").await);
    let after = test.cluster.leases().await.unwrap().header;
    assert_eq!(after.revision, before.revision + 1);
}

/// TestV3LeaseGrantByID: a requested id is used; a second lease with that id is refused.
pub(crate) async fn v3_lease_grant_by_id(test: &mut ConformanceTest) {
    let granted = test.cluster.grant(Some(LeaseId(123)), 10).await.unwrap();
    assert_eq!(granted.id, LeaseId(123));
    let refused = test.cluster.grant(Some(LeaseId(123)), 10).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::AlreadyExists, "{refused}");
    assert_ne!(test.grant(10).await, LeaseId(123));
}

/// TestV3LeaseNegativeID: any id but 0 works, and survives a restart.
pub(crate) async fn v3_lease_negative_id(test: &mut ConformanceTest) {
    let ids = [-1, i64::MAX, i64::MIN].map(LeaseId);
    for id in ids {
        assert_eq!(test.cluster.grant(Some(id), 30).await.unwrap().id, id);
        test.put(&format!("foo{id}"), id).await;
    }
    test.restart_if_durable().await;
    for id in ids {
        assert_eq!(test.cluster.time_to_live(id, false).await.unwrap().granted_ttl, 30);
        test.cluster.revoke(id).await.unwrap();
        assert!(!test.has(&format!("foo{id}")).await);
    }
}

/// TestV3LeaseSwitch: a key is deleted with the lease that it was last put with.
pub(crate) async fn v3_lease_switch(test: &mut ConformanceTest) {
    let (first, second) = (test.grant(30).await, test.grant(30).await);
    test.put("foo", first).await;
    test.put("foo", second).await;
    test.cluster.revoke(first).await.unwrap();
    assert!(test.has("foo").await);
    test.cluster.revoke(second).await.unwrap();
    assert!(!test.has("foo").await);
}

/// TestLeaseGrantTimeToLiveExpired: after its time a lease is unknown and its key gone.
pub(crate) async fn lease_grant_time_to_live_expired(test: &mut ConformanceTest) {
    let lease = test.grant(2).await;
    test.put("foo", lease).await;
    test.until_gone("foo", EXPIRY).await;
    let answer = test.cluster.time_to_live(lease, false).await.unwrap();
    assert_eq!((answer.ttl, answer.granted_ttl), (-1, 0));
}
