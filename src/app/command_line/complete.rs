//! Completion: the words that fit at the cursor of a command line.

use super::commands::{self, Arguments};
use crate::app::{AppConfig, Column, GroupBy, SortKey, TABS};

/// A word that fits at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The word.
    pub text: String,
    /// What it means. It may be empty.
    pub help: String,
}

/// The words that fit at one position of a line, and the one that was inserted.
#[derive(Clone, Debug, Default)]
pub(super) struct Completion {
    /// The text before the word.
    before: String,
    /// The word as it was typed.
    typed: String,
    /// The text after the cursor.
    after: String,
    candidates: Vec<Candidate>,
    /// The index of the inserted candidate. `None` while the line has the typed word.
    chosen: Option<usize>,
    /// Whether the candidates are shown.
    is_open: bool,
}

impl Completion {
    /// The words that fit at the cursor, whose position is in characters.
    pub(super) fn at(line: &str, cursor: usize, config: &AppConfig) -> Self {
        let end = line.char_indices().nth(cursor).map_or(line.len(), |(at, _)| at);
        let (left, after) = line.split_at(end);
        let start =
            left.rfind(char::is_whitespace).map_or(0, |at| at + left[at..].chars().next().map_or(1, char::len_utf8));
        let (before, typed) = left.split_at(start);
        let mut candidates = candidates(before, typed, config);
        candidates.retain(|candidate| candidate.text.starts_with(typed));
        // A word that is complete needs no list.
        if let [only] = &candidates[..]
            && only.text == typed
        {
            candidates.clear();
        }
        let is_open = !typed.is_empty() || !before.trim().is_empty();
        let [before, typed, after] = [before, typed, after].map(str::to_owned);
        Completion { before, typed, after, candidates, chosen: None, is_open }
    }

    /// The candidates and the index of the inserted one. Empty while the list is hidden.
    pub(super) fn shown(&self) -> (&[Candidate], Option<usize>) {
        if self.is_open { (&self.candidates, self.chosen) } else { (&[], None) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.candidates.is_empty()
    }

    /// Shows the candidates, even if nothing was typed.
    pub(super) fn open(&mut self) {
        self.is_open = true;
    }

    /// Hides the candidates until the next edit.
    pub(super) fn hide(&mut self) {
        self.is_open = false;
    }

    /// Selects the next or previous candidate. Returns the line with it, and the position of the cursor after it. The typed
    /// word comes after the last candidate. `None` if there are no candidates.
    pub(super) fn step(&mut self, is_forward: bool) -> Option<(String, usize)> {
        let count = self.candidates.len();
        if count == 0 {
            return None;
        }
        self.is_open = true;
        self.chosen = match (self.chosen, is_forward) {
            (None, true) => Some(0),
            (None, false) => Some(count - 1),
            (Some(place), true) if place + 1 < count => Some(place + 1),
            (Some(place), false) if place > 0 => Some(place - 1),
            // A single candidate stays.
            (Some(place), _) if count == 1 => Some(place),
            (Some(_), _) => None,
        };
        let word = self.chosen.map_or(self.typed.as_str(), |place| &self.candidates[place].text);
        let head = format!("{}{word}", self.before);
        let cursor = head.chars().count();
        Some((head + &self.after, cursor))
    }
}

/// The words that fit after `before`. Those that do not start with `typed` are removed later.
fn candidates(before: &str, typed: &str, config: &AppConfig) -> Vec<Candidate> {
    let mut words = before.split_whitespace();
    let Some(name) = words.next() else {
        let names = commands::specs().into_iter();
        return names.map(|spec| candidate(spec.name, spec.help)).collect();
    };
    let Some(spec) = commands::find(name) else { return Vec::new() };
    let given: Vec<&str> = words.collect();
    match spec.arguments {
        Arguments::Grant if typed.starts_with('-') || !given.is_empty() => grant_options(&given),
        Arguments::Sort if given.is_empty() => sorts(typed),
        Arguments::Columns => columns(&given),
        Arguments::Group if given.is_empty() => {
            GroupBy::ALL.iter().map(|group| candidate(group.name(), group.help())).collect()
        }
        Arguments::Theme if given.is_empty() => config.themes.iter().map(|name| candidate(name, "")).collect(),
        Arguments::Cluster if given.is_empty() => {
            config.clusters.iter().map(|cluster| candidate(&cluster.name, &cluster.target)).collect()
        }
        Arguments::View if given.is_empty() => TABS.iter().map(|tab| candidate(tab.name.to_lowercase(), "")).collect(),
        _ => Vec::new(),
    }
}

fn candidate(text: impl Into<String>, help: &str) -> Candidate {
    Candidate { text: text.into(), help: help.to_owned() }
}

fn grant_options(given: &[&str]) -> Vec<Candidate> {
    const OPTIONS: [(&str, &str); 4] = [
        ("--put", "KEY=VALUE to attach; {n}, {id} and {ttl} are replaced"),
        ("--count", "number of leases"),
        ("--id", "lease id"),
        ("--no-keep-alive", "let it expire"),
    ];
    if given.last().is_some_and(|word| ["--put", "--count", "--id"].contains(word)) {
        return Vec::new();
    }
    let is_left = |option: &&(&str, &str)| option.0 == "--put" || !given.contains(&option.0);
    OPTIONS.iter().filter(is_left).map(|(name, help)| candidate(*name, help)).collect()
}

/// The columns that rows can be sorted by, each with both directions once a colon was typed.
fn sorts(typed: &str) -> Vec<Candidate> {
    if typed.contains(':') {
        let directions =
            |key: SortKey| ["asc", "desc"].map(|way| candidate(format!("{}:{way}", key.name()), key.description()));
        return SortKey::all().flat_map(directions).collect();
    }
    SortKey::all().map(|key| candidate(key.name(), key.description())).collect()
}

fn columns(given: &[&str]) -> Vec<Candidate> {
    let is_left = |column: &Column| !given.contains(&column.name());
    let columns = Column::ALL.into_iter().filter(is_left);
    columns.map(|column| candidate(column.name(), column.description())).collect()
}
