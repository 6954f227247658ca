//! Which filter belongs to the active view.

use super::view::View;
use super::view_filter::ViewFilter;
use super::view_state::ViewState;

impl ViewState {
    /// The filter of the active view. `None` in the leases view, which has [`row_filter`](ViewState::row_filter).
    pub fn view_filter(&self) -> Option<&ViewFilter> {
        match self.active {
            View::Leases => None,
            View::Cadence => Some(&self.cadence_cursor.filter),
            View::Events => Some(&self.events_view.filter),
            View::Locks => Some(&self.locks_view.filter),
            View::Members => Some(&self.members_view.filter),
        }
    }

    pub(super) fn view_filter_mut(&mut self) -> Option<&mut ViewFilter> {
        match self.active {
            View::Leases => None,
            View::Cadence => Some(&mut self.cadence_cursor.filter),
            View::Events => Some(&mut self.events_view.filter),
            View::Locks => Some(&mut self.locks_view.filter),
            View::Members => Some(&mut self.members_view.filter),
        }
    }

    /// Whether the filter line of the active view is open. Keys then edit its text.
    pub fn is_filter_open(&self) -> bool {
        match self.view_filter() {
            Some(filter) => filter.line.is_some(),
            None => self.row_filter.line.is_some(),
        }
    }

    /// Whether the filter of the active view can hide anything.
    pub fn is_filtered(&self) -> bool {
        self.view_filter().map_or_else(|| self.row_filter.is_active(), ViewFilter::is_active)
    }
}
