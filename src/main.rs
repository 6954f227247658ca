//! The `leasetop` program.

use std::process::ExitCode;

use leasetop::cli::{self, Cli, CliError, Exit};

fn main() -> color_eyre::Result<ExitCode> {
    color_eyre::install()?;
    match run() {
        Ok(exit) => Ok(exit.into()),
        Err(CliError::ReaderGone) => Ok(ExitCode::SUCCESS),
        Err(error) => {
            print_error(&error);
            Ok(ExitCode::from(2))
        }
    }
}

/// Answers a shell that asks for completions, or runs a command or the monitor.
fn run() -> Result<Exit, CliError> {
    if cli::complete()? {
        return Ok(Exit::Done);
    }
    cli::run(Cli::read()?)
}

/// Prints an expected error without a backtrace.
#[expect(clippy::print_stderr, reason = "this is what stderr is for")]
fn print_error(error: &CliError) {
    eprintln!("error: {error}");
}
