//! Completion of the word at the cursor of a filter.

use super::field::{Number, Text};
use super::parse::is_end;

/// How the word at the cursor can be completed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completions {
    /// Where the text to replace starts, in characters. It ends at the cursor.
    pub start: usize,
    /// The texts to put there, in the order in which they are offered.
    pub candidates: Vec<String>,
}

/// The completions at the cursor, a position in characters: names of fields at the start of a word, and the words that may
/// follow a colon. An empty word has no completions.
pub fn complete(text: &str, cursor: usize) -> Completions {
    let before: Vec<char> = text.chars().take(cursor).collect();
    let start = before.iter().rposition(|c| is_end(*c) || *c == '!').map_or(0, |at| at + 1);
    let word: String = before[start..].iter().collect();
    let Some((name, part)) = word.split_once(':') else {
        return Completions { start, candidates: if word.is_empty() { Vec::new() } else { names(&word) } };
    };
    let words = Text::named(name).map_or_else(Vec::new, Text::words);
    let is_started = |word: &&str| word.starts_with(part) && *word != part;
    Completions {
        start: start + name.chars().count() + 1,
        candidates: words.into_iter().filter(is_started).map(str::to_owned).collect(),
    }
}

/// The fields whose names start with this, with a colon or a comparison.
fn names(start: &str) -> Vec<String> {
    let texts = Text::NAMED.into_iter().map(|text| text.prefix().to_owned());
    let numbers = Number::ALL.into_iter().map(|number| {
        let sign: String = number.example()[number.name().len()..].chars().take_while(|c| "<>=".contains(*c)).collect();
        format!("{}{sign}", number.name())
    });
    texts.chain(numbers).filter(|name| name.starts_with(start) && name.len() > start.len()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(text: &str) -> String {
        complete(text, text.chars().count()).candidates.join(" ")
    }

    #[test]
    fn names_of_fields_complete_a_word() {
        for (text, expected) in [
            ("s", "state: service: share>"),
            ("ttl<30 wa", "warn:"),
            ("!(le", "left<"),
            ("q", "q>="),
            ("ren", "renewer: renewals="),
            ("state", "state:"),
            ("", ""),
            ("ttl<30 ", ""),
            ("/svc/orders", ""),
        ] {
            assert_eq!(candidates(text), expected, "{text}");
        }
    }

    #[test]
    fn words_complete_after_a_colon() {
        assert_eq!(candidates("who:"), "own adopted other");
        assert_eq!(candidates("日本 who:o"), "own other");
        assert_eq!(candidates("state:l"), "late");
        assert_eq!(candidates("state:late"), "");
        assert_eq!(candidates("key:/s"), "");
        assert!(candidates("warn:").starts_with("any muted late risk mass-death"));
    }

    #[test]
    fn only_the_word_before_the_cursor_counts() {
        let expected = Completions { start: 6, candidates: vec!["own".to_owned(), "other".to_owned()] };
        assert_eq!(complete("a who:o ttl<30", 7), expected);
        assert_eq!(complete("who:own", 99), Completions { start: 4, candidates: Vec::new() });
    }
}
