//! Reads the keys, and follows what changes them.

use std::time::Duration;

use super::News;
use super::reporter::Reporter;
use crate::inference::locks::stands_in_line;
use etcd_lease::wire::{Cluster, Error, KeyWatch, Watched};
use etcd_lease::{HeldKey, KeyChange, KeyNow, KeyRange};
use simkit::Clock;

/// Between a trouble and the next try.
const RETRY: Duration = Duration::from_millis(500);

/// Why a watch cannot go on.
enum End {
    /// What came between is forgotten.
    Forgotten,
    /// It broke, after this revision.
    Cut { told: i64, error: Error },
}

struct Follower {
    cluster: Cluster,
    clock: Clock,
    range: KeyRange,
    reporter: Reporter,
}

/// Reads and follows for ever.
pub(super) async fn run(cluster: Cluster, clock: Clock, range: KeyRange, reporter: Reporter) {
    let mut follower = Follower { cluster, clock, range, reporter };
    loop {
        match follower.read().await {
            Ok(revision) => {
                follower.reporter.works().await;
                follower.reporter.tell(News::KeysRead { revision }).await;
                follower.follow(revision).await;
            }
            Err(error) => follower.wait_out(error).await,
        }
    }
}

impl Follower {
    /// Tells all keys that hang on leases or are named after one, and the revision at which they do.
    async fn read(&mut self) -> Result<i64, Error> {
        let mut pages = self.cluster.held_keys(&self.range);
        let mut is_first = true;
        while let Some(page) = pages.next().await? {
            if is_first {
                self.reporter.tell(News::KeysAnew).await;
                is_first = false;
            }
            let is_told = |held: &HeldKey| held.lease.is_some() || stands_in_line(&held.key, None);
            let held: Vec<HeldKey> = page.into_iter().filter(is_told).collect();
            if !held.is_empty() {
                self.reporter.tell(News::Keys(held)).await;
            }
        }
        Ok(pages.revision())
    }

    /// Follows the changes until what came between is forgotten.
    async fn follow(&mut self, mut told: i64) {
        loop {
            let opened = self.cluster.watch_keys(&self.range, told + 1).await;
            let end = match opened {
                Ok(watch) => {
                    self.reporter.works().await;
                    self.hear(watch, told).await
                }
                Err(error) => End::Cut { told, error },
            };
            match end {
                End::Forgotten => return,
                End::Cut { told: last, error } => {
                    told = last;
                    self.wait_out(error).await;
                }
            }
        }
    }

    async fn hear(&mut self, mut watch: KeyWatch, mut told: i64) -> End {
        loop {
            match watch.next().await {
                Watched::Changes { changes, revision } => {
                    self.tell(changes).await;
                    told = revision;
                }
                Watched::Progress { revision } => told = told.max(revision),
                Watched::Compacted { .. } => return End::Forgotten,
                Watched::Cut(error) => return End::Cut { told, error },
            }
        }
    }

    /// Tells the changes that have to do with leases, or with a key that is named after one.
    async fn tell(&self, mut changes: Vec<KeyChange>) {
        let received = self.clock.now();
        changes.retain(|change| {
            let hangs = matches!(change.now, KeyNow::Put { lease: Some(_), .. });
            change.before.is_some() || hangs || stands_in_line(&change.key, None)
        });
        if !changes.is_empty() {
            self.reporter.tell(News::Changed { changes, received }).await;
        }
    }

    async fn wait_out(&mut self, error: Error) {
        self.reporter.trouble(error).await;
        self.clock.sleep(RETRY).await;
    }
}
