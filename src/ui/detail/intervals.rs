//! The latest renewal intervals, as numbers and as bars relative to the expected interval.
//!
//! ```text
//! intervals 3.50 3.50 ▲ 5.50 3.50▢
//! 2x expected ┤        ▅
//!      3.50 s ┤█ █ █ █ █ █ █
//! ```
//!
//! The lower row is full at exactly the expected interval; longer intervals extend into the upper row. For leases
//! that other clients renew, the numbers are inferred (`~10.0`) and the bars are relative to the observed mean.

use std::time::Duration;

use ratatui::text::{Line, Span};

use super::{DetailPage, LABEL_WIDTH};
use crate::app::{EventName, HistoryEntry, HistoryEvent, LeaseHistory, RecordedRenewal};
use crate::ui::{Role, format, theme};

const BARS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Bar levels per row, one per block character.
const FULL: usize = 8;
/// Columns of the scale to the left of the bars.
const SCALE_WIDTH: usize = 11;
/// Relative deviation from the expected interval above which a bar changes colour.
const LITTLE: f64 = 0.1;

pub(super) fn lines(page: &DetailPage<'_>) -> Vec<Line<'static>> {
    let Some(history) = &page.lease.history else { return Vec::new() };
    if let Some(usual) = page.lease.others_usual_interval() {
        return inferred(page, &history.inferred(), usual.every);
    }
    let figures = figures(page, history);
    let expected = page.lease.engine.as_ref().and_then(|status| status.expected).filter(|every| !every.is_zero());
    let intervals: Vec<Duration> = history.renewals().filter_map(|(_, renewal)| renewal.interval()).collect();
    let label = |every| format!("{} s", format::seconds(every));
    let bars = expected.filter(|_| figures.is_some()).map(|every| bars(page, &intervals, every, &label(every)));
    figures.into_iter().chain(bars.into_iter().flatten()).collect()
}

/// Intervals of another client's renewals, inferred from polls.
fn inferred(page: &DetailPage<'_>, intervals: &[Duration], mean: Duration) -> Vec<Line<'static>> {
    if intervals.is_empty() || mean.is_zero() {
        return Vec::new();
    }
    let about = |interval: Duration| format!("~{:.1}", interval.as_secs_f64());
    let newest: Vec<Duration> = intervals.iter().rev().copied().collect();
    let figures = line(page, newest.iter().map(|interval| (about(*interval), Role::Text)));
    std::iter::once(figures).chain(bars(page, &newest, mean, &format!("{} s", about(mean)))).collect()
}

/// The latest intervals, newest last, interleaved with the signs of other events.
fn figures(page: &DetailPage<'_>, history: &LeaseHistory) -> Option<Line<'static>> {
    let is_empty = history.renewals().all(|(_, renewal)| renewal.interval().is_none());
    if is_empty { None } else { Some(line(page, history.entries().rev().filter_map(mark))) }
}

/// The line of the numbers: as many of `figures`, which start with the newest, as fit, the newest last.
fn line(page: &DetailPage<'_>, figures: impl Iterator<Item = (String, Role)>) -> Line<'static> {
    let mut room = page.width.saturating_sub(LABEL_WIDTH);
    let mut shown: Vec<(String, Role)> = Vec::new();
    for (text, role) in figures {
        let Some(rest) = room.checked_sub(text.chars().count() + 1) else { break };
        room = rest;
        shown.push((text, role));
    }
    let theme = page.theme();
    let name = Span::styled(format!("{:<LABEL_WIDTH$}", "intervals"), theme.style(Role::Dim));
    let marks = shown.into_iter().rev().map(|(text, role)| Span::styled(format!("{text} "), theme.style(role)));
    Line::from_iter(std::iter::once(name).chain(marks))
}

/// Text of a history entry: an event sign, or the interval of a renewal. The first renewal has no interval.
fn mark(mark: &HistoryEntry) -> Option<(String, Role)> {
    let sign = |word| {
        let (sign, role) = theme::event(word);
        Some((sign.to_string(), role))
    };
    match mark.event {
        HistoryEvent::Renewed(renewal) => interval(renewal),
        HistoryEvent::Missed => sign(EventName::Missed),
        HistoryEvent::Leader => sign(EventName::Leader),
        HistoryEvent::Unknown => Some(("?".to_owned(), Role::Warning)),
        HistoryEvent::Observed { .. } | HistoryEvent::Known => None,
    }
}

fn interval(renewal: RecordedRenewal) -> Option<(String, Role)> {
    let interval = format::seconds(renewal.interval()?);
    let dropped = theme::event(EventName::Dropped).0;
    let mark =
        if renewal.is_dropped { (format!("{interval}{dropped}"), Role::Warning) } else { (interval, Role::Text) };
    Some(mark)
}

/// Two rows of bars. `newest` starts with the newest interval, which is drawn at the right. An interval as long
/// as `full` fills the lower row, which is labelled `label`.
fn bars(page: &DetailPage<'_>, newest: &[Duration], full: Duration, label: &str) -> [Line<'static>; 2] {
    let most = page.width.saturating_sub(SCALE_WIDTH + 2).div_ceil(2);
    let shares = newest.iter().take(most).rev().map(|interval| interval.div_duration_f64(full));
    let shares: Vec<f64> = shares.collect();
    let [over, within] = [FULL, 0].map(|below| row(page, &shares, below));
    let scale = |text: &str| Span::styled(format!("{text:>SCALE_WIDTH$} ┤"), page.theme().style(Role::Dim));
    [with(scale(if page.lease.engine.is_some() { "2x expected" } else { "2x mean" }), over), with(scale(label), within)]
}

fn with(scale: Span<'static>, bars: Vec<Span<'static>>) -> Line<'static> {
    Line::from_iter(std::iter::once(scale).chain(bars))
}

/// One row of bars: the part of each bar above `below` levels, at most [`FULL`].
fn row(page: &DetailPage<'_>, shares: &[f64], below: usize) -> Vec<Span<'static>> {
    let bar = |share: &f64| {
        let height = ((share * FULL as f64).round() as usize).clamp(1, 2 * FULL);
        let role = if (share - 1.0).abs() > LITTLE { Role::Warning } else { Role::Good };
        let sign = BARS[height.saturating_sub(below).min(FULL)];
        Span::styled(format!("{sign} "), page.theme().style(role))
    };
    shares.iter().map(bar).collect()
}
