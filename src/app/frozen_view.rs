//! The frozen display.
//!
//! Freezing keeps a copy of all that was known as a [`FrozenView`]. Keys that look move through it; everything else
//! (answers, renewals, polls) goes on in the model around it, and keys that act are about the present.

use super::AppState;
use simkit::Timestamp;

/// What was known at a moment, and where one looks in it.
#[derive(Clone, Debug)]
pub struct FrozenView {
    /// When it was taken.
    pub at: Timestamp,
    pub(super) model: AppState,
}

impl FrozenView {
    /// Of a model as it is.
    pub(super) fn of(model: &AppState, at: Timestamp) -> Self {
        FrozenView { at, model: AppState { dialog: None, status: None, frozen: None, ..model.clone() } }
    }
}

impl AppState {
    /// What is shown, and of which moment: the picture while the display is frozen, else what is known now.
    pub fn shown(&self, now: Timestamp) -> (&AppState, Timestamp) {
        self.frozen.as_ref().map_or((self, now), |picture| (&picture.model, picture.at))
    }

    /// The model that is looked at.
    pub(super) fn active_view(&self) -> &AppState {
        self.frozen.as_ref().map_or(self, |picture| &picture.model)
    }

    pub(super) fn active_view_mut(&mut self) -> &mut AppState {
        match self.frozen.is_some() {
            true => self.frozen.as_mut().map(|picture| &mut picture.model).expect("it was just seen"),
            false => self,
        }
    }

    /// Looks in the present at what was looked at in the picture.
    pub(super) fn adopt_view_state(&mut self, picture: &AppState) {
        (self.view, self.is_open, self.scroll) = (picture.view, picture.is_open, picture.scroll);
        (self.span, self.events_view) = (picture.span, picture.events_view);
        (self.row_filter, self.sort) = (picture.row_filter.clone(), picture.sort);
        self.locks_view = picture.locks_view.clone();
        (self.is_zoomed, self.is_wide, self.pan) = (picture.is_zoomed, picture.is_wide, picture.pan);
        self.window.rows = picture.window.rows;
        if picture.cursor.is_some_and(|id| self.leases.contains(id)) {
            (self.cursor, self.is_away) = (picture.cursor, picture.is_away);
        }
    }
}
