//! The exercise from its beginning on, on a clock of another speed.

use crate::app::dialog::Dialog;
use crate::app::{Model, Place, Redraw, Setup, Window};
use simkit::Timestamp;

/// Offers the speeds that there are, or says there why there is none: a digit that was meant for one is not to mean something
/// else.
pub(super) fn ask(model: &mut Model) {
    model.dialog = Some(Dialog::Warp);
}

impl Model {
    /// The same monitor from its beginning on, at a moment of a new clock that runs so many times as fast as the wall. What
    /// was seen is forgotten; how it was set up and where one looks stays.
    pub fn begun_anew(&self, warp: u32, now: Timestamp) -> Model {
        let setup = Setup { place: Place::Sandbox { warp }, ..self.setup.clone() };
        let (view, span, room) = (self.view, self.span, self.room);
        let window = Window { rows: room.rows, ..Window::default() };
        // The terminal has not changed, nor has whoever looks at it.
        let (ids, is_wide, has_mouse, pace_of_polls) = (self.ids, self.is_wide, self.has_mouse, self.pace_of_polls);
        let new = Model { ids, is_wide, has_mouse, pace_of_polls, ..Model::new(setup, now) };
        Model { view, span, room, window, redraw: Redraw::Anew, ..new }
    }
}
