//! The options of the command line that a file may set, as data.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::num::ParseIntError;

use clap::error::{ContextKind, ContextValue};
use clap::{Arg, Command};

use super::options;
use super::source::{BadConfig, Item};
use crate::escape::printable;

/// What a setting takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A text.
    Text,
    /// A text, or a list of them.
    Texts,
    /// true or false.
    Switch,
    /// A whole number.
    Number,
    /// A file; one that is no absolute path lies beside the config file.
    File,
}

/// An option of the command line that a file may set, by the option's own name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) reach: Reach,
    /// What a sample shows where there is no default; in TOML.
    pub(super) example: &'static str,
    /// Commands with an option of their own of that name, for which it holds too.
    also: &'static [&'static str],
}

/// Where a setting may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// At the top alone.
    Program,
    /// At the top, and in a cluster.
    Both,
    /// The same; with the others of this kind it says where etcd is and who asks, which is all or nothing: for a named
    /// cluster those at the top do not hold, nor the environment.
    Identity,
}

const fn setting(name: &'static str, kind: Kind, reach: Reach, example: &'static str) -> Setting {
    Setting { name, kind, reach, example, also: &[] }
}

/// Every setting, in the order of the sample.
pub(super) const SETTINGS: &[Setting] = &[
    setting("endpoints", Kind::Texts, Reach::Identity, ""),
    setting("cacert", Kind::File, Reach::Identity, r#""ca.pem""#),
    setting("cert", Kind::File, Reach::Identity, r#""me.pem""#),
    setting("key", Kind::File, Reach::Identity, r#""me-key.pem""#),
    setting("insecure-skip-tls-verify", Kind::Switch, Reach::Identity, ""),
    setting("user", Kind::Text, Reach::Identity, r#""me""#),
    setting("dial-timeout", Kind::Text, Reach::Both, ""),
    setting("command-timeout", Kind::Text, Reach::Both, ""),
    setting("read-only", Kind::Switch, Reach::Both, ""),
    setting("write-out", Kind::Text, Reach::Program, ""),
    setting("theme", Kind::Text, Reach::Program, r#""light""#),
    setting("no-color", Kind::Switch, Reach::Program, ""),
    setting("ascii", Kind::Switch, Reach::Program, ""),
    setting("log-file", Kind::File, Reach::Program, r#""/tmp/leasetop.log""#),
    setting("pace", Kind::Text, Reach::Both, ""),
    setting("queue-capacity", Kind::Number, Reach::Program, ""),
    Setting { also: &["events", "list"], ..setting("budget", Kind::Number, Reach::Both, "200") },
    Setting { also: &["events"], ..setting("prefix", Kind::Text, Reach::Both, r#""/services/""#) },
    // Not for `list`: what scripts read is not to shrink by a file.
    Setting { also: &["demo"], ..setting("filter", Kind::Text, Reach::Program, r#""who:own or left<10s""#) },
    Setting { also: &["demo", "list"], ..setting("sort", Kind::Text, Reach::Program, r#""left:asc""#) },
    Setting {
        also: &["demo", "list"],
        ..setting("columns", Kind::Texts, Reach::Program, r#"["id", "state", "left"]"#)
    },
];

/// Values of options, by their names.
pub(super) type Values = BTreeMap<&'static str, Vec<String>>;

impl Setting {
    /// What clap calls the option.
    pub(super) fn id(&self) -> String {
        self.name.replace('-', "_")
    }
}

/// Reads one, at the top of the file or in a cluster.
pub(super) fn read(
    item: &Item<'_>,
    checker: &Checker,
    in_cluster: bool,
) -> Result<(&'static str, Vec<String>), BadConfig> {
    let setting = named(item, in_cluster)?;
    let values = match setting.kind {
        Kind::Text => vec![item.text()?],
        Kind::Texts => item.texts()?,
        Kind::Switch => vec![item.switch()?.to_string()],
        Kind::Number => vec![item.number()?],
        Kind::File => vec![item.folder().join(item.text()?).to_string_lossy().into_owned()],
    };
    refuse_password(setting, &values, item)?;
    if values.is_empty() {
        return Err(item.wrong("it takes one at least"));
    }
    if let Some((_, twice)) = values.iter().enumerate().find(|(place, value)| values[..*place].contains(value)) {
        return Err(item.wrong(format!("`{}` stands there twice", printable(twice.as_bytes()))));
    }
    let check = |value: &String| checker.check(setting.name, value).map_err(|why| item.wrong(why));
    values.iter().try_for_each(check)?;
    Ok((setting.name, values))
}

fn named(item: &Item<'_>, in_cluster: bool) -> Result<&'static Setting, BadConfig> {
    let setting = SETTINGS.iter().find(|setting| setting.name == item.name());
    match setting {
        Some(setting) if in_cluster && setting.reach == Reach::Program => {
            Err(item.wrong("it is the same for all clusters: write it above the first line in brackets"))
        }
        Some(setting) => Ok(setting),
        None if item.name() == "password" => Err(item.wrong(NO_PASSWORD)),
        None => Err(item.wrong("there is no such setting; `leasetop config` prints all that there are")),
    }
}

const NO_PASSWORD: &str = "a password does not belong into a file: it is asked for, or stands in ETCDCTL_PASSWORD";

/// Says nothing of the value: it would print the password.
fn refuse_password(setting: &Setting, values: &[String], item: &Item<'_>) -> Result<(), BadConfig> {
    let has_password = setting.name == "user" && values.iter().any(|value| value.contains(':'));
    if has_password { Err(item.wrong(NO_PASSWORD)) } else { Ok(()) }
}

/// Checks values by the parsers of the options.
pub(super) struct Checker(Command);

impl Checker {
    pub(super) fn new() -> Self {
        Checker(options())
    }

    /// Passes a value that the option takes.
    ///
    /// # Errors
    /// Why it does not.
    fn check(&self, name: &str, value: &str) -> Result<(), String> {
        let refused = match self.0.clone().try_get_matches_from([format!("--{name}={value}")]) {
            Ok(_) => return Ok(()),
            Err(refused) => refused,
        };
        let why = match (refused.source(), refused.get(ContextKind::ValidValue)) {
            (Some(why), _) if why.is::<ParseIntError>() => format!("`{value}` is no number that it can be"),
            (Some(why), _) => why.to_string(),
            (None, Some(ContextValue::Strings(known))) => {
                format!("`{value}` is none of {}", known.join(", "))
            }
            (None, _) => format!("`{value}` is nothing that --{name} takes"),
        };
        Err(printable(why.as_bytes()))
    }
}

/// The options with what a file says as their defaults: a flag and the environment go before it.
///
/// With a named cluster its identity holds as a whole, as though it stood on the command line: only flags go before it.
pub(super) fn with_defaults(command: Command, top: &Values, cluster: Option<&Values>) -> Command {
    SETTINGS.iter().fold(command, |command, setting| {
        let is_identity = setting.reach == Reach::Identity && cluster.is_some();
        let said = cluster.and_then(|cluster| cluster.get(setting.name));
        let said = said.or_else(|| top.get(setting.name).filter(|_| !is_identity)).cloned();
        let adapt = |arg: Arg| {
            let arg = if is_identity { arg.env(None::<&str>) } else { arg };
            match said.clone() {
                Some(values) => arg.default_values(values),
                None => arg,
            }
        };
        let command = command.mut_arg(setting.id(), adapt);
        let also = setting.also.iter();
        also.fold(command, |command, name| command.mut_subcommand(name, |sub| sub.mut_arg(setting.id(), adapt)))
    })
}
