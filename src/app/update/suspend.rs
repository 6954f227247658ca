//! The terminal is to be given to the shell for a while.

use crate::app::dialog::Dialog;
use crate::app::{AppState, Effect, Redraw};
use simkit::Timestamp;

/// Suspends at once, unless leases are kept alive: they would not be renewed, so a second press confirms.
pub(super) fn ask(app: &mut AppState, now: Timestamp) -> Vec<Effect> {
    app.view.request_redraw(Redraw::Now);
    if !app.config.can_suspend {
        app.view.set_status(now, true, "Cannot suspend: leasetop was not started by a shell");
        return Vec::new();
    }
    match app.view.dialog.take() {
        Some(Dialog::Suspend(below)) => {
            app.view.dialog = below.map(|dialog| *dialog);
            vec![Effect::Suspend]
        }
        open if app.leases.kept_alive().next().is_some() => {
            app.view.dialog = Some(Dialog::Suspend(open.map(Box::new)));
            Vec::new()
        }
        open => {
            app.view.dialog = open;
            vec![Effect::Suspend]
        }
    }
}
