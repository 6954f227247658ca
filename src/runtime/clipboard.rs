//! The terminal's clipboard, set with OSC 52. Works over ssh if the terminal allows it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// The escape sequence that copies a text to the clipboard.
pub(super) fn copy_sequence(text: &str) -> Vec<u8> {
    format!("\x1b]52;c;{}\x07", BASE64_STANDARD.encode(text)).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_break_out_of_the_sequence() {
        assert_eq!(copy_sequence("694d"), b"\x1b]52;c;Njk0ZA==\x07");
        let wild = copy_sequence("\x07\x1b[2J");
        assert!(wild[7..wild.len() - 1].iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte)));
    }
}
