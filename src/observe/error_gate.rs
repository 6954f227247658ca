//! Reports an error once, and once that it is over.

use tokio::sync::mpsc;

use super::{Observation, ObservedPart};
use etcd_lease::wire::{CallError, ErrorKind};

/// Sends the observations of one part.
pub(super) struct ErrorGate {
    part: ObservedPart,
    sender: mpsc::Sender<Observation>,
    /// The error that was reported and is not over.
    reported: Option<(ErrorKind, String)>,
}

impl ErrorGate {
    pub(super) fn new(part: ObservedPart, sender: mpsc::Sender<Observation>) -> Self {
        ErrorGate { part, sender, reported: None }
    }

    /// Waits until the queue has room.
    pub(super) async fn send(&self, observation: Observation) {
        // Fails only when the observer was dropped; then this task is about to end.
        let _ = self.sender.send(observation).await;
    }

    /// Reports an error, unless it is the last one that was reported.
    pub(super) async fn report_error(&mut self, error: CallError) {
        let this = (error.kind(), error.message().to_owned());
        if self.reported.as_ref() != Some(&this) {
            self.reported = Some(this);
            self.send(Observation::Failed { part: self.part, error }).await;
        }
    }

    /// Reports that a reported error is over.
    pub(super) async fn report_recovery(&mut self) {
        if self.reported.take().is_some() {
            self.send(Observation::Recovered(self.part)).await;
        }
    }
}
