//! Output of commands. Writing is asynchronous, so a reader that stops reading does not delay renewals.

use std::io::{self, ErrorKind, IsTerminal};

use tokio::io::{AsyncWriteExt, Stderr, Stdout};

use super::global_options::Format;
use super::{CliError, GlobalFlags};
use crate::escape::printable_lines;
use crate::report::{self, CsvLayout};

/// The error after a failed write to stdout: [`CliError::ReaderGone`] if the reader closed the pipe.
pub(super) fn write_error(error: io::Error) -> CliError {
    match error.kind() {
        ErrorKind::BrokenPipe => CliError::ReaderGone,
        _ => CliError::System { tried: "write to stdout", error },
    }
}

/// Data goes to stdout, everything else to stderr.
pub(super) struct Out {
    stdout: Stdout,
    stderr: Stderr,
    pub(super) format: Format,
    /// Whether the format was given on the command line.
    is_format_given: bool,
    /// Whether keys, and the ids of [`Format::Fields`], are in hex.
    pub(super) is_hex: bool,
    /// Whether an object was printed already.
    has_printed: bool,
}

impl Out {
    pub(super) fn new(shared: &GlobalFlags) -> Self {
        Out {
            stdout: tokio::io::stdout(),
            stderr: tokio::io::stderr(),
            format: shared.general.write_out,
            is_format_given: shared.is_given("write_out"),
            is_hex: shared.general.hex,
            has_printed: false,
        }
    }

    /// Checks that the selected format is one of `formats`, those that a command prints. Empty `formats` allow every
    /// format. An unsupported format from the environment or the config file is meant for other commands, so it is
    /// replaced by [`Format::Simple`], with a note.
    ///
    /// # Errors
    /// An unsupported format was given on the command line.
    pub(super) async fn restrict(&mut self, formats: &[Format]) -> Result<(), CliError> {
        if formats.is_empty() || formats.contains(&self.format) {
            return Ok(());
        }
        let known: Vec<String> = formats.iter().map(Format::to_string).collect();
        let why = format!("this command does not print {}; it prints {}", self.format, known.join(", "));
        if self.is_format_given {
            return Err(CliError::Usage(why));
        }
        self.message(&format!("note: {why}. Printing simple.")).await;
        self.format = Format::Simple;
        Ok(())
    }

    /// Requires text for an option. Another format from the environment or the config file is meant for other commands, so it
    /// is replaced by [`Format::Simple`].
    ///
    /// # Errors
    /// Another format was given on the command line.
    pub(super) fn require_text(&mut self, option: &str) -> Result<(), CliError> {
        if !self.is_text() && self.is_format_given {
            return Err(CliError::Usage(format!("{option} conflicts with -w {}", self.format)));
        }
        self.format = Format::Simple;
        Ok(())
    }

    /// The formatter of the commands that print the same fields as etcdctl.
    pub(super) fn fields(&self) -> report::Fields {
        report::Fields { is_hex: self.is_hex }
    }

    /// Whether the output is text for people.
    pub(super) fn is_text(&self) -> bool {
        matches!(self.format, Format::Simple | Format::Table)
    }

    /// Prints an object in the selected format: `text`, `json`, or fields or CSV made from `json`. The header of CSV is
    /// printed before the first object.
    ///
    /// # Errors
    /// Those of [`Out::data`].
    pub(super) async fn report<T: AsRef<[u8]>>(
        &mut self,
        text: impl FnOnce() -> T,
        json: impl FnOnce() -> String,
        layout: &CsvLayout,
    ) -> Result<(), CliError> {
        let is_first = !std::mem::replace(&mut self.has_printed, true);
        match self.format {
            Format::Simple | Format::Table | Format::Protobuf => self.data(text()).await,
            Format::Json => self.data(json()).await,
            Format::Fields => {
                let blank = if is_first { "" } else { "\n" };
                self.data(format!("{blank}{}", report::fields(&json()))).await
            }
            Format::Csv => self.csv(report::records_csv(&json(), layout, is_first)).await,
        }
    }

    /// Whether stdout is a terminal.
    pub(super) fn is_terminal(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// Prints lines of CSV. On a terminal, characters of keys and values that control it are escaped.
    ///
    /// # Errors
    /// Those of [`Out::data`].
    pub(super) async fn csv(&mut self, lines: String) -> Result<(), CliError> {
        let lines = if self.is_terminal() { printable_lines(&lines) } else { lines };
        self.data(lines).await
    }

    /// Prints to stdout.
    ///
    /// # Errors
    /// Those of [`write_error`].
    pub(super) async fn data(&mut self, text: impl AsRef<[u8]>) -> Result<(), CliError> {
        let written = async {
            self.stdout.write_all(text.as_ref()).await?;
            self.stdout.flush().await
        };
        written.await.map_err(write_error)
    }

    /// Prints a line to stderr. Errors are ignored.
    pub(super) async fn message(&mut self, line: &str) {
        self.stderr_bytes(&format!("{line}\n")).await;
    }

    /// Prints a question to stderr, without a line break.
    pub(super) async fn prompt(&mut self, question: &str) {
        self.stderr_bytes(question).await;
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
