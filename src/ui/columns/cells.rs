//! Content of the cells. An empty cell is blank; `?` stands for a value that the program is waiting for.

use std::time::Duration;

use super::{Cell, RowContext};
use crate::app::{Lease, LeaseState, TimeLeft};
use crate::id_format::IdFormat;
use crate::inference::lease_inference::{Certainty, UsualInterval};
use crate::inference::lints::label;
use crate::sawtooth::sawtooth;
use crate::ui::format::{self, WAITING};
use crate::ui::line::cut;
use crate::ui::{Role, bar as bars, theme};
use crate::width::DisplayWidth;
use etcd_lease::LeaseId;
use simkit::Timestamp;

fn plain(text: impl Into<String>) -> Cell {
    (text.into(), Role::Text).into()
}

fn blank() -> Cell {
    plain("")
}

/// A value that the program is waiting for.
fn waiting() -> Cell {
    (WAITING.to_owned(), Role::Dim).into()
}

fn known<T>(value: Option<T>, show: impl FnOnce(T) -> String) -> Cell {
    value.map_or_else(blank, |value| plain(show(value)))
}

pub(super) fn id(row: RowContext<'_>, width: usize) -> Cell {
    if width >= row.ids.width() {
        return plain(row.ids.name(row.lease.id));
    }
    plain(short_id(row.ids, row.lease.id))
}

/// `…f963a9be`; a short id is whole.
pub(in crate::ui) fn short_id(ids: IdFormat, id: LeaseId) -> String {
    let (whole, short) = (ids.name(id), ids.short(id));
    if whole == short { whole } else { format!("…{short}") }
}

pub(super) fn who(row: RowContext<'_>, _: usize) -> Cell {
    plain(row.lease.ownership.word())
}

/// Marks a lease that has warnings.
pub(in crate::ui) const WARNED: char = '△';

/// The state. A healthy lease briefly shows that it was refilled.
pub(super) fn state(row: RowContext<'_>, width: usize) -> Cell {
    const REFILLED: &str = "↻ refilled";
    if row.state == LeaseState::Ok && row.lease.was_just_refilled(row.now) {
        let badge = if width >= REFILLED.width() { REFILLED } else { "● ok ↻" };
        return (badge.to_owned(), Role::Good).into();
    }
    let (sign, role) = theme::state(row.state);
    let text = format!("{sign} {}", row.state.word());
    if row.state == LeaseState::Unrenewed && text.width() + 2 > width {
        return (unrenewed(row.lease, sign, width), role).into();
    }
    (warned(text, row.lease, width), role).into()
}

/// The state `unrenewed`, which is so long that there may be no room for a warning sign after it. The warning sign then
/// replaces the sign of the state, and a narrow cell has no blank after the sign.
fn unrenewed(lease: &Lease, sign: char, width: usize) -> String {
    let word = LeaseState::Unrenewed.word();
    let sign = lease.active_warnings().next().map_or(sign, |_| WARNED);
    let gap = if word.width() + 2 > width { "" } else { " " };
    format!("{sign}{gap}{word}")
}

/// Appends the warning sign with a blank before it, if both fit: `● ok △`.
pub(super) fn warned(text: String, lease: &Lease, width: usize) -> String {
    let has_room = text.width() + 2 <= width;
    if lease.active_warnings().next().is_none() || !has_room { text } else { format!("{text} {WARNED}") }
}

/// Role of the time left and of its bar: neutral, then yellow, then red.
fn time_left_role(row: RowContext<'_>) -> Role {
    match (row.state, row.lease.time_left(row.now)) {
        // It may be meant to expire.
        (LeaseState::Unrenewed, _) => Role::Text,
        (LeaseState::Risk | LeaseState::Dying, _) | (_, TimeLeft::Critical) => Role::Danger,
        (LeaseState::Late | LeaseState::Unseen, _) | (_, TimeLeft::Low) => Role::Warning,
        _ => Role::Text,
    }
}

pub(super) fn left_cell(row: RowContext<'_>, _: usize) -> Cell {
    if row.lease.end.is_some() {
        return blank();
    }
    left(row).map_or_else(waiting, Cell::from)
}

