//! A text was pasted.

use crate::app::dialog::{Dialog, attach, grant};
use crate::app::{AppState, Redraw};
use simkit::Timestamp;

use super::filter;

/// Types it into the form or the filter line that is open; anywhere else its letters could be taken for keys that act.
pub(super) fn pasted(app: &mut AppState, text: &str, now: Timestamp) {
    let is_filter = filter::is_open(app);
    match &mut app.view.dialog {
        Some(Dialog::Grant(form)) => grant::paste(form, text),
        Some(Dialog::Attach(dialog)) => attach::paste(dialog, text),
        None if is_filter => filter::paste(app, text),
        _ => app.view.set_status(now, true, "Paste ignored: no text field is open"),
    }
    app.view.request_redraw(Redraw::Now);
}
