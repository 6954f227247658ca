//! Finds the keys of leases, in the way that costs least.
//!
//! The keys of a small key space are read with their values, because etcd 3.7 leaves the lease out without them, and then
//! watched. Of a large key space only deletes are watched, and etcd sends only the names of the deleted keys. The
//! application queries the keys of each lease. The choice is made by the size of the database and the number of keys,
//! before a value is read, and again if the read or the watch costs more than expected.

use std::time::Duration;

use tokio::sync::watch;

use super::error_gate::ErrorGate;
use super::key_traffic::KeyTraffic;
use super::recent_keys::RecentKeys;
use super::{Observation, retry_interval};
use crate::byte_budget::ByteBudget;
use crate::inference::locks::is_lock_key;
use etcd_lease::wire::{CallError, Cluster, ErrorKind, KeyPages, KeyWatch, WatchUpdate};
use etcd_lease::{KeyChange, KeyEntry, KeyRange, KeyState, Reachability};
use simkit::Clock;

/// Delay between an error and the next attempt.
const RETRY: Duration = Duration::from_millis(500);
/// Bytes in the database of a lease with a small key. Of these only a third is received.
const LEASE_BYTES: u64 = 200;
/// A value has at most these bytes: etcd's default of `--max-request-bytes`.
const VALUE_BYTES: u64 = 3 << 19;
/// Maximum number of keys on a page if each may have a value of [`VALUE_BYTES`].
const FEW_KEYS: u64 = 8;
/// Maximum number of keys that are read in pages of [`FEW_KEYS`].
const FEW_PAGES_KEYS: u64 = 4_000;
/// Maximum number of keys without a lease that a later read sends.
const MAX_OTHERS: usize = 10_000;
/// How often to check whether the budget has room for the next page.
const BUDGET_PAUSE: Duration = Duration::from_secs(1);
/// How long to wait for the status of the member, which has the size of its database.
const STATUS_TIMEOUT: Duration = Duration::from_secs(1);
/// How long to wait for the first list of leases.
const LIST_TIMEOUT: Duration = Duration::from_secs(5);

/// Which keys are observed, and at what cost.
#[derive(Clone, Debug)]
pub struct KeyScope {
    /// The keys.
    pub range: KeyRange,
    /// Maximum number of bytes received for keys in any minute. A single reply can be larger: one message of a watch, or
    /// one key of a database that is larger than this.
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
    Whole(WholeRead),
    /// Watch deletes.
    ByLease,
}

/// A read of all keys.
struct WholeRead {
    pages: KeyPages,
    /// Number of keys if each may have a large value.
    large: Option<u64>,
    /// The read stops when more than this number of bytes was received or is expected.
    most: u64,
}

