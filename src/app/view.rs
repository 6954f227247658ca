//! The views, and the sizes of the areas on the screen.

use super::cadence::CohortKey;
use super::{Column, GroupId, Key};
use etcd_lease::LeaseId;

/// A view that fills the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum View {
    /// The lease table, with the detail and the events panel if there is room.
    #[default]
    Leases,
    /// How often leases are renewed, by TTL.
    Cadence,
    /// The event log.
    Events,
    /// Locks and elections, with their holders and waiters.
    Locks,
    /// The members of the cluster.
    Members,
}

/// A view's key, position in the Tab order, and title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tab {
    /// The view.
    pub view: View,
    /// The key that shows the view. Numbers do not change when views are added.
    pub number: char,
    /// The title.
    pub name: &'static str,
}

/// All views in Tab order. A new view needs a row here, a key in [`KEYMAP`](super::keymap::KEYMAP) and a panel in `ui`.
pub const TABS: &[Tab] = &[
    Tab { view: View::Leases, number: '1', name: "Leases" },
    Tab { view: View::Cadence, number: '2', name: "Cadence" },
    Tab { view: View::Events, number: '3', name: "Events" },
    Tab { view: View::Locks, number: '4', name: "Locks" },
    Tab { view: View::Members, number: '5', name: "Members" },
];

impl View {
    /// The entry of this view in [`TABS`].
    pub fn tab(self) -> &'static Tab {
        &TABS[self.place()]
    }

    /// The view `steps` further in Tab order.
    pub(super) fn neighbour(self, steps: usize) -> View {
        TABS[(self.place() + steps) % TABS.len()].view
    }

    fn place(self) -> usize {
        TABS.iter().position(|tab| tab.view == self).unwrap_or(0)
    }
}

/// The sizes of the areas on the screen, computed by the layout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Viewport {
    /// Rows of the lease table.
    pub rows: usize,
    /// Lines of a full-screen view such as the events or the locks.
    pub events: usize,
    /// Whether the detail is shown next to the table.
    pub has_detail: bool,
    /// Rows of the lease table in full-screen mode.
    pub zoomed: usize,
    /// Lines that the strip takes from the table when it is shown. 0 if the screen is too small for it.
    pub strip: usize,
    /// Whether the screen is high enough for the strip to appear by itself.
    pub shows_strip: bool,
}

/// What the user clicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClickTarget {
    /// The row of a lease.
    Row(LeaseId),
    /// The row of a group.
    Group(GroupId),
    /// The title of a column.
    Header(Column),
    /// The tab of a view.
    Tab(View),
    /// A key hint or a button of a dialog. A click is the same as pressing this key.
    Key(Key),
    /// A row of the cadence view.
    Cohort(CohortKey),
    /// A place in the recording that is played, in thousandths.
    Seek(u16),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_view_is_reached_in_tab_order() {
        let turn: Vec<View> = (0..TABS.len()).map(|steps| View::Leases.neighbour(steps)).collect();
        assert!(TABS.iter().all(|tab| turn.contains(&tab.view) && tab.view.tab() == tab));
        assert_eq!(View::Leases.neighbour(TABS.len()), View::Leases);
    }
}
