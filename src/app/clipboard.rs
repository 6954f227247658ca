//! Where a copied text was sent.

/// Where a copied text was sent, or why it was not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyOutcome {
    /// To the terminal, with the escape sequence OSC 52. Whether it sets the clipboard is up to the terminal.
    Terminal,
    /// To tmux, which keeps it as a buffer and passes it to its terminal.
    Tmux,
    /// Through tmux to its terminal, unseen by tmux.
    TmuxPassthrough,
    /// Nowhere: tmux accepts it in none of these ways.
    TmuxRefuses,
}

impl CopyOutcome {
    /// What happened to the text, for the status line.
    pub(super) fn message(self, text: &str) -> String {
        match self {
            CopyOutcome::Terminal => format!("{text} sent to the terminal's clipboard (OSC 52)"),
            CopyOutcome::Tmux => format!("{text} sent to tmux's buffer and its terminal's clipboard"),
            CopyOutcome::TmuxPassthrough => format!("{text} sent through tmux to the terminal's clipboard (OSC 52)"),
            CopyOutcome::TmuxRefuses => {
                "Not copied: tmux does not allow it; run `tmux set -s set-clipboard on` and press the key again"
                    .to_owned()
            }
        }
    }
}
