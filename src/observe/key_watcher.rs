//! Reads the keys, and follows what changes them.

use std::time::Duration;

use super::Observation;
use super::error_gate::ErrorGate;
use crate::inference::locks::is_lock_key;
use etcd_lease::wire::{CallError, Cluster, KeyWatch, WatchUpdate};
use etcd_lease::{KeyChange, KeyEntry, KeyRange, KeyState};
use simkit::Clock;

/// Between a trouble and the next try.
const RETRY: Duration = Duration::from_millis(500);

/// Why a watch cannot go on.
enum WatchEnd {
    /// What came between is forgotten.
    Forgotten,
    /// It broke, after this revision.
    Cut { last_revision: i64, error: CallError },
}

struct KeyWatcher {
    cluster: Cluster,
    clock: Clock,
    range: KeyRange,
    error_gate: ErrorGate,
}

/// Reads and follows for ever.
pub(super) async fn run(cluster: Cluster, clock: Clock, range: KeyRange, error_gate: ErrorGate) {
    let mut key_watcher = KeyWatcher { cluster, clock, range, error_gate };
    loop {
        match key_watcher.read().await {
            Ok(revision) => {
                key_watcher.error_gate.report_recovery().await;
                key_watcher.error_gate.send(Observation::KeysRead { revision }).await;
                key_watcher.follow(revision).await;
            }
            Err(error) => key_watcher.report_and_wait(error).await,
        }
    }
}

impl KeyWatcher {
    /// Tells all keys that hang on leases or are named after one, and the revision at which they do.
    async fn read(&mut self) -> Result<i64, CallError> {
        let mut pages = self.cluster.key_pages(&self.range);
        let mut is_first = true;
        while let Some(page) = pages.next().await? {
            if is_first {
                self.error_gate.send(Observation::KeysReloading).await;
                is_first = false;
            }
            let is_told = |held: &KeyEntry| held.lease.is_some() || is_lock_key(&held.key, None);
            let held: Vec<KeyEntry> = page.into_iter().filter(is_told).collect();
            if !held.is_empty() {
                self.error_gate.send(Observation::Keys(held)).await;
            }
        }
        Ok(pages.revision())
    }

    /// Follows the changes until what came between is forgotten.
    async fn follow(&mut self, mut last_revision: i64) {
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
                WatchEnd::Forgotten => return,
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
                WatchUpdate::Compacted { .. } => return WatchEnd::Forgotten,
                WatchUpdate::Cut(error) => return WatchEnd::Cut { last_revision, error },
            }
        }
    }

    /// Tells the changes that have to do with leases, or with a key that is named after one.
    async fn send_changes(&self, mut changes: Vec<KeyChange>) {
        let received = self.clock.now();
        changes.retain(|change| {
            let hangs = matches!(change.now, KeyState::Put { lease: Some(_), .. });
            change.before.is_some() || hangs || is_lock_key(&change.key, None)
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
