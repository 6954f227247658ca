//! The terminal is to be given to the shell for a while.

use crate::app::dialog::Dialog;
use crate::app::{Effect, Model, Redraw};
use simkit::Timestamp;

/// Suspends at once, unless leases are kept alive: they would not be renewed, so a second press confirms.
pub(super) fn ask(model: &mut Model, now: Timestamp) -> Vec<Effect> {
    model.show(Redraw::Now);
    if !model.setup.can_suspend {
        model.say(now, true, "there is no shell to come back from: leasetop was not started by one");
        return Vec::new();
    }
    match model.dialog.take() {
        Some(Dialog::Suspend(below)) => {
            model.dialog = below.map(|dialog| *dialog);
            vec![Effect::Suspend]
        }
        open if model.kept().next().is_some() => {
            model.dialog = Some(Dialog::Suspend(open.map(Box::new)));
            Vec::new()
        }
        open => {
            model.dialog = open;
            vec![Effect::Suspend]
        }
    }
}
