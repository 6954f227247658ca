//! The config file: what holds where neither a flag nor the environment says another thing.
//!
//! ```text
//!  command line --clap--> which file, which cluster
//!  file --serde--> Table --content, settings--> Content, or the line that is wrong
//!  Content --as defaults of the options--> clap once more: flags beat environment beats file
//! ```
//!
//! Values are checked by the parsers of the options that they stand for, so that a file and a flag cannot differ.

mod content;
mod file;
mod sample;
mod settings;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{ArgMatches, Command, CommandFactory, FromArgMatches};

use self::content::{Cluster, Content};
use self::file::Source;
use super::help::with_short_help;
use super::{Cli, CliError, ReadOnlyBy};
use crate::app::ClusterLabel;
use crate::escape::printable;

pub use self::file::BadConfig;

pub(super) use self::sample::sample;

/// Commands that print what the program is made of, whatever stands in a file.
const WITHOUT_FILE: [&str; 3] = ["config", "completions", "man"];
/// Commands with a sandbox of their own.
const ON_SANDBOX: [&str; 2] = ["demo", "sandbox"];

/// What surrounds the program, as far as the config file is concerned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Env {
    /// `XDG_CONFIG_HOME`.
    pub(super) config_home: Option<PathBuf>,
    /// `HOME`.
    pub(super) home: Option<PathBuf>,
    /// Whether `NO_COLOR` is set and not empty.
    pub(super) is_no_color_set: bool,
}

impl Env {
    /// Those of this process.
    pub(super) fn here() -> Self {
        let folder = |name| std::env::var_os(name).map(PathBuf::from);
        let is_no_color_set = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Env { config_home: folder("XDG_CONFIG_HOME"), home: folder("HOME"), is_no_color_set }
    }

    /// Where the file lies that is read without `--config`: XDG ignores what is no absolute path.
    fn file(&self) -> Option<PathBuf> {
        let config_home = self.config_home.clone().filter(|folder| folder.is_absolute());
        let folder = config_home.or_else(|| Some(self.home.clone()?.join(".config")))?;
        Some(folder.join("leasetop").join("config.toml"))
    }
}

/// Reads a command line with the environment, and below both the config file. Wrong usage ends the program, as does
/// `--help`.
///
/// # Errors
/// A file that cannot be read, or says what cannot be; a cluster that it does not know.
pub(super) fn read(args: Vec<OsString>, env: &Env) -> Result<Cli, CliError> {
    let matches = matched(Cli::command(), &args);
    if is_any(&matches, &WITHOUT_FILE) {
        return Ok(cli(&matches));
    }
    check_place(&matches)?;
    let path = matches.get_one::<PathBuf>("config");
    let content = match (path, env.file()) {
        (Some(path), _) => load(path, env)?,
        (None, Some(path)) if path.exists() => load(&path, env)?,
        (None, _) => Content::default(),
    };
    let cluster = chosen(&matches, &content)?;
    let command = settings::with_defaults(Cli::command(), &content.values, cluster.map(|cluster| &cluster.values));
    let said = cli(&matches).monitor.flags();
    let mut cli = cli(&matched(command, &args));
    cli.monitor.flags = said;
    if cli.shared.general.read_only {
        cli.shared.read_only_by = read_only_by(&matches, &content, cluster);
    }
    cli.shared.named = cluster.map(|cluster| ClusterLabel { name: cluster.name.clone(), color: cluster.color });
    cli.shared.keymap = content.keymap;
    Ok(cli)
}

/// The words as clap reads them. It would name in its usage all that the environment says, as though it had to be written:
/// a mistake in the words is told without that.
fn matched(command: Command, args: &[OsString]) -> ArgMatches {
    let error = match with_short_help(command).try_get_matches_from(args) {
        Ok(matches) => return matches,
        Err(error) if error.use_stderr() => error,
        Err(help) => help.exit(),
    };
    let without = Cli::command().mut_args(|arg| arg.env(None::<&str>)).try_get_matches_from(args);
    without.err().filter(|plain| plain.kind() == error.kind()).unwrap_or(error).exit()
}

