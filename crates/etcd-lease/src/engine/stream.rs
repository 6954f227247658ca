//! The task of one keepalive stream: it sends renewals and reports the replies.

use tokio::sync::mpsc;

use crate::LeaseId;
use crate::keepalive::StreamEnd;
use crate::wire::{CallError, Cluster, ErrorKind, KeepaliveReplies, KeepaliveReply};
use simkit::tasks::{self, Task};
use simkit::{Clock, Timestamp};

/// Larger than the maximum number of renewals in flight on one stream, so that a renewal never waits here.
const MAX_REQUESTS: usize = 128;

/// An open stream. Dropping it closes the stream.
#[derive(Debug)]
pub(super) struct KeepaliveStream {
    requests: mpsc::Sender<LeaseId>,
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
    StreamOpened { endpoint: String },
    Replies { stream: StreamId, at: Timestamp, batch: Vec<KeepaliveReply> },
    StreamEnded { stream: StreamId, end: StreamEnd },
}

impl KeepaliveStream {
    pub(super) fn open(cluster: Cluster, clock: Clock, stream: StreamId, reports: mpsc::Sender<Report>) -> Self {
        let (requests, outgoing) = mpsc::channel(MAX_REQUESTS);
        let task = tasks::spawn(async move {
            let error = run(&cluster, &clock, stream, outgoing, &reports).await;
            let end = match error.kind() {
                ErrorKind::Forbidden => StreamEnd::Forbidden(error.message().to_owned()),
                _ => StreamEnd::Broken(error.to_string()),
            };
            // This fails only if the engine is gone.
            let _ = reports.send(Report::StreamEnded { stream, end }).await;
        });
        KeepaliveStream { requests, _task: task }
    }

    /// Sends a renewal. If the stream has just ended, the renewal is lost; the report of the end follows.
    pub(super) fn send(&self, id: LeaseId) {
        let _ = self.requests.try_send(id);
    }
}

async fn run(
    cluster: &Cluster,
    clock: &Clock,
    stream: StreamId,
    requests: mpsc::Receiver<LeaseId>,
    reports: &mpsc::Sender<Report>,
) -> CallError {
    let mut replies = match cluster.keep_alive(requests).await {
        Ok(replies) => replies,
        Err(error) => return error,
    };
    let endpoint = replies.endpoint().to_owned();
    let _ = reports.send(Report::StreamOpened { endpoint }).await;
    loop {
        if let Err(error) = next(&mut replies, clock, stream, reports).await {
            return error;
        }
    }
}

async fn next(
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
