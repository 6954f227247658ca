//! The `leasetop` program.

use std::process::ExitCode;

use leasetop::cli::{self, Cli, CliError};

fn main() -> color_eyre::Result<ExitCode> {
    color_eyre::install()?;
    match Cli::read().and_then(cli::run) {
        Ok(exit) => Ok(exit.into()),
        Err(CliError::ReaderGone) => Ok(ExitCode::SUCCESS),
        Err(error) => {
            print_error(&error);
            Ok(ExitCode::from(2))
        }
    }
}

/// Prints an expected error without a backtrace.
#[expect(clippy::print_stderr, reason = "this is what stderr is for")]
fn print_error(error: &CliError) {
    eprintln!("error: {error}");
}
