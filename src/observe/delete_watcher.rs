//! Watches the deletes of a large key space.

use std::time::Duration;

use super::Observation;
use super::key_watcher::KeyWatcher;
use etcd_lease::wire::{CallError, KeyWatch, WatchUpdate};
use simkit::Timestamp;

/// How often to ask for the progress of the watch. With few deletes its revision would stay old and be compacted.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(5);
/// After an interruption the watch resumes if at most this many revisions were missed. etcd reads each of them with its
/// value to filter them. The queries of all leases cost less than more revisions.
const MAX_MISSED: i64 = 2_000;

/// Why a watch of deletes ended.
enum DeletesEnd {
    /// etcd has compacted the next revisions, so changes were missed.
    Lost,
    /// The stream broke.
    Cut(CallError),
}

/// The revision up to which a watch is complete.
#[derive(Debug)]
struct WatchProgress {
    revision: i64,
    /// The revision in the last reply to a request for progress. It counts only from the next reply on, because older etcds
    /// send it ahead of changes (etcd-io/etcd#15220).
    answered: i64,
    ask_at: Timestamp,
}

impl KeyWatcher {
    /// Watches deletes from now on. Resumes after each broken stream. Returns when changes were missed, or when it would
    /// cost too much to resume.
    ///
    /// # Errors
    /// The error of the first attempt.
    pub(super) async fn watch_deletes(&mut self) -> Result<(), CallError> {
        let mut watch = self.cluster.watch_deletes(&self.scope.range, 0).await?;
        let revision = watch.created_at();
        self.error_gate.report_recovery().await;
        self.error_gate.send(Observation::KeysByLease { revision }).await;
        self.has_reported = true;
        let mut progress = WatchProgress { revision, answered: 0, ask_at: self.clock.now() + PROGRESS_INTERVAL };
        loop {
            let DeletesEnd::Cut(error) = self.forward_deletes(watch, &mut progress).await else { return Ok(()) };
            self.report_and_wait(error).await;
            watch = loop {
                let last = progress.revision;
                if self.current_revision() > last + MAX_MISSED {
                    return Ok(());
                }
                match self.cluster.watch_deletes(&self.scope.range, last + 1).await {
                    Ok(watch) => break watch,
                    Err(error) => self.report_and_wait(error).await,
                }
            };
            progress.answered = 0;
            self.error_gate.report_recovery().await;
        }
    }

    async fn forward_deletes(&mut self, mut watch: KeyWatch, progress: &mut WatchProgress) -> DeletesEnd {
        loop {
            let update = tokio::select! {
                update = watch.next() => update,
                () = self.clock.sleep_until(progress.ask_at) => {
                    watch.ask_progress();
                    progress.ask_at = self.clock.now() + PROGRESS_INTERVAL;
                    self.traffic.report().await;
                    continue;
                }
            };
            self.traffic.add(watch.take_received()).await;
            match update {
                WatchUpdate::Changes { changes, revision } => {
                    self.send_all(changes).await;
                    progress.revision = progress.revision.max(revision);
                }
                WatchUpdate::Progress { revision } => {
                    let answered = std::mem::replace(&mut progress.answered, revision);
                    progress.revision = progress.revision.max(answered);
                }
                WatchUpdate::Compacted { .. } => return DeletesEnd::Lost,
                WatchUpdate::Cut(error) => return DeletesEnd::Cut(error),
            }
        }
    }

    /// The highest revision of the key space in the last statuses of the members; 0 if none is known.
    fn current_revision(&self) -> i64 {
        self.cluster.view().here().map(|member| member.revision).max().unwrap_or(0)
    }
}
