//! `completions`: shell completion scripts.

use clap::CommandFactory;
use clap_complete::Shell;

use super::options::CompletionsArgs;
use super::{Cli, CliError, Exit, Out};

pub(super) async fn run(args: CompletionsArgs, out: &mut Out) -> Result<Exit, CliError> {
    out.data(script(args.shell)).await?;
    Ok(Exit::Done)
}

fn script(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "leasetop", &mut script);
    script
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::process::Command;

    use clap::ValueEnum;

    use super::*;

    #[test]
    fn every_shell_completes_every_command_and_option() {
        let program = Cli::command();
        let commands = || std::iter::once(&program).chain(program.get_subcommands());
        let options = commands().flat_map(clap::Command::get_arguments).filter_map(|option| option.get_long());
        let names: Vec<&str> = options.chain(commands().map(clap::Command::get_name)).collect();
        assert!(names.len() > 40);
        for shell in Shell::value_variants() {
            let script = String::from_utf8(script(*shell)).expect("text");
            for name in &names {
                assert!(script.contains(name), "{name} for {shell}");
            }
        }
    }

    /// Checks the syntax with each shell that is installed; bash always is.
    #[test]
    fn the_shells_can_read_their_scripts() {
        let folder = tempfile::tempdir().expect("a folder");
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let file = folder.path().join(shell.to_string());
            std::fs::write(&file, script(shell)).expect("a file");
            match Command::new(shell.to_string()).arg("-n").arg(&file).output() {
                Ok(output) => assert!(output.status.success(), "{shell}: {output:?}"),
                Err(error) => assert!(error.kind() == ErrorKind::NotFound && shell != Shell::Bash, "{shell}: {error}"),
            }
        }
    }
}
