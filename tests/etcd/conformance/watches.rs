//! Cases of watching, after etcd's `tests/integration/v3_watch_test.go` and `tests/integration/clientv3/watch_test.go`.

use std::time::Duration;

use etcd_client::{EventType, PutOptions, WatchFilterType, WatchOptions, WatchResponse, WatchStream};
use etcd_lease::LeaseId;

use super::ConformanceTest;

/// The next message that is not the confirmation of a watch.
async fn next(watch: &mut WatchStream) -> WatchResponse {
    loop {
        let message = tokio::time::timeout(Duration::from_secs(10), watch.message()).await.expect("a message in time");
        let message = message.expect("no trouble").expect("no end");
        if !message.created() {
            return message;
        }
    }
}

/// Revision, kind, key and the lease before, of each event of a message.
fn events_of(message: &WatchResponse) -> Vec<(i64, EventType, String, i64)> {
    let events = message.events().iter().map(|event| {
        let now = event.kv().expect("a key");
        let lease = event.prev_kv().map_or(0, etcd_client::KeyValue::lease);
        (now.mod_revision(), event.event_type(), String::from_utf8(now.key().to_vec()).expect("text"), lease)
    });
    events.collect()
}

fn prefix() -> WatchOptions {
    WatchOptions::new().with_prefix().with_prev_key()
}

/// TestV3WatchFromCurrentRevision: only later changes of the watched keys.
pub(crate) async fn v3_watch_from_current_revision(test: &mut ConformanceTest) {
    let mut client = test.raw().await;
    client.put("foo/1", "before", None).await.unwrap();
    let mut watch = client.watch("foo/", Some(prefix())).await.unwrap();
    client.put("other", "v", None).await.unwrap();
    client.put("foo/1", "after", None).await.unwrap();
    let message = next(&mut watch).await;
    assert_eq!(events_of(&message), [(4, EventType::Put, "foo/1".to_owned(), 0)]);
    let event = &message.events()[0];
    assert_eq!(event.kv().unwrap().value(), b"after");
    assert_eq!(event.prev_kv().unwrap().value(), b"before");
    assert_eq!((message.header().unwrap().revision(), event.kv().unwrap().version()), (4, 2));
}

/// TestV3WatchMultipleWatchers: several watches on a stream, each with its id, each with its own keys.
pub(crate) async fn v3_watch_multiple_watchers(test: &mut ConformanceTest) {
    let mut client = test.raw().await;
    let mut watch = client.watch("a", Some(WatchOptions::new().with_watch_id(7))).await.unwrap();
    assert!(watch.message().await.unwrap().unwrap().created());
    watch.watch("b", None).await.unwrap();
    let second = watch.message().await.unwrap().unwrap();
    assert!(second.created() && second.watch_id() != 7);
    watch.watch("c", Some(WatchOptions::new().with_watch_id(7))).await.unwrap();
    let refused = watch.message().await.unwrap().unwrap();
    assert!(refused.canceled(), "{refused:?}");
    assert_eq!(refused.cancel_reason(), "mvcc: duplicate watch ID provided on the WatchStream");
    client.put("b", "v", None).await.unwrap();
    assert_eq!(next(&mut watch).await.watch_id(), second.watch_id());
    client.put("a", "v", None).await.unwrap();
    assert_eq!(next(&mut watch).await.watch_id(), 7);
}

/// TestV3WatchCancel: a cancelled watch is confirmed, and receives no more.
pub(crate) async fn v3_watch_cancel(test: &mut ConformanceTest) {
    let mut client = test.raw().await;
    let mut watch = client.watch("foo", Some(WatchOptions::new().with_watch_id(3))).await.unwrap();
    watch.cancel(3).await.unwrap();
    let message = next(&mut watch).await;
    assert!(message.canceled() && message.watch_id() == 3 && message.events().is_empty());
    watch.watch("bar", Some(WatchOptions::new().with_watch_id(4))).await.unwrap();
    assert!(watch.message().await.unwrap().unwrap().created());
    client.put("foo", "v", None).await.unwrap();
    client.put("bar", "v", None).await.unwrap();
    assert_eq!(next(&mut watch).await.watch_id(), 4);
}

/// TestV3WatchFutureRevision: a watch may wait for a future revision.
pub(crate) async fn v3_watch_future_revision(test: &mut ConformanceTest) {
    let mut client = test.raw().await;
    let mut watch = client.watch("foo", Some(WatchOptions::new().with_start_revision(4))).await.unwrap();
    for _ in 0..3 {
        client.put("foo", "v", None).await.unwrap();
    }
    assert_eq!(events_of(&next(&mut watch).await)[0].0, 4);
}

