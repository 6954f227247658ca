//! The message on the status line.

use etcd_lease::LeaseId;
use simkit::Timestamp;

/// A message on the status line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusMessage {
    /// The message. It may contain text from etcd, so escape it before displaying it.
    pub text: String,
    /// Whether it reports a failure.
    pub is_error: bool,
    /// When the message disappears.
    pub until: Timestamp,
    /// Whether it only says why a key did nothing.
    pub is_feedback: bool,
    /// What must stay true for the message to apply.
    pub(super) scope: MessageScope,
}

/// What must stay true for a message to apply. It disappears when that ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MessageScope {
    /// It always applies.
    #[default]
    Always,
    /// A drill on this lease. It may not have started yet.
    Drill {
        /// The lease.
        id: LeaseId,
        /// Whether the drill has started.
        has_started: bool,
    },
}
