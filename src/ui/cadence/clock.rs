//! Renewals on one shared clock: one row per TTL, one tick per renewal of one lease.

use std::time::Duration;

use ratatui::text::{Line, Span};

use super::{Page, ViewLine, words};
use crate::app::Lease;
use crate::app::cadence::{Cohort, CohortKey, CohortOwner, human, renewal_times, silent_for};
use crate::app::keymap::Action;
use crate::escape::printable;
use crate::inference::lease_inference::Certainty;
use crate::plural::plural;
use crate::ui::line::cut;
use crate::ui::{Role, format};
use crate::width::DisplayWidth;

/// TTL and owner, up to the left edge of the clock.
const NAME: usize = 17;
/// Interval, share of the TTL, and drops, right of the clock.
const FIGURES: usize = 25;
/// Right of the figures: the leases with a problem, in words.
const PROBLEMS: usize = 30;
/// Right of the figures if there is less room: the number of leases with a problem.
const PROBLEM_COUNT: usize = 5;
/// Minimum width of the clock beside the figures. They are hidden if it would be narrower.
const LEAST: usize = 12;
/// From this width of the clock on, problems are in words.
const WORDS_FROM: usize = 40;
/// Maximum width of a key below the clock.
const MAX_KEY: usize = 40;

/// The widths of the parts of a row.
#[derive(Clone, Copy)]
struct Widths {
    plot: usize,
    has_figures: bool,
    /// Width of the column of problems. 0 if there is none.
    problems: usize,
}

impl Widths {
    fn of(page: &Page<'_>) -> Self {
        let room = page.width.saturating_sub(NAME + 2);
        if room < LEAST + FIGURES + PROBLEM_COUNT {
            return Widths { plot: room, has_figures: false, problems: 0 };
        }
        let room = room - FIGURES;
        let problems = if room >= WORDS_FROM + PROBLEMS { PROBLEMS } else { PROBLEM_COUNT };
        Widths { plot: room - problems, has_figures: true, problems }
    }

    fn heads(self) -> String {
        let Widths { has_figures, problems, .. } = self;
        if !has_figures {
            return String::new();
        }
        let figures = format!("{:>10}{:>8}{:>7}", "every", "of TTL", "drops");
        if problems == PROBLEMS {
            format!("{figures}  {:<1$}", "problems", PROBLEMS - 2)
        } else {
            format!("{figures}{:>1$}", "✖", PROBLEM_COUNT)
        }
    }
}

/// The title, a row per TTL, the axis, and which lease the selected row shows.
pub(super) fn lines(page: &Page<'_>) -> Vec<ViewLine> {
    let widths = Widths::of(page);
    let span = page.ctx.app.view.cadence_cursor.span();
    let title = format!("RENEWALS ON ONE CLOCK, last {}", words(span.as_secs()));
    let heads = widths.heads();
    let room = page.width.saturating_sub(heads.width());
    let title = format!("{:<room$}{heads}", cut(&title, room));
    let mut lines = vec![Line::styled(title, page.style(Role::Dim)).into()];
    lines.extend(page.shown().iter().map(|key| row(page, *key, widths)));
    lines.push(Line::styled(axis(span, widths.plot), page.style(Role::Dim)).into());
    lines.extend(selected(page, widths));
    lines
}

fn row(page: &Page<'_>, key: CohortKey, widths: Widths) -> ViewLine {
    let app = page.ctx.app;
    let id = app.view.cadence_cursor.lease(page.index, &key);
    let lease = id.and_then(|id| app.leases.get(id));
    let name = format!("{:>9} {:<6} ", cut(&key.ttl_in_words(), 9), key.owner.word());
    let mut spans = vec![Span::styled(name, page.style(Role::Text)), Span::styled("┃", page.style(Role::Border))];
    spans.extend(ticks(page, key, lease, widths.plot));
    spans.push(Span::styled("┃", page.style(Role::Border)));
    if widths.has_figures {
        spans.extend(figures(page, key, lease));
        spans.push(problems(page, key, widths.problems));
    }
    page.row(key, Line::from(spans))
}

