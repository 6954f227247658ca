//! The watch service during faults.

use std::time::Duration;

use etcd_client::{WatchOptions, WatchStream};
use futures_util::FutureExt;
use tonic::Code;

use super::*;

/// Opens a watch and reads its confirmation.
async fn watching(sandbox: &Sandbox, options: WatchOptions) -> WatchStream {
    let mut watch = client(sandbox, 0).await.watch("k", Some(options)).await.unwrap();
    assert!(watch.message().await.unwrap().unwrap().created());
    watch
}

#[tokio::test(start_paused = true)]
async fn a_cut_watch_ends_with_its_status_and_a_new_one_catches_up() {
    let sandbox = start(1);
    let mut watch = watching(&sandbox, WatchOptions::new()).await;
    assert_eq!(sandbox.stats(0).watches_open, 1);
    sandbox.faults().cut_watches(&Status::unavailable("cut"));
    let status = refused(watch.message().await);
    assert_eq!((status.code(), status.message()), (Code::Unavailable, "cut"));
    sandbox.put("k", "v", None).unwrap();
    let mut watch = watching(&sandbox, WatchOptions::new().with_start_revision(2)).await;
    assert_eq!(watch.message().await.unwrap().unwrap().events().len(), 1);
    drop(watch);
    seconds(1.0).await;
    assert_eq!(sandbox.stats(0).watches_open, 0);
}

#[tokio::test(start_paused = true)]
async fn a_hanging_member_sends_changes_when_it_continues() {
    let sandbox = start(1);
    let mut watch = watching(&sandbox, WatchOptions::new()).await;
    sandbox.faults().hang();
    sandbox.put("k", "1", None).unwrap();
    sandbox.put("k", "2", None).unwrap();
    assert!(tokio::time::timeout(Duration::from_secs(60), watch.message()).await.is_err());
    sandbox.faults().resume();
    let mut told = 0;
    while told < 2 {
        told += watch.message().await.unwrap().unwrap().events().len();
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_lease_is_sent_with_the_previous_value_of_its_key() {
    let sandbox = start(1);
    let lease = sandbox.grant(2).unwrap();
    sandbox.put("k", "v", Some(lease)).unwrap();
    let mut watch = watching(&sandbox, WatchOptions::new().with_prev_key()).await;
    let message = watch.message().await.unwrap().unwrap();
    let event = &message.events()[0];
    assert_eq!((event.prev_kv().unwrap().lease(), event.kv().unwrap().mod_revision()), (lease, 3));
    assert!(sandbox.leases().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_quiet_watch_gets_its_progress_every_ten_minutes() {
    let sandbox = start(1);
    let mut watch = watching(&sandbox, WatchOptions::new().with_progress_notify()).await;
    sandbox.put("other", "v", None).unwrap();
    let asked = sandbox.clock().now();
    let message = watch.message().await.unwrap().unwrap();
    assert!(message.events().is_empty() && message.header().unwrap().revision() == 2);
    let waited = sandbox.clock().now() - asked;
    assert!(waited > Duration::from_secs(590), "{waited:?}");
    let silent = watching(&sandbox, WatchOptions::new()).await.message().now_or_never().is_none();
    assert!(silent, "this one did not request progress");
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_requires_a_leader_ends_without_one() {
    let sandbox = start(2);
    let mut careful = client_that_requires_a_leader(&sandbox, 1).await.watch("k", None).await.unwrap();
    let mut patient = client(&sandbox, 1).await.watch("k", None).await.unwrap();
    careful.message().await.unwrap();
    patient.message().await.unwrap();
    sandbox.faults().lose_leader();
    assert_eq!(refused(careful.message().await).message(), "etcdserver: no leader");
    assert!(tokio::time::timeout(Duration::from_secs(60), patient.message()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_compaction_ends_a_watch_that_needs_it() {
    let sandbox = start(1);
    let mut watch = watching(&sandbox, WatchOptions::new()).await;
    for _ in 0..3 {
        sandbox.put("other", "v", None).unwrap();
    }
    // Changes that were sent before remain.
    seconds(0.1).await;
    sandbox.compact(4).unwrap();
    watch.watch("k", Some(WatchOptions::new().with_start_revision(2))).await.unwrap();
    assert!(watch.message().await.unwrap().unwrap().created());
    let end = watch.message().await.unwrap().unwrap();
    assert!(end.canceled());
    assert_eq!((end.watch_id(), end.compact_revision()), (1, 4));
    sandbox.put("k", "v", None).unwrap();
    assert_eq!(watch.message().await.unwrap().unwrap().watch_id(), 0, "the other watch continues");
}

#[tokio::test(start_paused = true)]
async fn progress_is_answered_after_the_changes_that_it_covers() {
    let sandbox = start(1);
    let mut watch = watching(&sandbox, WatchOptions::new()).await;
    sandbox.faults().hang();
    watch.request_progress().await.unwrap();
    sandbox.put("k", "v", None).unwrap();
    sandbox.faults().resume();
    assert_eq!(watch.message().await.unwrap().unwrap().events().len(), 1);
    let progress = watch.message().await.unwrap().unwrap();
    assert_eq!((progress.events().len(), progress.header().unwrap().revision()), (0, 2));
}
