//! `replay`, and the options of recordings.

use std::path::PathBuf;

use clap::Args;
use tokio::runtime::Builder;

use super::options::TableArgs;
use super::{CliError, Exit, GlobalFlags, clusters, logging, monitor, on_runtime, values};
use crate::app::AppConfig;
use crate::recording::{RecordOptions, Recording};
use crate::runtime::{self, Appearance, ReplayOptions};
use simkit::Clock;

/// Where the monitor records.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct RecordArgs {
    /// Record to FILE; compressed if it ends in .gz
    #[arg(long, value_name = "FILE")]
    pub(super) record: Option<PathBuf>,
    /// Start a new file at this size, and keep the full one as FILE.1 [default: 32MB]
    #[arg(long, value_name = "SIZE", value_parser = values::size, requires = "record")]
    pub(super) record_size: Option<u64>,
}

/// What the monitor keeps of the past.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct PastArgs {
    #[command(flatten)]
    pub(super) record: RecordArgs,
    /// Memory for stepping back through the last ten minutes; 0 for none [default: 16MB]
    #[arg(long, value_name = "SIZE", value_parser = values::size_or_none)]
    pub(super) rewind: Option<usize>,
}

impl PastArgs {
    /// The memory for the last minutes, in bytes.
    pub(super) fn rewind(&self) -> usize {
        self.rewind.unwrap_or(AppConfig::REWIND)
    }

    /// Whether any of the options was given.
    pub(super) fn is_some(&self) -> bool {
        self.record.record.is_some() || self.rewind.is_some()
    }
}

impl RecordArgs {
    /// The file and its largest size.
    pub(super) fn options(&self) -> Option<RecordOptions> {
        let max_bytes = self.record_size.unwrap_or(RecordOptions::MAX_BYTES);
        self.record.clone().map(|path| RecordOptions { path, max_bytes })
    }
}

#[derive(Debug, Args)]
pub(super) struct ReplayArgs {
    /// The recording
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    rows: TableArgs,
}

/// Plays a recording in the monitor.
pub(super) fn run(args: &ReplayArgs, shared: &GlobalFlags) -> Result<Exit, CliError> {
    let _log = logging::start(&shared.general, true)?;
    let recording = Recording::read(&args.file)?;
    on_runtime(&mut Builder::new_current_thread(), async {
        let config = AppConfig { keymap: shared.keymap.clone(), ..monitor::table_setup(&args.rows)? };
        let config = monitor::with_user_settings(shared, config);
        let (theme, asks_background) = shared.general.appearance();
        let appearance = Appearance { theme, themes: shared.general.all_themes(), asks_background };
        let files = clusters::user_files(shared);
        runtime::replay(ReplayOptions { recording, config, clock: Clock::real(), appearance, files }).await?;
        Ok(Exit::Done)
    })
}
