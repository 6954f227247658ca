//! `--help` of a command shows the command's own options only.

use clap::{Arg, Command};

/// The last line of a command's help.
const GLOBAL_OPTIONS: &str = "Global options: see leasetop --help";

/// The program with its global options hidden in each command, where they are still accepted.
///
/// Call it last: each command gets copies, which later changes of the global options do not reach.
pub(super) fn with_short_help(mut program: Command) -> Command {
    let globals = program.get_arguments().filter(|option| option.is_global_set());
    let hidden: Vec<Arg> = globals.map(|option| option.clone().hide(true)).collect();
    for command in program.get_subcommands_mut() {
        let help = match command.get_after_help() {
            Some(help) => format!("{help}\n\n{GLOBAL_OPTIONS}"),
            None => GLOBAL_OPTIONS.to_owned(),
        };
        *command = std::mem::take(command).args(&hidden).after_help(help);
    }
    program
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    /// What `leasetop NAME --help` prints.
    fn help(name: &str) -> String {
        let shown = with_short_help(Cli::command()).try_get_matches_from(["leasetop", name, "--help"]);
        shown.expect_err("help is shown").to_string()
    }

    fn longs(command: &Command) -> Vec<String> {
        command.get_arguments().filter_map(Arg::get_long).map(|name| format!("--{name}")).collect()
    }

    fn shows(help: &str, option: &str) -> bool {
        let name = |word: &str| word.split(['[', '.']).next() == Some(option);
        help.lines().any(|line| line.split_whitespace().take(2).any(name))
    }

    #[test]
    fn a_command_shows_its_own_options_and_fits_on_a_screen() {
        let program = Cli::command();
        for command in program.get_subcommands() {
            let help = help(command.get_name());
            let own = longs(command);
            assert!(own.iter().all(|option| shows(&help, option)), "{help}");
            assert!(longs(&program).iter().all(|option| own.contains(option) || !shows(&help, option)), "{help}");
            assert!(help.trim_end().ends_with(GLOBAL_OPTIONS), "{help}");
            assert!(help.lines().count() <= 40, "{} lines:\n{help}", help.lines().count());
        }
    }

    #[test]
    fn the_program_shows_every_option_and_every_command_with_the_demo_first() {
        let program = Cli::command();
        let help = with_short_help(program.clone()).render_long_help().to_string();
        for heading in ["Commands:", "Monitor:", "Connection:", "TLS:", "General:", "Keeping alive:", "Examples:"] {
            assert!(help.contains(&format!("\n{heading}\n")), "{heading} in {help}");
        }
        for name in longs(&program).iter().map(String::as_str).chain(program.get_subcommands().map(Command::get_name)) {
            assert!(shows(&help, name), "{name} in {help}");
        }
        assert_eq!(program.get_subcommands().next().map(Command::get_name), Some("demo"));
    }

    #[test]
    fn every_command_takes_every_global_option() {
        let program = with_short_help(Cli::command());
        let mut built = program.clone();
        built.build();
        let globals: Vec<&Arg> = program.get_arguments().filter(|option| option.is_global_set()).collect();
        assert!(globals.len() > 20);
        for command in built.get_subcommands() {
            let takes = |option: &&Arg| command.get_arguments().any(|own| own.get_id() == option.get_id());
            assert!(globals.iter().all(takes), "{}", command.get_name());
        }
    }
}