pub(super) struct KeyWatcher {
    pub(super) cluster: Cluster,
    pub(super) clock: Clock,
    pub(super) scope: KeyScope,
    pub(super) error_gate: ErrorGate,
    pub(super) traffic: KeyTraffic,
    /// Bytes that reads and watches of all keys may still receive.
    pub(super) budget: ByteBudget,
    /// Number of leases in the last list; `None` before the first.
    pub(super) lease_count: watch::Receiver<Option<usize>>,
    /// Keys that were deleted while they were attached to a lease.
    pub(super) deleted: RecentKeys,
    /// Whether a read or a watch of all keys turned out to be too expensive.
    pub(super) is_large: bool,
    /// Whether keys of leases have been reported.
    pub(super) has_reported: bool,
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
        let Plan::Whole(read) = self.plan().await? else { return self.watch_deletes().await };
        let Some(revision) = self.read(read).await? else {
            self.is_large = true;
            return self.watch_deletes().await;
        };
        self.error_gate.report_recovery().await;
        self.error_gate.send(Observation::KeysRead { revision }).await;
        self.has_reported = true;
        self.watch(revision).await
    }

    /// Decides how to find the keys by the size of the database, which is never less than that of the keys. A part of a
    /// larger database is read if it has few keys.
    async fn plan(&mut self) -> Result<Plan, CallError> {
        if self.is_large {
            return Ok(Plan::ByLease);
        }
        let mut most = self.scope.bytes_per_minute;
        let db_size = self.db_size().await;
        if db_size > most {
            most = most.saturating_add(self.lease_count().await.saturating_mul(LEASE_BYTES));
        }
        let range = &self.scope.range;
        if (1..=most).contains(&db_size) {
            let pages = self.cluster.key_pages(range);
            return Ok(Plan::Whole(WholeRead { pages, large: None, most }));
        }
        if db_size > 0 && *range == KeyRange::all() {
            return Ok(Plan::ByLease);
        }
        let keys = self.cluster.count_keys(range).await?;
        if keys > FEW_PAGES_KEYS {
            return Ok(Plan::ByLease);
        }
        let pages = self.cluster.key_pages(range);
        Ok(Plan::Whole(WholeRead { pages, large: Some(keys), most: self.scope.bytes_per_minute / 2 }))
    }

    /// The size in use of the member's database; 0 if it is not known.
    async fn db_size(&self) -> u64 {
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

    /// Sends the keys and returns the revision of the read. Waits while the budget of a minute is spent. Returns `None` if
    /// the keys are too many bytes, or were compacted during a wait.
    async fn read(&mut self, mut read: WholeRead) -> Result<Option<i64>, CallError> {
        let mut has_waited = false;
        let mut others = if self.has_reported { MAX_OTHERS } else { 0 };
        self.error_gate.send(Observation::KeysReloading).await;
        loop {
            has_waited |= self.wait_for_room().await;
            self.limit_page(&mut read);
            let before = read.pages.received();
            let page = match read.pages.next().await {
                Err(error) if has_waited && error.kind() == ErrorKind::Compacted => return Ok(None),
                page => page?,
            };
            let Some(entries) = page else { return Ok(Some(read.pages.revision())) };
            let received = read.pages.received() - before;
            self.traffic.add(received).await;
            self.budget.spend(received, self.clock.now());
            // The page is dropped: a server that ignores the limit must not fill the memory with it.
            if received > self.scope.bytes_per_minute {
                return Ok(None);
            }
            self.send_page(entries, &mut others).await;
            if read.expected() > read.most {
                return Ok(None);
            }
        }
    }

    /// Waits until an eighth of the budget is left. Returns whether that took time.
    async fn wait_for_room(&mut self) -> bool {
        let room = i64::try_from(self.scope.bytes_per_minute / 8).unwrap_or(i64::MAX);
        let mut has_waited = false;
        while self.budget.left(self.clock.now()) < room {
            self.traffic.report().await;
            self.clock.sleep(BUDGET_PAUSE).await;
            has_waited = true;
        }
        has_waited
    }

    /// Makes the next page fit into the budget. If the database is larger than the budget, the page fits even if all its
    /// values are as large as etcd allows.
    fn limit_page(&self, read: &mut WholeRead) {
        let left = self.budget.left(self.clock.now()).unsigned_abs();
        let keys = if read.large.is_some() { (left / VALUE_BYTES).min(FEW_KEYS) } else { u64::MAX };
        // The keys of this page may be a little longer than those before.
        read.pages.limit_next(keys, left - left / 8);
    }

    /// Sends the keys that are attached to a lease or named after one. A later read also sends `others` of those without a
    /// lease, because a lease may have lost them; only the receiver knows. Subtracts those from `others`.
    async fn send_page(&self, page: Vec<KeyEntry>, others: &mut usize) {
        let mut is_relevant = |entry: &KeyEntry| {
            let is_of_lease = entry.lease.is_some() || is_lock_key(&entry.key, None);
            let is_other = !is_of_lease && *others > 0;
            *others -= usize::from(is_other);
            is_of_lease || is_other
        };
        let entries: Vec<KeyEntry> = page.into_iter().filter(|entry| is_relevant(entry)).collect();
        if !entries.is_empty() {
            self.error_gate.send(Observation::Keys(entries)).await;
        }
    }

    /// Watches changes after `last_revision`. Resumes after each broken stream, and returns when etcd has compacted the
    /// next revisions, or when the changes cost too much. Then a quarter of the budget at the start is left for queries of
    /// leases.
    async fn watch(&mut self, mut last_revision: i64) -> Result<(), CallError> {
        let reserve = self.budget.left(self.clock.now()) / 4;
        loop {
            let opened = self.cluster.watch_keys(&self.scope.range, last_revision.saturating_add(1)).await;
            let end = match opened {
                Ok(watch) => {
                    self.error_gate.report_recovery().await;
                    self.forward_changes(watch, last_revision, reserve).await
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

    /// Sends the changes of a watch until it ends, or until less than `reserve` bytes of the budget are left.
    async fn forward_changes(&mut self, mut watch: KeyWatch, mut last_revision: i64, reserve: i64) -> WatchEnd {
        loop {
            let update = watch.next().await;
            let received = watch.take_received();
            self.traffic.add(received).await;
            self.budget.spend(received, self.clock.now());
            match update {
                WatchUpdate::Changes { changes, revision } => {
                    self.send_changes(changes).await;
                    last_revision = revision;
                }
                WatchUpdate::Progress { revision } => last_revision = last_revision.max(revision),
                WatchUpdate::Compacted { .. } => return WatchEnd::Compacted,
                WatchUpdate::Cut(error) => return WatchEnd::Cut { last_revision, error },
            }
            if self.budget.left(self.clock.now()) < reserve {
                return WatchEnd::Expensive;
            }
        }
    }

    /// Sends the changes of keys that are or were attached to a lease, or are named after one. A key that was deleted with
    /// its lease may be put again without one.
    async fn send_changes(&mut self, mut changes: Vec<KeyChange>) {
        changes.retain(|change| self.is_relevant(change));
        self.send_all(changes).await;
    }

    /// Whether a change is sent. Remembers each key that is deleted while it is attached to a lease, until it is put again.
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

impl WholeRead {
    /// Bytes received, or expected from the average of the keys so far.
    fn expected(&self) -> u64 {
        let received = self.pages.received();
        let keys = self.large.unwrap_or(0);
        received.max(received.saturating_mul(keys) / self.pages.keys_read().max(1))
    }
}
