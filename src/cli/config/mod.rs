//! The config file. It sets the defaults of options; flags and the environment take precedence.
//!
//! ```text
//!  command line --clap--> which file, which cluster
//!  file --serde--> Table --content, settings--> Content, or an error with its line
//!  Content --as defaults of the options--> clap once more: flags beat environment beats file
//! ```
//!
//! Values are checked by the parsers of the options, so a file and a flag accept the same.

mod content;
mod file;
mod locks;
mod mutes;
mod on_event;
mod sample;
mod settings;
#[cfg(test)]
mod tests;
mod themes;

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, CommandFactory, FromArgMatches, Id};

use self::content::{Cluster, Content};
use self::file::Source;
use super::global_options::GeneralFlags;
use super::help::with_short_help;
use super::options::MonitorArgs;
use super::{Cli, CliError, GlobalFlags, ReadOnlyBy};
use crate::app::{ClusterChoice, ClusterLabel};
use crate::escape::printable;
use etcd_lease::wire::without_login;

pub use self::file::BadConfig;

pub(super) use self::sample::sample;

/// Commands that do not depend on the config file.
const WITHOUT_FILE: [&str; 5] = ["config", "completions", "man", "version", "help"];
/// Commands that depend on the config file, but not on a cluster.
const WITHOUT_CLUSTER: [&str; 3] = ["keys", "replay", "report"];
/// Commands with their own sandbox.
const ON_SANDBOX: [&str; 2] = ["demo", "sandbox"];

/// The environment variables that matter for the config file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Env {
    /// `XDG_CONFIG_HOME`.
    pub(super) config_home: Option<PathBuf>,
    /// `HOME`.
    pub(super) home: Option<PathBuf>,
    /// `XDG_STATE_HOME`.
    pub(super) state_home: Option<PathBuf>,
    /// Whether `NO_COLOR` is set and not empty.
    pub(super) is_no_color_set: bool,
}

impl Env {
    pub(super) fn here() -> Self {
        let folder = |name| std::env::var_os(name).map(PathBuf::from);
        let is_no_color_set = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Env {
            config_home: folder("XDG_CONFIG_HOME"),
            home: folder("HOME"),
            state_home: folder("XDG_STATE_HOME"),
            is_no_color_set,
        }
    }

    /// Path of the file that is read without `--config`. As XDG requires, a relative `XDG_CONFIG_HOME` is ignored.
    pub(super) fn file(&self) -> Option<PathBuf> {
        let config_home = self.config_home.clone().filter(|folder| folder.is_absolute());
        let folder = config_home.or_else(|| Some(self.home.clone()?.join(".config")))?;
        Some(folder.join("leasetop").join("config.toml"))
    }

    /// The folder of the histories. As XDG requires, a relative `XDG_STATE_HOME` is ignored.
    pub(super) fn state_folder(&self) -> Option<PathBuf> {
        let state_home = self.state_home.clone().filter(|folder| folder.is_absolute());
        let folder = state_home.or_else(|| Some(self.home.clone()?.join(".local").join("state")))?;
        Some(folder.join("leasetop"))
    }
}

