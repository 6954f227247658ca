//! Splitting a command line into words.

use std::ops::Range;

use super::bad_command::BadCommand;

/// A word of a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// The word without its quotes.
    pub(super) text: String,
    /// Its bytes in the line, with the quotes.
    pub(super) bytes: Range<usize>,
}

/// Splits a line at blanks. Quotes, single or double, keep blanks in a word.
///
/// # Errors
/// A quote without its end.
pub(super) fn split(line: &str) -> Result<Vec<Word>, BadCommand> {
    let mut words = Vec::new();
    let mut chars = line.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        if c.is_whitespace() {
            continue;
        }
        let mut word = Word { text: String::new(), bytes: start..line.len() };
        let mut next = Some((start, c));
        while let Some((at, c)) = next {
            if c.is_whitespace() {
                word.bytes.end = at;
                break;
            }
            if c == '"' || c == '\'' {
                let rest = &line[at + 1..];
                let Some(length) = rest.find(c) else {
                    return Err(BadCommand::at(line, at, format!("a closing {c}")));
                };
                word.text.push_str(&rest[..length]);
                while chars.next_if(|(place, _)| *place <= at + 1 + length).is_some() {}
            } else {
                word.text.push(c);
            }
            next = chars.next();
        }
        words.push(word);
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Vec<String> {
        split(line).unwrap().into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn words_end_at_blanks_outside_quotes() {
        assert_eq!(texts("  grant  120 --put /a=b "), ["grant", "120", "--put", "/a=b"]);
        assert_eq!(texts("export 'my file.csv'"), ["export", "my file.csv"]);
        assert_eq!(texts(r#"grant 10 --put "/a b=c 'd'""#), ["grant", "10", "--put", "/a b=c 'd'"]);
        assert_eq!(texts("x a''b \"\""), ["x", "ab", ""]);
        assert!(texts("  ").is_empty());
    }

    #[test]
    fn a_word_knows_its_place() {
        let words = split("é 'b c' d").unwrap();
        assert_eq!(words.iter().map(|word| word.bytes.clone()).collect::<Vec<_>>(), [0..2, 3..8, 9..10]);
    }

    #[test]
    fn an_open_quote_is_an_error_at_the_quote() {
        assert_eq!(split("é \"b c"), Err(BadCommand { at: 2, expected: "a closing \"".to_owned() }));
    }
}
