//! The message on the status line.

use std::time::Duration;

use super::view_state::{Redraw, ViewState};
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

impl ViewState {
    /// Shows a message on the status line for five seconds of real time.
    pub(super) fn set_status(&mut self, now: Timestamp, is_error: bool, text: impl Into<String>) {
        const SHOWN: Duration = Duration::from_secs(5);
        let until = now + self.wall_time(SHOWN);
        let text = text.into();
        self.status = Some(StatusMessage { text, is_error, until, is_feedback: false, scope: MessageScope::Always });
        self.request_redraw(Redraw::Soon);
    }

    /// Says for three seconds of real time why a key did nothing.
    pub(super) fn set_feedback(&mut self, now: Timestamp, text: impl Into<String>) {
        const SHOWN: Duration = Duration::from_secs(3);
        let until = now + self.wall_time(SHOWN);
        let text = text.into();
        let scope = MessageScope::Always;
        self.status = Some(StatusMessage { text, is_error: false, until, is_feedback: true, scope });
        self.request_redraw(Redraw::Now);
    }

    /// Ends the message on the status line with what it is about.
    pub(super) fn limit_status(&mut self, scope: MessageScope) {
        self.status.iter_mut().for_each(|status| status.scope = scope);
    }
}
