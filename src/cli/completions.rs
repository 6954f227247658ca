//! Shell completion. The script of a shell asks this program at each `Tab`, so that it offers the leases, the clusters and
//! the themes that exist.

mod candidates;

use std::ffi::OsString;
use std::path::Path;

use clap::CommandFactory;
use clap_complete::env::{CompleteEnv, Shells};

use super::options::CompletionsArgs;
use super::{Cli, CliError, Exit, Out};

const PROGRAM: &str = "leasetop";
/// The environment variable by which the script of a shell asks for completions. Its value is the name of the shell.
const VARIABLE: &str = "COMPLETE";

/// Prints completions if the script of a shell asks for them. Returns false if none asks.
///
/// # Errors
/// The answer cannot be written.
pub fn complete() -> Result<bool, CliError> {
    // The variable may belong to another program.
    let is_shell = |shell: OsString| {
        let name = Path::new(&shell).file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Shells::builtins().completer(&name).is_some()
    };
    if !std::env::var_os(VARIABLE).is_some_and(is_shell) {
        return Ok(false);
    }
    let folder = std::env::current_dir().ok();
    let words: Vec<_> = std::env::args_os().collect();
    let completions = CompleteEnv::with_factory(|| candidates::add(Cli::command())).var(VARIABLE);
    completions.try_complete(words, folder.as_deref()).map_err(|error| CliError::Usage(error.to_string()))
}

pub(super) async fn run(args: CompletionsArgs, out: &mut Out) -> Result<Exit, CliError> {
    let script = script(&args.shell.to_string());
    out.data(script.map_err(|error| CliError::System { tried: "write the script", error })?).await?;
    Ok(Exit::Done)
}

/// The script of a shell. Empty for a shell that clap does not know.
fn script(shell: &str) -> std::io::Result<Vec<u8>> {
    let mut script = Vec::new();
    if let Some(shell) = Shells::builtins().completer(shell) {
        shell.write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut script)?;
    }
    Ok(script)
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::process::Command;

    use clap::ValueEnum;
    use clap_complete::Shell;

    use super::*;

    #[test]
    fn every_shell_has_a_script() {
        for shell in Shell::value_variants() {
            let script = String::from_utf8(script(&shell.to_string()).expect("a script")).expect("text");
            assert!(script.contains(PROGRAM) && script.contains(VARIABLE), "{shell}: {script}");
        }
    }

    /// Checks the syntax with each shell that is installed; bash always is.
    #[test]
    fn the_shells_can_read_their_scripts() {
        let folder = tempfile::tempdir().expect("a folder");
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let file = folder.path().join(shell.to_string());
            std::fs::write(&file, script(&shell.to_string()).expect("a script")).expect("a file");
            match Command::new(shell.to_string()).arg("-n").arg(&file).output() {
                Ok(output) => assert!(output.status.success(), "{shell}: {output:?}"),
                Err(error) => assert!(error.kind() == ErrorKind::NotFound && shell != Shell::Bash, "{shell}: {error}"),
            }
        }
    }
}
