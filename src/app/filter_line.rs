//! The filter line while the user types.

use tui_input::Input;

use super::typed_filter::TypedFilter;
use super::typed_history::HistoryCursor;
use crate::filter::{BadFilter, Completions, Filter, complete};

/// The filter line while it is open.
#[derive(Clone, Debug)]
pub struct FilterLine {
    /// The text field.
    pub input: Input,
    /// Why the text is not a valid filter. The last valid filter stays active meanwhile.
    pub bad: Option<BadFilter>,
    /// The last valid filter that was not an unfinished condition. It stays active while the text is invalid.
    last_good: TypedFilter,
    /// The completions that a key cycles through, and the index of the inserted one.
    cycle: Option<(Completions, usize)>,
    /// The place in the history of filters.
    pub(super) history: HistoryCursor,
}

impl FilterLine {
    /// A line with the current filter.
    pub(super) fn new(typed: TypedFilter) -> Self {
        FilterLine {
            input: Input::new(typed.text().to_owned()),
            bad: None,
            last_good: typed,
            cycle: None,
            history: HistoryCursor::default(),
        }
    }

    /// Parses the text and returns the filter to apply. While the text is invalid, this is the last valid filter that was
    /// not an unfinished condition, such as `state` on the way to `state:`.
    pub(super) fn read(&mut self) -> TypedFilter {
        let text = self.input.value();
        match text.parse::<TypedFilter>() {
            Ok(typed) => {
                if !Filter::is_unfinished(text) {
                    self.last_good = typed.clone();
                }
                self.bad = None;
                typed
            }
            Err(bad) => {
                self.bad = Some(bad);
                self.last_good.clone()
            }
        }
    }

    /// Ends cycling through completions, because the text was edited or replaced.
    pub(super) fn accept_completion(&mut self) {
        self.cycle = None;
    }

    /// Inserts the next or the previous completion of the word at the cursor. Returns false if there is none.
    pub(super) fn complete(&mut self, is_forward: bool) -> bool {
        let (completions, place) = match self.cycle.take() {
            Some((completions, place)) => {
                let count = completions.candidates.len();
                let step = if is_forward { 1 } else { count - 1 };
                (completions, (place + step) % count)
            }
            None => {
                let completions = self.completions();
                let last = completions.candidates.len().saturating_sub(1);
                (completions, if is_forward { 0 } else { last })
            }
        };
        let Some(word) = completions.candidates.get(place) else { return false };
        let chars: Vec<char> = self.input.value().chars().collect();
        let start = completions.start.min(chars.len());
        let rest = chars.get(self.input.cursor()..).unwrap_or_default();
        let text: String = chars[..start].iter().copied().chain(word.chars()).chain(rest.iter().copied()).collect();
        self.input = Input::new(text).with_cursor(start + word.chars().count());
        // A single completion is accepted at once, so that the next press of the key completes the next word.
        if completions.candidates.len() > 1 {
            self.cycle = Some((completions, place));
        }
        true
    }

    fn completions(&self) -> Completions {
        complete(self.input.value(), self.input.cursor())
    }

    /// The completions to show, with the index of the inserted one. Empty if there are none, or the text has an error before
    /// the word at the cursor.
    pub fn offered(&self) -> (Vec<String>, Option<usize>) {
        if let Some((completions, place)) = &self.cycle {
            return (completions.candidates.clone(), Some(*place));
        }
        let completions = self.completions();
        let is_hidden = self.bad.as_ref().is_some_and(|bad| bad.at < completions.start);
        (if is_hidden { Vec::new() } else { completions.candidates }, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> FilterLine {
        let mut line = FilterLine::new(TypedFilter::default());
        line.input = Input::new(text.to_owned());
        line.read();
        line
    }

    #[test]
    fn tab_inserts_the_completions_in_turn() {
        let mut line = line("ttl<30 who:");
        let mut seen = Vec::new();
        for is_forward in [true, true, true, true, false] {
            assert!(line.complete(is_forward));
            seen.push(line.input.value().to_owned());
        }
        let expected = ["own", "adopted", "other", "own", "other"].map(|who| format!("ttl<30 who:{who}"));
        assert_eq!(seen, expected);
        line.accept_completion();
        assert!(!line.complete(true), "a complete word has no completions");
    }

    #[test]
    fn a_single_completion_is_accepted_at_once() {
        let mut line = line("wa");
        assert!(line.complete(true) && line.complete(true));
        assert_eq!(line.input.value(), "warn:any");
    }

    #[test]
    fn the_text_after_the_cursor_stays() {
        let mut line = line("wh ttl<30");
        line.input = line.input.with_cursor(2);
        assert!(line.complete(true));
        assert_eq!((line.input.value(), line.input.cursor()), ("who: ttl<30", 4));
    }

    #[test]
    fn completions_replace_the_error_of_their_own_word_only() {
        assert_eq!(line("state:l").offered(), (vec!["late".to_owned()], None));
        assert_eq!(line("ttl<x state:l").offered(), (Vec::new(), None));
        assert_eq!(line("billing").offered(), (Vec::new(), None));
    }
}
