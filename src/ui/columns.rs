//! Column definitions of the lease table: name, width, rank and cell content.

use crate::app::{Column as Name, Lease, LeaseState};
use crate::escape::printable;
use crate::id_format::IdFormat;
use crate::inference::lease_inference::{Certainty, MeanInterval};
use crate::inference::lints::label;
use crate::width::DisplayWidth;
use simkit::Timestamp;

use super::format::{self, UNKNOWN};
use super::line::cut;
use super::theme;
use super::{Role, Theme};

/// Input of one table row.
#[derive(Clone, Copy)]
pub(super) struct RowContext<'a> {
    pub(super) lease: &'a Lease,
    pub(super) state: LeaseState,
    pub(super) now: Timestamp,
    pub(super) ids: IdFormat,
}

/// Text of a cell and its role.
pub(super) type Cell = (String, Role);

/// A column, or the bar beside one. The highest rank is hidden first when width runs out.
pub(super) struct TableColumn {
    /// Name in the `columns` setting.
    pub(super) name: Name,
    pub(super) title: &'static str,
    /// Minimum width.
    pub(super) width: u16,
    /// How much the column may grow beyond `width`.
    growth: u16,
    pub(super) is_number: bool,
    rank: u8,
    pub(super) cell: fn(RowContext<'_>, usize) -> Cell,
}

const fn text(name: Name, width: u16, growth: u16, rank: u8, cell: fn(RowContext<'_>, usize) -> Cell) -> TableColumn {
    TableColumn { name, title: name.title(), width, growth, is_number: false, rank, cell }
}

const fn number(name: Name, width: u16, rank: u8, cell: fn(RowContext<'_>, usize) -> Cell) -> TableColumn {
    TableColumn { name, title: name.title(), width, growth: 0, is_number: true, rank, cell }
}

/// Every column, in the default order.
pub(super) const COLUMNS: &[TableColumn] = &[
    text(Name::Id, 8, 8, 0, id),
    text(Name::Who, 7, 0, 7, who),
    text(Name::State, 9, 1, 1, state),
    number(Name::Left, 7, 2, left),
    TableColumn { title: "", is_number: false, growth: 5, ..number(Name::Left, 5, 2, bar) },
    number(Name::Ttl, 6, 6, ttl),
    number(Name::Every, 15, 3, every),
    number(Name::Last, 7, 12, last),
    number(Name::Next, 7, 10, next),
    number(Name::Margin, 7, 9, margin),
    number(Name::Queue, 5, 8, queue),
    number(Name::Drop, 4, 4, dropped),
    number(Name::RoundTrip, 7, 13, round_trip),
    number(Name::Keys, 4, LAST_TO_COME, keys),
    text(Name::Warn, 9, 6, 11, warnings),
    text(Name::FirstKey, 9, u16::MAX, 5, first_key),
];

/// Columns of this rank are shown only after the id has its full width.
const LAST_TO_COME: u8 = 14;

/// Lease columns of the locks view.
const OF_LOCKS: &[Name] = {
    use Name::{Every, Id, Last, Left, Margin, RoundTrip, State, Ttl, Who};
    &[Id, Who, State, Left, Ttl, Every, Last, Margin, RoundTrip]
};

impl TableColumn {
    fn wish_for_id(&self) -> u16 {
        if self.name == Name::Id { self.growth } else { 0 }
    }
}

/// The columns of the locks view that fit.
pub(super) fn of_locks(width: u16, ids: IdFormat) -> (Vec<(&'static TableColumn, u16)>, u16) {
    fit(width, OF_LOCKS, ids)
}

/// The chosen columns that fit, each with its width, and the gap between columns.
pub(super) fn fit(width: u16, chosen: &[Name], ids: IdFormat) -> (Vec<(&'static TableColumn, u16)>, u16) {
    let chosen = || chosen.iter().flat_map(|name| COLUMNS.iter().filter(move |column| column.name == *name));
    let within = |rank: u8| chosen().filter(move |column| column.rank <= rank);
    let whole_id = |rank: u8| if rank >= LAST_TO_COME { within(rank).map(TableColumn::wish_for_id).sum() } else { 0 };
    let least = |rank: u8| {
        within(rank).map(|column| column.width + 1).sum::<u16>().saturating_sub(1).saturating_add(whole_id(rank))
    };
    let mut ranks: Vec<u8> = chosen().map(|column| column.rank).collect();
    ranks.sort_unstable_by(|one, two| two.cmp(one));
    let rank = ranks.iter().copied().find(|rank| least(*rank) <= width).or(ranks.last().copied()).unwrap_or(0);
    let mut columns: Vec<_> = within(rank).map(|column| (column, column.width)).collect();
    let mut room = width.saturating_sub(least(rank)).saturating_add(whole_id(rank)).min(width);
    // Spend spare width on the full id first, then on wider gaps, then on longer bars.
    columns.iter_mut().filter(|(column, _)| column.name == Name::Id).for_each(|id| grow(id, ids, &mut room));
    let gaps = (columns.len() as u16).saturating_sub(1);
    let gap = if room >= gaps { 2 } else { 1 };
    room -= (gap - 1) * gaps;
    columns.iter_mut().for_each(|column| grow(column, ids, &mut room));
    (columns, gap)
}

/// Layout for horizontal scrolling: the id, then the other columns from index `pan` on at full width, up to the right
/// edge.
pub(super) fn wide(width: u16, chosen: &[Name], ids: IdFormat, pan: usize) -> (Vec<(&'static TableColumn, u16)>, u16) {
    const GAP: u16 = 2;
    /// Width of a column that would otherwise take all remaining space.
    const LONG: u16 = 40;
    let named = |name: Name| COLUMNS.iter().filter(move |column| column.name == name);
    let others = chosen.iter().copied().filter(|name| *name != Name::Id);
    let shown = chosen.iter().copied().filter(|name| *name == Name::Id).chain(others.skip(pan));
    let mut x = 0;
    let wanted = |column: &'static TableColumn| match (column.name, column.growth) {
        (Name::Id, _) => (column, ids.width() as u16),
        (_, u16::MAX) => (column, LONG),
        (_, growth) => (column, column.width + growth),
    };
    let within = shown.flat_map(named).map(wanted).take_while(|(_, width_of)| {
        let has_room = x < width;
        x += width_of + GAP;
        has_room
    });
    (within.collect(), GAP)
}

fn grow((column, width): &mut (&'static TableColumn, u16), ids: IdFormat, room: &mut u16) {
    let growth = if column.name == Name::Id { ids.width() as u16 - column.width } else { column.growth };
    let more = (column.width.saturating_add(growth) - *width).min(*room);
    // Grow only to the full width: part of an id or of a bar adds nothing.
    let is_whole = growth == u16::MAX || *width + more == column.width + growth;
    let more = if is_whole { more } else { 0 };
    *width += more;
    *room -= more;
}

/// Content of a cell. Every cell of an ended lease has the role `Gone`.
pub(super) fn cell(column: &TableColumn, row: RowContext<'_>, width: usize) -> Cell {
    let (text, role) = (column.cell)(row, width);
    (text, if row.lease.end.is_some() { Role::Gone } else { role })
}

/// A bar of `width` cells, filled to `share` (0 to 1).
pub(super) fn share_bar(share: f64, width: usize) -> String {
    let full = ((share.clamp(0.0, 1.0) * width as f64).round() as usize).min(width);
    "▇".repeat(full) + &"░".repeat(width - full)
}

fn plain(text: impl Into<String>) -> Cell {
    (text.into(), Role::Text)
}

fn known<T>(value: Option<T>, show: impl FnOnce(T) -> String) -> Cell {
    value.map_or((UNKNOWN.to_owned(), Role::Dim), |value| plain(show(value)))
}

fn id(row: RowContext<'_>, width: usize) -> Cell {
    plain(if width >= row.ids.width() { row.ids.name(row.lease.id) } else { row.ids.short(row.lease.id) })
}

fn who(row: RowContext<'_>, _: usize) -> Cell {
    plain(row.lease.ownership.word())
}

/// Marks a lease that has warnings.
pub(super) const WARNED: char = '△';

/// The state. A healthy lease briefly shows that it was refilled.
fn state(row: RowContext<'_>, width: usize) -> Cell {
    const REFILLED: &str = "↻ refilled";
    if row.state == LeaseState::Ok && row.lease.was_just_refilled(row.now) {
        let badge = if width >= REFILLED.width() { REFILLED } else { "● ok ↻" };
        return (badge.to_owned(), Role::Good);
    }
    let (sign, role) = theme::state(row.state);
    (warned(format!("{sign} {}", row.state.word()), row.lease, width), role)
}

/// Appends the warning sign if it fits: `● ok △`.
fn warned(text: String, lease: &Lease, width: usize) -> String {
    let free = width.saturating_sub(text.width());
    match (lease.active_warnings().next().is_none(), free) {
        (true, _) | (_, 0) => text,
        (_, 1) => format!("{text}{WARNED}"),
        _ => format!("{text} {WARNED}"),
    }
}

fn urgency(row: RowContext<'_>) -> Role {
    match row.state {
        LeaseState::Risk | LeaseState::Dying => Role::Danger,
        LeaseState::Late | LeaseState::Unseen => Role::Warning,
        _ => Role::Text,
    }
}

/// Time left. A deadline known only to about a second is shown in whole seconds, with `~`.
pub(super) fn left(row: RowContext<'_>, _: usize) -> Cell {
    const SHARP: f64 = 0.11;
    if row.state == LeaseState::Unseen {
        return unseen_left(row);
    }
    let (Some(left), Some(error)) = (row.lease.left(row.now), row.lease.left_error(row.now)) else {
        return (UNKNOWN.to_owned(), Role::Dim);
    };
    let text = match left {
        _ if error <= SHARP => format::span(left),
        left if left < 9_999.5 => format!("~{left:.0} s"),
        left => format!("~{}", format::span(left)),
    };
    (text, urgency(row))
}

/// Time left if recent polls got no answer. The lease may have been renewed since, so this is a lower bound.
fn unseen_left(row: RowContext<'_>) -> Cell {
    let least = row.lease.bounds().map(|bounds| (bounds.earliest - row.now).as_secs_f64()).filter(|least| *least > 0.0);
    match least {
        Some(least) => (format::at_least_span(least), Role::Warning),
        None => (UNKNOWN.to_owned(), Role::Dim),
    }
}

fn bar(row: RowContext<'_>, width: usize) -> Cell {
    let share = row.lease.left(row.now).zip(row.lease.granted_ttl).map(|(left, ttl)| left / (ttl.max(1) as f64));
    let role = match urgency(row) {
        Role::Text => Role::Good,
        role => role,
    };
    (share.map_or(String::new(), |share| share_bar(share, width)), role)
}

fn ttl(row: RowContext<'_>, _: usize) -> Cell {
    known(row.lease.granted_ttl, format::ttl)
}

/// Renewal interval. Polls may have missed renewals, so the true interval may be shorter: shown as `<=`. The detail
/// shows the matching `>=` count.
fn every(row: RowContext<'_>, _: usize) -> Cell {
    match (&row.lease.engine, row.lease.others_mean_interval()) {
        (Some(status), _) => plain(format::interval(status.cadence.last, status.expected)),
        (None, Some(MeanInterval { every, certainty: Certainty::AtLeast })) => {
            plain(format!("<={}", format::span(every.as_secs_f64())))
        }
        (None, rhythm) => known(rhythm, |rhythm| format!("~{}", format::span(rhythm.every.as_secs_f64()))),
    }
}

fn last(row: RowContext<'_>, _: usize) -> Cell {
    let sign = if row.lease.engine.is_some() { "" } else { "~" };
    known(row.lease.last_renewed(), |at| format!("{sign}{}", format::span((row.now - at).as_secs_f64())))
}

fn next(row: RowContext<'_>, _: usize) -> Cell {
    let due = row.lease.engine.as_ref().filter(|_| row.lease.is_kept_alive).and_then(|status| status.next_due);
    known(due, |at| format::span((at - row.now).as_secs_f64()))
}

fn margin(row: RowContext<'_>, _: usize) -> Cell {
    let ours = row.lease.engine.as_ref().and_then(|status| status.cadence.least_left);
    match row.lease.margin() {
        // A renewal that polling missed left more time than this, so the minimum is a lower bound.
        Some((least, Certainty::AtLeast)) => plain(format::at_least_span(least.as_secs_f64())),
        Some((least, Certainty::About)) => plain(format!("~{}", format::span(least.as_secs_f64()))),
        None => known(ours, |left| format::span(left.as_secs_f64())),
    }
}

fn queue(row: RowContext<'_>, _: usize) -> Cell {
    let Some(queue) = row.lease.engine.as_ref().map(|status| status.queue) else {
        return (UNKNOWN.to_owned(), Role::Dim);
    };
    let is_full = queue.depth >= queue.capacity && queue.depth > 0;
    (format!("{}/{}", queue.depth, queue.capacity), if is_full { Role::Warning } else { Role::Text })
}

fn dropped(row: RowContext<'_>, _: usize) -> Cell {
    let Some(dropped) = row.lease.engine.as_ref().map(|status| status.queue.dropped) else {
        return (UNKNOWN.to_owned(), Role::Dim);
    };
    (dropped.to_string(), if dropped > 0 { Role::Warning } else { Role::Text })
}

fn round_trip(row: RowContext<'_>, _: usize) -> Cell {
    known(row.lease.engine.as_ref().and_then(|status| status.round_trip), format::round_trip)
}

fn keys(row: RowContext<'_>, _: usize) -> Cell {
    let counted = row.lease.keys.as_ref().filter(|keys| keys.count > 0 || keys.is_all);
    known(counted, |keys| format::at_least(!keys.is_all, keys.count))
}

/// The most urgent warning and the number of others.
fn warnings(row: RowContext<'_>, width: usize) -> Cell {
    let active: Vec<&str> = row.lease.active_warnings().collect();
    match active.as_slice() {
        [] if !row.lease.warnings.is_empty() => ("muted".to_owned(), Role::Dim),
        [] => (UNKNOWN.to_owned(), Role::Dim),
        [one] => (cut(label(one), width), Role::Warning),
        [first, rest @ ..] => {
            let (first, long, short) = (label(first), format!(" (+{} more)", rest.len()), format!(" +{}", rest.len()));
            let others = if first.len() + long.len() <= width { long } else { short };
            (cut(first, width.saturating_sub(others.len())) + &others, Role::Warning)
        }
    }
}

fn first_key(row: RowContext<'_>, width: usize) -> Cell {
    let first = row.lease.keys.as_ref().and_then(|keys| keys.first.first());
    known(first, |key| cut(&printable(key), width))
}

/// Style of a role in a row. The row under the cursor is reversed as a whole.
pub(super) fn style(theme: Theme, role: Role, is_cursor: bool) -> ratatui::style::Style {
    if is_cursor { theme.style(role).patch(theme.cursor()) } else { theme.style(role) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(width: u16) -> Vec<&'static str> {
        titles_of(width, &Name::ALL)
    }

    fn titles_of(width: u16, chosen: &[Name]) -> Vec<&'static str> {
        fit(width, chosen, IdFormat::Hex).0.iter().map(|(column, _)| column.title).collect()
    }

    #[test]
    fn columns_leave_in_their_order() {
        let order =
            ["KEYS", "RTT", "LAST", "WARN", "NEXT", "MARGIN", "Q", "WHO", "TTL", "FIRST KEY", "DROP", "EVERY", "LEFT"];
        let mut before = titles(200);
        assert_eq!(before.len(), COLUMNS.len());
        let mut left: Vec<&str> = Vec::new();
        for width in (0..200).rev() {
            let after = titles(width);
            left.extend(before.iter().copied().filter(|title| !after.contains(title) && !title.is_empty()));
            before = after;
        }
        assert_eq!(left[..order.len()], order);
    }

    #[test]
    fn at_80_columns_the_essentials_stay() {
        assert_eq!(titles(78), ["ID", "WHO", "STATE", "LEFT", "", "TTL", "EVERY", "DROP", "FIRST KEY"]);
    }

    #[test]
    fn from_120_columns_on_warnings_have_their_column_and_below_a_sign() {
        assert!(titles(116).contains(&"WARN") && titles(136).contains(&"WARN") && !titles(96).contains(&"WARN"));
        assert_eq!(titles_of(20, &[Name::Warn, Name::Id]), ["WARN", "ID"], "a chosen column is shown at any width");
        let mut lease = Lease::new(etcd_lease::LeaseId(1));
        assert_eq!(warned("● ok".to_owned(), &lease, 9), "● ok");
        lease.warnings = vec!["two-renewers", "thin-margin"];
        let shown = [("● ok", 9), ("‖ paused", 9), ("✗ expired", 9), ("✗ expired", 10)];
        let shown = shown.map(|(text, width)| warned(text.to_owned(), &lease, width));
        assert_eq!(shown, ["● ok △", "‖ paused△", "✗ expired", "✗ expired△"]);
        let row = RowContext { lease: &lease, state: LeaseState::Ok, now: Timestamp::START, ids: IdFormat::Hex };
        assert_eq!([9, 12].map(|width| warnings(row, width).0), ["two r… +1", "two rene… +1"]);
    }

    #[test]
    fn chosen_ones_stand_as_they_were_chosen_and_leave_in_the_same_order() {
        let chosen = [Name::FirstKey, Name::Keys, Name::Left, Name::State];
        assert_eq!(titles_of(100, &chosen), ["FIRST KEY", "KEYS", "LEFT", "", "STATE"]);
        assert_eq!(titles_of(32, &chosen), ["LEFT", "", "STATE"]);
        assert_eq!(titles_of(3, &chosen), ["STATE"]);
        assert_eq!(titles_of(3, &[Name::Keys]), ["KEYS"], "the last chosen column is never hidden");
        assert!(titles_of(80, &[]).is_empty());
    }

    #[test]
    fn what_fits_keeps_to_the_width() {
        for width in 24..250 {
            let (columns, gap) = fit(width, &Name::ALL, IdFormat::Hex);
            let total: u16 = columns.iter().map(|(_, width)| width).sum::<u16>() + gap * (columns.len() as u16 - 1);
            assert!(total <= width, "{total} in {width}");
        }
    }

    #[test]
    fn bars_are_full_and_empty_at_their_ends() {
        assert_eq!(
            (share_bar(1.2, 4), share_bar(0.0, 4), share_bar(0.5, 4)),
            ("▇▇▇▇".into(), "░░░░".into(), "▇▇░░".into())
        );
    }
}
