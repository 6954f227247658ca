//! etcd is restored from a snapshot, wiped, or restarted while leasetop watches.

use std::time::Duration;

use etcd_lease::LeaseId;
use etcd_lease::wire::Cluster;
use leasetop::app::{AppConfig, EventKind, EventName};
use leasetop::runtime::{ExternalEvent, HeadlessOptions, Outputs, TimedEvent, follow_events};
use simkit::Clock;
use simkit::tasks::{Task, spawn};
use tokio::sync::mpsc;

use crate::common::etcd::{Etcd, TOKEN, Version};
use crate::common::wait::until;
use crate::engine::{connect, settings};

on_each_version! {
    a_restored_etcd_and_another_one_in_its_place_are_recognised
    a_wiped_etcd_with_the_same_ids_is_recognised
    a_restart_after_a_compaction_is_no_restore
}

/// The events of an etcd.
struct Followed {
    cluster: Cluster,
    events: mpsc::Receiver<TimedEvent>,
    seen: Vec<(EventName, Option<LeaseId>)>,
    _task: Task<()>,
}

impl Followed {
    async fn start(etcd: &Etcd) -> Followed {
        let cluster = connect(settings(&etcd.endpoints())).await;
        let (sender, events) = mpsc::channel(1024);
        let signals = Box::pin(futures_util::stream::pending::<ExternalEvent>());
        let (config, outputs) = (AppConfig::default(), Outputs::default());
        let options = HeadlessOptions { cluster: cluster.clone(), clock: Clock::real(), config, outputs };
        let task = spawn(async move { drop(follow_events(options, signals, sender).await) });
        let mut followed = Followed { cluster, events, seen: Vec::new(), _task: task };
        followed.wait_for(EventName::Connection, None).await;
        followed
    }

    /// Waits for an event, which may have come already.
    async fn wait_for(&mut self, name: EventName, lease: Option<LeaseId>) -> Option<EventKind> {
        let mut found = None;
        let heard = async {
            while !self.seen.contains(&(name, lease)) {
                let TimedEvent { event, .. } = self.events.recv().await.expect("the events go on");
                self.seen.push((event.name(), event.lease));
                found = Some(event.kind);
            }
        };
        let in_time = tokio::time::timeout(Duration::from_secs(30), heard).await;
        assert!(in_time.is_ok(), "no {name:?} of {lease:?} in {:?}", self.seen);
        found
    }

    /// Grants a lease with a key and waits until both are reported.
    async fn grant(&mut self, etcd: &Etcd, key: &str) -> LeaseId {
        let granted = etcd.ctl(&["lease", "grant", "600"]);
        let id = granted.split(' ').nth(1).expect("an id");
        etcd.ctl(&["put", key, "v", "--lease", id]);
        let id = LeaseId(i64::from_str_radix(id, 16).expect("hex"));
        self.wait_for(EventName::Granted, Some(id)).await;
        self.wait_for(EventName::Attached, Some(id)).await;
        id
    }

    /// Makes the raft log longer than that of an etcd that has just started, and waits until a status shows it.
    async fn change(&self, etcd: &Etcd) {
        let revision = || self.cluster.view().members[0].revision;
        let before = revision();
        for n in 0..20 {
            etcd.ctl(&["put", "/other", &n.to_string()]);
        }
        until("a status", Duration::from_secs(30), async || revision() >= before + 20).await;
    }

    /// Waits for the report of a change with this cause, and for the leases that are missing.
    async fn wait_for_change(&mut self, expected: &str, missing: &[LeaseId]) {
        let Some(EventKind::ClusterChanged { cause, message }) = self.wait_for(EventName::Cluster, None).await else {
            panic!("{:?}", self.seen)
        };
        assert_eq!(cause, expected, "{message}");
        for id in missing {
            self.wait_for(EventName::Absent, Some(*id)).await;
        }
    }

    /// Checks that only these leases ended, and that only one change was reported, since the last call.
    fn assert_ended(&mut self, missing: &[LeaseId]) {
        let ends = [EventName::Absent, EventName::Expired, EventName::Revoked, EventName::Gone];
        let seen = std::mem::take(&mut self.seen);
        let ended: Vec<_> = seen.iter().filter(|(name, _)| ends.contains(name)).collect();
        assert!(ended.iter().all(|(name, _)| *name == EventName::Absent), "{seen:?}");
        assert_eq!(ended.len(), missing.len(), "{seen:?}");
        let renewed = seen.iter().filter(|(name, _)| *name == EventName::Renewed).count();
        assert_eq!(renewed, 0, "a refill is no renewal: {seen:?}");
        let changes = seen.iter().filter(|(name, _)| *name == EventName::Cluster).count();
        assert_eq!(changes, usize::from(!missing.is_empty()), "{seen:?}");
    }
}

async fn a_restored_etcd_and_another_one_in_its_place_are_recognised(version: Version) {
    let mut etcd = Etcd::start(version).await;
    let mut followed = Followed::start(&etcd).await;
    let kept = followed.grant(&etcd, "/kept").await;
    let snapshot = etcd.save_snapshot();
    let mut later = followed.grant(&etcd, "/later").await;
    followed.assert_ended(&[]);
    let mut restores: Vec<&[&str]> = vec![&[]];
    if version >= Version::V3_6 {
        restores.push(&["--bump-revision=1000000", "--mark-compacted"]);
    }
    for options in restores {
        followed.change(&etcd).await;
        etcd.kill(0);
        etcd.restore_snapshot(0, &snapshot, options);
        etcd.restart(0).await;
        followed.wait_for_change("restored", &[later]).await;
        let restored = later;
        later = followed.grant(&etcd, "/later").await;
        followed.assert_ended(&[restored]);
    }
    etcd.kill(0);
    etcd.wipe(0, "another-cluster");
    etcd.restart(0).await;
    followed.wait_for_change("replaced", &[kept, later]).await;
    followed.grant(&etcd, "/new").await;
    followed.assert_ended(&[kept, later]);
}

async fn a_wiped_etcd_with_the_same_ids_is_recognised(version: Version) {
    let mut etcd = Etcd::start(version).await;
    let mut followed = Followed::start(&etcd).await;
    let lease = followed.grant(&etcd, "/a").await;
    followed.assert_ended(&[]);
    followed.change(&etcd).await;
    etcd.kill(0);
    etcd.wipe(0, TOKEN);
    etcd.restart(0).await;
    followed.wait_for_change("restored", &[lease]).await;
    followed.grant(&etcd, "/new").await;
    followed.assert_ended(&[lease]);
}

async fn a_restart_after_a_compaction_is_no_restore(version: Version) {
    let mut etcd = Etcd::start(version).await;
    let mut followed = Followed::start(&etcd).await;
    followed.grant(&etcd, "/a").await;
    followed.change(&etcd).await;
    etcd.ctl(&["compact", "5"]);
    etcd.kill(0);
    etcd.restart(0).await;
    followed.grant(&etcd, "/new").await;
    followed.assert_ended(&[]);
    assert!(followed.cluster.view().last_change.is_none());
}
