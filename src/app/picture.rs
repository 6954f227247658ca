//! The frozen display.
//!
//! Freezing keeps a copy of all that was known as a [`Picture`]. Keys that look move through it; everything else
//! (answers, renewals, polls) goes on in the model around it, and keys that act are about the present.

use super::Model;
use simkit::Timestamp;

/// What was known at a moment, and where one looks in it.
#[derive(Clone, Debug)]
pub struct Picture {
    /// When it was taken.
    pub at: Timestamp,
    pub(super) model: Model,
}

impl Picture {
    /// Of a model as it is.
    pub(super) fn of(model: &Model, at: Timestamp) -> Self {
        Picture { at, model: Model { dialog: None, note: None, frozen: None, ..model.clone() } }
    }
}

impl Model {
    /// What is shown, and of which moment: the picture while the display is frozen, else what is known now.
    pub fn shown(&self, now: Timestamp) -> (&Model, Timestamp) {
        self.frozen.as_ref().map_or((self, now), |picture| (&picture.model, picture.at))
    }

    /// The model that is looked at.
    pub(super) fn looking(&self) -> &Model {
        self.frozen.as_ref().map_or(self, |picture| &picture.model)
    }

    pub(super) fn looking_mut(&mut self) -> &mut Model {
        match self.frozen.is_some() {
            true => self.frozen.as_mut().map(|picture| &mut picture.model).expect("it was just seen"),
            false => self,
        }
    }

    /// Looks in the present at what was looked at in the picture.
    pub(super) fn look_as(&mut self, picture: &Model) {
        (self.view, self.is_open, self.scroll) = (picture.view, picture.is_open, picture.scroll);
        (self.span, self.page) = (picture.span, picture.page);
        (self.sieve, self.sort) = (picture.sieve.clone(), picture.sort);
        self.locks_page = picture.locks_page.clone();
        (self.is_zoomed, self.is_wide, self.pan) = (picture.is_zoomed, picture.is_wide, picture.pan);
        self.window.rows = picture.window.rows;
        if picture.cursor.is_some_and(|id| self.leases.contains(id)) {
            (self.cursor, self.is_away) = (picture.cursor, picture.is_away);
        }
    }
}
