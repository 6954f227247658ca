//! State shared by an engine and its consumers.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::command::Command;
use super::status_feed::Feed;
use crate::wire::Cluster;
use simkit::Clock;
use simkit::tasks::Task;

#[derive(Debug)]
pub(super) struct Handle {
    pub(super) cluster: Cluster,
    pub(super) clock: Clock,
    pub(super) queue_capacity: usize,
    pub(super) feed: Arc<Feed>,
    /// Unbounded, because a drop cannot wait. Each command belongs to a subscription, so there are not many.
    pub(super) commands: mpsc::UnboundedSender<Command>,
    pub(super) _tasks: [Task; 2],
}

impl Handle {
    /// Sends a command to the engine's task. Returns false if the engine is closed.
    pub(super) fn command(&self, command: Command) -> bool {
        self.commands.send(command).is_ok()
    }
}
