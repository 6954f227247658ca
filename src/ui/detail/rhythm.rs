//! How it is renewed: the pace, the last intervals, how much may go wrong, and the queue of responses.

use ratatui::text::{Line, Span};

use super::{NAMES, Page};
use crate::app::{Mark, Renewal, Tick};
use crate::domain::{LeaseStatus, QueueGauge};
use crate::ui::columns::share_bar;
use crate::ui::number;
use crate::ui::{Role, theme};

pub(super) fn lines(page: &Page<'_>) -> Vec<Line<'static>> {
    let Some(status) = &page.lease.engine else { return Vec::new() };
    let mut lines = page.say("renewed", Role::Text, &renewals(page, status));
    lines.extend(history(page));
    lines.extend(may_miss(page));
    lines.extend(queue(page, status.queue));
    lines
}

/// `18 times, every 3.50 s (3.50 to 3.52), 3.5 s expected; least left 6.5 s; 18 read`
fn renewals(page: &Page<'_>, status: &LeaseStatus) -> String {
    let cadence = status.cadence;
    let times = number::times(cadence.answers);
    let mut parts = vec![times];
    if let (Some(mean), Some(min), Some(max)) = (cadence.mean(), cadence.min, cadence.max) {
        let [mean, min, max] = [mean, min, max].map(number::seconds);
        parts.push(format!("every {mean} s ({min} to {max})"));
    }
    parts.extend(status.expected.map(|span| format!("{} s expected", number::seconds(span))));
    parts.extend(cadence.least_left.map(|left| format!("least left {}", number::span(left.as_secs_f64()))));
    parts.push(format!("{} read", page.lease.read));
    parts.join(", ")
}

/// The last intervals, newest last, each with the signs of what befell it: as many as one line has room for.
fn history(page: &Page<'_>) -> Vec<Line<'static>> {
    let Some(history) = &page.lease.history else { return Vec::new() };
    let mut room = page.width.saturating_sub(NAMES);
    let mut shown: Vec<(String, Role)> = Vec::new();
    for (text, role) in history.marks().rev().filter_map(mark) {
        let Some(rest) = room.checked_sub(text.chars().count() + 1) else { break };
        room = rest;
        shown.push((text, role));
    }
    if shown.is_empty() {
        return Vec::new();
    }
    let look = page.look();
    let name = Span::styled(format!("{:<NAMES$}", "intervals"), look.style(Role::Dim));
    let marks = shown.into_iter().rev().map(|(text, role)| Span::styled(format!("{text} "), look.style(role)));
    vec![Line::from_iter(std::iter::once(name).chain(marks))]
}

/// A sign of the events' for what is no renewal; the first renewal has no interval.
fn mark(mark: &Mark) -> Option<(String, Role)> {
    use crate::app::Word;
    let sign = |word| {
        let (sign, role) = theme::event(word);
        Some((sign.to_string(), role))
    };
    match mark.tick {
        Tick::Renewed(renewal) => interval(renewal),
        Tick::Missed => sign(Word::Missed),
        Tick::Leader => sign(Word::Leader),
        Tick::Unknown => Some(("?".to_owned(), Role::Warning)),
    }
}

fn interval(renewal: Renewal) -> Option<(String, Role)> {
    let interval = number::seconds(renewal.interval()?);
    let dropped = theme::event(crate::app::Word::Dropped).0;
    Some(match renewal.is_dropped {
        true => (format!("{interval}{dropped}"), Role::Warning),
        false => (interval, Role::Text),
    })
}

fn may_miss(page: &Page<'_>) -> Vec<Line<'static>> {
    match page.lease.may_miss(page.scene.now) {
        None => Vec::new(),
        Some(0) => page.say("may miss", Role::Warning, "none: it dies if the next renewal is not answered"),
        Some(1) => page.say("may miss", Role::Text, "1 renewal, and dies if the one after that fails too"),
        Some(many) => page.say("may miss", Role::Text, &format!("{many} renewals in a row, not one more")),
    }
}

/// `▇▇▇▇▇░░░ 10/16, oldest unread 35.0 s ago, full in 21.0 s if nobody reads, 7 dropped`
fn queue(page: &Page<'_>, queue: QueueGauge) -> Vec<Line<'static>> {
    let QueueGauge { depth, capacity, dropped } = queue;
    let bar = share_bar(depth as f64 / capacity.max(1) as f64, 8);
    let mut parts = vec![format!("{bar} {depth}/{capacity}")];
    let oldest = page.lease.history.as_ref().and_then(|history| history.oldest_unread(depth));
    parts.extend(oldest.map(|at| format!("oldest unread {}", page.ago(at))));
    let is_full = depth >= capacity;
    if is_full {
        parts.push("full: what comes is dropped".to_owned());
    } else if let (1.., Some(habit), true) = (depth, page.lease.habit(), page.lease.kept) {
        let span = habit.as_secs_f64() * (capacity - depth) as f64;
        parts.push(format!("full in {} if nobody reads", number::span(span)));
    }
    parts.push(format!("{dropped} dropped"));
    let role = if is_full || dropped > 0 { Role::Warning } else { Role::Text };
    page.say("queue", role, &parts.join(", "))
}
