//! The filter of a view other than the leases: words that must all be part of a line.
//!
//! `late 10.0.1 !revoked` needs two texts and excludes a third. `kind:late` searches only one field. A word with an
//! unknown field is a plain text, because keys contain colons. Case is ignored.

use tui_input::Input;

use super::Key;

/// Maximum number of characters of a pasted filter.
const MAX_PASTED: usize = 1_000;

/// A part of a line that a word can search alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViewFilterField {
    /// The name of an event.
    Kind,
    /// A lease id, in hexadecimal and decimal.
    Lease,
    /// A key, or the name of a lock.
    Key,
    /// Any other text of the line.
    Text,
    /// A TTL in seconds. `ttl:1` does not match 10.
    Ttl,
    /// The owner, as a whole word: `own` or `adopted`, `other` or `others`.
    Who,
}

impl ViewFilterField {
    fn named(name: &str) -> Option<Self> {
        match name {
            "kind" | "event" => Some(ViewFilterField::Kind),
            "lease" | "id" => Some(ViewFilterField::Lease),
            "key" | "name" => Some(ViewFilterField::Key),
            "text" => Some(ViewFilterField::Text),
            "ttl" => Some(ViewFilterField::Ttl),
            "who" => Some(ViewFilterField::Who),
            _ => None,
        }
    }

    /// Whether a word that names this field must equal its text. Other words match a part of a text.
    fn is_whole(self) -> bool {
        matches!(self, ViewFilterField::Ttl | ViewFilterField::Who)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Word {
    is_excluded: bool,
    field: Option<ViewFilterField>,
    part: String,
}

impl Word {
    /// Parses a word. `None` if it has no text: then it shows and excludes nothing.
    fn parse(word: &str) -> Option<Word> {
        let (is_excluded, word) = match word.strip_prefix('!') {
            Some(word) => (true, word),
            None => (false, word),
        };
        let named = word.split_once(':').and_then(|(name, part)| Some((ViewFilterField::named(name)?, part)));
        let (field, part) = match named {
            Some((field, part)) => (Some(field), part),
            None => (None, word),
        };
        if part.is_empty() { None } else { Some(Word { is_excluded, field, part: part.to_owned() }) }
    }

    /// Whether the word allows a line with these facts.
    fn matches(&self, facts: &[(ViewFilterField, String)]) -> bool {
        let has = |(field, text): &(ViewFilterField, String)| {
            let text = text.to_lowercase();
            let is_whole = self.field.is_some() && field.is_whole();
            let is_match = if is_whole { text == self.part } else { text.contains(&self.part) };
            self.field.is_none_or(|wanted| wanted == *field) && is_match
        };
        facts.iter().any(has) != self.is_excluded
    }
}

/// The filter of a view, and its line while it is open.
#[derive(Clone, Debug, Default)]
pub struct ViewFilter {
    /// The text field, while the line is open.
    pub line: Option<Input>,
    text: String,
    words: Vec<Word>,
}

impl PartialEq for ViewFilter {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.line.is_some() == other.line.is_some()
    }
}

impl Eq for ViewFilter {}

impl ViewFilter {
    /// The text of the filter. Not escaped.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the filter can hide a line.
    pub fn is_active(&self) -> bool {
        !self.words.is_empty()
    }

    /// Whether a line with these facts is shown.
    pub fn matches(&self, facts: &[(ViewFilterField, String)]) -> bool {
        self.words.iter().all(|word| word.matches(facts))
    }

    /// Opens the line with the current text.
    pub(super) fn open(&mut self) {
        self.line = Some(Input::new(self.text.clone()));
    }

    /// Closes the line and keeps the filter.
    pub(super) fn close(&mut self) {
        self.line = None;
    }

    /// Clears the filter and closes the line.
    pub(super) fn clear(&mut self) {
        *self = ViewFilter::default();
    }

    /// Sets the text of the filter.
    pub(super) fn set(&mut self, text: &str) {
        self.text = text.trim().to_owned();
        self.words = text.to_lowercase().split_whitespace().filter_map(Word::parse).collect();
    }

    /// Edits the open line. The filter follows at once.
    pub(super) fn edit(&mut self, key: Key) {
        let (Some(line), Some(edit)) = (self.line.as_mut(), key.edit()) else { return };
        if line.handle(edit).is_some_and(|change| change.value) {
            let text = line.value().to_owned();
            self.set(&text);
        }
    }

    /// Inserts pasted text into the open line, with control characters replaced by spaces.
    pub(super) fn paste(&mut self, text: &str) {
        for c in text.trim_end().chars().take(MAX_PASTED) {
            self.edit(Key::Char(if c.is_control() { ' ' } else { c }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(filter: &str) -> bool {
        let facts = [
            (ViewFilterField::Kind, "risk"),
            (ViewFilterField::Lease, "694d9aa8d4d4f304"),
            (ViewFilterField::Key, "/svc/cron/10.0.0.5:8000"),
            (ViewFilterField::Text, "renewal overdue: 1.0 s left (usually every 8.0 s)"),
            (ViewFilterField::Ttl, "10"),
        ];
        let mut view_filter = ViewFilter::default();
        view_filter.set(filter);
        view_filter.matches(&facts.map(|(field, text)| (field, text.to_owned())))
    }

    #[test]
    fn every_word_must_be_part_of_the_line() {
        for (filter, is_match) in [
            ("", true),
            ("  ", true),
            ("RISK", true),
            ("risk cron", true),
            ("risk orders", false),
            ("!orders", true),
            ("!cron", false),
            ("kind:risk key:/svc/cron lease:f304", true),
            ("kind:cron", false),
            ("!kind:late", true),
            ("10.0.0.5:8000", true),
            ("ttl:10", true),
            ("ttl:1", false),
            ("kind:", true),
            ("!", true),
        ] {
            assert_eq!(matches(filter), is_match, "{filter:?}");
        }
    }

    #[test]
    fn what_is_typed_filters_at_once() {
        let mut filter = ViewFilter::default();
        filter.edit(Key::Char('x'));
        assert!(!filter.is_active(), "the line is closed");
        filter.open();
        "late".chars().for_each(|c| filter.edit(Key::Char(c)));
        assert_eq!((filter.text(), filter.is_active()), ("late", true));
        filter.close();
        filter.open();
        assert_eq!(filter.line.as_ref().map(Input::value), Some("late"), "it continues where it was");
        filter.paste("\tb\n");
        assert_eq!(filter.text(), "late b");
        filter.clear();
        assert!(!filter.is_active() && filter.line.is_none());
    }
}
