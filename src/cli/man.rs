//! `man`: the manual page of the program, with the keys of the monitor, or of a command.

use std::io;

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use roff::{Roff, bold, roman};

use super::options::ManArgs;
use super::{Cli, CliError, Exit, Out, help};
use crate::app::{Keymap, KeymapEntry};

pub(super) async fn run(args: ManArgs, out: &mut Out) -> Result<Exit, CliError> {
    let page = match &args.command {
        Some(name) => of_command(command(name)?),
        None => of_program(),
    };
    out.data(page.map_err(|error| CliError::System { tried: "write the manual page", error })?).await?;
    Ok(Exit::Done)
}

fn command(name: &str) -> Result<Command, CliError> {
    let mut program = Cli::command();
    program.build();
    let found = program.find_subcommand(name).cloned();
    found.ok_or_else(|| CliError::Usage(format!("unknown command `{name}`; see `leasetop --help`")))
}

fn of_command(command: Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(command).source(concat!("leasetop ", env!("CARGO_PKG_VERSION"))).render(&mut page)?;
    Ok(page)
}

fn of_program() -> io::Result<Vec<u8>> {
    let man = Man::new(Cli::command());
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    keys(&Keymap::default()).to_writer(&mut page)?;
    man.render_options_section(&mut page)?;
    man.render_subcommands_section(&mut page)?;
    files().to_writer(&mut page)?;
    notes().to_writer(&mut page)?;
    examples().to_writer(&mut page)?;
    man.render_version_section(&mut page)?;
    Ok(page)
}

/// The key bindings, one paragraph per action.
fn keys(keymap: &Keymap) -> Roff {
    let mut section = Roff::new();
    section.control("SH", ["KEYS"]);
    let paragraph = |section: &mut Roff, row: KeymapEntry<'_>| {
        section.control("TP", []);
        section.text([bold(row.in_words())]);
        section.text([roman(row.binding.help)]);
    };
    keymap.rows().filter(|row| !row.is_dialog_key()).for_each(|row| paragraph(&mut section, row));
    section.control("SS", ["In dialogs"]);
    keymap.rows().filter(KeymapEntry::is_dialog_key).for_each(|row| paragraph(&mut section, row));
    section
}

fn files() -> Roff {
    let mut section = Roff::new();
    section.control("SH", ["FILES"]);
    section.control("TP", []);
    section.text([bold("$XDG_CONFIG_HOME/leasetop/config.toml, ~/.config/leasetop/config.toml")]);
    section.text([roman(
        "Options, key bindings and named clusters. leasetop config prints a commented file with every default.",
    )]);
    section
}

/// The text below the options of `--help`, one section per paragraph.
fn notes() -> Roff {
    let mut sections = Roff::new();
    for (heading, text) in help::NOTES {
        sections.control("SH", [heading.to_uppercase().as_str()]);
        sections.text([roman(text)]);
    }
    sections
}

fn examples() -> Roff {
    let mut section = Roff::new();
    section.control("SH", ["EXAMPLES"]);
    for (command, purpose) in help::EXAMPLES {
        section.control("TP", []);
        section.text([bold(command)]);
        section.text([roman(purpose)]);
    }
    section
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::keymap::KEYMAP;

    #[test]
    fn the_page_has_every_key_option_and_command() {
        let page = String::from_utf8(of_program().expect("a page")).expect("text");
        let program = Cli::command();
        let options = program.get_arguments().filter_map(|option| option.get_long());
        for name in options.chain(program.get_subcommands().map(Command::get_name)) {
            assert!(page.contains(&name.replace('-', r"\-")), "{name}");
        }
        let headings: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix(".SH ")).collect();
        assert_eq!(headings[..5], ["NAME", "SYNOPSIS", "DESCRIPTION", "KEYS", "OPTIONS"]);
        let keys = keys(&Keymap::default()).to_roff();
        assert!(keys.starts_with(".SH KEYS\n.TP\n\\fBn\\fR\ngrant leases, with keys\n.TP\n"), "{keys}");
        assert!(KEYMAP.iter().all(|row| keys.contains(row.help)), "{keys}");
    }

    #[test]
    fn each_command_has_a_page_with_every_option() {
        let mut program = Cli::command();
        program.build();
        for program in program.get_subcommands() {
            let page = of_command(command(program.get_name()).expect("it exists")).expect("a page");
            let page = String::from_utf8(page).expect("text");
            let title = format!("leasetop-{}", program.get_name());
            let options =
                program.get_arguments().filter_map(|option| option.get_long()).map(|name| format!("--{name}"));
            for name in options.chain([title]) {
                assert!(page.contains(&name.replace('-', r"\-")), "{name} in {page}");
            }
        }
        assert!(command("destroy").is_err());
    }
}
