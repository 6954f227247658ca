//! Output of commands. Writing is asynchronous, so a reader that stops reading does not delay renewals.

use std::io::{self, ErrorKind, IsTerminal};

use tokio::io::{AsyncWriteExt, Stderr, Stdout};

use super::CliError;
use super::global_options::Format;

/// Data goes to stdout, everything else to stderr.
pub(super) struct Out {
    stdout: Stdout,
    stderr: Stderr,
    pub(super) format: Format,
}

impl Out {
    pub(super) fn new(format: Format) -> Self {
        Out { stdout: tokio::io::stdout(), stderr: tokio::io::stderr(), format }
    }

    pub(super) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Whether stdout is a terminal.
    pub(super) fn is_terminal(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// Prints to stdout.
    ///
    /// # Errors
    /// [`CliError::ReaderGone`] if the reader closed the pipe.
    pub(super) async fn data(&mut self, text: impl AsRef<[u8]>) -> Result<(), CliError> {
        let written = async {
            self.stdout.write_all(text.as_ref()).await?;
            self.stdout.flush().await
        };
        written.await.map_err(|error| match error.kind() {
            ErrorKind::BrokenPipe => CliError::ReaderGone,
            _ => CliError::System { tried: "write to stdout", error },
        })
    }

    /// Prints a line to stderr. Errors are ignored.
    pub(super) async fn message(&mut self, line: &str) {
        self.stderr_bytes(&format!("{line}\n")).await;
    }

    /// Rewrites the progress line if stderr is a terminal. An empty text clears it.
    pub(super) async fn progress(&mut self, text: &str) {
        if io::stderr().is_terminal() {
            self.stderr_bytes(&format!("\r{text}\x1b[K")).await;
        }
    }

    async fn stderr_bytes(&mut self, text: &str) {
        let _ = self.stderr.write_all(text.as_bytes()).await;
        let _ = self.stderr.flush().await;
    }
}
