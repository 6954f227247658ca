//! The options that a config file can set.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::num::ParseIntError;
use std::path::Path;

use clap::error::{ContextKind, ContextValue};
use clap::{Arg, Command};
use toml::Spanned;

use super::file::{BadConfig, Source, Table, Texts};
use super::options;
use crate::escape::printable;

/// The type of a setting, and its field in the file.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// The name of a theme.
    Theme,
    /// A string.
    Text(fn(&Table) -> &Option<Spanned<String>>),
    /// A string, or a list of them.
    Texts(fn(&Table) -> &Option<Spanned<Texts>>),
    /// true or false.
    Switch(fn(&Table) -> &Option<Spanned<bool>>),
    /// A whole number.
    Number(fn(&Table) -> &Option<Spanned<i64>>),
    /// A path, relative to the folder of the config file.
    File(fn(&Table) -> &Option<Spanned<String>>),
}

/// An option that a file can set, under the same name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    reach: Reach,
    /// Example in TOML, for the commented config file. Empty if there is a default to show.
    pub(super) example: &'static str,
    /// Commands that have their own option of this name. The setting applies to these too.
    also: &'static [&'static str],
}

/// Which tables may contain a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// Only the top level.
    Program,
    /// The top level and clusters.
    Both,
    /// The top level and clusters. These settings identify the cluster and the user, so they apply as a whole: a named
    /// cluster inherits none from the top level or the environment.
    Identity,
}

const fn setting(name: &'static str, kind: Kind, reach: Reach, example: &'static str) -> Setting {
    Setting { name, kind, reach, example, also: &[] }
}

/// The commands that watch, besides the monitor.
const WATCHING: &[&str] = &["events", "list", "locks", "serve", "wait"];

