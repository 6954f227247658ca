//! Telling the news: trouble once, and once that it is over.

use tokio::sync::mpsc;

use super::{Observation, ObservedPart};
use etcd_lease::wire::{CallError, ErrorKind};

/// Tells the news of one part.
pub(super) struct ErrorGate {
    part: ObservedPart,
    sender: mpsc::Sender<Observation>,
    /// The trouble that was told and is not over.
    trouble: Option<(ErrorKind, String)>,
}

impl ErrorGate {
    pub(super) fn new(part: ObservedPart, sender: mpsc::Sender<Observation>) -> Self {
        ErrorGate { part, sender, trouble: None }
    }

    /// Waits until there is room for it.
    pub(super) async fn send(&self, observation: Observation) {
        // Nobody takes it any more: this task is about to end.
        let _ = self.sender.send(observation).await;
    }

    /// Tells of a trouble, unless it is the one that was told last.
    pub(super) async fn report_error(&mut self, error: CallError) {
        let this = (error.kind(), error.message().to_owned());
        if self.trouble.as_ref() != Some(&this) {
            self.trouble = Some(this);
            self.send(Observation::Failed { part: self.part, error }).await;
        }
    }

    /// It works.
    pub(super) async fn report_recovery(&mut self) {
        if self.trouble.take().is_some() {
            self.send(Observation::Recovered(self.part)).await;
        }
    }
}
