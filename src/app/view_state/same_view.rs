//! Taking over the view settings of another state.

use super::{Redraw, ViewState};

impl ViewState {
    /// Adopts the terminal's and the user's choices that [`follow`](ViewState::follow) leaves out.
    pub(in crate::app) fn show_as(&mut self, other: &ViewState) {
        self.selection = other.selection.clone();
        self.id_format = other.id_format;
        self.has_mouse = other.has_mouse;
        self.is_mouse_introduced = other.is_mouse_introduced;
        self.typed = other.typed.clone();
        self.theme.clone_from(&other.theme);
        self.clock_speed = other.clock_speed;
        self.playback = other.playback;
        self.status.clone_from(&other.status);
        self.fit(other.viewport);
        self.request_redraw(Redraw::Full);
    }
}
