//! The log: to a file, or to stderr for commands that have no screen.

use std::fs::File;
use std::path::Path;

use tracing_appender::non_blocking::{NonBlocking, WorkerGuard};
use tracing_subscriber::filter::{EnvFilter, LevelFilter};

use super::CliError;
use super::options::GeneralFlags;

/// Starts the log; what is written last is flushed when the guard goes. None where there is nothing to log to.
pub(super) fn start(options: &GeneralFlags, has_screen: bool) -> Result<Option<WorkerGuard>, CliError> {
    // A thread of its own writes: a log that is not read holds up no renewal.
    let (writer, guard) = match &options.log_file {
        Some(path) => tracing_appender::non_blocking(open(path)?),
        None if has_screen => return Ok(None),
        None => tracing_appender::non_blocking(std::io::stderr()),
    };
    subscribe(writer, options.verbose);
    Ok(Some(guard))
}

fn open(path: &Path) -> Result<File, CliError> {
    let opened = File::options().create(true).append(true).open(path);
    opened.map_err(|error| CliError::Log { path: path.to_owned(), error })
}

fn subscribe(writer: NonBlocking, verbose: u8) {
    let level = [LevelFilter::WARN, LevelFilter::INFO, LevelFilter::DEBUG][usize::from(verbose.min(2))];
    let filter = EnvFilter::new(format!("error,leasetop={level}"));
    // Twice in one process (tests): the first stays.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(writer).try_init();
}
