//! The terminal's clipboard, set with OSC 52. Works over ssh if the terminal allows it.
//!
//! tmux is a terminal of its own. By default (`set-clipboard external`) it ignores OSC 52 from its panes, but
//! `tmux load-buffer -w` sends a text to its terminal's clipboard. With `set-clipboard on` it accepts OSC 52, and with
//! `allow-passthrough on` it passes any wrapped sequence on.

use std::process::Stdio;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::app::{CopyOutcome, Msg};

/// How long a call of tmux may take.
const TIMEOUT: Duration = Duration::from_millis(500);

/// The bytes to write to the terminal for a copied text. Empty if it was sent in another way.
pub(super) fn sequence(text: &str, outcome: CopyOutcome) -> Vec<u8> {
    match outcome {
        CopyOutcome::Terminal => copy_sequence(text),
        CopyOutcome::TmuxPassthrough => wrapped(&copy_sequence(text)),
        CopyOutcome::Tmux | CopyOutcome::TmuxRefuses => Vec::new(),
    }
}

/// The escape sequence that copies a text to the clipboard.
fn copy_sequence(text: &str) -> Vec<u8> {
    format!("\x1b]52;c;{}\x07", BASE64_STANDARD.encode(text)).into_bytes()
}

/// Wraps a sequence so that tmux passes it to its terminal: every escape character is doubled.
pub(super) fn wrapped(sequence: &[u8]) -> Vec<u8> {
    let doubled = sequence.iter().flat_map(|byte| std::iter::repeat_n(*byte, if *byte == 0x1b { 2 } else { 1 }));
    b"\x1bPtmux;".iter().copied().chain(doubled).chain(*b"\x1b\\").collect()
}

/// Copies a text in a pane of tmux, in the first way that tmux allows. For some ways the caller then writes the
/// [`sequence`] of the outcome to the terminal.
pub(super) async fn copy_in_tmux(text: String) -> Msg {
    let outcome = try_tmux(&text).await;
    Msg::Copied { text, outcome }
}

/// Copies a text with `tmux load-buffer`, unless tmux accepts OSC 52 from its panes. Returns how the text was copied or
/// is to be copied.
async fn try_tmux(text: &str) -> CopyOutcome {
    if tmux(&["show-options", "-sv", "set-clipboard"], "").await.as_deref() == Some("on") {
        return CopyOutcome::Terminal;
    }
    // Since tmux 3.2.
    if tmux(&["load-buffer", "-w", "-"], text).await.is_some() {
        return CopyOutcome::Tmux;
    }
    // tmux before 3.3 has no such option and always passes wrapped sequences on.
    match tmux(&["show-options", "-gv", "allow-passthrough"], "").await.as_deref() {
        Some("off") => CopyOutcome::TmuxRefuses,
        Some(_) => CopyOutcome::TmuxPassthrough,
        None if tmux(&["-V"], "").await.is_some() => CopyOutcome::TmuxPassthrough,
        None => CopyOutcome::TmuxRefuses,
    }
}

/// Runs tmux. Returns its output, or `None` if it failed or took too long.
async fn tmux(args: &[&str], input: &str) -> Option<String> {
    let run = async {
        let mut child = Command::new("tmux")
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .ok()?;
        let mut stdin = child.stdin.take()?;
        stdin.write_all(input.as_bytes()).await.ok()?;
        drop(stdin);
        let output = child.wait_with_output().await.ok()?;
        if !output.status.success() {
            return None;
        }
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    tokio::time::timeout(TIMEOUT, run).await.ok()?
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

    #[test]
    fn tmux_gets_the_sequence_wrapped_where_it_passes_it_on() {
        assert_eq!(sequence("694d", CopyOutcome::TmuxPassthrough), b"\x1bPtmux;\x1b\x1b]52;c;Njk0ZA==\x07\x1b\\");
        assert_eq!(sequence("694d", CopyOutcome::Terminal), copy_sequence("694d"));
        assert_eq!(sequence("694d", CopyOutcome::Tmux), b"", "tmux has it already");
        assert_eq!(sequence("694d", CopyOutcome::TmuxRefuses), b"");
    }
}
