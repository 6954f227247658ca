//! The exercise from its beginning on, on a clock of another speed.

use crate::app::dialog::Dialog;
use crate::app::{AppConfig, AppState, Backend, Redraw, RowWindow};
use simkit::Timestamp;

/// Offers the speeds that there are, or says there why there is none: a digit that was meant for one is not to mean something
/// else.
pub(super) fn ask(model: &mut AppState) {
    model.dialog = Some(Dialog::Warp);
}

impl AppState {
    /// The same monitor from its beginning on, at a moment of a new clock that runs so many times as fast as the wall. What
    /// was seen is forgotten; how it was set up and where one looks stays.
    pub fn restarted(&self, warp: u32, now: Timestamp) -> AppState {
        let config = AppConfig { backend: Backend::Sandbox { warp }, ..self.config.clone() };
        let (view, span, viewport) = (self.view, self.span, self.viewport);
        let window = RowWindow { rows: viewport.rows, ..RowWindow::default() };
        // The terminal has not changed, nor has whoever looks at it.
        let (ids, is_wide, has_mouse, pace_of_polls) = (self.ids, self.is_wide, self.has_mouse, self.pace_of_polls);
        let new = AppState { ids, is_wide, has_mouse, pace_of_polls, ..AppState::new(config, now) };
        AppState { view, span, viewport, window, redraw: Redraw::Full, ..new }
    }
}
