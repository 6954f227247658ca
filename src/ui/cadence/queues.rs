//! The response queues of own leases: how full they are, and what happens if nobody reads them.

use std::ops::RangeInclusive;

use ratatui::text::{Line, Span};

use super::{Page, ViewLine, words};
use crate::app::cadence::{FirstDrop, QueueOutlook};
use crate::app::{Event, Lease};
use crate::plural::plural;
use crate::ui::line::cut;
use crate::ui::{Role, format};
use crate::width::DisplayWidth;
use etcd_lease::QueueGauge;

/// Cells of a bar.
const BAR: usize = 16;
/// Where a second line of a queue starts: below its bar.
const INDENT: usize = 11;
/// Width of the state, if there is room, so that the times are below each other.
const STATE: usize = 54;
/// Queues that are shown: one for every six lines of the view, within these limits.
const SHOWN: RangeInclusive<usize> = 3..=8;

/// The title, a line per queue, the most urgent first, and the line that Go logs for a dropped response.
pub(super) fn lines(page: &Page<'_>) -> Vec<ViewLine> {
    let room = (page.height / 6).clamp(*SHOWN.start(), *SHOWN.end());
    let queues = page.index.queues();
    let count = queues.len();
    let leases: Vec<&Lease> = queues.take(room).filter_map(|id| page.ctx.app.leases.get(id)).collect();
    let shown: Vec<(&Lease, QueueOutlook)> =
        leases.into_iter().filter_map(|lease| Some((lease, QueueOutlook::of(lease, page.ctx.now)?))).collect();
    let Some((_, first)) = shown.first() else { return Vec::new() };
    let dim = page.style(Role::Dim);
    let title = format!("RESPONSE QUEUES, room for {} each", plural(first.gauge.capacity, "response"));
    let mut lines = vec![Line::styled(cut(&title, page.width), dim).into()];
    lines.extend(shown.iter().flat_map(|(lease, queue)| queue_lines(page, lease, queue)));
    if count > shown.len() {
        let rest = format!("  {} more, none fuller", plural(count - shown.len(), "queue"));
        lines.push(Line::styled(cut(&rest, page.width), dim).into());
    }
    lines.extend(log_line(page, &shown));
    lines
}

/// `  10 s  ▰▰▰▰▰▰▰▰▰▰▰▰▰▰▰▰ 16/16  ✖ FULL: 12 responses dropped, lease still alive   first drop after 56 s`, on two lines
/// where it is too long for one.
fn queue_lines(page: &Page<'_>, lease: &Lease, queue: &QueueOutlook) -> Vec<ViewLine> {
    let gauge = queue.gauge;
    let is_full = gauge.depth >= gauge.capacity;
    let filled = (gauge.depth * BAR).div_ceil(gauge.capacity.max(1)).min(BAR);
    let bar = "▰".repeat(filled) + &"▱".repeat(BAR - filled);
    let ttl = format::ttl(lease.granted_ttl.unwrap_or_default());
    let head = format!("{ttl:>9}  {bar} {:<6} ", format!("{}/{}", gauge.depth, gauge.capacity));
    let room = page.width.saturating_sub(head.width());
    let (state, role) = state(lease, queue, room);
    let drill = lease.drill().filter(|_| is_full).map_or_else(String::new, |drill| format!(" (drill: {drill})"));
    let when = outlook(queue) + &drill;
    let free = room.saturating_sub(state.width());
    let mut line = Line::from(vec![
        Span::styled(head, page.style(if is_full { Role::Danger } else { Role::Good })),
        Span::styled(state.clone(), page.style(role)),
    ]);
    let text = Span::styled(when.clone(), page.style(Role::Text));
    if when.width() + 2 <= free {
        let gap = STATE.saturating_sub(state.width()).clamp(2, free - when.width());
        line.push_span(Span::raw(" ".repeat(gap)));
        line.push_span(text);
        return vec![line.into()];
    }
    let indent = INDENT.min(page.width.saturating_sub(when.width()));
    vec![line.into(), Line::from(vec![Span::raw(" ".repeat(indent)), text]).into()]
}

/// The state of a queue in words, shorter if there is little room.
fn state(lease: &Lease, queue: &QueueOutlook, room: usize) -> (String, Role) {
    let QueueGauge { depth, capacity, dropped } = queue.gauge;
    let responses = plural(dropped, "response");
    match (depth >= capacity, dropped > 0, lease.drill()) {
        (true, true, _) => {
            let long = format!("✖ FULL: {responses} dropped, lease still alive");
            let short = format!("✖ FULL: {dropped} dropped, lease still alive");
            (if long.width() <= room { long } else { short }, Role::Danger)
        }
        (true, false, _) => ("✖ FULL: drops the next response".to_owned(), Role::Danger),
        (false, true, _) => (format!("ok again, {responses} dropped"), Role::Warning),
        (false, false, Some(drill)) => (drill.to_string(), Role::Warning),
        (false, false, None) => ("ok".to_owned(), Role::Text),
    }
}

/// When the first response is or was dropped.
fn outlook(queue: &QueueOutlook) -> String {
    match queue.first_drop {
        FirstDrop::After(span) => format!("first drop after {}", span_in_words(span.as_secs_f64().round() as u64)),
        FirstDrop::In(span) => {
            format!("first drop in {} if nobody reads", span_in_words(span.as_secs_f64().round() as u64))
        }
        FirstDrop::Earlier => "first drop before the history starts".to_owned(),
        FirstDrop::Unknown => String::new(),
    }
}

/// `56 s`, `10 min 40 s`, `5 h 20 min`
fn span_in_words(seconds: u64) -> String {
    let (large, small) = match seconds {
        s if s >= 3_600 => (s / 3_600 * 3_600, s % 3_600 / 60 * 60),
        s if s >= 60 => (s / 60 * 60, s % 60),
        s => return words(s),
    };
    if small == 0 { words(large) } else { format!("{} {}", words(large), words(small)) }
}

/// The line that Go's client logs for the last dropped response, in full.
fn log_line(page: &Page<'_>, queues: &[(&Lease, QueueOutlook)]) -> Vec<ViewLine> {
    let dropped = queues.iter().filter_map(|(lease, queue)| Some((queue.last_dropped?, lease.id))).max();
    match dropped {
        Some((at, id)) => {
            let (time, id) = (page.ctx.wall.time_of_day(at), page.ctx.app.view.id_format.name(id));
            page.wrapped(Role::Warning, &format!("{time} {}  {id}", Event::GO_DROP_LINE))
        }
        None => {
            page.wrapped(Role::Dim, &format!("For each dropped response, Go's client logs: {}", Event::GO_DROP_LINE))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_at_most_two_units() {
        let words = [56, 60, 640, 19_200, 3_600].map(span_in_words);
        assert_eq!(words, ["56 s", "1 min", "10 min 40 s", "5 h 20 min", "1 h"]);
    }
}