/// Reads the command line, the environment and the config file, in this order of precedence. Exits on wrong usage and on
/// `--help`.
///
/// # Errors
/// A config file that cannot be read or contains an error; a cluster that it does not define.
pub(super) fn read(args: Vec<OsString>, env: &Env) -> Result<Cli, CliError> {
    let matches = matched(command, &args);
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
    let with_settings = || settings::with_defaults(command(), &content.values, cluster.map(|cluster| &cluster.values));
    let sets_nothing = content.values.is_empty() && cluster.is_none();
    let all = if sets_nothing { matches.clone() } else { matched(with_settings, &args) };
    let flags = cli(&matches).monitor.flags();
    let mut cli = cli(&all);
    cli.shared.connection.choose_password(&all, cluster.is_some())?;
    cli.monitor.flags = flags;
    if all.value_source("endpoints") > all.value_source("discovery_srv") {
        cli.shared.connection.discovery.discovery_srv = None;
    }
    if cli.shared.general.read_only {
        cli.shared.read_only_by = read_only_by(&matches, &content, cluster);
    }
    cli.shared.named = cluster.map(|cluster| ClusterLabel { name: cluster.name.clone(), color: cluster.color });
    if let Some(name) = &cli.shared.general.theme {
        themes::check(name, &content.themes).map_err(|why| CliError::Usage(format!("--theme: {why}")))?;
    }
    cli.shared.general.themes = content.themes.clone();
    cli.shared.keymap = content.keymap.clone();
    cli.shared.mutes = content.mutes.clone();
    cli.shared.lock_patterns = content.locks.clone();
    cli.shared.event_hooks = content.event_hooks.clone();
    cli.shared.given = given(&matches);
    cli.shared.config_file = ConfigFile(Arc::new(content));
    Ok(cli)
}

/// Checks the text of a config file.
///
/// # Errors
/// What is wrong, and in which line.
pub fn check_text(text: &str) -> Result<(), BadConfig> {
    Content::read(&Source { path: Path::new("config.toml"), text }).map(drop)
}

/// A config file that was read, for switching to its clusters.
#[derive(Clone, Default)]
pub(in crate::cli) struct ConfigFile(Arc<Content>);

impl fmt::Debug for ConfigFile {
    /// Names the clusters only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.clusters.iter().map(|cluster| &cluster.name)).finish()
    }
}

impl ConfigFile {
    /// The clusters, with their endpoints.
    pub(super) fn clusters(&self) -> Vec<ClusterChoice> {
        let choice = |cluster: &Cluster| ClusterChoice {
            name: cluster.name.clone(),
            color: cluster.color,
            target: ["discovery-srv", "endpoints"]
                .into_iter()
                .find_map(|name| cluster.values.get(name))
                .map_or(String::new(), |endpoints| endpoints.join(",")),
        };
        self.0.clusters.iter().map(choice).collect()
    }
}

/// The options for another cluster of the config file, as `leasetop --cluster NAME` reads them. Options that were given
/// at the start are kept only if they do not belong to a cluster, so that no password reaches another cluster.
///
/// # Errors
/// The config file does not define the cluster.
pub(super) fn for_cluster(start: &GlobalFlags, name: &str) -> Result<(GlobalFlags, MonitorArgs), CliError> {
    let content = &start.config_file.0;
    let Some(cluster) = content.cluster(name) else { return Err(CliError::Usage(unknown(name, content))) };
    let command = settings::with_defaults(command(), &content.values, Some(&cluster.values));
    let args = [OsString::from("leasetop"), OsString::from(format!("--cluster={name}"))];
    let wrong = |error: clap::Error| CliError::Usage(printable(error.to_string().as_bytes()));
    let matches = command.try_get_matches_from(args).map_err(wrong)?;
    let Cli { mut shared, monitor, .. } = Cli::from_arg_matches(&matches).map_err(wrong)?;
    shared.connection.choose_password(&matches, true)?;
    let is_flag = start.general.read_only && start.read_only_by == ReadOnlyBy::Flag;
    let is_read_only = shared.general.read_only || is_flag;
    shared.general = GeneralFlags { read_only: is_read_only, ..start.general.clone() };
    shared.keeping.queue_capacity = start.keeping.queue_capacity;
    if start.is_given("pace") {
        shared.keeping.pace = start.keeping.pace;
    }
    shared.named = Some(ClusterLabel { name: cluster.name.clone(), color: cluster.color });
    shared.keymap = start.keymap.clone();
    shared.config_file = start.config_file.clone();
    Ok((shared, monitor))
}

/// Whether a config file can have this setting at its top level.
pub(super) fn has_setting(name: &str) -> bool {
    settings::SETTINGS.iter().any(|setting| setting.name == name)
}

