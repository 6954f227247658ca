//! Finds the keys of leases, in the way that costs least.
//!
//! The keys of a small key space are read with their values, because etcd 3.7 leaves the lease out without them, and then
//! watched. Of a large key space only deletes are watched, and etcd sends only the names of the deleted keys. The
//! application queries the keys of each lease. The choice is made before the read, and again if the read or the watch
//! costs more than expected.

use std::time::Duration;

use tokio::sync::watch;

use super::error_gate::ErrorGate;
use super::key_traffic::KeyTraffic;
use super::recent_keys::RecentKeys;
use super::{Observation, retry_interval};
use crate::byte_budget::ByteBudget;
use crate::inference::locks::is_lock_key;
use etcd_lease::wire::{CallError, Cluster, KeyPages, KeyWatch, WatchUpdate};
use etcd_lease::{KeyChange, KeyEntry, KeyRange, KeyState, Reachability};
use simkit::Clock;

/// Delay between an error and the next attempt.
const RETRY: Duration = Duration::from_millis(500);
/// Bytes of a query of a lease with one key. A read of all keys that costs less per lease is cheaper.
const QUERY_BYTES: u64 = 200;
/// How long to wait for the status of the member, which has the size of its database.
const STATUS_TIMEOUT: Duration = Duration::from_secs(1);
/// How long to wait for the first list of leases.
const LIST_TIMEOUT: Duration = Duration::from_secs(5);

/// Which keys are observed, and at what cost.
#[derive(Clone, Debug)]
pub struct KeyScope {
    /// The keys.
    pub range: KeyRange,
    /// Maximum number of bytes received for keys per minute, and in the first read.
    pub bytes_per_minute: u64,
}

/// Why a watch of all changes ended.
enum WatchEnd {
    /// etcd has compacted the next revisions, so the keys must be read again.
    Compacted,
    /// The changes cost more than the budget.
    Expensive,
    /// The stream broke after this revision.
    Cut { last_revision: i64, error: CallError },
}

/// How to find the keys.
enum Plan {
    /// Read them all and watch all changes.
    Whole {
        pages: KeyPages,
        first: Vec<KeyEntry>,
        /// Stop after this many bytes.
        most: u64,
    },
    /// Watch deletes.
    ByLease,
}

pub(super) struct KeyWatcher {
    pub(super) cluster: Cluster,
    pub(super) clock: Clock,
    pub(super) scope: KeyScope,
    pub(super) error_gate: ErrorGate,
    pub(super) traffic: KeyTraffic,
    /// Number of leases in the last list; none before the first.
    pub(super) lease_count: watch::Receiver<Option<usize>>,
    /// Keys that were deleted while they were attached to a lease.
    pub(super) deleted: RecentKeys,
    /// Whether a read or a watch of all keys turned out to be too expensive.
    pub(super) is_large: bool,
}

impl KeyWatcher {
    /// Reads and watches until the task is dropped.
    pub(super) async fn run(mut self) {
        loop {
            if let Err(error) = self.observe().await {
                self.report_and_wait(error).await;
            }
        }
    }

    async fn observe(&mut self) -> Result<(), CallError> {
        if let Plan::Whole { pages, first, most } = self.plan().await? {
            match self.read(pages, first, most).await? {
                Some(revision) => {
                    self.error_gate.report_recovery().await;
                    self.error_gate.send(Observation::KeysRead { revision }).await;
                    return self.watch(revision).await;
                }
                None => self.is_large = true,
            }
        }
        self.watch_deletes().await
    }

    /// Decides by the size of the database. Where it is not known or not the size of the range, the first keys show the
    /// average size of a key.
    async fn plan(&mut self) -> Result<Plan, CallError> {
        if self.is_large {
            return Ok(Plan::ByLease);
        }
        let budget = self.scope.bytes_per_minute;
        let db_size = self.db_size().await;
        if (1..=budget).contains(&db_size) {
            let pages = self.cluster.key_pages(&self.scope.range);
            return Ok(Plan::Whole { pages, first: Vec::new(), most: budget });
        }
        let mut pages = self.cluster.key_samples(&self.scope.range);
        let first = pages.next().await?.unwrap_or_default();
        let bytes = pages.size(first.len() as u64).bytes;
        if bytes.max(db_size) <= budget {
            return Ok(Plan::Whole { pages, first, most: budget });
        }
        let by_lease = self.lease_count().await.saturating_mul(QUERY_BYTES);
        if bytes <= by_lease {
            return Ok(Plan::Whole { pages, first, most: by_lease.max(budget) });
        }
        self.traffic.add(pages.received()).await;
        Ok(Plan::ByLease)
    }

