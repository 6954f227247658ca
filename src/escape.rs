//! Makes bytes from etcd safe to print.

use std::fmt::Write;

/// Text without anything that a terminal would interpret.
///
/// Control characters, characters that change the writing direction or have no width, and invalid UTF-8 are escaped:
/// `\n`, `\x1b`, `\u{202e}`. A backslash is doubled, so that no text looks like an escape.
///
/// ```
/// use leasetop::escape::printable;
/// assert_eq!(printable(b"/svc/\x1b[2J\xff"), r"/svc/\x1b[2J\xff");
/// ```
pub fn printable(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        chunk.valid().chars().for_each(|c| push_char(&mut text, c));
        for byte in chunk.invalid() {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// Escapes a message of the program like [`printable`], but keeps backslashes: parts of it may be escaped already.
pub fn printable_message(message: &str) -> String {
    let mut text = String::with_capacity(message.len());
    for c in message.chars() {
        if c == '\\' { text.push(c) } else { push_char(&mut text, c) }
    }
    text
}

/// Escapes the lines of a text like [`printable_message`].
pub fn printable_lines(text: &str) -> String {
    text.split('\n').map(printable_message).collect::<Vec<_>>().join("\n")
}

fn push_char(text: &mut String, c: char) {
    match c {
        '\\' => text.push_str("\\\\"),
        '\n' | '\r' | '\t' => text.extend(c.escape_default()),
        '\0'..='\x1f' | '\x7f' => {
            let _ = write!(text, "\\x{:02x}", u32::from(c));
        }
        _ if c.is_control() || is_invisible(c) => text.extend(c.escape_unicode()),
        _ => text.push(c),
    }
}

/// Characters that change the writing direction, join, separate or have no width: Unicode's format characters and its line
/// and paragraph separators. Also the halfwidth voiced sound marks (U+FF9E, U+FF9F): terminals give them no cell or one,
/// and ratatui counts two, so they would shift what follows.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ff9e}' | '\u{ff9f}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
        // Noncharacters. XML does not allow U+FFFE and U+FFFF.
        || u32::from(c) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_invisible_characters_are_escaped() {
        assert_eq!(printable_lines("id,key\n1,/a\x1b]0;t\x07\\\n"), "id,key\n1,/a\\x1b]0;t\\x07\\\n");
        assert_eq!(printable(b"a\x1b]0;t\x07b"), r"a\x1b]0;t\x07b");
        assert_eq!(printable("\u{9b}2J".as_bytes()), r"\u{9b}2J");
        assert_eq!(printable("x\u{202e}y\u{200b}z".as_bytes()), r"x\u{202e}y\u{200b}z");
        assert_eq!(printable("a\u{ffff}b\u{1fffe}".as_bytes()), r"a\u{ffff}b\u{1fffe}");
        assert_eq!(printable("ｶﾞﾊﾟ".as_bytes()), r"ｶ\u{ff9e}ﾊ\u{ff9f}");
        assert_eq!(printable(b"a\nb\tc\rd"), r"a\nb\tc\rd");
        assert_eq!(printable_message("unknown key `a\tb`, not a\\x1b"), r"unknown key `a\tb`, not a\x1b");
    }

    #[test]
    fn readable_text_is_unchanged() {
        assert_eq!(printable("/größe/日本/🦀".as_bytes()), "/größe/日本/🦀");
        assert_eq!(printable(b""), "");
    }

    #[test]
    fn no_text_looks_like_an_escape() {
        assert_ne!(printable(b"\x1b"), printable(br"\x1b"));
        assert_eq!(printable(b"a\\b"), r"a\\b");
    }
}
