//! The task of one keepalive stream: it carries questions out and answers back, and decides nothing.

use tokio::sync::mpsc;

use crate::LeaseId;
use crate::keepalive::StreamEnd;
use crate::wire::{Cluster, Error, ErrorKind, KeepaliveReplies, KeepaliveReply};
use simkit::Clock;
use simkit::Timestamp;
use simkit::tasks::{self, Task};

/// More than the schedule ever has in flight on one stream, so that a question never waits here.
const QUESTIONS: usize = 128;

/// An open stream. Dropping it closes the stream.
#[derive(Debug)]
pub(super) struct KeepaliveStream {
    questions: mpsc::Sender<LeaseId>,
    _task: Task,
}

/// Names a stream in reports.
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
        let (questions, outgoing) = mpsc::channel(QUESTIONS);
        let task = tasks::spawn(async move {
            let error = run(&cluster, &clock, stream, outgoing, &reports).await;
            let end = match error.kind() {
                ErrorKind::Forbidden => StreamEnd::Forbidden(error.message().to_owned()),
                _ => StreamEnd::Broken(error.to_string()),
            };
            // The engine may be gone: then nobody wants to know.
            let _ = reports.send(Report::StreamEnded { stream, end }).await;
        });
        KeepaliveStream { questions, _task: task }
    }

    /// Sends a renewal. A stream that has just ended takes it too: its end is on its way.
    pub(super) fn send(&self, id: LeaseId) {
        let _ = self.questions.try_send(id);
    }
}

async fn run(
    cluster: &Cluster,
    clock: &Clock,
    stream: StreamId,
    questions: mpsc::Receiver<LeaseId>,
    reports: &mpsc::Sender<Report>,
) -> Error {
    let mut answers = match cluster.keep_alive(questions).await {
        Ok(answers) => answers,
        Err(error) => return error,
    };
    let endpoint = answers.endpoint().to_owned();
    let _ = reports.send(Report::StreamOpened { endpoint }).await;
    loop {
        if let Err(error) = next(&mut answers, clock, stream, reports).await {
            return error;
        }
    }
}

async fn next(
    answers: &mut KeepaliveReplies,
    clock: &Clock,
    stream: StreamId,
    reports: &mpsc::Sender<Report>,
) -> Result<(), Error> {
    let mut batch = Vec::new();
    let result = answers.next(&mut batch).await;
    if !batch.is_empty() {
        let _ = reports.send(Report::Replies { stream, at: clock.now(), batch }).await;
    }
    result
}
