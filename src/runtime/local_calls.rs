//! Calls that need no cluster: the user's files, and the clipboard of tmux.

use std::future::pending;
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};

use super::export;
use super::files::{UserFiles, export_new};
use crate::app::command::ConfigFileChange;
use crate::app::{AppState, HistoryKind, Msg};
use simkit::Timestamp;

/// Running calls. Each is answered by a message.
#[derive(Default)]
pub(super) struct LocalCalls {
    pub(super) files: UserFiles,
    /// `None` is a success that is not reported.
    running: FuturesUnordered<BoxFuture<'static, Option<Msg>>>,
    /// Whether it was reported that the histories cannot be written.
    has_history_failed: bool,
}

impl LocalCalls {
    pub(super) fn remember(&mut self, kind: HistoryKind, line: String) {
        let remember = self.files.clone().remember(kind, line);
        self.running.push(async move { remember.await.err().map(Msg::HistoryFailed) }.boxed());
    }

    /// Exports the rows displayed at `now`. `start` is the wall-clock time of the clock's start.
    pub(super) fn export_rows(
        &mut self,
        app: &AppState,
        (path, overwrite): (String, bool),
        (now, start): (Timestamp, SystemTime),
    ) {
        let (content, leases) = export::content(app, &path, now, start);
        self.call(self.files.clone().export(path, overwrite, content, leases));
    }

    pub(super) fn export(&mut self, name: &'static str, text: String) {
        self.call(export_new(name, text));
    }

    pub(super) fn read_config(&mut self) {
        self.call(self.files.clone().read_config());
    }

    pub(super) fn write_config(&mut self, change: ConfigFileChange) {
        self.call(self.files.clone().write_config(change));
    }

    /// Starts a call. [`next`](Self::next) returns its message.
    pub(super) fn call(&mut self, call: impl Future<Output = Msg> + Send + 'static) {
        self.running.push(call.map(Some).boxed());
    }

    /// Waits until the running calls are done, so that files are written before the exit.
    pub(super) async fn finish(&mut self) {
        /// How long a call may delay the exit.
        const LIMIT: Duration = Duration::from_millis(500);
        let all = async { while self.running.next().await.is_some() {} };
        let _ = tokio::time::timeout(LIMIT, all).await;
    }

    /// The message of the next call that is done. Waits forever if nothing runs. Reports only the first failure to
    /// write a history.
    pub(super) async fn next(&mut self) -> Msg {
        loop {
            let Some(answer) = self.running.next().await else { return pending().await };
            let is_repeated = matches!(answer, Some(Msg::HistoryFailed(_))) && self.has_history_failed;
            if let Some(msg) = answer.filter(|_| !is_repeated) {
                self.has_history_failed |= matches!(msg, Msg::HistoryFailed(_));
                return msg;
            }
        }
    }
}
