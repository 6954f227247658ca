//! Columns of the lease table: name, width and rank. [`cells`] has their content, [`fit`] the widths on a screen.

mod cells;
mod fit;
mod key;
#[cfg(test)]
mod tests;

use crate::app::{Column as Name, Lease, LeaseState, Ownership};
use crate::id_format::IdFormat;
use crate::inference::locks::Locks;
use simkit::Timestamp;

use super::{Role, Theme};
pub(super) use cells::{WARNED, left, short_id, unseen_left};
pub(super) use fit::{ColumnWidths, TableRoom};

/// Input of one table row.
#[derive(Clone, Copy)]
pub(super) struct RowContext<'a> {
    pub(super) lease: &'a Lease,
    pub(super) state: LeaseState,
    pub(super) now: Timestamp,
    pub(super) ids: IdFormat,
    pub(super) locks: &'a Locks,
}

/// Content of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) role: Role,
    /// The empty part of a bar. It follows the text and is drawn like a border.
    pub(super) track: String,
}

impl From<(String, Role)> for Cell {
    fn from((text, role): (String, Role)) -> Self {
        Cell { text, role, track: String::new() }
    }
}

/// A column, or the bar beside one. The highest rank is hidden first when width runs out.
pub(super) struct TableColumn {
    /// Name in the `columns` setting.
    pub(super) name: Name,
    pub(super) title: &'static str,
    /// Minimum width.
    width: u16,
    /// Width on a screen with enough room. The id has its full width instead, and the key takes what is left.
    most: u16,
    pub(super) is_number: bool,
    rank: u8,
    /// Width that the key must have before this column is shown.
    key: u16,
    /// Whether only leases that leasetop keeps alive have a value.
    is_for_kept: bool,
    pub(super) cell: fn(RowContext<'_>, usize) -> Cell,
}

type Content = fn(RowContext<'_>, usize) -> Cell;

const fn text(name: Name, (width, most): (u16, u16), rank: u8, key: u16, cell: Content) -> TableColumn {
    let is_number = false;
    TableColumn { name, title: name.title(), width, most, is_number, rank, key, is_for_kept: false, cell }
}

const fn number(name: Name, width: u16, rank: u8, key: u16, cell: Content) -> TableColumn {
    TableColumn { is_number: true, ..text(name, (width, width), rank, key, cell) }
}

/// A column of which only leases that leasetop keeps alive have a value.
const fn kept(column: TableColumn) -> TableColumn {
    TableColumn { is_for_kept: true, ..column }
}

/// Width of a key that leaves most keys whole.
const WHOLE_KEY: u16 = 26;
/// Width of the key on a screen with room for the optional columns.
const WIDE_KEY: u16 = 28;
/// Columns from this rank on are optional: they are shown if the full id, wide gaps and a wide key fit as well.
const OPTIONAL: u8 = 10;

/// Every column, in the default order.
pub(super) const COLUMNS: &[TableColumn] = &[
    text(Name::FirstKey, (8, u16::MAX), 0, 8, key::first_key),
    text(Name::State, (10, 11), 1, 8, cells::state),
    number(Name::Left, 7, 2, 8, cells::left_cell),
    TableColumn { title: "", ..text(Name::Left, (5, 12), 5, 22, cells::bar) },
    number(Name::Ttl, 6, 7, WHOLE_KEY, cells::ttl),
    number(Name::Every, 8, 4, 20, cells::every),
    number(Name::Share, 6, 8, WHOLE_KEY, cells::share),
    text(Name::Cycles, (10, 10), 9, WHOLE_KEY, cells::cycles),
    kept(number(Name::Drop, 4, 6, WHOLE_KEY, cells::dropped)),
    text(Name::Id, (9, 16), 3, 14, cells::id),
    text(Name::Who, (7, 7), 15, WIDE_KEY, cells::who),
    kept(number(Name::Next, 7, 12, WIDE_KEY, cells::next)),
    number(Name::Last, 7, 14, WIDE_KEY, cells::last),
    number(Name::Margin, 7, 11, WIDE_KEY, cells::margin),
    kept(number(Name::Queue, 5, 13, WIDE_KEY, cells::queue)),
    kept(number(Name::RoundTrip, 7, 16, WIDE_KEY, cells::round_trip)),
    number(Name::Keys, 4, 17, WIDE_KEY, cells::keys),
    text(Name::Warn, (12, 15), OPTIONAL, WIDE_KEY, cells::warnings),
];

/// Lease columns of the locks view.
const OF_LOCKS: &[Name] = {
    use Name::{Every, Id, Last, Left, Margin, RoundTrip, State, Ttl, Who};
    &[Id, Who, State, Left, Ttl, Every, Last, Margin, RoundTrip]
};

/// The columns of the locks view that fit.
pub(super) fn of_locks(width: u16, ids: IdFormat) -> ColumnWidths {
    TableRoom { width, chosen: OF_LOCKS, ids, has_kept: true }.fit()
}

/// Content of a cell. Every cell of an ended lease has the role `Gone`, except its state.
pub(super) fn cell(column: &TableColumn, row: RowContext<'_>, width: usize) -> Cell {
    let cell = (column.cell)(row, width);
    let is_gone = row.lease.end.is_some() && column.name != Name::State;
    if is_gone { Cell { role: Role::Gone, ..cell } } else { cell }
}

/// Style of a cell. The key and the id of an own or adopted lease are bold.
pub(super) fn style(theme: Theme, column: &TableColumn, row: RowContext<'_>, role: Role) -> ratatui::style::Style {
    let is_own = row.lease.ownership != Ownership::Other && row.lease.end.is_none();
    let style = theme.style(role);
    if is_own && matches!(column.name, Name::FirstKey | Name::Id) {
        return style.add_modifier(ratatui::style::Modifier::BOLD);
    }
    style
}
