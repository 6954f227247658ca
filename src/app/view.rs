//! The views, and how much room the screen has for them.

use super::Column;
use etcd_lease::LeaseId;

/// What fills the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum View {
    /// The lease table, with the detail and the events beside it where there is room.
    #[default]
    Leases,
    /// The exercise: how often leases are renewed, for each TTL.
    Cadence,
    /// What has happened.
    Events,
    /// Locks and elections: who holds them and who waits.
    Locks,
}

/// A view's number and name: its key, its place in the turn of Tab, and its title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tab {
    /// Which view.
    pub view: View,
    /// Its key; the numbers are fixed, whatever views there are.
    pub number: char,
    /// Its name.
    pub name: &'static str,
}

/// Every view, in the turn of Tab. A new one is a row here, a key in [`KEYMAP`](super::keymap::KEYMAP), and a panel.
pub const TABS: &[Tab] = &[
    Tab { view: View::Leases, number: '1', name: "Leases" },
    Tab { view: View::Cadence, number: '2', name: "Cadence" },
    Tab { view: View::Events, number: '3', name: "Events" },
    Tab { view: View::Locks, number: '4', name: "Locks" },
];

impl View {
    /// The row of [`TABS`].
    pub fn tab(self) -> &'static Tab {
        &TABS[self.place()]
    }

    /// The view so many steps further in the turn.
    pub(super) fn neighbour(self, steps: usize) -> View {
        TABS[(self.place() + steps) % TABS.len()].view
    }

    fn place(self) -> usize {
        TABS.iter().position(|tab| tab.view == self).unwrap_or(0)
    }
}

/// What there is room for on the screen, as the layout says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Viewport {
    /// Rows of the lease table.
    pub rows: usize,
    /// Lines of a view that fills the screen: the events, the locks.
    pub events: usize,
    /// Whether the detail stands beside the table.
    pub has_detail: bool,
    /// Rows of the lease table where it fills the screen.
    pub zoomed: usize,
}

/// What was clicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClickTarget {
    /// The row of a lease.
    Row(LeaseId),
    /// The title of a column.
    Header(Column),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tab_comes_to_every_view_and_back() {
        let turn: Vec<View> = (0..TABS.len()).map(|steps| View::Leases.neighbour(steps)).collect();
        assert!(TABS.iter().all(|tab| turn.contains(&tab.view) && tab.view.tab() == tab));
        assert_eq!(View::Leases.neighbour(TABS.len()), View::Leases);
    }
}
