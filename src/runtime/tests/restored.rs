//! etcd is wiped, restored or replaced while the program runs.

use super::headless::HeadlessTest;
use super::*;
use crate::app::EventKind;
use etcd_lease::LeaseId;
use etcd_sandbox::Snapshot;

/// The events of leases and of the cluster, without those of the connection.
fn events(test: &mut HeadlessTest) -> Vec<(&'static str, Option<LeaseId>)> {
    let of_connection = |name: &str| matches!(name, "connection" | "leader" | "term");
    let mut events = test.event_names();
    events.retain(|(name, _)| !of_connection(name));
    events
}

/// Whether a restore or the end of a lease was reported.
fn shows_restore(names: &[(&str, Option<LeaseId>)]) -> bool {
    names.iter().any(|(name, _)| matches!(*name, "cluster" | "absent" | "revoked" | "gone"))
}

/// Grants a lease with a key of this name.
fn grant(sandbox: &Sandbox, key: &str) -> LeaseId {
    let id = sandbox.grant(60).unwrap();
    sandbox.put(key, "v", Some(id)).unwrap();
    LeaseId(id)
}

/// Two leases exist, and a third that only the snapshot lacks. Returns them and the snapshot.
async fn with_snapshot() -> (HeadlessTest, [LeaseId; 3], Snapshot) {
    let mut test = HeadlessTest::start(100, |_| ()).await;
    let (first, second) = (grant(&test.sandbox, "/a"), grant(&test.sandbox, "/b"));
    let snapshot = test.sandbox.snapshot();
    let third = grant(&test.sandbox, "/c");
    test.wait(10.0).await;
    events(&mut test);
    (test, [first, second, third], snapshot)
}

/// Checks that leases and keys of the cluster that answers now are reported.
async fn assert_followed(test: &mut HeadlessTest) {
    let new = grant(&test.sandbox, "/new");
    test.wait(2.0).await;
    let mut names = events(test);
    names.sort();
    assert_eq!(names, [("attached", Some(new)), ("granted", Some(new))]);
    test.sandbox.revoke(new.0).unwrap();
    test.wait(2.0).await;
    assert_eq!(events(test), [("revoked", Some(new))]);
}

#[tokio::test(start_paused = true)]
async fn another_cluster_lacks_all_leases() {
    let (mut test, leases, _) = with_snapshot().await;
    test.sandbox.restore_as_new_cluster(Snapshot::empty());
    test.wait(3.0).await;
    let reported = test.events();
    let [changed] = &reported.iter().filter(|one| one.event.name().as_str() == "cluster").collect::<Vec<_>>()[..]
    else {
        panic!("{reported:?}")
    };
    let EventKind::ClusterChanged { cause: "replaced", message } = &changed.event.kind else { panic!("{changed:?}") };
    assert!(message.starts_with("another cluster answers: the cluster id changed from "), "{message}");
    let ended = reported.iter().filter(|one| one.event.lease.is_some());
    let mut ended: Vec<_> = ended.map(|one| (one.event.name().as_str(), one.event.lease.unwrap())).collect();
    ended.sort();
    let mut absent = leases.map(|id| ("absent", id));
    absent.sort();
    assert_eq!(ended, absent);
    let text = reported.iter().find(|one| one.event.lease.is_some()).unwrap().event.kind.text();
    assert_eq!(text, "other client's 60 s lease, not in the restored cluster; it had 1 key");
    assert_followed(&mut test).await;
}

#[tokio::test(start_paused = true)]
async fn a_wiped_cluster_with_the_same_ids_is_noticed() {
    let (mut test, leases, _) = with_snapshot().await;
    test.sandbox.restore(Snapshot::empty());
    test.wait(3.0).await;
    let names = events(&mut test);
    assert_eq!(names[0], ("cluster", None));
    assert_eq!(names.len(), 4, "{names:?}");
    assert!(leases.iter().all(|id| names.contains(&("absent", Some(*id)))), "{names:?}");
    assert_followed(&mut test).await;
}

#[tokio::test(start_paused = true)]
async fn an_older_snapshot_lacks_only_the_leases_granted_later() {
    let (mut test, [first, second, third], snapshot) = with_snapshot().await;
    test.sandbox.restore(snapshot);
    test.wait(20.0).await;
    assert_eq!(events(&mut test), [("cluster", None), ("absent", Some(third))], "no refill is a renewal");
    let state = test.end().await;
    let keys = |id| state.app.leases.get(id).and_then(|lease| lease.keys.as_ref()).map(|keys| keys.count);
    assert_eq!((keys(first), keys(second), keys(third)), (Some(1), Some(1), Some(1)), "the last known ones");
}

