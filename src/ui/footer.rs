//! Footer: counts or the latest note, and key hints.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use crate::app::keymap::Action;
use crate::app::{AppState, BackStep, DialogAction, Key, StatusMessage, View};
use crate::escape::printable;
use crate::inference::lease_inference::ExpiryBacklog;
use crate::plural::plural;

use simkit::Timestamp;

use super::layout::PanelAreas;
use super::line::{Segment, cut, draw_ends, ends_places};
use super::{RenderContext, Role, format, header};

/// Draws the footer. A note or, without the strip, the counts come before the key hints. While a dialog shows its own
/// hints, the footer has none. Without a header, it shows the frozen banner.
pub(super) fn draw(ctx: RenderContext<'_>, places: PanelAreas, buf: &mut Buffer) {
    if !places.footer.is_empty() {
        draw_ends(ctx.theme, groups(ctx, places), GAPS, places.footer, buf);
    }
}

/// The key of the hint at a position.
pub(super) fn key_at(ctx: RenderContext<'_>, places: PanelAreas, position: Position) -> Option<Key> {
    if places.footer.is_empty() {
        return None;
    }
    let hints = ends_places(groups(ctx, places), GAPS, places.footer);
    hints.into_iter().find(|(_, place)| place.contains(position))?.0.key
}

const GAPS: (&str, &str) = ("  ", "  ");

/// The segments at the left and at the right.
fn groups(ctx: RenderContext<'_>, places: PanelAreas) -> (Vec<Segment>, Vec<Segment>) {
    let app = ctx.app;
    let shown = app.displayed(ctx.now).0;
    let hints = hints(app, shown, ctx.now);
    if let Some(note) = &app.view.status {
        return (vec![noted(note, places.footer.width)], hints);
    }
    let banner = header::frozen(ctx).filter(|_| places.is_tiny);
    let mut left: Vec<Segment> = banner.into_iter().chain(range(app, shown)).collect();
    if places.strip.is_empty() && shown.view.active == View::Leases {
        left.extend(marked(app, places.is_tiny));
        left.extend(counts(shown));
    }
    if !left.is_empty() {
        return (left, hints);
    }
    // The keys that are the same everywhere stay at the right.
    let is_of_all_views = |hint: &Segment| hint.key.is_some_and(|key| works_everywhere(app.config.keymap.action(key)));
    let (right, left) = hints.into_iter().partition(is_of_all_views);
    (left, right)
}

fn works_everywhere(action: Option<Action>) -> bool {
    matches!(action, Some(Action::Help | Action::Quit))
}

fn hints(app: &AppState, shown: &AppState, now: Timestamp) -> Vec<Segment> {
    if app.view.dialog.is_some() {
        return Vec::new();
    }
    if !shown.view.is_filter_open() {
        return keys(app, shown, now);
    }
    let actions = [(DialogAction::Accept, "apply"), (DialogAction::FormClose, "clear")];
    let key = |action| app.config.keymap.key(Action::Dialog(action));
    actions.into_iter().filter_map(|(action, does)| Some(Segment::key(0, key(action)?, does))).collect()
}

fn noted(note: &StatusMessage, width: u16) -> Segment {
    let role = match (note.is_error, note.is_feedback) {
        (true, _) => Role::Danger,
        (false, true) => Role::Warning,
        (false, false) => Role::Good,
    };
    Segment::new(0, role, cut(&printable(note.text.as_bytes()), usize::from(width.saturating_sub(2))))
}

/// The start of a range, the number of its rows, and the key that ends it.
fn range(app: &AppState, shown: &AppState) -> Option<Segment> {
    let first = app.view.selection.range()?;
    let key = app.config.keymap.key_label(Action::MarkRange);
    let last = shown.view.cursor.unwrap_or(first);
    let rows = shown.view.rows_between(first, last).map_or(0, Iterator::count);
    let (first, rows) = (app.view.id_format.short(first), plural(rows as u64, "row"));
    let text = format!("Range from {first}, {rows}: move, then {key} to mark");
    Some(Segment::new(0, Role::Warning, text))
}

/// `3 marked`, if there is no title that says so.
fn marked(app: &AppState, is_tiny: bool) -> Option<Segment> {
    let count = app.view.selection.len();
    if count == 0 || !is_tiny || app.view.selection.range().is_some() {
        return None;
    }
    Some(Segment::new(0, Role::Warning, format!("{count} marked")))
}