/// Time left. A deadline known only to about a second is shown in whole seconds, with `~`. `None` while it is unknown.
pub(in crate::ui) fn left(row: RowContext<'_>) -> Option<(String, Role)> {
    /// Up to this error, in seconds, the time left is shown in tenths of a second.
    const SHARP: f64 = 0.11;
    if row.state == LeaseState::Unseen {
        return Some((unseen_left(row.lease, row.now)?, Role::Warning));
    }
    let (left, error) = (row.lease.left(row.now)?, row.lease.left_error(row.now)?);
    let text = match left {
        _ if error <= SHARP => format::span(left),
        left if left < 9_999.5 => format!("~{left:.0} s"),
        left => format!("~{}", format::span(left)),
    };
    Some((text, time_left_role(row)))
}

/// Time left if recent polls got no answer. The lease may have been renewed since, so this is a lower bound.
pub(in crate::ui) fn unseen_left(lease: &Lease, now: Timestamp) -> Option<String> {
    let least = (lease.bounds()?.earliest - now).as_secs_f64();
    if least > 0.0 { Some(format::at_least_span(least)) } else { None }
}

pub(super) fn bar(row: RowContext<'_>, width: usize) -> Cell {
    let share = row.lease.left(row.now).zip(row.lease.granted_ttl).map(|(left, ttl)| left / (ttl.max(1) as f64));
    let Some(share) = share else { return blank() };
    let role = match time_left_role(row) {
        Role::Text => Role::Healthy,
        role => role,
    };
    let (text, track) = bars::bar(share, width);
    Cell { text, role, track }
}

pub(super) fn ttl(row: RowContext<'_>, _: usize) -> Cell {
    match row.lease.granted_ttl {
        None if row.lease.end.is_none() => waiting(),
        ttl => known(ttl, format::ttl),
    }
}

/// The observed renewal interval, or how often the client grants a new lease instead. If polls may have missed renewals, the
/// interval is an upper bound: `<=10.0 s`. If there is room, a hint which clients renew like this precedes it, so that the
/// numbers stay below each other.
pub(super) fn every(row: RowContext<'_>, width: usize) -> Cell {
    let interval = interval(row);
    let Some(style) = row.lease.renewal_style() else { return interval };
    let text = format!("{} {}", style.word(), interval.text);
    if text.width() <= width { plain(text) } else { interval }
}

fn interval(row: RowContext<'_>) -> Cell {
    match (&row.lease.engine, row.lease.observed_interval()) {
        (_, None) => known(row.lease.new_lease_every(), new_lease),
        (Some(_), Some(UsualInterval { every, .. })) => plain(format!("{} s", format::seconds(every))),
        (None, Some(UsualInterval { every, certainty: Certainty::AtLeast, .. })) => {
            plain(format!("<={}", format::span(every.as_secs_f64())))
        }
        (None, Some(UsualInterval { every, .. })) => plain(format!("~{}", format::span(every.as_secs_f64()))),
    }
}

/// `new ~10s`: a new lease at this interval instead of renewals, in at most eight columns.
fn new_lease(every: Duration) -> String {
    // The unit changes where rounding would give the number a third digit.
    match every.as_secs_f64() {
        s if s < 99.5 => format!("new ~{s:.0}s"),
        s if s < 99.5 * 60.0 => format!("new ~{:.0}m", s / 60.0),
        s if s < 99.5 * 3_600.0 => format!("new ~{:.0}h", s / 3_600.0),
        s => format!("new ~{:.0}d", s / 86_400.0),
    }
}

/// The interval as a share of the TTL. Above 50 %, one missed renewal ends the lease.
pub(super) fn share(row: RowContext<'_>, _: usize) -> Cell {
    /// A lease renewed at the next 500 ms tick after TTL/2 still counts as half.
    const THIN: f64 = 0.55;
    /// At most a quarter of the TTL is left at each renewal.
    const DANGEROUS: f64 = 0.75;
    /// A larger share does not fit into the column.
    const MAX_PERCENT: f64 = 999.0;
    let (Some(share), Some(interval)) = (row.lease.interval_share(), row.lease.observed_interval()) else {
        return blank();
    };
    let percent = (share * 100.0).round().min(MAX_PERCENT);
    match (interval.certainty, share) {
        // Every living lease is renewed within its TTL, so this bound says nothing.
        (Certainty::AtLeast, _) if percent >= 100.0 => blank(),
        (Certainty::AtLeast, _) => plain(format!("<={percent} %")),
        (Certainty::About, share) if share >= DANGEROUS => (format!("{percent} %"), Role::Danger).into(),
        (Certainty::About, share) if share >= THIN => (format!("{percent} %"), Role::Warning).into(),
        (Certainty::About, _) => plain(format!("{percent} %")),
    }
}