/// One tick per renewal: `╵`, or `│` where there are several in one cell. After the last one, how long the lease has been
/// silent, if it is.
fn ticks(page: &Page<'_>, key: CohortKey, lease: Option<&Lease>, plot: usize) -> [Span<'static>; 3] {
    let now = page.ctx.now;
    let span = page.ctx.app.view.cadence_cursor.span();
    let mut cells = vec![0_u32; plot];
    let times = lease.map(|lease| renewal_times(lease, now.before(span))).unwrap_or_default();
    for age in times.into_iter().map(|at| now - at) {
        let back = (age.as_secs_f64() / span.as_secs_f64() * plot as f64) as usize;
        if let Some(cell) = plot.checked_sub(1 + back).and_then(|place| cells.get_mut(place)) {
            *cell += 1;
        }
    }
    let after = cells.iter().rposition(|cell| *cell > 0).map_or(0, |last| last + 1);
    let silence = lease.and_then(|lease| silent_for(lease, now));
    let note = silence.map_or_else(String::new, |span| silence_note(span, plot - after));
    let start = after.min(plot - note.width().min(plot));
    let signs: Vec<&str> = cells.iter().map(|cell| sign(*cell)).collect();
    let end = (start + note.width()).min(plot);
    let role = if key.owner == CohortOwner::Own { Role::Good } else { Role::Text };
    [
        Span::styled(signs[..start].concat(), page.style(role)),
        Span::styled(note, page.style(Role::Danger)),
        Span::styled(signs[end..].concat(), page.style(role)),
    ]
}

/// How long a lease is silent, in at most `room` cells, so that it covers no tick. Without room, a mark on the last tick.
fn silence_note(span: Duration, room: usize) -> String {
    let span = format::span(span.as_secs_f64());
    let notes = [format!(" ✖ silent for {span}"), format!(" ✖ silent {span}"), format!(" ✖ {span}")];
    notes.into_iter().find(|note| note.width() <= room).unwrap_or_else(|| "✖".to_owned())
}

fn sign(renewals: u32) -> &'static str {
    match renewals {
        0 => " ",
        1 => "╵",
        _ => "│",
    }
}

/// The interval of the lease, its share of the TTL, and the dropped responses of the cohort.
fn figures(page: &Page<'_>, key: CohortKey, lease: Option<&Lease>) -> [Span<'static>; 3] {
    let every = lease.and_then(Lease::usual_interval);
    let is_bound =
        lease.and_then(Lease::others_usual_interval).is_some_and(|usual| usual.certainty == Certainty::AtLeast);
    let bound = if is_bound { "<=" } else { "" };
    let text = every.map_or_else(String::new, |every| format!("{bound}{}", interval(key, every)));
    let ttl = lease.and_then(|lease| lease.granted_ttl).unwrap_or_default().max(1) as f64;
    let share = every.map(|every| every.as_secs_f64() / ttl);
    let cohort = page.index.cohort(&key);
    let is_too_late = cohort.is_some_and(|cohort| lease.is_some_and(|lease| cohort.is_too_late(lease.id)));
    let sign = if is_too_late { "✖ " } else { "" };
    let share = share.map_or_else(String::new, |share| format!("{sign}{bound}{:.0} %", share * 100.0));
    let drops = match (key.owner, cohort) {
        (CohortOwner::Own, Some(cohort)) => cohort.dropped.to_string(),
        _ => String::new(),
    };
    let has_drops = cohort.is_some_and(|cohort| cohort.dropped > 0);
    let role = |is_bad| page.style(if is_bad { Role::Danger } else { Role::Text });
    [
        Span::styled(format!("{text:>10}"), role(false)),
        Span::styled(right(&share, 8), role(is_too_late)),
        Span::styled(format!("{drops:>7}"), page.style(if has_drops { Role::Warning } else { Role::Text })),
    ]
}