    /// The size in use of the member's database, if all keys are observed; 0 if it is not known.
    async fn db_size(&self) -> u64 {
        if self.scope.range != KeyRange::all() {
            return 0;
        }
        let mut view = self.cluster.watch();
        let is_probed =
            view.wait_for(|view| view.current().is_some_and(|member| member.reachability != Reachability::Unknown));
        let _ = tokio::time::timeout(STATUS_TIMEOUT, is_probed).await;
        self.cluster.view().current().map_or(0, |member| member.db_size_in_use)
    }

    async fn lease_count(&mut self) -> u64 {
        let listed = tokio::time::timeout(LIST_TIMEOUT, self.lease_count.wait_for(Option::is_some)).await;
        listed.ok().and_then(|count| *count.ok()?).map_or(0, |count| count as u64)
    }

    /// Sends all keys that are attached to a lease or named after one, and returns the revision of the read. Returns
    /// none if they are more than `most` bytes.
    async fn read(&mut self, mut pages: KeyPages, first: Vec<KeyEntry>, most: u64) -> Result<Option<i64>, CallError> {
        let mut page = if first.is_empty() { pages.next().await? } else { Some(first) };
        let mut received = 0;
        self.error_gate.send(Observation::KeysReloading).await;
        while let Some(entries) = page {
            self.traffic.add(pages.received() - received).await;
            received = pages.received();
            self.send_page(entries).await;
            if received > most {
                return Ok(None);
            }
            page = pages.next().await?;
        }
        Ok(Some(pages.revision()))
    }

    async fn send_page(&self, page: Vec<KeyEntry>) {
        let is_relevant = |entry: &KeyEntry| entry.lease.is_some() || is_lock_key(&entry.key, None);
        let entries: Vec<KeyEntry> = page.into_iter().filter(is_relevant).collect();
        if !entries.is_empty() {
            self.error_gate.send(Observation::Keys(entries)).await;
        }
    }

    /// Watches changes after `last_revision`. Resumes after each broken stream, and returns when etcd has compacted the
    /// next revisions, or when the changes cost too much.
    async fn watch(&mut self, mut last_revision: i64) -> Result<(), CallError> {
        let mut budget = ByteBudget::new(self.scope.bytes_per_minute, self.clock.now());
        loop {
            let opened = self.cluster.watch_keys(&self.scope.range, last_revision + 1).await;
            let end = match opened {
                Ok(watch) => {
                    self.error_gate.report_recovery().await;
                    self.forward_changes(watch, last_revision, &mut budget).await
                }
                Err(error) => WatchEnd::Cut { last_revision, error },
            };
            match end {
                WatchEnd::Compacted => return Ok(()),
                WatchEnd::Expensive => {
                    self.is_large = true;
                    return Ok(());
                }
                WatchEnd::Cut { last_revision: last, error } => {
                    last_revision = last;
                    self.report_and_wait(error).await;
                }
            }
        }
    }

    async fn forward_changes(
        &mut self,
        mut watch: KeyWatch,
        mut last_revision: i64,
        budget: &mut ByteBudget,
    ) -> WatchEnd {
        loop {
            let update = watch.next().await;
            let received = watch.take_received();
            self.traffic.add(received).await;
            budget.spend(received, self.clock.now());
            match update {
                WatchUpdate::Changes { changes, revision } => {
                    self.send_changes(changes).await;
                    last_revision = revision;
                }
                WatchUpdate::Progress { revision } => last_revision = last_revision.max(revision),
                WatchUpdate::Compacted { .. } => return WatchEnd::Compacted,
                WatchUpdate::Cut(error) => return WatchEnd::Cut { last_revision, error },
            }
            if budget.left(self.clock.now()) < 0 {
                return WatchEnd::Expensive;
            }
        }
    }

    /// Sends the changes of keys that are or were attached to a lease, or are named after one. A key that was deleted with its
    /// lease may be put again without one.
    async fn send_changes(&mut self, mut changes: Vec<KeyChange>) {
        changes.retain(|change| self.is_relevant(change));
        self.send_all(changes).await;
    }

    fn is_relevant(&mut self, change: &KeyChange) -> bool {
        let is_back = self.deleted.remove(&change.key);
        if change.before.is_some() && change.now == KeyState::Deleted {
            self.deleted.insert(&change.key);
        }
        let is_attached = matches!(change.now, KeyState::Put { lease: Some(_), .. });
        change.before.is_some() || is_attached || is_back || is_lock_key(&change.key, None)
    }

    pub(super) async fn send_all(&self, changes: Vec<KeyChange>) {
        let received = self.clock.now();
        if !changes.is_empty() {
            self.error_gate.send(Observation::Changed { changes, received }).await;
        }
    }

    pub(super) async fn report_and_wait(&mut self, error: CallError) {
        let pause = retry_interval(&error, RETRY);
        self.error_gate.report_error(error).await;
        self.clock.sleep(pause).await;
    }
}
