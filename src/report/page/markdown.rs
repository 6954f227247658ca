//! The page as Markdown for GitHub and chats, without HTML.
//!
//! What comes from etcd is in code, where no sign has a meaning and nobody is mentioned.

use std::fmt::Write;

use super::raster::outcome;
use super::shortened::first_of_each;
use super::time::precise;
use super::trace::Trace;
use super::{Cell, Diagnosis, EventLine, Page, Sentence, SentencePart, Table};
use crate::plural::plural;
use crate::width::{DisplayWidth, cut, cut_key};

const MAX_ROWS: usize = 40;
const MAX_RASTER_ROWS: usize = 20;
const MAX_EVENTS: usize = 60;
/// Cells of a text from etcd.
const MAX_CELLS: usize = 160;
/// Cells of the raster.
const COLUMNS: usize = 72;
const LABEL: usize = 28;

/// The text. `made` says when and by which version.
pub(super) fn text(page: &Page, made: &str) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_page(&mut text, page, made);
    text
}

fn write_page(text: &mut String, page: &Page, made: &str) -> std::fmt::Result {
    writeln!(text, "## {}\n", escaped(&cut(&page.title, MAX_CELLS)))?;
    for sentence in &page.verdict {
        writeln!(text, "{}\n", inline(sentence))?;
    }
    for note in &page.notes {
        writeln!(text, "Note: {}\n", escaped(note))?;
    }
    for (name, fact) in &page.facts {
        writeln!(text, "- {name}: {}", code(&cut(fact, MAX_CELLS)))?;
    }
    for Diagnosis { name, leases, what, why, advice } in &page.diagnoses {
        writeln!(text, "\n### Diagnosis: {}, {}\n", code(name), plural(*leases, "lease"))?;
        what.iter().try_for_each(|what| writeln!(text, "- {}", code(what)))?;
        writeln!(text, "\n{} {}", escaped(why), escaped(advice))?;
    }
    raster(text, page)?;
    page.tables.iter().try_for_each(|table| write_table(text, table))?;
    events(text, page)?;
    writeln!(text, "\nMade by {}.", escaped(made))
}

fn inline(sentence: &Sentence) -> String {
    let part = |part: &SentencePart| match part {
        SentencePart::Text(text) => escaped(text),
        SentencePart::Quote(text) => code(text),
    };
    sentence.0.iter().map(part).collect()
}