/// The leases of the cohort with a problem: `3 later than half, 1 silent`, or only their number.
fn problems(page: &Page<'_>, key: CohortKey, width: usize) -> Span<'static> {
    let Some(cohort) = page.index.cohort(&key) else { return Span::raw("") };
    let text = if width == PROBLEMS { format!("  {}", in_words(cohort)) } else { right(&in_short(cohort), width) };
    Span::styled(cut(&text, width), page.style(Role::Danger))
}

fn in_words(cohort: &Cohort) -> String {
    let too_late = format!("{} later than half", cohort.too_late());
    let silent = format!("{} silent", cohort.silent());
    let parts = [(cohort.too_late(), too_late), (cohort.silent(), silent)];
    let parts: Vec<String> = parts.into_iter().filter(|(count, _)| *count > 0).map(|(_, text)| text).collect();
    parts.join(", ")
}

fn in_short(cohort: &Cohort) -> String {
    match cohort.problems() {
        0 => String::new(),
        count => count.to_string(),
    }
}

/// Right-aligned by display width.
fn right(text: &str, width: usize) -> String {
    " ".repeat(width.saturating_sub(text.width())) + text
}

/// An interval with two decimals for own leases, whose replies are measured, and with one for others.
pub(super) fn interval(key: CohortKey, every: Duration) -> String {
    if key.owner == CohortOwner::Own { human(every) } else { format::span(every.as_secs_f64()) }
}

/// `-2 min`, `-1 min` and `now` below the clock.
fn axis(span: Duration, plot: usize) -> String {
    let start = format!("-{}", words(span.as_secs()));
    let half = format!("-{}", words(span.as_secs() / 2));
    let mut line = vec![b' '; plot];
    let mut put = |at: usize, text: &str| {
        if at + text.len() <= plot {
            line[at..at + text.len()].copy_from_slice(text.as_bytes());
        }
    };
    put(0, &start);
    // Room for `now` and gaps around the label in the middle.
    if plot >= start.len() + half.len() + 12 {
        put((plot / 2).saturating_sub(half.len() / 2), &half);
    }
    put(plot.saturating_sub(3), "now");
    " ".repeat(NAME + 1) + &String::from_utf8_lossy(&line)
}

/// Which lease the selected row shows, after the range of the rows that are visible if some are not.
fn selected(page: &Page<'_>, widths: Widths) -> Vec<ViewLine> {
    let app = page.ctx.app;
    let Some(key) = app.view.cadence_cursor.selected() else { return Vec::new() };
    let leases = page.index.cohort(&key).map_or(0, |cohort: &Cohort| cohort.leases);
    let named = app.view.cadence_cursor.lease(page.index, &key).map(|id| {
        let first = app.leases.get(id).and_then(|lease| lease.keys.as_ref()?.first.first().map(|key| printable(key)));
        let key = first.map_or_else(String::new, |key| format!(" {}", cut(&key, MAX_KEY)));
        format!("lease {}{key}, 1 of {}", app.view.id_format.name(id), plural(leases, "lease"))
    });
    let named = named.unwrap_or_else(|| plural(leases, "lease"));
    let press = |action| app.config.keymap.key_label(action);
    let keys = match leases {
        0 => String::new(),
        1 => format!(" · {}: list leases", press(Action::Open)),
        _ => {
            format!(
                " · {} {}: another, {}: list leases",
                press(Action::Left),
                press(Action::Right),
                press(Action::Open)
            )
        }
    };
    let problems = page.index.cohort(&key).map_or_else(String::new, in_words);
    let is_in_row = problems.is_empty() || widths.problems == PROBLEMS;
    let problems = if is_in_row { String::new() } else { format!(" ({problems})") };
    let mut text = format!("{} {}{problems}: {named}{keys}", key.ttl_in_words(), key.owner.word());
    if page.shown().len() < page.rows.len() {
        let range = format!("rows {}-{} of {}", page.window.start + 1, page.window.end, page.rows.len());
        text = format!("{range} · {text}");
    }
    vec![Line::styled(cut(&text, page.width), page.style(Role::Dim)).into()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_note_of_a_silence_is_as_long_as_there_is_room() {
        let span = Duration::from_secs(61);
        let notes = [20, 12, 9, 3, 0].map(|room| silence_note(span, room));
        assert_eq!(notes, [" ✖ silent for 61.0 s", " ✖ 61.0 s", " ✖ 61.0 s", "✖", "✖"]);
    }
}