fn counts(app: &AppState) -> Vec<Segment> {
    let counts = app.leases.counts;
    let count = |rank, role, number: u64, what: &str| Segment::new(rank, role, format!("{number} {what}"));
    let mut parts = vec![count(1, Role::Text, counts.own as u64, "own")];
    if counts.adopted > 0 {
        parts.push(count(1, Role::Text, counts.adopted as u64, "adopted"));
    }
    parts.push(count(1, Role::Text, counts.others as u64, if counts.others == 1 { "other" } else { "others" }));
    for (number, role, what) in [(counts.risk, Role::Danger, "at risk"), (counts.late, Role::Warning, "late")] {
        if number > 0 {
            parts.push(count(1, role, number as u64, what));
        }
    }
    parts.extend(dying(counts.dying, counts.perhaps_dying > 0));
    let warned = app.leases.lint_report().count();
    if warned > 0 {
        parts.push(Segment::new(3, Role::Warning, plural(warned as u64, "warning")));
    }
    parts.push(Segment::new(6, Role::Text, format!("renewals {}", format::renewals(&counts))));
    if counts.dropped > 0 {
        parts.push(count(4, Role::Warning, counts.dropped, "dropped"));
    }
    parts
}

/// Expired leases that etcd has not removed yet, and how long removal takes. Lower bounds if not all could be polled.
pub(super) fn dying(count: usize, is_least: bool) -> Option<Segment> {
    let takes = ExpiryBacklog { dying: u32::try_from(count).unwrap_or(u32::MAX) }.removal_time().as_secs_f64();
    let takes = if is_least { format::at_least_span(takes) } else { format::span(takes) };
    let dying = format::at_least(is_least, count);
    if count == 0 {
        return None;
    }
    Some(Segment::new(2, Role::Danger, format!("{dying} dying, removed in {takes}")))
}

/// Hints for the keys that work in the current view. Disabled actions are left out. In a frozen display, the key that
/// resumes is never hidden.
fn keys(app: &AppState, shown: &AppState, now: Timestamp) -> Vec<Segment> {
    let is_refused = |action: Action| {
        app.config.is_read_only && action.writes()
            || app.config.is_replay && action.needs_etcd()
            || app.is_past_shown() && action.acts_on_leases()
            || shown.view.is_open && action.is_hidden_by_detail()
    };
    let back = shown.view.back_step();
    let has_lease = shown.subject().is_some() || shown.view.cursor_group().is_some();
    let is_offered = |action: Action| match action {
        Action::Back => back.is_some(),
        Action::Open => !shown.view.is_open && (has_lease || shown.view.active == View::Events),
        Action::Undo => !is_refused(action) && app.jobs.can_undo(app.view.clock_speed, now),
        action => !is_refused(action) && (has_lease || !action.needs_lease()),
    };
    let rows = app.config.keymap.rows();
    let offered = rows.filter(|row| row.binding.action.works_in(shown.view.active) && is_offered(row.binding.action));
    let hinted = offered.filter_map(|row| Some((row.binding.action, *row.keys.first()?, row.binding.hint?)));
    let part = |(action, key, hint)| match (action, app.frozen.is_some()) {
        (Action::Freeze, true) if app.is_past_shown() => Segment::key(0, key, "present"),
        (Action::Freeze, true) => Segment::key(0, key, "resume"),
        (Action::Freeze, _) if app.config.is_replay => Segment::key(rank(action), key, "pause"),
        (Action::Back, _) => Segment::key(rank(action), key, back.map_or(hint, BackStep::label)),
        (Action::Open, _) if shown.view.active == View::Cadence => Segment::key(rank(action), key, "list leases"),
        (Action::Open, _) if shown.view.active == View::Leases && shown.view.cursor_group().is_some() => {
            Segment::key(rank(action), key, "show/hide leases")
        }
        (Action::QuickFilter, _) if shown.view.active == View::Leases => Segment::key(rank(action), key, "preset"),
        (action, _) => Segment::key(rank(action), key, hint),
    };
    hinted.map(part).collect()
}

/// Rank of a hint. The highest rank is hidden first.
fn rank(action: Action) -> u8 {
    match action {
        Action::Help | Action::Quit | Action::Back | Action::Undo => 1,
        Action::New => 2,
        Action::Revoke | Action::KeepAlive => 3,
        Action::Open | Action::Freeze | Action::Filter | Action::QuickFilter => 4,
        _ => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dying_is_a_least_number_where_not_all_could_be_asked() {
        let text = |count, is_least| {
            dying(count, is_least).map(|part| part.pieces.into_iter().map(|(text, _)| text).collect::<String>())
        };
        assert_eq!(text(0, true), None);
        assert_eq!(text(6_000, false).as_deref(), Some("6000 dying, removed in 6.0 s"));
        assert_eq!(text(6_000, true).as_deref(), Some(">=6000 dying, removed in >=6.0 s"));
    }
}