/// Escapes the characters that have a meaning in Markdown.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '&' | '@' | '!') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Code within a line, between a longer run of backticks than it contains.
fn code(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest_run(text) + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

/// Writes a block of lines, between a longer run of backticks than they contain.
fn block(text: &mut String, lines: &[String]) -> std::fmt::Result {
    let fence = "`".repeat(lines.iter().map(|line| longest_run(line) + 1).max().unwrap_or_default().max(3));
    writeln!(text, "{fence}text")?;
    lines.iter().try_for_each(|line| writeln!(text, "{}", line.trim_end()))?;
    writeln!(text, "{fence}")
}

/// Writes a line per lease, with a `|` for each renewal, `!` while one is overdue, and an `x` for the end.
fn raster(text: &mut String, page: &Page) -> std::fmt::Result {
    if page.traces.is_empty() {
        return Ok(());
    }
    let (from, until) = (page.time.label(page.time.from), page.time.label(page.time.until));
    let gap = COLUMNS.saturating_sub(from.len() + until.len());
    let mut lines = vec![format!("{:LABEL$}  {from}{:gap$}{until}", "", "")];
    let shown = first_of_each(&page.traces, MAX_RASTER_ROWS, |trace| &trace.state);
    lines.extend(shown.into_iter().map(|trace| row(page, trace)));
    writeln!(text, "\n### Renewals\n")?;
    block(text, &lines)?;
    let rest = page.traces.len().saturating_sub(MAX_RASTER_ROWS);
    let more = if rest > 0 { format!(" {} not shown.", plural(rest, "more lease")) } else { String::new() };
    writeln!(text, "\n{} x is the end of a lease, ! a renewal that is overdue.{more}", escaped(page.caption))
}

fn row(page: &Page, trace: &Trace) -> String {
    let column = |at: f64| {
        let share = (at - page.time.from) / page.time.span().max(1e-9);
        ((share.clamp(0.0, 1.0) * COLUMNS as f64) as usize).min(COLUMNS - 1)
    };
    let mut cells = [' '; COLUMNS];
    cells[column(trace.first)..=column(trace.last)].fill('.');
    for (from, until, _) in &trace.overdue {
        cells[column(*from)..=column(*until)].fill('!');
    }
    trace.renewals.iter().for_each(|at| cells[column(*at)] = '|');
    if let Some(end) = trace.end {
        cells[column(end)] = 'x';
    }
    let label = cut_key(trace.name(), LABEL);
    let pad = LABEL.saturating_sub(label.width());
    format!("{label}{:pad$}  {}  {}", "", cells.iter().collect::<String>(), outcome(trace, &page.time))
}

fn write_table(text: &mut String, table: &Table) -> std::fmt::Result {
    if table.rows.is_empty() {
        return Ok(());
    }
    writeln!(text, "\n### {}\n\n| {} |", table.heading, table.titles.join(" | "))?;
    let lines = table.is_number.iter().map(|is_number| if *is_number { "---:" } else { "---" });
    writeln!(text, "|{}|", lines.collect::<Vec<_>>().join("|"))?;
    // The last column is the state.
    for row in first_of_each(&table.rows, MAX_ROWS, |row| row.last().map_or("", |cell| &cell.text)) {
        let cells: Vec<String> = row.iter().map(cell).collect();
        writeln!(text, "| {} |", cells.join(" | "))?;
    }
    match table.rows.len().saturating_sub(MAX_ROWS) {
        0 => Ok(()),
        rest => writeln!(text, "\n{} not listed.", plural(rest, "more row")),
    }
}

/// The text of a cell. A `|` ends a cell even in code, unless it is escaped.
fn cell(cell: &Cell) -> String {
    let text = cut(&cell.text, MAX_CELLS);
    if cell.is_quote { code(&text).replace('|', "\\|") } else { escaped(&text) }
}

fn events(text: &mut String, page: &Page) -> std::fmt::Result {
    if page.events.is_empty() {
        return Ok(());
    }
    writeln!(text, "\n### Events (UTC)\n")?;
    let shown = shown(&page.events);
    let lines: Vec<String> = shown.iter().map(|event| line(event)).collect();
    block(text, &lines)?;
    let rest = page.events.len() - shown.len();
    if rest > 0 {
        writeln!(text, "\n{} of less weight not listed.", plural(rest, "more event"))?;
    }
    page.omitted.iter().try_for_each(|omitted| writeln!(text, "\n{}.", escaped(omitted)))
}

/// The events to list, in their order. If there are too many, others are left out before problems.
fn shown(events: &[EventLine]) -> Vec<&EventLine> {
    let is_problem = |event: &&EventLine| event.tone != super::Tone::Plain;
    let problems = events.iter().filter(is_problem).count().min(MAX_EVENTS);
    let mut room = (problems, MAX_EVENTS - problems);
    let fits = |event: &&EventLine| {
        let room = if is_problem(event) { &mut room.0 } else { &mut room.1 };
        room.checked_sub(1).map(|rest| *room = rest).is_some()
    };
    events.iter().filter(fits).collect()
}

fn line(event: &EventLine) -> String {
    let EventLine { at, doubt, name, lease, text, .. } = event;
    let doubt = if doubt.is_zero() { String::new() } else { format!("±{:.1}", doubt.as_secs_f64()) };
    format!("{} {doubt:>5}  {name:<10}  {lease:<16}  {}", precise(*at), cut(text, MAX_CELLS))
}
