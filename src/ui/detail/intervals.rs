//! The last intervals between renewals: in figures, and as bars beside what the pace gives.
//!
//! ```text
//! intervals 3.50 3.50 ▲ 5.50 3.50▢
//!   2x pace ┤        ▅
//!    3.50 s ┤█ █ █ █ █ █ █
//! ```
//!
//! The lower row is full where an interval is just what the pace gives; what is longer rises into the upper one.

use std::time::Duration;

use ratatui::text::{Line, Span};

use super::{NAMES, Page};
use crate::app::{History, Mark, Renewal, Tick, Word};
use crate::ui::{Role, number, theme};

const BARS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Heights of a bar in one row.
const FULL: usize = 8;
/// How far from the pace an interval may be, as a share of it, before it is told by its colour as well.
const LITTLE: f64 = 0.1;

pub(super) fn lines(page: &Page<'_>) -> Vec<Line<'static>> {
    let Some(history) = &page.lease.history else { return Vec::new() };
    let figures = figures(page, history);
    let pace = page.lease.engine.as_ref().and_then(|status| status.expected).filter(|pace| !pace.is_zero());
    let bars = pace.filter(|_| figures.is_some()).map(|pace| bars(page, history, pace));
    figures.into_iter().chain(bars.into_iter().flatten()).collect()
}

/// The last intervals, newest last, each with the signs of what befell it: as many as one line has room for.
fn figures(page: &Page<'_>, history: &History) -> Option<Line<'static>> {
    let mut room = page.width.saturating_sub(NAMES);
    let mut shown: Vec<(String, Role)> = Vec::new();
    for (text, role) in history.marks().rev().filter_map(mark) {
        let Some(rest) = room.checked_sub(text.chars().count() + 1) else { break };
        room = rest;
        shown.push((text, role));
    }
    let look = page.look();
    let name = Span::styled(format!("{:<NAMES$}", "intervals"), look.style(Role::Dim));
    let is_empty = history.renewals().all(|(_, renewal)| renewal.interval().is_none());
    let marks = shown.into_iter().rev().map(|(text, role)| Span::styled(format!("{text} "), look.style(role)));
    (!is_empty).then(|| Line::from_iter(std::iter::once(name).chain(marks)))
}

/// A sign of the events' for what is no renewal; the first renewal has no interval.
fn mark(mark: &Mark) -> Option<(String, Role)> {
    let sign = |word| {
        let (sign, role) = theme::event(word);
        Some((sign.to_string(), role))
    };
    match mark.tick {
        Tick::Renewed(renewal) => interval(renewal),
        Tick::Missed => sign(Word::Missed),
        Tick::Leader => sign(Word::Leader),
        Tick::Unknown => Some(("?".to_owned(), Role::Warning)),
        Tick::Observed { .. } | Tick::Known => None,
    }
}

fn interval(renewal: Renewal) -> Option<(String, Role)> {
    let interval = number::seconds(renewal.interval()?);
    let dropped = theme::event(Word::Dropped).0;
    Some(match renewal.is_dropped {
        true => (format!("{interval}{dropped}"), Role::Warning),
        false => (interval, Role::Text),
    })
}

/// Two rows of bars, the newest at the right.
fn bars(page: &Page<'_>, history: &History, pace: Duration) -> [Line<'static>; 2] {
    let most = page.width.saturating_sub(NAMES).div_ceil(2);
    let shares = history.renewals().filter_map(|(_, renewal)| Some(renewal.interval()?.div_duration_f64(pace)));
    let mut shares: Vec<f64> = shares.take(most).collect();
    shares.reverse();
    let [over, within] = [FULL, 0].map(|below| row(page, &shares, below));
    let scale = |text: String| Span::styled(format!("{text:>8} ┤"), page.look().style(Role::Dim));
    let pace = scale(format!("{} s", number::seconds(pace)));
    [with(scale("2x pace".to_owned()), over), with(pace, within)]
}

fn with(scale: Span<'static>, bars: Vec<Span<'static>>) -> Line<'static> {
    Line::from_iter(std::iter::once(scale).chain(bars))
}

/// The part of the bars that rises above so many heights, up to a row's.
fn row(page: &Page<'_>, shares: &[f64], below: usize) -> Vec<Span<'static>> {
    let bar = |share: &f64| {
        let height = ((share * FULL as f64).round() as usize).clamp(1, 2 * FULL);
        let role = if (share - 1.0).abs() > LITTLE { Role::Warning } else { Role::Good };
        let sign = BARS[height.saturating_sub(below).min(FULL)];
        Span::styled(format!("{sign} "), page.look().style(role))
    };
    shares.iter().map(bar).collect()
}
