//! The terminal is to be given to the shell for a while.

use crate::app::dialog::Dialog;
use crate::app::{AppState, Effect, Redraw};
use simkit::Timestamp;

/// Suspends at once, unless leases are kept alive: they would not be renewed, so a second press confirms.
pub(super) fn ask(model: &mut AppState, now: Timestamp) -> Vec<Effect> {
    model.request_redraw(Redraw::Now);
    if !model.config.can_suspend {
        model.set_status(now, true, "there is no shell to come back from: leasetop was not started by one");
        return Vec::new();
    }
    match model.dialog.take() {
        Some(Dialog::Suspend(below)) => {
            model.dialog = below.map(|dialog| *dialog);
            vec![Effect::Suspend]
        }
        open if model.kept_alive().next().is_some() => {
            model.dialog = Some(Dialog::Suspend(open.map(Box::new)));
            Vec::new()
        }
        open => {
            model.dialog = open;
            vec![Effect::Suspend]
        }
    }
}
