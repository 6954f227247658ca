//! The log, to a file or to stderr. In the monitor, which needs the screen, only to a file.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::{Layer, MakeWriter};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::CliError;
use super::global_options::GeneralFlags;

/// Maximum number of lines that wait to be written; further lines are dropped.
const WAITING: usize = 10_000;
/// How long the end of the program waits for the last lines.
const FLUSH: Duration = Duration::from_secs(1);

/// A message to the writing thread.
enum Message {
    /// A line to write.
    Line(Vec<u8>),
    /// A sender to drop once all lines before it are written.
    Flush(SyncSender<()>),
}

/// Hands lines to the writing thread; never waits for it.
#[derive(Clone)]
struct Lines(SyncSender<Message>);

/// On drop waits until the log is written, for at most [`FLUSH`].
pub(super) struct Guard(SyncSender<Message>);

/// Starts the log; dropping the guard flushes it. `None` in the monitor without a log file.
pub(super) fn start(options: &GeneralFlags, has_screen: bool) -> Result<Option<Guard>, CliError> {
    let lines = match &options.log_file {
        Some(path) => writer(open(path)?),
        None if has_screen => return Ok(None),
        None => writer(io::stderr()),
    };
    subscribe(lines.clone(), options.verbose);
    Ok(Some(Guard(lines.0)))
}

fn open(path: &Path) -> Result<File, CliError> {
    let opened = File::options().create(true).append(true).open(path);
    opened.map_err(|error| CliError::Log { path: path.to_owned(), error })
}

fn subscribe(lines: Lines, verbose: u8) {
    let level = [LevelFilter::WARN, LevelFilter::INFO, LevelFilter::DEBUG][usize::from(verbose.min(2))];
    let ours = ["leasetop", "etcd_lease", "etcd_sandbox"].map(|target| (target, level));
    let targets = Targets::new().with_default(LevelFilter::ERROR).with_targets(ours);
    let layer = Layer::new().with_ansi(false).with_writer(lines);
    // Fails if a test in this process already started a log.
    let _ = tracing_subscriber::registry().with(layer).with(targets).try_init();
}

/// Writes in a separate thread, so that a log reader that stops reading does not delay renewals.
#[expect(clippy::disallowed_methods, reason = "the log outlives the runtime")]
fn writer(out: impl Write + Send + 'static) -> Lines {
    let (sender, receiver) = sync_channel(WAITING);
    std::thread::spawn(move || write(&receiver, out));
    Lines(sender)
}

/// Writes until the last sender is gone. Neither a file nor stderr buffers, so nothing is left to flush.
fn write(messages: &Receiver<Message>, mut out: impl Write) {
    for message in messages {
        match message {
            Message::Line(line) => {
                // Nothing else can report that the log cannot be written.
                let _ = out.write_all(&line);
            }
            Message::Flush(done) => drop(done),
        }
    }
}

impl Write for Lines {
    /// Takes a whole line. A line is dropped when too many wait.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let _ = self.0.try_send(Message::Line(line.to_vec()));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Lines;

    fn make_writer(&self) -> Lines {
        self.clone()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let (done, written) = sync_channel(0);
        // A full channel means that the log is not being read, so waiting would not help.
        if self.0.try_send(Message::Flush(done)).is_ok() {
            let _ = written.recv_timeout(FLUSH);
        }
    }
}