/// The global options of an unfinished command line, with the values of the config file. `None` if they cannot be read.
pub(super) fn for_completion(words: &[OsString], env: &Env) -> Option<GlobalFlags> {
    let words: Vec<OsString> = words.iter().map(|word| unquoted(word)).collect();
    let matches = command().ignore_errors(true).try_get_matches_from(&words).ok()?;
    let path = matches.get_one::<PathBuf>("config").cloned();
    let content = match path.or_else(|| env.file().filter(|path| path.exists())) {
        Some(path) => load(&path, env).ok()?,
        None => Content::default(),
    };
    // The name of a cluster may be unfinished too.
    let cluster = chosen(&matches, &content).ok().flatten().map(|cluster| &cluster.values);
    let command = settings::with_defaults(command(), &content.values, cluster);
    let matches = command.ignore_errors(true).try_get_matches_from(words).ok()?;
    let mut shared = GlobalFlags::from_arg_matches(&matches).ok()?;
    shared.general.themes.clone_from(&content.themes);
    shared.config_file = ConfigFile(Arc::new(content));
    Some(shared)
}

/// A word without the quotes around it, with which shells pass it for completion.
fn unquoted(word: &OsStr) -> OsString {
    let inner = |text: &str| {
        let quote = text.chars().next().filter(|quote| ['\'', '"'].contains(quote))?;
        text.strip_prefix(quote)?.strip_suffix(quote).map(OsString::from)
    };
    word.to_str().and_then(inner).unwrap_or_else(|| word.to_owned())
}

/// Parses the arguments. Exits on wrong usage and on `--help`.
///
/// The pages of `--help` are built only after an error, so that the program starts sooner; clap reports a call for help as
/// an error. clap also checks variables that are not used, and the usage line of an error lists every option that the
/// environment sets. So the arguments are parsed once more without the environment, and then with the variables that count.
fn matched(command: impl Fn() -> Command, args: &[OsString]) -> ArgMatches {
    if let Ok(matches) = command().try_get_matches_from(args) {
        return matches;
    }
    let plain = match Cli::command().mut_args(|arg| arg.env(None::<&str>)).try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(error) if error.use_stderr() => without_logins(error).exit(),
        Err(plain_help) => {
            let Err(help) = with_short_help(command()).try_get_matches_from(args) else { plain_help.exit() };
            help.exit()
        }
    };
    let counts = |arg: Arg| if uses_env(&plain, arg.get_id().as_str()) { arg } else { arg.env(None::<&str>) };
    let matches = command().mut_args(counts).try_get_matches_from(args);
    matches.unwrap_or_else(|error| without_logins(error).exit())
}

/// Whether the variable of an option counts. `plain` is the command line without the environment.
fn uses_env(plain: &ArgMatches, id: &str) -> bool {
    let is_given = |id| is_given(plain, id);
    let has_no_cluster = is_any(plain, &WITHOUT_CLUSTER) || is_any(plain, &ON_SANDBOX);
    let is_elsewhere = has_no_cluster || is_given("cluster") || is_given("sandbox");
    let is_replaced = is_elsewhere && settings::is_identity(id) || id == "endpoints" && is_given("discovery_srv");
    !is_given(id) && !is_replaced && !is_any(plain, &WITHOUT_FILE)
}

fn is_given(matches: &ArgMatches, id: &str) -> bool {
    matches.value_source(id) == Some(ValueSource::CommandLine)
}

/// The options on the command line: those of the program and of the command.
fn given(matches: &ArgMatches) -> Vec<Id> {
    let command = matches.subcommand().map(|(_, matches)| matches);
    let of = |matches: &ArgMatches| {
        let given = matches.ids().filter(|id| is_given(matches, id.as_str()));
        given.cloned().collect::<Vec<_>>()
    };
    [Some(matches), command].into_iter().flatten().flat_map(of).collect()
}

/// Hides the password of a URL in an error that shows the wrong value.
fn without_logins(mut error: clap::Error) -> clap::Error {
    if let Some(ContextValue::String(value)) = error.get(ContextKind::InvalidValue) {
        let value = without_login(value);
        error.insert(ContextKind::InvalidValue, ContextValue::String(value));
    }
    error
}

