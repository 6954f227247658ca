//! `leasetop` alone, and `demo`: the monitor.

use std::io::IsTerminal;

use super::{Error, Exit, Out, Shared, list, logging, on_runtime, values};
use crate::app::Put;

/// What the monitor does at its start.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Monitor")]
pub(super) struct Args {
    /// Grant leases of these TTLs at the start, and keep them alive
    #[arg(long, value_name = "TTL,...", value_delimiter = ',', value_parser = values::ttl, allow_negative_numbers = true)]
    ttl: Vec<i64>,
    #[arg(long = "put", value_name = "KEY=VALUE", help = values::PUT_HELP)]
    puts: Vec<Put>,
}

impl Args {
    /// Whether anything was said for the monitor.
    pub(super) fn is_some(&self) -> bool {
        !self.ttl.is_empty() || !self.puts.is_empty()
    }
}

/// The monitor, or a list where no terminal could show it.
pub(super) fn run(args: Args, shared: Shared) -> Result<Exit, Error> {
    if std::io::stdout().is_terminal() {
        todo!()
    }
    if args.is_some() {
        let how = "--ttl and --put are the monitor's, which needs a terminal: see `leasetop grant --help`";
        return Err(Error::Usage(how.to_owned()));
    }
    let _log = logging::start(&shared.general, false)?;
    on_runtime(list_instead(shared))
}

async fn list_instead(shared: Shared) -> Result<Exit, Error> {
    let mut out = Out::new(shared.general.write_out);
    out.tell("There is no terminal for the monitor: this is `leasetop list`.").await;
    list::run(list::Args::default(), shared, &mut out).await
}
