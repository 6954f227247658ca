//! Shell completion. The script of a shell asks this program at each `Tab`, so that it offers the leases, the clusters and
//! the themes that exist.

mod candidates;

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::Path;

use clap::CommandFactory;
use clap_complete::env::{EnvCompleter, Shells};

use super::options::CompletionsArgs;
use super::out::write_error;
use super::{Cli, CliError, Exit, Out};

const PROGRAM: &str = "leasetop";
/// The environment variable by which the script of a shell asks for completions. Its value is the name of the shell.
const VARIABLE: &str = "COMPLETE";

/// Prints completions if the script of a shell asks for them, or that script if there are no arguments. Returns false
/// otherwise.
///
/// # Errors
/// [`CliError::ReaderGone`] if the reader closed the pipe, and [`CliError::System`] if the answer cannot be made or
/// written.
pub fn complete() -> Result<bool, CliError> {
    // The variable may belong to another program.
    let (shells, variable) = (Shells::builtins(), std::env::var_os(VARIABLE).unwrap_or_default());
    let name = Path::new(&variable).file_stem().unwrap_or_default().to_string_lossy();
    let Some(shell) = shells.completer(&name) else { return Ok(false) };
    // Scripts pass the words after `--`. Other arguments are a command, and the variable was exported.
    let mut words = std::env::args_os().skip(1);
    if words.next().is_some_and(|first| first != "--") {
        return Ok(false);
    }
    let answer = answer(shell, words.collect());
    let answer = answer.map_err(|error| CliError::System { tried: "complete the words", error })?;
    let mut stdout = io::stdout();
    stdout.write_all(&answer).and_then(|()| stdout.flush()).map_err(write_error)?;
    Ok(true)
}

/// The completions of the last of these words. Without words, the script of the shell.
// `CompleteEnv` does the same, but its error does not tell a closed pipe from a full disk.
fn answer(shell: &dyn EnvCompleter, words: Vec<OsString>) -> io::Result<Vec<u8>> {
    if words.is_empty() {
        return script(shell.name());
    }
    let folder = std::env::current_dir().ok();
    let mut command = candidates::add(Cli::command());
    command.build();
    let mut answer = Vec::new();
    shell.write_complete(&mut command, words, folder.as_deref(), &mut answer)?;
    Ok(answer)
}

pub(super) async fn run(args: CompletionsArgs, out: &mut Out) -> Result<Exit, CliError> {
    let script = script(&args.shell.to_string());
    out.data(script.map_err(|error| CliError::System { tried: "write the script", error })?).await?;
    Ok(Exit::Done)
}

/// The script of a shell. Empty for a shell that clap does not know.
fn script(shell: &str) -> io::Result<Vec<u8>> {
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
