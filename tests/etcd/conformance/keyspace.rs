//! Cases of reading which key is attached to which lease, and of watching changes.

use std::time::Duration;

use etcd_lease::wire::{ErrorKind, KeyWatch, WatchUpdate};
use etcd_lease::{KeyChange, KeyEntry, KeyRange, KeyState, LeaseId};

use super::ConformanceTest;

async fn next(watch: &mut KeyWatch) -> WatchUpdate {
    tokio::time::timeout(Duration::from_secs(20), watch.next()).await.expect("reported in time")
}

/// The next `count` changes.
async fn changes(watch: &mut KeyWatch, count: usize) -> Vec<KeyChange> {
    let mut reported = Vec::new();
    while reported.len() < count {
        match next(watch).await {
            WatchUpdate::Changes { changes, revision } => {
                assert_eq!(changes.last().map(|change| change.revision), Some(revision));
                reported.extend(changes);
            }
            WatchUpdate::Progress { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    reported
}

/// Keys are sorted, with their leases, as of one revision, even if keys are written between two pages.
pub(crate) async fn keys_are_read_page_by_page(test: &mut ConformanceTest) {
    let lease = test.grant(60).await;
    test.put_all((0..600).map(|n| (format!("svc/{n:04}"), (n % 3 == 0).then_some(lease)))).await;
    test.cluster.put(b"svc/\xff\x00", b"", Some(lease)).await.unwrap();
    test.cluster.put(b"svd", b"not in the range", Some(lease)).await.unwrap();
    let mut pages = test.cluster.key_pages(&KeyRange::prefix(b"svc/"));
    let mut found = Vec::new();
    let mut count = 0;
    while let Some(page) = pages.next().await.unwrap() {
        found.extend(page);
        count += 1;
        test.cluster.put(b"svc/0599x", b"later", None).await.unwrap();
    }
    assert!(count > 1, "{count} page");
    assert_eq!((found.len(), pages.revision()), (601, 603));
    assert!(found.is_sorted_by(|a, b| a.key < b.key));
    assert_eq!(found.iter().filter(|key| key.lease == Some(lease)).count(), 201);
    assert_eq!((found[600].key.as_slice(), found[600].create_revision), (b"svc/\xff\x00".as_slice(), 602));
    assert!(test.cluster.key_pages(&KeyRange::prefix(b"none")).next().await.unwrap().unwrap().is_empty());
}

/// Keys with values of megabytes are read without their values.
pub(crate) async fn large_values_are_read(test: &mut ConformanceTest) {
    let heavy = vec![b'x'; 1_000_000];
    for n in 0..12 {
        test.cluster.put(format!("heavy/{n:02}").as_bytes(), &heavy, None).await.unwrap();
    }
    let mut pages = test.cluster.key_pages(&KeyRange::all());
    assert_eq!(pages.next().await.unwrap().unwrap().len(), 12, "beyond etcd-client's 4 MiB");
    assert!(pages.next().await.unwrap().is_none());
}

/// A key is read with its lease and without its value, and a range is counted.
pub(crate) async fn a_key_is_read_without_its_value(test: &mut ConformanceTest) {
    let lease = test.grant(60).await;
    test.cluster.put(b"svc/heavy", &[b'x'; 100_000], Some(lease)).await.unwrap();
    test.cluster.put(b"svc/heavy", &[b'y'; 100_000], Some(lease)).await.unwrap();
    let found = test.cluster.read_key(b"svc/heavy").await.unwrap();
    let entry = KeyEntry { key: b"svc/heavy".to_vec(), lease: Some(lease), create_revision: 2 };
    assert_eq!((found.entries, found.revision), (vec![(entry, 3)], 3));
    assert!(found.received < 200, "{} bytes", found.received);
    assert!(test.cluster.read_key(b"svc/none").await.unwrap().entries.is_empty());
    assert_eq!(test.cluster.count_keys(&KeyRange::prefix(b"svc/")).await.unwrap(), 1);
}

/// A page of a compacted revision is an error.
pub(crate) async fn a_compacted_page_is_reported(test: &mut ConformanceTest) {
    test.put_all((0..300).map(|n| (format!("svc/{n:04}"), None))).await;
    let mut pages = test.cluster.key_pages(&KeyRange::all());
    pages.next().await.unwrap();
    let revision = test.cluster.put(b"svc/new", b"v", None).await.unwrap().revision;
    test.raw().await.compact(revision, None).await.unwrap();
    assert_eq!(pages.next().await.unwrap_err().kind(), ErrorKind::Compacted);
}

/// Attached, moved, detached, deleted, and deleted with the lease: each change includes the previous lease.
pub(crate) async fn changes_include_the_previous_lease(test: &mut ConformanceTest) {
    let (first, second) = (test.grant(60).await, test.grant(60).await);
    let mut watch = test.cluster.watch_keys(&KeyRange::prefix(b"svc/"), 0).await.unwrap();
    for lease in [Some(first), Some(second), None, Some(second)] {
        test.cluster.put(b"svc/a", b"v", lease).await.unwrap();
    }
    test.cluster.put(b"svc/b", b"v", Some(second)).await.unwrap();
    test.cluster.put(b"elsewhere", b"v", Some(second)).await.unwrap();
    test.cluster.revoke(second).await.unwrap();
    let reported = changes(&mut watch, 7).await;
    let change =
        |key: &[u8], before: Option<LeaseId>, now, revision| KeyChange { key: key.to_vec(), before, now, revision };
    let put = |lease, create_revision| KeyState::Put { lease, create_revision };
    assert_eq!(
        reported,
        [
            change(b"svc/a", None, put(Some(first), 2), 2),
            change(b"svc/a", Some(first), put(Some(second), 2), 3),
            change(b"svc/a", Some(second), put(None, 2), 4),
            change(b"svc/a", None, put(Some(second), 2), 5),
            change(b"svc/b", None, put(Some(second), 6), 6),
            change(b"svc/a", Some(second), KeyState::Deleted, 8),
            change(b"svc/b", Some(second), KeyState::Deleted, 8),
        ]
    );
}

/// A watch without changes reports its revision on request.
pub(crate) async fn a_watch_reports_progress(test: &mut ConformanceTest) {
    let mut watch = test.cluster.watch_keys(&KeyRange::prefix(b"svc/"), 0).await.unwrap();
    let revision = test.cluster.put(b"elsewhere", b"v", None).await.unwrap().revision;
    watch.ask_progress();
    let reported = next(&mut watch).await;
    assert!(matches!(reported, WatchUpdate::Progress { revision: reported } if reported == revision), "{reported:?}");
}

/// A watch from a compacted revision reports the oldest one.
pub(crate) async fn a_watch_from_a_compacted_revision_is_reported(test: &mut ConformanceTest) {
    for _ in 0..5 {
        test.cluster.put(b"svc/a", b"v", None).await.unwrap();
    }
    test.raw().await.compact(5, None).await.unwrap();
    let mut watch = test.cluster.watch_keys(&KeyRange::all(), 2).await.unwrap();
    let reported = next(&mut watch).await;
    assert!(matches!(reported, WatchUpdate::Compacted { oldest: 5 }), "{reported:?}");
}

/// A watch whose connection breaks ends; the next one continues from its revision, and no change is lost.
pub(crate) async fn a_cut_watch_continues_from_its_revision(test: &mut ConformanceTest) {
    let mut watch = test.cluster.watch_keys(&KeyRange::all(), 0).await.unwrap();
    test.cluster.put(b"svc/a", b"v", None).await.unwrap();
    let last = changes(&mut watch, 1).await[0].revision;
    test.disconnect();
    let reported = next(&mut watch).await;
    assert!(matches!(reported, WatchUpdate::Cut(_)), "{reported:?}");
    test.elsewhere.put(b"svc/b", b"v", None).await.unwrap();
    test.reconnect();
    let mut watch = test.watch_again(last + 1).await;
    assert_eq!(changes(&mut watch, 1).await[0].key, b"svc/b");
}
