//! Which columns fit on a screen, and how wide they are.

use std::ops::RangeInclusive;

use super::{COLUMNS, OPTIONAL, TableColumn, WHOLE_KEY, WIDE_KEY};
use crate::app::Column as Name;
use crate::id_format::IdFormat;

/// The columns with their widths, and the gap between them.
pub(in crate::ui) type ColumnWidths = (Vec<(&'static TableColumn, u16)>, u16);

/// Width of an interval beside a hint which clients renew like this.
const HINTED_INTERVAL: u16 = 17;
/// Width of a bar that is easy to read.
const CLEAR_BAR: u16 = 8;
/// Width of a bar on a screen with room to spare.
const LONG_BAR: u16 = 12;
/// Width of the longest state with its sign.
const WHOLE_STATE: u16 = 11;
/// Width that leaves most warnings whole.
const WHOLE_WARNING: u16 = 15;
/// Width of a key that comes before a long bar and hints.
const WIDER_KEY: u16 = WIDE_KEY + 4;
/// Width of the key while the table scrolls sideways: a third of the screen within these limits.
const SCROLLED_KEY: RangeInclusive<u16> = 16..=40;

/// What the layout of a table depends on. It does not depend on the rows, so that columns do not come and go while rows
/// change.
#[derive(Clone, Copy, Debug)]
pub(in crate::ui) struct TableRoom<'a> {
    /// Width of the rows without the gutter.
    pub(in crate::ui) width: u16,
    /// The columns in their order.
    pub(in crate::ui) chosen: &'a [Name],
    pub(in crate::ui) ids: IdFormat,
    /// Whether leasetop keeps any lease alive. Otherwise the columns about that are empty in every row, and are left
    /// out unless the user chose them.
    pub(in crate::ui) has_kept: bool,
}

impl TableRoom<'_> {
    /// The columns that fit. The key takes the width that is left.
    pub(in crate::ui) fn fit(self) -> ColumnWidths {
        let mut ranks: Vec<u8> = self.columns().map(|column| column.rank).collect();
        ranks.sort_unstable_by(|one, two| two.cmp(one));
        let fitting = ranks.iter().copied().find(|rank| self.needed(*rank) <= u32::from(self.width));
        let rank = fitting.or(ranks.last().copied()).unwrap_or(0);
        let key = self.key_width(rank);
        let start =
            |column: &'static TableColumn| (column, if column.name == Name::FirstKey { key } else { column.width });
        let mut columns: Vec<_> = self.within(rank).map(start).collect();
        let used: u32 = columns.iter().map(|(_, width)| u32::from(*width)).sum();
        let gaps = columns.len().saturating_sub(1) as u16;
        let mut room = self.width.saturating_sub(u16::try_from(used).unwrap_or(u16::MAX)).saturating_sub(gaps);
        // A readable key comes before wide gaps.
        let for_key = if columns.iter().any(|(column, _)| is_key(column)) { WHOLE_KEY.saturating_sub(key) } else { 0 };
        let gap = if gaps > 0 && room >= gaps + for_key { 2 } else { 1 };
        room -= (gap - 1) * gaps;
        self.spend(&mut columns, room);
        // The last column is never hidden, so it may be wider than the screen.
        if let [(_, width)] = &mut columns[..] {
            *width = (*width).min(self.width);
        }
        (columns, gap)
    }

    /// Layout for horizontal scrolling: the first column, then the others from index `pan` on at full width, up to the
    /// right edge.
    pub(in crate::ui) fn wide(self, pan: usize) -> ColumnWidths {
        const GAP: u16 = 2;
        let Some((first, others)) = self.chosen.split_first() else { return (Vec::new(), GAP) };
        let shown = [first].into_iter().chain(others.iter().skip(pan));
        let mut x = 0;
        let columns = shown.flat_map(|name| COLUMNS.iter().filter(move |column| column.name == *name));
        let wanted = |column: &'static TableColumn| match column.name {
            Name::FirstKey => (column, (self.width / 3).clamp(*SCROLLED_KEY.start(), *SCROLLED_KEY.end())),
            Name::Id => (column, self.ids.width() as u16),
            _ => (column, column.most),
        };
        let within = columns.map(wanted).take_while(|(_, width)| {
            let has_room = x < self.width;
            x += width + GAP;
            has_room
        });
        (within.collect(), GAP)
    }

    fn columns(self) -> impl Iterator<Item = &'static TableColumn> {
        let is_useful = move |column: &&TableColumn| self.has_kept || self.is_chosen() || !column.is_for_kept;
        self.chosen
            .iter()
            .flat_map(|name| COLUMNS.iter().filter(move |column| column.name == *name))
            .filter(is_useful)
            .collect::<Vec<_>>()
            .into_iter()
    }

    fn within(self, rank: u8) -> impl Iterator<Item = &'static TableColumn> {
        self.columns().filter(move |column| column.rank <= rank)
    }

    /// Whether the user chose the columns. Then as many as possible are shown.
    fn is_chosen(self) -> bool {
        self.chosen != Name::ALL
    }

    /// Minimum width of the key beside the columns up to a rank. Columns that the user chose leave a short key.
    fn key_width(self, rank: u8) -> u16 {
        /// Maximum width of the key that columns chosen by the user have to leave.
        const SHORT: u16 = 14;
        let most = self.within(rank).map(|column| column.key).max().unwrap_or(0);
        if self.is_chosen() { most.min(SHORT) } else { most }
    }

    /// The width that the columns up to a rank need. The optional ones come after comfortable widths of the others.
    fn needed(self, rank: u8) -> u32 {
        let is_comfortable = !self.is_chosen() && rank >= OPTIONAL;
        let width = |column: &TableColumn| match column.name {
            Name::FirstKey => self.key_width(rank),
            Name::Id if is_comfortable => self.ids.width() as u16,
            Name::Left if is_comfortable && !column.is_number => CLEAR_BAR,
            Name::State if is_comfortable => column.most,
            _ => column.width,
        };
        let gap = if is_comfortable { 2 } else { 1 };
        let all: u32 = self.within(rank).map(|column| u32::from(width(column)) + gap).sum();
        all.saturating_sub(gap)
    }

    /// Spends spare width: first on the state, a clear bar and a wide key, then on the full id and warnings, then on a
    /// long bar and hints beside the interval, and the rest on the key.
    fn spend(self, columns: &mut [(&'static TableColumn, u16)], mut room: u16) {
        let mut grow = |is_column: fn(&TableColumn) -> bool, to: u16, is_all_or_nothing: bool| {
            let Some((_, width)) = columns.iter_mut().find(|(column, _)| is_column(column)) else { return };
            let wish = to.saturating_sub(*width);
            // Part of an id adds nothing.
            let more = if is_all_or_nothing && wish > room { 0 } else { wish.min(room) };
            *width += more;
            room -= more;
        };
        grow(is_key, WHOLE_KEY, false);
        grow(|column| column.name == Name::State, WHOLE_STATE, false);
        grow(is_bar, CLEAR_BAR, false);
        grow(is_key, WIDE_KEY, false);
        grow(|column| column.name == Name::Id, self.ids.width() as u16, true);
        grow(|column| column.name == Name::Warn, WHOLE_WARNING, false);
        grow(is_key, WIDER_KEY, false);
        grow(is_bar, LONG_BAR, false);
        grow(|column| column.name == Name::Every, HINTED_INTERVAL, true);
        grow(is_key, u16::MAX, false);
    }
}

fn is_key(column: &TableColumn) -> bool {
    column.name == Name::FirstKey
}

fn is_bar(column: &TableColumn) -> bool {
    column.name == Name::Left && !column.is_number
}
