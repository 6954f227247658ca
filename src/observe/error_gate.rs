//! Reports each error once, and its recovery once.

use tokio::sync::mpsc;

use super::{Observation, ObservedPart};
use etcd_lease::wire::{CallError, ErrorKind};

/// Sends observations of one part and suppresses repeated errors.
pub(super) struct ErrorGate {
    part: ObservedPart,
    sender: mpsc::Sender<Observation>,
    /// The reported error that has not recovered yet.
    reported: Option<(ErrorKind, String)>,
}

impl ErrorGate {
    pub(super) fn new(part: ObservedPart, sender: mpsc::Sender<Observation>) -> Self {
        ErrorGate { part, sender, reported: None }
    }

    /// Sends an observation. Waits until the queue has room.
    pub(super) async fn send(&self, observation: Observation) {
        // This fails only if the observer was dropped. Then this task is about to end.
        let _ = self.sender.send(observation).await;
    }

    /// Reports an error, unless it is the same as the last reported one.
    pub(super) async fn report_error(&mut self, error: CallError) {
        let this = (error.kind(), error.message().to_owned());
        if self.reported.as_ref() != Some(&this) {
            self.reported = Some(this);
            self.send(Observation::Failed { part: self.part, error }).await;
        }
    }

    /// Reports recovery from the reported error, if any.
    pub(super) async fn report_recovery(&mut self) {
        if self.reported.take().is_some() {
            self.send(Observation::Recovered(self.part)).await;
        }
    }
}