/// A sawtooth of the last five cycles, the current one at the right.
pub(super) fn cycles(row: RowContext<'_>, width: usize) -> Cell {
    let teeth = sawtooth(&row.lease.cycles(row.now));
    let blanks = width.saturating_sub(teeth.width());
    (format!("{:blanks$}{teeth}", ""), if row.state == LeaseState::Risk { Role::Danger } else { Role::Healthy }).into()
}

pub(super) fn last(row: RowContext<'_>, _: usize) -> Cell {
    let sign = if row.lease.engine.is_some() { "" } else { "~" };
    known(row.lease.last_renewed(), |at| format!("{sign}{}", format::span((row.now - at).as_secs_f64())))
}

pub(super) fn next(row: RowContext<'_>, _: usize) -> Cell {
    let due = row.lease.engine.as_ref().filter(|_| row.lease.is_kept_alive).and_then(|status| status.next_due);
    known(due, |at| format::span((at - row.now).as_secs_f64()))
}

pub(super) fn margin(row: RowContext<'_>, _: usize) -> Cell {
    let ours = row.lease.engine.as_ref().and_then(|status| status.cadence.least_left);
    match row.lease.margin() {
        // A renewal that polling missed left more time than this, so the minimum is a lower bound.
        Some((least, Certainty::AtLeast)) => plain(format::at_least_span(least.as_secs_f64())),
        Some((least, Certainty::About)) => plain(format!("~{}", format::span(least.as_secs_f64()))),
        None => known(ours, |left| format::span(left.as_secs_f64())),
    }
}

pub(super) fn queue(row: RowContext<'_>, _: usize) -> Cell {
    let Some(queue) = row.lease.engine.as_ref().map(|status| status.queue) else { return blank() };
    let is_full = queue.depth >= queue.capacity && queue.depth > 0;
    (format!("{}/{}", queue.depth, queue.capacity), if is_full { Role::Drop } else { Role::Text }).into()
}

pub(super) fn dropped(row: RowContext<'_>, _: usize) -> Cell {
    let Some(dropped) = row.lease.engine.as_ref().map(|status| status.queue.dropped) else { return blank() };
    (dropped.to_string(), if dropped > 0 { Role::Drop } else { Role::Text }).into()
}

pub(super) fn round_trip(row: RowContext<'_>, _: usize) -> Cell {
    known(row.lease.engine.as_ref().and_then(|status| status.round_trip), format::round_trip)
}

pub(super) fn keys(row: RowContext<'_>, _: usize) -> Cell {
    let counted = row.lease.keys.as_ref().filter(|keys| keys.count > 0 || keys.is_all);
    known(counted, |keys| format::at_least(!keys.is_all, keys.count))
}

/// The most urgent warning and the number of others.
pub(super) fn warnings(row: RowContext<'_>, width: usize) -> Cell {
    let active: Vec<&str> = row.lease.active_warnings().collect();
    match active.as_slice() {
        [] if !row.lease.warnings.is_empty() => ("muted".to_owned(), Role::Dim).into(),
        [] => blank(),
        [one] => (cut(label(one), width), Role::Warning).into(),
        [first, rest @ ..] => {
            let (first, long, short) = (label(first), format!(" (+{} more)", rest.len()), format!(" +{}", rest.len()));
            let others = if first.len() + long.len() <= width { long } else { short };
            (cut(first, width.saturating_sub(others.len())) + &others, Role::Warning).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_new_leases_fits_into_its_column() {
        let all = [0.4, 10.2, 99.4, 99.6, 599.0, 5_969.0, 5_971.0, 7_300.0, 358_199.0, 358_201.0]
            .map(|every| new_lease(Duration::from_secs_f64(every)));
        let expected = [
            "new ~0s", "new ~10s", "new ~99s", "new ~2m", "new ~10m", "new ~99m", "new ~2h", "new ~2h", "new ~99h",
            "new ~4d",
        ];
        assert_eq!(all, expected);
        assert!(all.iter().all(|text| text.width() <= 8));
    }
}
