//! The exercise from its beginning on, on a clock of another speed.

use crate::app::AppState;
use crate::app::dialog::Dialog;

/// Offers the speeds that there are, or says there why there is none: a digit that was meant for one is not to mean something
/// else.
pub(super) fn ask(app: &mut AppState) {
    app.view.dialog = Some(Dialog::Warp);
}