/// Refuses options that select the cluster in contradictory ways. Only endpoints on the command line count, not those
/// of the environment.
fn check_place(matches: &ArgMatches) -> Result<(), CliError> {
    let is_given = |id| is_given(matches, id);
    let place = [("endpoints", "--endpoints"), ("discovery_srv", "--discovery-srv")];
    let place = place.into_iter().find(|(id, _)| is_given(id)).map(|(_, option)| option);
    let has_cluster = matches.contains_id("cluster");
    let has_sandbox = matches.get_flag("sandbox");
    let command = matches.subcommand_name().unwrap_or_default();
    let why = match place {
        Some(place) if has_cluster => format!("--cluster conflicts with {place}"),
        _ if has_cluster && has_sandbox => "--cluster conflicts with --sandbox".to_owned(),
        Some(place) if has_sandbox => format!("--sandbox conflicts with {place}"),
        Some(_) if ON_SANDBOX.contains(&command) => own_sandbox(command),
        _ if ON_SANDBOX.contains(&command) && has_cluster => own_sandbox(command),
        _ => return Ok(()),
    };
    Err(CliError::Usage(why))
}

fn own_sandbox(command: &str) -> String {
    format!("`{command}` has its own sandbox; drop --endpoints, --discovery-srv and --cluster")
}

/// Where read-only mode was set: by the flag, or in the file.
fn read_only_by(matches: &ArgMatches, content: &Content, cluster: Option<&Cluster>) -> ReadOnlyBy {
    if is_given(matches, "read_only") {
        return ReadOnlyBy::Flag;
    }
    let of_cluster = cluster.filter(|cluster| cluster.values.contains_key("read-only"));
    ReadOnlyBy::File { path: content.path.clone(), cluster: of_cluster.map(|cluster| cluster.name.clone()) }
}

/// The definition of the command line. As in etcdctl, an empty environment variable counts as unset.
fn command() -> Command {
    let is_empty = |arg: &&Arg| arg.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
    let command = Cli::command();
    let unset: Vec<Id> = command.get_arguments().filter(is_empty).map(|arg| arg.get_id().clone()).collect();
    unset.into_iter().fold(command, |command, id| command.mut_arg(id, |arg| arg.env(Resettable::Reset)))
}

/// Converts parsed arguments. Exits if they do not fit.
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
        // NO_COLOR takes precedence over the theme of the file.
        content.values.remove("theme");
    }
    Ok(content)
}

/// The cluster of `--cluster`, or the default cluster of the file if no endpoints and no sandbox are given.
fn chosen<'a>(matches: &ArgMatches, content: &'a Content) -> Result<Option<&'a Cluster>, CliError> {
    let source = matches.value_source("endpoints").max(matches.value_source("discovery_srv"));
    let is_sandbox = matches.get_one("sandbox").is_some_and(|is_set| *is_set) || is_any(matches, &ON_SANDBOX);
    let Some(name) = matches.get_one::<String>("cluster") else {
        let is_elsewhere = is_sandbox || source.is_some_and(|source| source > ValueSource::DefaultValue);
        let name = content.default_cluster.as_ref().filter(|_| !is_elsewhere);
        return Ok(name.and_then(|name| content.cluster(name)));
    };
    content.cluster(name).map(Some).ok_or_else(|| CliError::Usage(unknown(name, content)))
}

fn unknown(name: &str, content: &Content) -> String {
    let known: Vec<String> = content.clusters.iter().map(|cluster| printable(cluster.name.as_bytes())).collect();
    let name = printable(name.as_bytes());
    if known.is_empty() {
        return format!("no cluster “{name}” in the config file (none defined); add [cluster.{name}]");
    }
    format!("no cluster “{name}” in the config file; defined: {}", known.join(", "))
}

/// The options of the program, without the environment.
fn options() -> Command {
    Cli::command().no_binary_name(true).mut_args(|arg| arg.env(None::<&str>))
}