/// Refuses endpoints on the command line beside a sandbox; those of the environment are not asked then.
fn check_place(matches: &ArgMatches) -> Result<(), CliError> {
    let has_endpoints = matches.value_source("endpoints") == Some(ValueSource::CommandLine);
    let (is_sandbox, is_named) = (matches.get_flag("sandbox"), matches.contains_id("cluster"));
    let how = match matches.subcommand_name().filter(|_| is_any(matches, &ON_SANDBOX)) {
        _ if is_named && (has_endpoints || is_sandbox) => {
            "--cluster names where etcd is, and so does --endpoints, or a sandbox: leave one of them away".to_owned()
        }
        _ if has_endpoints && is_sandbox => {
            "--sandbox stands in the place of endpoints: leave it away, or --endpoints".to_owned()
        }
        Some(command) if has_endpoints || is_named => {
            format!("`{command}` has a sandbox of its own: leave --endpoints and --cluster away")
        }
        _ => return Ok(()),
    };
    Err(CliError::Usage(how))
}

/// Who refuses what writes: the flag where it stands on the command line, else the file.
fn read_only_by(matches: &ArgMatches, content: &Content, cluster: Option<&Cluster>) -> ReadOnlyBy {
    let of_cluster = cluster.filter(|cluster| cluster.values.contains_key("read-only"));
    match matches.value_source("read_only") {
        Some(ValueSource::CommandLine) => ReadOnlyBy::Flag,
        _ => ReadOnlyBy::File { path: content.path.clone(), cluster: of_cluster.map(|cluster| cluster.name.clone()) },
    }
}

/// What clap has passed can be taken.
fn cli(matches: &ArgMatches) -> Cli {
    Cli::from_arg_matches(matches).unwrap_or_else(|error| error.exit())
}

fn is_any(matches: &ArgMatches, commands: &[&str]) -> bool {
    matches.subcommand_name().is_some_and(|name| commands.contains(&name))
}

fn load(path: &Path, env: &Env) -> Result<Content, CliError> {
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| CliError::Config { path: path.to_owned(), error })?;
    let mut content = Content::read(&Source { path, text: &text })?;
    if env.is_no_color_set {
        // The environment goes before the file.
        content.values.remove("theme");
    }
    Ok(content)
}

/// The cluster that is meant: the one that is named, or the file's where no endpoint is named in its place.
fn chosen<'a>(matches: &ArgMatches, content: &'a Content) -> Result<Option<&'a Cluster>, CliError> {
    let source = matches.value_source("endpoints");
    let is_sandbox = matches.get_flag("sandbox") || is_any(matches, &ON_SANDBOX);
    let Some(name) = matches.get_one::<String>("cluster") else {
        let is_elsewhere = is_sandbox || source.is_some_and(|source| source > ValueSource::DefaultValue);
        let name = content.default_cluster.as_ref().filter(|_| !is_elsewhere);
        return Ok(name.and_then(|name| content.cluster(name)));
    };
    content.cluster(name).map(Some).ok_or_else(|| CliError::Usage(unknown(name, content)))
}

fn unknown(name: &str, content: &Content) -> String {
    let known: Vec<String> = content.clusters.iter().map(|cluster| printable(cluster.name.as_bytes())).collect();
    let there = match known.as_slice() {
        [] => "it has none: write a [cluster.NAME] into it, as `leasetop config` shows".to_owned(),
        known => format!("it has {}", known.join(", ")),
    };
    format!("the config file has no cluster {}; {there}", printable(name.as_bytes()))
}

/// The program's options without the environment.
fn options() -> Command {
    Cli::command().no_binary_name(true).mut_args(|arg| arg.env(None::<&str>))
}
