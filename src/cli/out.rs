//! Output that never holds up a renewal: a reader that stops reading stops the line, not the engine.

use std::io::{self, ErrorKind, IsTerminal};

use tokio::io::{AsyncWriteExt, Stderr, Stdout};

use super::CliError;
use super::options::Format;

/// Where a command's data goes, and where it tells everything else.
pub(super) struct Out {
    stdout: Stdout,
    stderr: Stderr,
    /// How to print data.
    pub(super) format: Format,
}

impl Out {
    pub(super) fn new(format: Format) -> Self {
        Out { stdout: tokio::io::stdout(), stderr: tokio::io::stderr(), format }
    }

    /// Whether data is to be JSON.
    pub(super) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Whether a terminal shows the data.
    pub(super) fn is_terminal(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// Prints data.
    ///
    /// # Errors
    /// [`CliError::ReaderGone`] where nobody reads any more.
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

    /// Tells people something, a line. A stderr that cannot be written is nobody's business.
    pub(super) async fn message(&mut self, line: &str) {
        self.stderr_bytes(&format!("{line}\n")).await;
    }

    /// Rewrites the progress line of a terminal; an empty text clears it. Nothing without a terminal.
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
