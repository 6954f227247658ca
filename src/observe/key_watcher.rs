//! Reads the keys of leases, then watches their changes.

use std::time::Duration;

use super::Observation;
use super::error_gate::ErrorGate;
use crate::inference::locks::is_lock_key;
use etcd_lease::wire::{CallError, Cluster, KeyWatch, WatchUpdate};
use etcd_lease::{KeyChange, KeyEntry, KeyRange, KeyState};
use simkit::Clock;

/// Delay between an error and the next attempt.
const RETRY: Duration = Duration::from_millis(500);

/// Why a watch ended.
enum WatchEnd {
    /// etcd has compacted the next revisions, so the keys must be read again.
    Compacted,
    /// The stream broke after this revision.
    Cut { last_revision: i64, error: CallError },
}

struct KeyWatcher {
    cluster: Cluster,
    clock: Clock,
    range: KeyRange,
    error_gate: ErrorGate,
}

/// Reads and watches until the task is dropped.
pub(super) async fn run(cluster: Cluster, clock: Clock, range: KeyRange, error_gate: ErrorGate) {
    let mut key_watcher = KeyWatcher { cluster, clock, range, error_gate };
    loop {
        match key_watcher.read().await {
            Ok(revision) => {
                key_watcher.error_gate.report_recovery().await;
                key_watcher.error_gate.send(Observation::KeysRead { revision }).await;
                key_watcher.watch(revision).await;
            }
            Err(error) => key_watcher.report_and_wait(error).await,
        }
    }
}

impl KeyWatcher {
    /// Sends all keys that are attached to a lease or named after one, and returns the revision of the read.
    async fn read(&mut self) -> Result<i64, CallError> {
        let mut pages = self.cluster.key_pages(&self.range);
        let mut is_first = true;
        while let Some(page) = pages.next().await? {
            if is_first {
                self.error_gate.send(Observation::KeysReloading).await;
                is_first = false;
            }
            let is_relevant = |entry: &KeyEntry| entry.lease.is_some() || is_lock_key(&entry.key, None);
            let entries: Vec<KeyEntry> = page.into_iter().filter(is_relevant).collect();
            if !entries.is_empty() {
                self.error_gate.send(Observation::Keys(entries)).await;
            }
        }
        Ok(pages.revision())
    }

    /// Watches changes after `last_revision`. Resumes after each broken stream, and returns when etcd has compacted the
    /// next revisions.
    async fn watch(&mut self, mut last_revision: i64) {
        loop {
            let opened = self.cluster.watch_keys(&self.range, last_revision + 1).await;
            let end = match opened {
                Ok(watch) => {
                    self.error_gate.report_recovery().await;
                    self.forward_changes(watch, last_revision).await
                }
                Err(error) => WatchEnd::Cut { last_revision, error },
            };
            match end {
                WatchEnd::Compacted => return,
                WatchEnd::Cut { last_revision: last, error } => {
                    last_revision = last;
                    self.report_and_wait(error).await;
                }
            }
        }
    }

    async fn forward_changes(&mut self, mut watch: KeyWatch, mut last_revision: i64) -> WatchEnd {
        loop {
            match watch.next().await {
                WatchUpdate::Changes { changes, revision } => {
                    self.send_changes(changes).await;
                    last_revision = revision;
                }
                WatchUpdate::Progress { revision } => last_revision = last_revision.max(revision),
                WatchUpdate::Compacted { .. } => return WatchEnd::Compacted,
                WatchUpdate::Cut(error) => return WatchEnd::Cut { last_revision, error },
            }
        }
    }

    /// Sends the changes of keys that are or were attached to a lease, or are named after one.
    async fn send_changes(&self, mut changes: Vec<KeyChange>) {
        let received = self.clock.now();
        changes.retain(|change| {
            let is_attached = matches!(change.now, KeyState::Put { lease: Some(_), .. });
            change.before.is_some() || is_attached || is_lock_key(&change.key, None)
        });
        if !changes.is_empty() {
            self.error_gate.send(Observation::Changed { changes, received }).await;
        }
    }

    async fn report_and_wait(&mut self, error: CallError) {
        self.error_gate.report_error(error).await;
        self.clock.sleep(RETRY).await;
    }
}
