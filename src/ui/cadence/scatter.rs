//! Interval / TTL of every lease as a scatter plot.

use std::ops::RangeInclusive;

use ratatui::text::{Line, Span};

use super::{Page, words};
use crate::app::cadence::{ShareMark, SharePoint};
use crate::ui::Role;
use crate::ui::line::cut;
use crate::width::DisplayWidth;

/// The axis with its labels.
const AXIS: usize = 8;
/// The narrowest plot that can be read, and the widest.
const PLOT: RangeInclusive<usize> = 10..=100;
/// Label of the line at TTL/3, at its right end.
const THIRD: &str = " TTL/3";
/// TTLs that the axis can name, in seconds.
const TICKS: [u64; 20] = [
    1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 18_000, 43_200, 86_400, 259_200, 864_000,
    8_640_000,
];

/// The plot with its title, axes and legend. TTLs are on a logarithmic axis.
///
/// `height` is the number of lines that are free for it. It takes more only if that is too small to be readable.
pub(super) fn lines(page: &Page<'_>, width: usize, height: usize) -> Vec<Line<'static>> {
    let dim = page.style(Role::Dim);
    let mut lines = vec![Line::styled(cut("INTERVAL / TTL OF EVERY LEASE", width), dim)];
    let points: Vec<SharePoint> = page.index.grid().points().collect();
    let plot = width.saturating_sub(AXIS).min(*PLOT.end());
    if points.is_empty() || plot < *PLOT.start() {
        let text = if points.is_empty() { "no interval measured yet" } else { "too narrow" };
        lines.push(Line::styled(cut(text, width), dim));
        return lines;
    }
    let steps = steps(height);
    let axis = TtlAxis::of(&points, plot);
    let mut marks: Vec<Vec<Option<ShareMark>>> = vec![vec![None; plot]; steps + 1];
    for point in points {
        let row = ((1.0 - point.share) * steps as f64).round() as usize;
        let cell = &mut marks[row.min(steps)][axis.place(point.ttl)];
        *cell = (*cell).max(Some(point.mark));
    }
    let third = steps * 2 / 3;
    lines.extend(marks.iter().enumerate().map(|(row, cells)| plot_row(page, row, steps, row == third, cells)));
    lines.push(Line::styled(axis.labels(), dim));
    lines.push(legend(page));
    lines
}

/// Rows above the axis: 6 to 30, and a multiple of 6, so that 1/3 and 1/2 are on a row of their own.
fn steps(height: usize) -> usize {
    /// The title, the axis, its labels and the legend.
    const AROUND: usize = 4;
    (height.saturating_sub(AROUND) / 6).clamp(1, 5) * 6
}

fn plot_row(page: &Page<'_>, row: usize, steps: usize, is_third: bool, cells: &[Option<ShareMark>]) -> Line<'static> {
    let percent = 100.0 * (1.0 - row as f64 / steps as f64);
    let corner = if row == steps { "┼" } else { "┤" };
    let mut spans = vec![Span::styled(format!("{percent:>4.0} % {corner}"), page.style(Role::Dim))];
    // The label of the line gives way to marks.
    let label = cells.len().saturating_sub(THIRD.len());
    let has_label = is_third && cells[label..].iter().all(Option::is_none);
    let empty = match (is_third, row == steps) {
        (true, _) => ("┄", Role::Dim),
        (_, true) => ("─", Role::Dim),
        _ => (" ", Role::Dim),
    };
    let drawn = if has_label { &cells[..label] } else { cells };
    for run in drawn.chunk_by(|one, other| one == other) {
        let (sign, role) = run[0].map_or(empty, sign);
        spans.push(Span::styled(sign.repeat(run.len()), page.style(role)));
    }
    if has_label {
        spans.push(Span::styled(THIRD, page.style(Role::Dim)));
    }
    Line::from(spans)
}

fn sign(mark: ShareMark) -> (&'static str, Role) {
    match mark {
        ShareMark::AtMost => ("○", Role::Dim),
        ShareMark::Others => ("•", Role::Text),
        ShareMark::Own => ("●", Role::Good),
        ShareMark::TooLate => ("✖", Role::Danger),
    }
}

fn legend(page: &Page<'_>) -> Line<'static> {
    let marks = [
        (ShareMark::Own, " own "),
        (ShareMark::Others, " others "),
        (ShareMark::AtMost, " at most "),
        (ShareMark::TooLate, " one miss kills"),
    ];
    let mut line = Line::from(" ".repeat(AXIS));
    for (mark, text) in marks {
        let (sign, role) = sign(mark);
        line.push_span(Span::styled(sign, page.style(role)));
        line.push_span(Span::styled(text, page.style(Role::Dim)));
    }
    line
}

/// The logarithmic axis of TTLs.
struct TtlAxis {
    /// Natural logarithms of the TTLs in seconds at both ends.
    from: f64,
    to: f64,
    width: usize,
}

impl TtlAxis {
    /// An axis with all points and a margin at both ends, which differ by a factor of at least 4.
    fn of(points: &[SharePoint], width: usize) -> Self {
        let ttls = || points.iter().map(|point| point.ttl.ln());
        let (from, to) = (ttls().fold(f64::INFINITY, f64::min), ttls().fold(0.0, f64::max));
        let margin = ((4_f64.ln() - (to - from)) / 2.0).max((to - from) * 0.04);
        TtlAxis { from: from - margin, to: to + margin, width }
    }

    fn place(&self, ttl: f64) -> usize {
        let share = (ttl.ln() - self.from) / (self.to - self.from);
        ((share * self.width as f64) as usize).min(self.width - 1)
    }

    /// A label under each round TTL for which there is room.
    fn labels(&self) -> String {
        let mut line = " ".repeat(AXIS);
        for ttl in TICKS {
            let at = (ttl as f64).ln();
            if at < self.from || at > self.to {
                continue;
            }
            let text = words(ttl);
            let start = AXIS + self.place(ttl as f64).saturating_sub(text.len() / 2);
            let is_free = line.width() == AXIS || start >= line.width() + 2;
            if is_free && start + text.len() <= AXIS + self.width {
                line += &" ".repeat(start.saturating_sub(line.width()));
                line += &text;
            }
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_under_their_ttl_and_do_not_touch() {
        let point = |ttl| SharePoint { ttl, share: 0.3, mark: ShareMark::Others, leases: 1 };
        let axis = TtlAxis::of(&[point(10.0), point(3_600.0)], 40);
        let labels = axis.labels();
        assert!(labels.contains("10 s") && labels.contains("1 h"), "{labels}");
        let ten = labels.find("10 s").unwrap() - AXIS;
        assert!(axis.place(10.0).abs_diff(ten + 2) <= 2, "{labels}");
        assert!(labels.width() <= AXIS + 40, "{labels}");
        let one = TtlAxis::of(&[point(10.0)], 40);
        assert!((19..=21).contains(&one.place(10.0)), "{}", one.place(10.0));
    }
}
