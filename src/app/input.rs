//! Keyboard keys, independent of the terminal library.

use std::fmt;
use std::str::FromStr;

use tui_input::InputRequest;

/// One key press.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// A printable character.
    Char(char),
    /// A letter with Ctrl, lower case.
    Ctrl(char),
    /// A function key by number, 1 to 12.
    F(u8),
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Home.
    Home,
    /// End.
    End,
    /// Enter.
    Enter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// Shift-Tab.
    BackTab,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
}

impl Key {
    /// The edit that this key makes in a text field. `None` if it makes none.
    pub(super) fn edit(self) -> Option<InputRequest> {
        Some(match self {
            Key::Char(c) => InputRequest::InsertChar(c),
            Key::Backspace => InputRequest::DeletePrevChar,
            Key::Delete => InputRequest::DeleteNextChar,
            Key::Left => InputRequest::GoToPrevChar,
            Key::Right => InputRequest::GoToNextChar,
            Key::Home | Key::Ctrl('a') => InputRequest::GoToStart,
            Key::End | Key::Ctrl('e') => InputRequest::GoToEnd,
            Key::Ctrl('u') => InputRequest::DeleteFromStart,
            Key::Ctrl('w') => InputRequest::DeletePrevWord,
            _ => return None,
        })
    }
}

/// Why a string is not a valid key name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// No key has that name.
    #[error("unknown key `{0}`; use a character, Enter, Esc, Tab, Space, Up, PgDn, Home, Del, F1 to F12 or Ctrl-a")]
    Unknown(String),
    /// Terminals can only report Ctrl with a letter.
    #[error("terminals cannot send `{0}`; use Ctrl with a letter from a to z")]
    NoLetter(String),
    /// Terminals send the same code for this key and another one.
    #[error("terminals send the same for `{0}` and {1}; use {1}")]
    Same(String, Key),
}

/// Key names. The first name of a key is the one that is printed.
const NAMES: &[(&str, Key)] = &[
    ("Space", Key::Char(' ')),
    ("Up", Key::Up),
    ("Down", Key::Down),
    ("Left", Key::Left),
    ("Right", Key::Right),
    ("PgUp", Key::PageUp),
    ("PageUp", Key::PageUp),
    ("PgDn", Key::PageDown),
    ("PageDown", Key::PageDown),
    ("Home", Key::Home),
    ("End", Key::End),
    ("Enter", Key::Enter),
    ("Return", Key::Enter),
    ("Esc", Key::Esc),
    ("Escape", Key::Esc),
    ("Tab", Key::Tab),
    ("Shift-Tab", Key::BackTab),
    ("BackTab", Key::BackTab),
    ("Backspace", Key::Backspace),
    ("Del", Key::Delete),
    ("Delete", Key::Delete),
];

impl FromStr for Key {
    type Err = BadKey;

    /// Parses a key as printed. Names are case-insensitive.
    fn from_str(text: &str) -> Result<Self, BadKey> {
        let mut chars = text.chars();
        if let (Some(c), None) = (chars.next(), chars.next()) {
            return if c.is_control() {
                Err(BadKey::Unknown(c.escape_default().to_string()))
            } else {
                Ok(Key::Char(c))
            };
        }
        let lower = text.to_ascii_lowercase();
        if let Some(letter) = lower.strip_prefix("ctrl-") {
            return with_ctrl(text, letter);
        }
        let number = lower.strip_prefix('f').and_then(|number| number.parse().ok());
        let function = number.filter(|number| (1..=12).contains(number)).map(Key::F);
        let named = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, key)| *key);
        named.or(function).ok_or_else(|| BadKey::Unknown(text.to_owned()))
    }
}

fn with_ctrl(text: &str, letter: &str) -> Result<Key, BadKey> {
    match letter.as_bytes() {
        b"i" => Err(BadKey::Same(text.to_owned(), Key::Tab)),
        b"m" | b"j" => Err(BadKey::Same(text.to_owned(), Key::Enter)),
        b"h" => Err(BadKey::Same(text.to_owned(), Key::Backspace)),
        [letter @ b'a'..=b'z'] => Ok(Key::Ctrl(char::from(*letter))),
        _ => Err(BadKey::NoLetter(text.to_owned())),
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Char(c) if *c != ' ' => return write!(f, "{c}"),
            Key::Ctrl(c) => return write!(f, "Ctrl-{c}"),
            Key::F(n) => return write!(f, "F{n}"),
            _ => (),
        }
        let name = NAMES.iter().find(|(_, key)| key == self).map_or("?", |(name, _)| name);
        f.write_str(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_reads_back_as_it_is_printed() {
        let named = NAMES.iter().map(|(_, key)| *key);
        let others =
            [Key::Char('x'), Key::Char('G'), Key::Char('`'), Key::Char('é'), Key::Ctrl('c'), Key::F(1), Key::F(12)];
        for key in named.chain(others) {
            assert_eq!(key.to_string().parse(), Ok(key));
        }
        assert_eq!(
            ["esc", "PAGEUP", "ctrl-C", "f9"].map(str::parse),
            [Key::Esc, Key::PageUp, Key::Ctrl('c'), Key::F(9)].map(Ok)
        );
    }

    #[test]
    fn keys_that_a_terminal_cannot_send_are_refused() {
        let same = |text: &str, key| Err(BadKey::Same(text.to_owned(), key));
        assert_eq!(["Ctrl-i", "Ctrl-M"].map(Key::from_str), [same("Ctrl-i", Key::Tab), same("Ctrl-M", Key::Enter)]);
        for text in ["Ctrl-1", "Ctrl-", "Ctrl-ab", "", "F0", "F13", "Alt-x", "xx", "\x1b"] {
            assert!(text.parse::<Key>().is_err(), "{text}");
        }
    }
}