/// Every setting, in the order of the sample.
pub(super) const SETTINGS: &[Setting] = &[
    setting("endpoints", Kind::Texts(|t| &t.endpoints), Reach::Identity, ""),
    setting("discovery-srv", Kind::Text(|t| &t.discovery_srv), Reach::Identity, r#""example.com""#),
    setting("discovery-srv-name", Kind::Text(|t| &t.discovery_srv_name), Reach::Identity, r#""prod""#),
    setting("insecure-discovery", Kind::Switch(|t| &t.insecure_discovery), Reach::Identity, ""),
    setting("cacert", Kind::File(|t| &t.cacert), Reach::Identity, r#""ca.pem""#),
    setting("cert", Kind::File(|t| &t.cert), Reach::Identity, r#""me.pem""#),
    setting("key", Kind::File(|t| &t.key), Reach::Identity, r#""me-key.pem""#),
    setting("insecure-skip-tls-verify", Kind::Switch(|t| &t.insecure_skip_tls_verify), Reach::Identity, ""),
    setting("insecure-transport", Kind::Switch(|t| &t.insecure_transport), Reach::Identity, ""),
    setting("user", Kind::Text(|t| &t.user), Reach::Identity, r#""me""#),
    setting("password-file", Kind::File(|t| &t.password_file), Reach::Identity, r#""me-password""#),
    setting("dial-timeout", Kind::Text(|t| &t.dial_timeout), Reach::Both, ""),
    setting("command-timeout", Kind::Text(|t| &t.command_timeout), Reach::Both, ""),
    setting("read-only", Kind::Switch(|t| &t.read_only), Reach::Both, ""),
    setting("write-out", Kind::Text(|t| &t.write_out), Reach::Program, ""),
    setting("theme", Kind::Theme, Reach::Program, r#""light""#),
    setting("no-color", Kind::Switch(|t| &t.no_color), Reach::Program, ""),
    setting("mouse", Kind::Switch(|t| &t.mouse), Reach::Program, ""),
    setting("ascii", Kind::Switch(|t| &t.ascii), Reach::Program, ""),
    setting("log-file", Kind::File(|t| &t.log_file), Reach::Program, r#""/tmp/leasetop.log""#),
    setting("pace", Kind::Text(|t| &t.pace), Reach::Both, ""),
    setting("queue-capacity", Kind::Number(|t| &t.queue_capacity), Reach::Program, ""),
    Setting { also: WATCHING, ..setting("budget", Kind::Number(|t| &t.budget), Reach::Both, "200") },
    Setting { also: WATCHING, ..setting("key-budget", Kind::Text(|t| &t.key_budget), Reach::Both, r#""8MB""#) },
    // Not for `list`, `wait` and `locks`: a config file must not hide keys from scripts.
    Setting {
        also: &["events", "serve"],
        ..setting("prefix", Kind::Text(|t| &t.prefix), Reach::Both, r#""/services/""#)
    },
    setting("rewind", Kind::Text(|t| &t.rewind), Reach::Program, r#""16MB""#),
    // Not for `list`: a config file must not hide leases from scripts.
    Setting {
        also: &["demo"],
        ..setting("filter", Kind::Text(|t| &t.filter), Reach::Program, r#""who:own or left<10s""#)
    },
    Setting { also: &["demo", "list"], ..setting("sort", Kind::Text(|t| &t.sort), Reach::Program, r#""left:asc""#) },
    Setting {
        also: &["demo", "list"],
        ..setting("columns", Kind::Texts(|t| &t.columns), Reach::Program, r#"["id", "state", "left"]"#)
    },
    // Not for `list`: it would print other fields.
    Setting { also: &["demo"], ..setting("group", Kind::Text(|t| &t.group), Reach::Program, r#""service""#) },
];

/// Whether an option, by clap's id, belongs to the identity of a cluster.
pub(super) fn is_identity(id: &str) -> bool {
    SETTINGS.iter().any(|setting| setting.reach == Reach::Identity && setting.id() == id)
}

/// Values of settings by name, as the option takes them.
pub(super) type Values = BTreeMap<&'static str, Vec<String>>;

impl Setting {
    /// clap's id of the option.
    pub(super) fn id(&self) -> String {
        self.name.replace('-', "_")
    }

    /// Byte offset and values of the setting in a table, if it is set there.
    fn given(&self, table: &Table, folder: &Path) -> Option<(usize, Vec<String>)> {
        match self.kind {
            Kind::Theme => {
                let name = table.theme.as_ref()?.get_ref().chosen.as_ref()?;
                Some((name.span().start, vec![name.get_ref().clone()]))
            }
            Kind::Text(field) => given(field(table), |text| vec![text.clone()]),
            Kind::Texts(field) => given(field(table), |texts| texts.as_slice().to_vec()),
            Kind::Switch(field) => given(field(table), |is_on| vec![is_on.to_string()]),
            Kind::Number(field) => given(field(table), |number| vec![number.to_string()]),
            Kind::File(field) => given(field(table), |file| vec![folder.join(file).to_string_lossy().into_owned()]),
        }
    }
}

fn given<T>(value: &Option<Spanned<T>>, texts: impl Fn(&T) -> Vec<String>) -> Option<(usize, Vec<String>)> {
    value.as_ref().map(|value| (value.span().start, texts(value.get_ref())))
}

pub(super) const NOT_IN_CLUSTER: &str = "applies to all clusters; move it above the first [table]";
const NO_PASSWORD: &str =
    "passwords are not allowed in the config file; use password-file or ETCDCTL_PASSWORD, or leasetop asks";

/// Checks values with the parsers of the options.
pub(super) struct Checker<'a> {
    source: &'a Source<'a>,
    options: Command,
}

impl<'a> Checker<'a> {
    pub(super) fn new(source: &'a Source<'a>) -> Self {
        Checker { source, options: options() }
    }

    /// The settings of a table. `place` is the prefix of its keys: empty at the top level, `cluster.NAME.` in a cluster.
    pub(super) fn values(&self, table: &Table, place: &str) -> Result<Values, BadConfig> {
        if let Some(password) = &table.password {
            return Err(self.source.wrong(password.span().start, &format!("{place}password"), NO_PASSWORD));
        }
        let is_cluster = !place.is_empty();
        let folder = self.source.path.parent().unwrap_or(Path::new(""));
        let mut values = Values::new();
        for setting in SETTINGS {
            let Some((at, given)) = setting.given(table, folder) else { continue };
            let wrong = |why: &str| self.source.wrong(at, &format!("{place}{}", setting.name), why);
            if is_cluster && setting.reach == Reach::Program {
                return Err(wrong(NOT_IN_CLUSTER));
            }
            self.check(setting, &given).map_err(|why| wrong(&why))?;
            values.insert(setting.name, given);
        }
        Ok(values)
    }

    fn check(&self, setting: &Setting, values: &[String]) -> Result<(), String> {
        // The value is not shown: it contains the password.
        if setting.name == "user" && values.iter().any(|value| value.contains(':')) {
            return Err(NO_PASSWORD.to_owned());
        }
        if values.is_empty() {
            return Err("the list is empty".to_owned());
        }
        if let Some((_, twice)) = values.iter().enumerate().find(|(place, value)| values[..*place].contains(value)) {
            return Err(format!("`{}` appears twice", printable(twice.as_bytes())));
        }
        values.iter().try_for_each(|value| self.parse(setting.name, value))
    }

    /// Checks a value with the parser of the option `name`.
    fn parse(&self, name: &str, value: &str) -> Result<(), String> {
        let Err(refused) = self.options.clone().try_get_matches_from([format!("--{name}={value}")]) else {
            return Ok(());
        };
        let why = match (refused.source(), refused.get(ContextKind::ValidValue)) {
            (Some(why), _) if why.is::<ParseIntError>() => format!("invalid number `{value}`"),
            (Some(why), _) => why.to_string(),
            (None, Some(ContextValue::Strings(known))) => format!("`{value}` is not one of {}", known.join(", ")),
            (None, _) => format!("invalid value `{value}`"),
        };
        Err(printable(why.as_bytes()))
    }
}

/// The options with the file's values as defaults, so that flags and the environment take precedence.
///
/// Only flags take precedence over the [`Reach::Identity`] settings of a named cluster.
pub(super) fn with_defaults(command: Command, top: &Values, cluster: Option<&Values>) -> Command {
    SETTINGS.iter().fold(command, |command, setting| {
        let is_identity = setting.reach == Reach::Identity && cluster.is_some();
        let own = cluster.and_then(|cluster| cluster.get(setting.name));
        let values = own.or_else(|| top.get(setting.name).filter(|_| !is_identity)).cloned();
        let adapt = |arg: Arg| {
            let arg = if is_identity { arg.env(None::<&str>) } else { arg };
            match values.clone() {
                Some(values) => arg.default_values(values),
                None => arg,
            }
        };
        let command = command.mut_arg(setting.id(), adapt);
        let also = setting.also.iter();
        also.fold(command, |command, name| command.mut_subcommand(name, |sub| sub.mut_arg(setting.id(), adapt)))
    })
}
