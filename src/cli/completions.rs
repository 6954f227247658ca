//! `completions`: what a shell needs to complete commands and options.

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Cli, CliError, Exit, Out};

/// `completions SHELL`.
#[derive(Debug, clap::Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

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
    use clap::ValueEnum;

    use super::*;

    /// Each script as a whole: what an option or a command of ours changes in it is looked at.
    #[test]
    fn what_each_shell_is_given() {
        for shell in Shell::value_variants() {
            let script = String::from_utf8(script(*shell)).expect("text");
            insta::assert_snapshot!(format!("completions_{shell}"), script);
        }
    }

    #[test]
    fn every_shell_completes_every_command_and_option() {
        let command = Cli::command();
        let options = command.get_arguments().filter_map(|option| option.get_long().map(str::to_owned));
        let commands = command.get_subcommands().map(|command| command.get_name().to_owned());
        let names: Vec<String> = options.chain(commands).collect();
        assert!(names.len() > 20);
        for shell in Shell::value_variants() {
            let script = String::from_utf8(script(*shell)).expect("text");
            for name in &names {
                assert!(script.contains(name.as_str()), "{name} for {shell}");
            }
        }
    }
}