/// A watch from a past revision receives all later changes; the keys of one revision come in one message.
pub(crate) async fn watch_of_a_revoked_lease(test: &mut ConformanceTest) {
    let mut client = test.raw().await;
    let lease = test.grant(30).await;
    for key in ["foo/b", "foo/a"] {
        test.put(key, lease).await;
    }
    test.cluster.revoke(lease).await.unwrap();
    let mut watch = client.watch("foo/", Some(prefix().with_start_revision(4))).await.unwrap();
    let mut events = Vec::new();
    while events.len() < 2 {
        events.extend(events_of(&next(&mut watch).await));
    }
    let gone = |key: &str| (4, EventType::Delete, key.to_owned(), lease.0);
    assert_eq!(events, [gone("foo/a"), gone("foo/b")]);
}

/// A put with another or no lease includes the previous lease.
pub(crate) async fn watch_of_a_key_that_moves(test: &mut ConformanceTest) {
    let mut client = test.raw().await;
    let (first, second) = (test.grant(30).await, test.grant(30).await);
    test.put("foo", first).await;
    let mut watch = client.watch("foo", Some(WatchOptions::new().with_prev_key())).await.unwrap();
    let with = |lease: LeaseId| Some(PutOptions::new().with_lease(lease.0));
    client.put("foo", "v", with(second)).await.unwrap();
    client.put("foo", "v", None).await.unwrap();
    let mut events = Vec::new();
    while events.len() < 2 {
        let message = next(&mut watch).await;
        let leases =
            message.events().iter().map(|event| (event.prev_kv().unwrap().lease(), event.kv().unwrap().lease()));
        events.extend(leases.collect::<Vec<_>>());
    }
    assert_eq!(events, [(first.0, second.0), (second.0, 0)]);
}

/// TestV3WatchWithFilter: puts or deletes may be filtered out.
pub(crate) async fn v3_watch_with_filter(test: &mut ConformanceTest) {
    let mut client = test.raw().await;
    let only = |filter| Some(WatchOptions::new().with_filters([filter]));
    let mut deletes = client.watch("foo", only(WatchFilterType::NoPut)).await.unwrap();
    let mut puts = client.watch("foo", only(WatchFilterType::NoDelete)).await.unwrap();
    client.put("foo", "v", None).await.unwrap();
    client.delete("foo", None).await.unwrap();
    client.put("foo", "v", None).await.unwrap();
    assert_eq!(events_of(&next(&mut deletes).await)[0], (3, EventType::Delete, "foo".to_owned(), 0));
    assert_eq!(events_of(&next(&mut puts).await)[0].0, 2);
    assert_eq!(events_of(&next(&mut puts).await)[0].0, 4);
}

/// As in TestV3WatchProgressOnMemberRestart: the reply to a progress request belongs to no watch.
pub(crate) async fn watch_request_progress(test: &mut ConformanceTest) {
    let mut client = test.raw().await;
    client.put("other", "v", None).await.unwrap();
    let mut watch = client.watch("foo", None).await.unwrap();
    assert!(watch.message().await.unwrap().unwrap().created());
    watch.request_progress().await.unwrap();
    let message = next(&mut watch).await;
    assert!(message.events().is_empty() && !message.canceled());
    assert_eq!(message.header().unwrap().revision(), 2);
}

/// TestWatchCompactRevision: a watch from a compacted revision ends and reports the oldest revision.
pub(crate) async fn watch_compact_revision(test: &mut ConformanceTest) {
    let mut client = test.raw().await;
    for _ in 0..4 {
        client.put("foo", "v", None).await.unwrap();
    }
    client.compact(4, None).await.unwrap();
    let mut watch = client.watch("foo", Some(WatchOptions::new().with_start_revision(2))).await.unwrap();
    let message = next(&mut watch).await;
    assert!(message.canceled());
    assert_eq!(message.compact_revision(), 4);
    let mut watch = client.watch("foo", Some(WatchOptions::new().with_start_revision(4))).await.unwrap();
    assert_eq!(events_of(&next(&mut watch).await)[0].0, 4);
}

/// TestV3WatchEmptyKey and TestV3WatchWrongRange: an empty key means every key; an end before the key is refused.
pub(crate) async fn v3_watch_wrong_range(test: &mut ConformanceTest) {
    let mut client = test.raw().await;
    let mut watch = client.watch("b", Some(WatchOptions::new().with_range("a"))).await.unwrap();
    let refused = watch.message().await.unwrap().unwrap();
    assert!(refused.created() && refused.canceled(), "{refused:?}");
    assert_eq!(refused.cancel_reason(), "mvcc: watcher range is empty");
    let mut all = client.watch("", Some(WatchOptions::new().with_all_keys())).await.unwrap();
    client.put("any", "v", None).await.unwrap();
    assert_eq!(events_of(&next(&mut all).await)[0].2, "any");
}
