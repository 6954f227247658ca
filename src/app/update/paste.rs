//! A text was pasted.

use crate::app::dialog::{Dialog, grant};
use crate::app::{Model, Redraw};
use crate::domain::Moment;

/// Types it into the form that is open; anywhere else its letters could be taken for keys that act.
pub(super) fn pasted(model: &mut Model, text: &str, now: Moment) {
    match &mut model.dialog {
        Some(Dialog::Grant(form)) => grant::paste(form, text),
        _ => model.say(now, true, "a text was pasted where none is typed: nothing was done"),
    }
    model.show(Redraw::Now);
}
