//! The answer at the top, and the notes around it.

use ratatui::text::{Line, Span};

use super::{Page, ViewLine};
use crate::app::cadence::{CohortOwner, Headline};
use crate::app::keymap::Action;
use crate::ui::Role;
use crate::ui::line::wrap;
use crate::width::DisplayWidth;

/// Minimum height for the details right below the answer.
const DETAILS_FROM: usize = 26;

/// The question and the answer, on one line if there is room.
pub(super) fn headline(page: &Page<'_>) -> Vec<ViewLine> {
    let headline = page.report.headline(&page.index.others());
    let text = headline.to_string();
    let question = Span::styled(Headline::QUESTION, page.style(Role::Text));
    let verdict = |line: &str, is_first: bool| {
        let (verdict, rule) = line.split_at(if is_first { headline.verdict.len().min(line.len()) } else { 0 });
        let role = if headline.is_final() { Role::Good } else { Role::Warning };
        let bold = page.style(Role::Title).patch(page.style(role));
        [Span::styled(verdict.to_owned(), bold), Span::styled(rule.to_owned(), page.style(Role::Title))]
    };
    let mut lines: Vec<ViewLine> = Vec::new();
    if Headline::QUESTION.len() + 3 + text.width() <= page.width {
        let spans = [question, Span::raw("   ")].into_iter().chain(verdict(&text, true));
        lines.push(Line::from_iter(spans).into());
    } else {
        lines.extend(page.wrapped(Role::Text, Headline::QUESTION));
        let wrapped = wrap(&text, page.width.max(1));
        lines.extend(wrapped.iter().enumerate().map(|(n, line)| Line::from_iter(verdict(line, n == 0)).into()));
    }
    if page.height >= DETAILS_FROM {
        lines.extend(details(page));
    }
    lines
}

fn details(page: &Page<'_>) -> Vec<ViewLine> {
    let mut sentences = page.report.details();
    if !page.rows.iter().any(|key| key.owner == CohortOwner::Own) {
        sentences.push(format!("None of these leases is yours. {}", begin(page)));
    }
    page.wrapped(Role::Dim, sentences.join(" ").trim_end())
}

/// The notes that are not urgent, at the end.
pub(super) fn footnotes(page: &Page<'_>) -> Vec<ViewLine> {
    let mut lines = if page.height >= DETAILS_FROM { Vec::new() } else { details(page) };
    lines.extend(page.report.reason().into_iter().flat_map(|reason| page.wrapped(Role::Dim, reason)));
    if !lines.is_empty() {
        lines.insert(0, Line::default().into());
    }
    lines
}

/// Why there is no row: the filter hides them all, or there is no lease yet. Then also what to do.
pub(super) fn without_rows(page: &Page<'_>) -> Vec<ViewLine> {
    if page.ctx.app.view.cadence_cursor.filter.is_active() {
        return page.wrapped(Role::Dim, "No TTL matches the filter.");
    }
    let text = format!(
        "{} This view shows it for the leases of all clients, as soon as there are any. {}",
        Headline::QUESTION,
        begin(page)
    );
    page.wrapped(Role::Dim, text.trim_end())
}

/// Which keys grant a lease and keep one alive. Empty where no key does.
fn begin(page: &Page<'_>) -> String {
    let config = &page.ctx.app.config;
    if config.is_replay || config.is_read_only {
        return String::new();
    }
    let press = |action| config.keymap.key_label(action);
    let (new, keep) = (press(Action::New), press(Action::KeepAlive));
    format!("{new} grants one; {keep} in the lease table keeps the selected one alive.")
}
