//! The page as HTML that needs no other file, no network and no script.

use std::fmt::Write;

use super::drawing::Xml;
use super::shortened::first_of_each;
use super::time::precise;
use super::{Cell, Diagnosis, EventLine, Page, Sentence, SentencePart, Table, Tone, raster, sawtooth};
use crate::plural::plural;
use crate::width::cut;

/// Rows of the raster and of a table.
const MAX_ROWS: usize = 300;
const MAX_CHARTS: usize = 8;
/// Cells of a text from etcd.
const MAX_CELLS: usize = 160;
/// Cells of a fact about the source, which can name a file or several versions.
const MAX_FACT: usize = 400;

/// The page. `made` says when and by which version.
pub(super) fn page(page: &Page, made: &str) -> String {
    let mut html = String::with_capacity(64_000);
    // Writing to a string cannot fail.
    let _ = write_page(&mut html, page, made);
    html
}

fn write_page(html: &mut String, page: &Page, made: &str) -> std::fmt::Result {
    let title = cut(&page.title, MAX_CELLS);
    write!(
        html,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src \
         'none'; style-src 'unsafe-inline'\">\n<meta name=\"color-scheme\" content=\"light dark\">\n<title>{0}</title>\n\
         <style>\n{1}{2}</style>\n</head>\n<body>\n<main>\n<h1>{0}</h1>\n",
        Xml(&title),
        include_str!("page.css"),
        include_str!("svg.css"),
    )?;
    writeln!(html, "<div class=\"verdict {}\">", page.verdict_tone.class())?;
    for sentence in &page.verdict {
        writeln!(html, "<p>{}</p>", inline(sentence))?;
    }
    writeln!(html, "</div>")?;
    for note in &page.notes {
        writeln!(html, "<p class=\"note\">{}</p>", Xml(note))?;
    }
    writeln!(html, "<dl>")?;
    for (name, text) in &page.facts {
        writeln!(html, "<dt>{}</dt><dd>{}</dd>", Xml(name), Xml(&cut(text, MAX_FACT)))?;
    }
    writeln!(html, "</dl>")?;
    diagnoses(html, &page.diagnoses)?;
    figures(html, page)?;
    page.tables.iter().try_for_each(|table| write_table(html, table))?;
    events(html, page)?;
    write!(html, "<footer>Made by {}.</footer>\n</main>\n</body>\n</html>\n", Xml(made))
}

fn inline(sentence: &Sentence) -> String {
    let part = |part: &SentencePart| match part {
        SentencePart::Text(text) => Xml(text).to_string(),
        SentencePart::Quote(text) => format!("<code>{}</code>", Xml(text)),
    };
    sentence.0.iter().map(part).collect()
}

fn figures(html: &mut String, page: &Page) -> std::fmt::Result {
    if page.traces.is_empty() {
        return Ok(());
    }
    let label = format!("Renewals of {}", plural(page.traces.len(), "lease"));
    write!(
        html,
        "<h2>Renewals</h2>\n<figure class=\"raster\">\n{}<figcaption>{} × is the end of a lease.</figcaption>\n</figure>\n",
        raster::raster(page, MAX_ROWS).inline(&label),
        Xml(page.caption)
    )?;
    let charts = sawtooth::charts(page, MAX_CHARTS);
    if charts.is_empty() {
        return Ok(());
    }
    writeln!(html, "<h2>Time left</h2>")?;
    for chart in charts {
        write!(html, "<figure class=\"sawtooth\">\n{}</figure>\n", chart.inline("Time left of a lease"))?;
    }
    writeln!(html, "<p class=\"dim\">Below the dotted line less than one interval is left.</p>")
}

fn write_table(html: &mut String, table: &Table) -> std::fmt::Result {
    if table.rows.is_empty() {
        return Ok(());
    }
    write!(html, "<h2>{}</h2>\n<div class=\"scroll\">\n<table>\n<thead><tr>", Xml(table.heading))?;
    let number = |column: usize| if table.is_number.get(column) == Some(&true) { "number" } else { "" };
    for (column, title) in table.titles.iter().enumerate() {
        write!(html, "<th{}>{}</th>", class(&[number(column)]), Xml(title))?;
    }
    writeln!(html, "</tr></thead>\n<tbody>")?;
    // The last column is the state.
    for row in first_of_each(&table.rows, MAX_ROWS, |row| row.last().map_or("", |cell| &cell.text)) {
        write!(html, "<tr>")?;
        for (column, cell) in row.iter().enumerate() {
            let Cell { text, tone, is_quote } = cell;
            let quote = if *is_quote { "quote" } else { "" };
            let class = class(&[number(column), quote, noticed(*tone)]);
            write!(html, "<td{class}>{}</td>", Xml(&cut(text, MAX_CELLS)))?;
        }
        writeln!(html, "</tr>")?;
    }
    writeln!(html, "</tbody>\n</table>\n</div>")?;
    match table.rows.len().saturating_sub(MAX_ROWS) {
        0 => Ok(()),
        rest => writeln!(html, "<p class=\"dim\">{} not listed.</p>", plural(rest, "more row")),
    }
}

/// The class of a text that stands out.
fn noticed(tone: Tone) -> &'static str {
    if matches!(tone, Tone::Warning | Tone::Bad) { tone.class() } else { "" }
}

/// The attribute of these classes, without empty ones.
fn class(classes: &[&str]) -> String {
    let classes: Vec<&str> = classes.iter().copied().filter(|class| !class.is_empty()).collect();
    if classes.is_empty() { String::new() } else { format!(" class=\"{}\"", classes.join(" ")) }
}

fn diagnoses(html: &mut String, diagnoses: &[Diagnosis]) -> std::fmt::Result {
    if diagnoses.is_empty() {
        return Ok(());
    }
    writeln!(html, "<h2>Diagnoses</h2>")?;
    for Diagnosis { name, leases, what, why, advice } in diagnoses {
        write!(html, "<div class=\"diagnosis\">\n<h3>{}: {}</h3>\n<ul>\n", Xml(name), plural(*leases, "lease"))?;
        for what in what {
            writeln!(html, "<li>{}</li>", Xml(what))?;
        }
        write!(html, "</ul>\n<p>{} {}</p>\n</div>\n", Xml(why), Xml(advice))?;
    }
    Ok(())
}

fn events(html: &mut String, page: &Page) -> std::fmt::Result {
    if page.events.is_empty() {
        return Ok(());
    }
    writeln!(
        html,
        "<h2>Events</h2>\n<div class=\"scroll\">\n<table class=\"events\">\n<thead><tr><th>time (UTC)</th><th>event</th>\
         <th>lease</th><th></th></tr></thead>\n<tbody>"
    )?;
    for EventLine { at, doubt, name, lease, text, tone } in &page.events {
        let doubt = if doubt.is_zero() { String::new() } else { format!(" ±{:.1}", doubt.as_secs_f64()) };
        writeln!(
            html,
            "<tr><td class=\"time\">{}{doubt}</td><td{}>{}</td><td class=\"quote id\">{}</td>\
             <td class=\"quote\">{}</td></tr>",
            precise(*at),
            class(&[noticed(*tone)]),
            Xml(name),
            Xml(lease),
            Xml(text)
        )?;
    }
    writeln!(html, "</tbody>\n</table>\n</div>")?;
    let omitted = page.omitted.as_deref().map_or_else(String::new, |omitted| format!("{omitted}. "));
    writeln!(html, "<p class=\"dim\">{}Renewals are in the picture and in the table.</p>", Xml(&omitted))
}