#[tokio::test(start_paused = true)]
async fn a_restore_with_a_bumped_revision_is_noticed_by_the_raft_index() {
    let (mut test, [.., third], snapshot) = with_snapshot().await;
    // The raft log of the restored cluster is shorter.
    test.change_cluster(20).await;
    test.sandbox.restore(snapshot.bump_revision(1_000_000));
    test.wait(3.0).await;
    assert_eq!(events(&mut test), [("cluster", None), ("absent", Some(third))]);
    assert_followed(&mut test).await;
}

#[tokio::test(start_paused = true)]
async fn all_leases_that_vanish_without_a_deletion_show_a_restore() {
    let (mut test, leases, _) = with_snapshot().await;
    // Nothing shows the restore but the leases, as for a user who may not read the status.
    test.sandbox.restore(Snapshot::empty().bump_revision(1_000_000));
    test.wait(4.0).await;
    let names = events(&mut test);
    assert_eq!(names[0], ("cluster", None));
    assert!(leases.iter().all(|id| names.contains(&("absent", Some(*id)))) && names.len() == 4, "{names:?}");
    assert_followed(&mut test).await;
}

#[tokio::test(start_paused = true)]
async fn leases_that_are_revoked_together_are_revoked() {
    let (mut test, leases, _) = with_snapshot().await;
    leases.iter().for_each(|id| test.sandbox.revoke(id.0).unwrap());
    test.wait(3.0).await;
    let mut names = events(&mut test);
    names.sort();
    let mut revoked = leases.map(|id| ("revoked", Some(id)));
    revoked.sort();
    assert_eq!(names, revoked);
}

#[tokio::test(start_paused = true)]
async fn two_clusters_behind_one_balancer_raise_an_alarm_that_stays() {
    let (mut test, _, _) = with_snapshot().await;
    let other = Sandbox::builder().seed(99).start(test.clock.clone());
    grant(&other, "/elsewhere");
    for _ in 0..100 {
        test.sandbox.swap(&other);
        test.wait(0.23).await;
    }
    test.wait(10.0).await;
    let mut names = events(&mut test);
    // Nobody renews the leases.
    names.retain(|(name, _)| *name != "unrenewed");
    assert_eq!(names, [("cluster", None)]);
    let state = test.end().await;
    assert!(state.app.cluster.view.mixed_with.is_some());
    assert_eq!(state.app.leases.living().count(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_member_that_lags_is_no_other_cluster() {
    let sandbox = Sandbox::builder().members(3).seed(7).start(Clock::real());
    let mut test = HeadlessTest::on("", 100, sandbox, 2).await;
    test.sandbox.faults().on(1).lag();
    let leases = [grant(&test.sandbox, "/a"), grant(&test.sandbox, "/b")];
    test.wait(5.0).await;
    events(&mut test);
    test.sandbox.faults().move_leader(2);
    test.sandbox.faults().on(0).down();
    test.wait(5.0).await;
    test.sandbox.faults().on(1).catch_up();
    test.sandbox.put("/other", "v", None).unwrap();
    test.wait(5.0).await;
    let names = events(&mut test);
    assert!(!shows_restore(&names), "{names:?}");
    let state = test.end().await;
    assert!(leases.iter().all(|id| state.app.leases.get(*id).is_some_and(|lease| lease.end.is_none())));
}

#[tokio::test(start_paused = true)]
async fn a_compaction_during_an_outage_is_no_restore() {
    let (mut test, _, _) = with_snapshot().await;
    test.sandbox.faults().down();
    test.wait(5.0).await;
    let new = grant(&test.sandbox, "/new");
    test.sandbox.compact(test.sandbox.revision()).unwrap();
    test.sandbox.faults().up();
    test.wait(5.0).await;
    let names = events(&mut test);
    assert!(names.contains(&("granted", Some(new))) && names.contains(&("attached", Some(new))), "{names:?}");
    assert!(!shows_restore(&names), "{names:?}");
}

#[tokio::test(start_paused = true)]
async fn own_leases_that_the_restored_cluster_lacks_are_lost_and_the_screen_says_so() {
    let test = MonitorTest::start(exercise(&[60]), false).await;
    test.wait(3.0).await;
    test.sandbox.restore(Snapshot::empty());
    test.wait(2.0).await;
    let text = test.screen.text();
    assert!(text.contains("absent") && text.contains("not in the restored cluster"), "{text}");
    assert!(!text.contains("revoked by another client"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn the_alarm_of_two_clusters_stays_on_the_screen() {
    let test = MonitorTest::start(exercise(&[]), false).await;
    let other = Sandbox::builder().seed(99).start(test.sandbox.clock().clone());
    for _ in 0..40 {
        test.sandbox.swap(&other);
        test.wait(0.23).await;
    }
    test.wait(60.0).await;
    let text = test.screen.text();
    assert!(text.contains("✖ two clusters answer"), "{text}");
}
