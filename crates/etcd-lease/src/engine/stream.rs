//! The task of one keepalive stream: it sends renewals and reports the replies.

use std::sync::{Arc, OnceLock};

use tokio::sync::mpsc;

use crate::LeaseId;
use crate::cluster::LeaderPath;
use crate::keepalive::StreamEnd;
use crate::wire::{CallError, Cluster, ErrorKind, KeepaliveReplies, KeepaliveReply, Retry};
use simkit::tasks::{self, Task};
use simkit::{Clock, Timestamp};

/// Maximum number of renewals that wait to be sent. It exceeds the number in flight on one stream, so there is always
/// room.
const MAX_REQUESTS: usize = 512;

/// An open stream. Dropping it closes the stream.
#[derive(Debug)]
pub(super) struct KeepaliveStream {
    pub(super) generation: u32,
    /// The endpoint of its member; empty before the first reply.
    pub(super) endpoint: String,
    requests: mpsc::Sender<LeaseId>,
    path: Arc<OnceLock<LeaderPath>>,
    _task: Task,
}

/// Identifies a stream in reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StreamId {
    pub(super) lane: usize,
    pub(super) generation: u32,
}

/// What a stream reports to the engine.
#[derive(Debug)]
pub(super) enum Report {
    StreamOpened { stream: StreamId, endpoint: String },
    Replies { stream: StreamId, at: Timestamp, batch: Vec<KeepaliveReply> },
    StreamEnded { stream: StreamId, end: StreamEnd },
}

impl KeepaliveStream {
    pub(super) fn open(
        cluster: Cluster,
        clock: Clock,
        stream: StreamId,
        retry: Retry,
        reports: mpsc::Sender<Report>,
    ) -> Self {
        let (requests, outgoing) = mpsc::channel(MAX_REQUESTS);
        let path = Arc::new(OnceLock::new());
        let chosen = Arc::clone(&path);
        let task = tasks::spawn(async move {
            let replies = cluster.keep_alive(outgoing, retry, &chosen).await;
            let error = match replies {
                Ok(replies) => run(replies, &clock, stream, &reports).await,
                Err(error) => error,
            };
            let end = match error.kind() {
                ErrorKind::Forbidden => StreamEnd::Forbidden(error.message().to_owned()),
                _ => StreamEnd::Broken(error.to_string()),
            };
            // This fails only if the engine is gone.
            let _ = reports.send(Report::StreamEnded { stream, end }).await;
        });
        KeepaliveStream { generation: stream.generation, endpoint: String::new(), requests, path, _task: task }
    }

    /// The path that its renewals take to the leader; `None` before a member is chosen.
    pub(super) fn path(&self) -> Option<LeaderPath> {
        self.path.get().copied()
    }

    /// Sends a renewal. If the stream has just ended, the renewal is lost; the report of the end follows.
    pub(super) fn send(&self, id: LeaseId) {
        let _ = self.requests.try_send(id);
    }
}

/// Reports that a stream is open, and its replies until it ends. Returns why it ended.
async fn run(
    mut replies: KeepaliveReplies,
    clock: &Clock,
    stream: StreamId,
    reports: &mpsc::Sender<Report>,
) -> CallError {
    let endpoint = replies.endpoint().to_owned();
    let _ = reports.send(Report::StreamOpened { stream, endpoint }).await;
    loop {
        if let Err(error) = report_batch(&mut replies, clock, stream, reports).await {
            return error;
        }
    }
}

/// Waits for the next replies and reports them in one batch.
async fn report_batch(
    replies: &mut KeepaliveReplies,
    clock: &Clock,
    stream: StreamId,
    reports: &mpsc::Sender<Report>,
) -> Result<(), CallError> {
    let mut batch = Vec::new();
    let result = replies.next(&mut batch).await;
    if !batch.is_empty() {
        let _ = reports.send(Report::Replies { stream, at: clock.now(), batch }).await;
    }
    result
}
