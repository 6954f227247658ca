//! What going back does, step by step.

use super::events_view::EventsView;
use super::view::View;
use super::view_state::ViewState;

/// What one press of the key for going back does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackStep {
    /// It closes the detail and shows the view from which it was opened.
    Detail,
    /// It ends full screen.
    Zoom,
    /// It clears the filter.
    Filter,
    /// It makes the events view follow the newest event.
    Newest,
    /// It shows the problems in the events view.
    Category,
    /// It shows the leases.
    Leases,
}

impl BackStep {
    /// The label on the status line.
    pub fn label(self) -> &'static str {
        match self {
            BackStep::Detail => "close",
            BackStep::Zoom => "end full screen",
            BackStep::Filter => "clear filter",
            BackStep::Newest => "newest",
            BackStep::Category => "problems",
            BackStep::Leases => "leases",
        }
    }
}

impl ViewState {
    /// What going back does next. `None` if there is nothing to go back from.
    pub fn back_step(&self) -> Option<BackStep> {
        let is_events = self.active == View::Events;
        let steps = [
            (self.is_open, BackStep::Detail),
            (self.active == View::Leases && self.is_zoomed, BackStep::Zoom),
            (self.is_filtered(), BackStep::Filter),
            (is_events && !self.events_view.follows(), BackStep::Newest),
            (is_events && self.events_view.category != EventsView::default().category, BackStep::Category),
            (self.active != View::Leases, BackStep::Leases),
        ];
        steps.into_iter().find(|(applies, _)| *applies).map(|(_, step)| step)
    }
}
