//! Cases of keeping alive.

use std::time::Duration;

use etcd_lease::engine::{KeepAlive, Options, Response};
use etcd_lease::{Ended, LeaseId};
use futures_util::StreamExt;

use super::ConformanceTest;

/// How long etcd's own tests wait for a channel to close.
const CLOSING: Duration = Duration::from_secs(10);

/// The next response; panics if the lease ends first.
async fn next(kept: &mut KeepAlive) -> Response {
    let response = tokio::time::timeout(CLOSING, kept.next()).await.expect("a response in time");
    response.unwrap_or_else(|| panic!("ended: {:?}", kept.ended()))
}

/// The reason of the end, with the responses before it.
async fn end(kept: &mut KeepAlive) -> (Vec<Response>, Ended) {
    let responses = tokio::time::timeout(CLOSING, kept.by_ref().collect()).await.expect("an end in time");
    (responses, kept.ended().expect("a reason").clone())
}

/// TestLeaseKeepAliveOnce: renews a lease once; lease 0 does not exist.
pub(crate) async fn lease_keep_alive_once(test: &mut ConformanceTest) {
    let engine = test.engine(Options::default());
    let lease = test.grant(10).await;
    let response = engine.keep_alive_once(lease).await.unwrap();
    assert_eq!((response.id, response.ttl), (lease, 10));
    let refused = engine.keep_alive_once(LeaseId(0)).await.unwrap_err();
    assert!(refused.to_string().contains("not found"), "{refused}");
}

/// TestLeaseKeepAlive: dropping one subscriber does not affect another; closing ends all.
pub(crate) async fn lease_keep_alive(test: &mut ConformanceTest) {
    let engine = test.engine(Options::default());
    let lease = test.grant(3).await;
    let mut first = engine.keep_alive(lease);
    let second = engine.keep_alive(lease);
    assert_eq!(next(&mut first).await.id, lease);
    drop(second);
    next(&mut first).await;
    engine.close().await;
    assert_eq!(end(&mut first).await.1, Ended::Closed);
}

/// TestLeaseKeepAliveSeconds: a lease of 3 s is renewed repeatedly.
pub(crate) async fn lease_keep_alive_seconds(test: &mut ConformanceTest) {
    let engine = test.engine(Options::default());
    let mut kept = engine.keep_alive(test.grant(3).await);
    for _ in 0..3 {
        assert_eq!(next(&mut kept).await.ttl, 3);
    }
}

/// TestLeaseKeepAliveNotFound: of three leases only the revoked one ends.
pub(crate) async fn lease_keep_alive_not_found(test: &mut ConformanceTest) {
    let engine = test.engine(Options::default());
    let leases = [test.grant(3).await, test.grant(3).await, test.grant(3).await];
    let [mut first, mut revoked, mut third] = leases.map(|lease| engine.keep_alive(lease));
    next(&mut revoked).await;
    test.cluster.revoke(leases[1]).await.unwrap();
    assert_eq!(end(&mut revoked).await.1, Ended::NotFound);
    for kept in [&mut first, &mut third] {
        next(kept).await;
        next(kept).await;
    }
}

/// TestLeaseKeepAliveFullResponseQueue: a response that does not fit does not hasten the next renewal.
pub(crate) async fn lease_keep_alive_full_response_queue(test: &mut ConformanceTest) {
    let engine = test.engine(Options { queue_capacity: 0, ..Options::default() });
    let lease = test.grant(30).await;
    let _unread = engine.keep_alive(lease);
    test.clock.sleep(Duration::from_secs(3)).await;
    let left = test.cluster.time_to_live(lease, false).await.unwrap().ttl;
    assert!((25..=27).contains(&left), "{left} s left, 3 s after the only renewal");
}

/// TestLeaseKeepAliveCloseAfterDisconnectRevoke: revoked while disconnected, noticed after the reconnect.
pub(crate) async fn lease_keep_alive_close_after_disconnect_revoke(test: &mut ConformanceTest) {
    let engine = test.engine(Options::default());
    let lease = test.grant(5).await;
    let mut kept = engine.keep_alive(lease);
    next(&mut kept).await;
    test.disconnect();
    test.elsewhere.revoke(lease).await.unwrap();
    test.reconnect();
    assert_eq!(end(&mut kept).await.1, Ended::NotFound);
}

/// TestLeaseKeepAliveInitTimeout: no reply from the start.
pub(crate) async fn lease_keep_alive_init_timeout(test: &mut ConformanceTest) {
    let engine = test.engine(Options::default());
    let lease = test.grant(5).await;
    test.stop_server();
    let (responses, ended) = end(&mut engine.keep_alive(lease)).await;
    assert!(responses.is_empty(), "{responses:?}");
    assert!(matches!(ended, Ended::NotStarted { .. }), "{ended:?}");
}

/// TestLeaseKeepAliveTTLTimeout: no more replies.
pub(crate) async fn lease_keep_alive_ttl_timeout(test: &mut ConformanceTest) {
    let engine = test.engine(Options::default());
    let mut kept = engine.keep_alive(test.grant(5).await);
    next(&mut kept).await;
    test.stop_server();
    let ended = end(&mut kept).await.1;
    assert!(matches!(ended, Ended::Unanswered { .. }), "{ended:?}");
}

/// TestLeaseKeepAliveLoopExit: a closed engine keeps no lease alive.
pub(crate) async fn lease_keep_alive_loop_exit(test: &mut ConformanceTest) {
    let engine = test.engine(Options::default());
    let lease = test.grant(10).await;
    engine.close().await;
    let (responses, ended) = end(&mut engine.keep_alive(lease)).await;
    assert!(responses.is_empty(), "{responses:?}");
    assert_eq!(ended, Ended::Closed);
}
