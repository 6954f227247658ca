//! A page about leases: from a recording, or from the JSON of `exercise` or `list`. As HTML, SVG or Markdown.
//!
//! [`Page`] is what the three formats share. All its texts are escaped for a terminal
//! ([`printable`](crate::escape::printable)); each format escapes them for itself.

mod collect;
mod drawing;
mod html;
mod markdown;
mod raster;
mod recorded;
mod result;
mod sawtooth;
mod severity;
mod shortened;
mod source;
#[cfg(test)]
mod tests;
mod time;
mod trace;
mod verdict;

use std::time::{Duration, SystemTime};

pub use source::{PageError, PageSource};

use self::recorded::recorded_page;
use self::time::TimeScale;
use self::trace::{Mark, Trace};
use super::rfc3339;

/// The format of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageFormat {
    /// A page that needs no other file.
    Html,
    /// One picture.
    Svg,
    /// Text for an issue or a chat.
    Markdown,
}

impl PageFormat {
    /// The format for the extension of a file's name.
    pub fn of_name(name: &str) -> Option<Self> {
        let (_, end) = name.rsplit_once('.')?;
        match end.to_ascii_lowercase().as_str() {
            "html" | "htm" => Some(PageFormat::Html),
            "svg" => Some(PageFormat::Svg),
            "md" | "markdown" => Some(PageFormat::Markdown),
            _ => None,
        }
    }
}

/// How good or bad something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Tone {
    #[default]
    Plain,
    Good,
    Warning,
    Bad,
}

impl Tone {
    fn class(self) -> &'static str {
        match self {
            Tone::Plain => "plain",
            Tone::Good => "good",
            Tone::Warning => "warning",
            Tone::Bad => "bad",
        }
    }
}

/// A sentence. What was quoted from etcd is in parts of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Sentence(Vec<SentencePart>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum SentencePart {
    Text(String),
    Quote(String),
}

impl Sentence {
    fn text(text: impl Into<String>) -> Self {
        Sentence(vec![SentencePart::Text(text.into())])
    }

    fn and_quote(mut self, text: impl Into<String>) -> Self {
        self.0.push(SentencePart::Quote(text.into()));
        self
    }

    fn and_text(mut self, text: impl Into<String>) -> Self {
        self.0.push(SentencePart::Text(text.into()));
        self
    }
}

/// A cell of a table.
#[derive(Clone, Debug, Default)]
struct Cell {
    text: String,
    tone: Tone,
    /// Whether it is quoted from etcd.
    is_quote: bool,
}

impl Cell {
    fn text(text: impl Into<String>) -> Self {
        Cell { text: text.into(), ..Cell::default() }
    }

    fn toned(text: impl Into<String>, tone: Tone) -> Self {
        Cell { text: text.into(), tone, is_quote: false }
    }

    fn quote(text: impl Into<String>) -> Self {
        Cell { text: text.into(), is_quote: true, ..Cell::default() }
    }
}

/// A table.
#[derive(Clone, Debug)]
struct Table {
    heading: &'static str,
    titles: Vec<&'static str>,
    /// Which columns are numbers.
    is_number: Vec<bool>,
    rows: Vec<Vec<Cell>>,
}

/// The findings of one diagnosis.
#[derive(Clone, Debug)]
struct Diagnosis {
    name: String,
    leases: usize,
    /// The first few findings.
    what: Vec<String>,
    why: String,
    advice: String,
}

/// A line of the event list.
#[derive(Clone, Debug)]
struct EventLine {
    at: SystemTime,
    /// Maximum error of the time.
    doubt: Duration,
    name: &'static str,
    lease: String,
    text: String,
    tone: Tone,
}

/// What all formats show.
#[derive(Debug)]
pub struct Page {
    title: String,
    /// The answer, in one or two sentences.
    verdict: Vec<Sentence>,
    verdict_tone: Tone,
    /// What limits the answer.
    notes: Vec<String>,
    /// Names and texts about the source of the page.
    facts: Vec<(&'static str, String)>,
    time: TimeScale,
    /// All leases, the worst first.
    traces: Vec<Trace>,
    /// What happened to the whole cluster.
    marks: Vec<Mark>,
    /// What the marks of the raster are.
    caption: &'static str,
    tables: Vec<Table>,
    diagnoses: Vec<Diagnosis>,
    events: Vec<EventLine>,
    /// Number of events that are not in the list, with what they are.
    omitted: Option<String>,
}

impl Page {
    /// The whole text of the page. `now` is the time at which it is made.
    pub fn render(&self, format: PageFormat, now: SystemTime) -> String {
        match format {
            PageFormat::Html => html::page(self, &made(now)),
            PageFormat::Svg => raster::picture(self),
            PageFormat::Markdown => markdown::text(self, &made(now)),
        }
    }
}

/// `leasetop 0.1.0, 2026-11-29 03:12:07 UTC`
fn made(now: SystemTime) -> String {
    let now = rfc3339(now);
    let (day, time) = (now.get(..10).unwrap_or_default(), now.get(11..19).unwrap_or_default());
    format!("leasetop {}, {day} {time} UTC", env!("CARGO_PKG_VERSION"))
}
