//! Reporting what a verb did, or why it may not do anything.

use crate::app::verbs::{Done, StatusText};
use crate::app::{AppState, Effect, Redraw};
use simkit::Timestamp;

/// Shows a result on the status line and returns its effects.
pub(super) fn report(app: &mut AppState, done: Done, now: Timestamp) -> Vec<Effect> {
    if let Some(StatusText { text, is_error }) = done.status {
        app.view.set_status(now, is_error, text);
    }
    done.effects
}

/// The error to show for a write in read-only mode, which needs a new frame. `None` if writes are allowed.
pub(super) fn refusal(app: &mut AppState) -> Option<Done> {
    if !app.config.is_read_only {
        return None;
    }
    app.view.request_redraw(Redraw::Now);
    if app.config.is_replay {
        return Some(Done::error("This is a recording: there is no etcd to act on"));
    }
    Some(Done::error("Read-only: grant, renew and revoke are disabled"))
}
