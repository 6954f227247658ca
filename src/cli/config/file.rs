//! The tables of a config file as serde reads them, each value with its position.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;
use toml::de::{DeTable, Deserializer};

use super::locks::LockTable;
use super::mutes::MuteTable;
use super::on_event::OnEventTable;
use super::themes::Themes;
use crate::escape::{printable, printable_message};

/// The top level of a file, or a `[cluster.NAME]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case", expecting = "a table of settings")]
pub(super) struct Table {
    /// The cluster to use by default, at the top level only.
    pub(super) default_cluster: Option<Spanned<String>>,
    /// Clusters by name, at the top level only.
    pub(super) cluster: Option<Spanned<BTreeMap<String, Spanned<Table>>>>,
    /// Key bindings by action, at the top level only.
    pub(super) keys: Option<Spanned<BTreeMap<Spanned<String>, Texts>>>,
    /// Muted warnings, at the top level only.
    pub(super) mute: Option<Spanned<Vec<Spanned<MuteTable>>>>,
    /// Patterns of lock keys, at the top level only.
    pub(super) lock: Option<Spanned<Vec<Spanned<LockTable>>>>,
    /// Commands that run on events, at the top level only.
    pub(super) on_event: Option<Spanned<Vec<Spanned<OnEventTable>>>>,
    /// Colour of the cluster's name, in a cluster only.
    pub(super) color: Option<Spanned<String>>,
    /// Passwords are refused, with a message of their own.
    pub(super) password: Option<Spanned<IgnoredAny>>,
    pub(super) ascii: Option<Spanned<bool>>,
    pub(super) budget: Option<Spanned<i64>>,
    pub(super) cacert: Option<Spanned<String>>,
    pub(super) cert: Option<Spanned<String>>,
    pub(super) columns: Option<Spanned<Texts>>,
    pub(super) command_timeout: Option<Spanned<String>>,
    pub(super) dial_timeout: Option<Spanned<String>>,
    pub(super) discovery_srv: Option<Spanned<String>>,
    pub(super) discovery_srv_name: Option<Spanned<String>>,
    pub(super) endpoints: Option<Spanned<Texts>>,
    pub(super) filter: Option<Spanned<String>>,
    pub(super) group: Option<Spanned<String>>,
    pub(super) insecure_discovery: Option<Spanned<bool>>,
    pub(super) insecure_skip_tls_verify: Option<Spanned<bool>>,
    pub(super) insecure_transport: Option<Spanned<bool>>,
    pub(super) key: Option<Spanned<String>>,
    pub(super) key_budget: Option<Spanned<String>>,
    pub(super) rewind: Option<Spanned<String>>,
    pub(super) log_file: Option<Spanned<String>>,
    pub(super) mouse: Option<Spanned<bool>>,
    pub(super) no_color: Option<Spanned<bool>>,
    pub(super) pace: Option<Spanned<String>>,
    pub(super) password_file: Option<Spanned<String>>,
    pub(super) prefix: Option<Spanned<String>>,
    pub(super) queue_capacity: Option<Spanned<i64>>,
    pub(super) read_only: Option<Spanned<bool>>,
    pub(super) sort: Option<Spanned<String>>,
    pub(super) theme: Option<Spanned<Themes>>,
    pub(super) user: Option<Spanned<String>>,
    pub(super) write_out: Option<Spanned<String>>,
}

/// A string, or a list of strings.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "expected a string or a list of strings")]
pub(super) enum Texts {
    One(String),
    Many(Vec<String>),
}

impl Texts {
    pub(super) fn as_slice(&self) -> &[String] {
        match self {
            Texts::One(text) => std::slice::from_ref(text),
            Texts::Many(texts) => texts,
        }
    }
}

/// An error in a config file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadConfig {
    path: PathBuf,
    /// Line number, from 1.
    line: usize,
    /// The key with its tables, such as `cluster.prod.user`. `None` if `what` contains it, or there is none.
    key: Option<String>,
    what: String,
}

impl fmt::Display for BadConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.path.display(), self.line)?;
        if let Some(key) = &self.key {
            write!(f, "{}: ", printable(key.as_bytes()))?;
        }
        write!(f, "{}", self.what)
    }
}

impl std::error::Error for BadConfig {}

#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a> {
    pub(super) path: &'a Path,
    pub(super) text: &'a str,
}

impl Source<'_> {
    /// Parses the file. Values are not checked yet.
    pub(super) fn parse(&self) -> Result<Table, BadConfig> {
        let document = DeTable::parse(self.text).map_err(|error| self.malformed(&error))?;
        Table::deserialize(Deserializer::from(document)).map_err(|error| self.mistyped(&error))
    }

    /// An error at a byte offset.
    pub(super) fn wrong(&self, at: usize, key: &str, what: impl fmt::Display) -> BadConfig {
        let line = self.text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
        let key = if key.is_empty() { None } else { Some(key.to_owned()) };
        BadConfig { path: self.path.to_owned(), line, key, what: printable_message(&what.to_string()) }
    }

    /// The error for invalid TOML. Of the line it shows only the key, because the value may be a password.
    fn malformed(&self, error: &toml::de::Error) -> BadConfig {
        let at = error.span().map_or(0, |span| span.start).min(self.text.len());
        let start = self.text[..at].rfind('\n').map_or(0, |end| end + 1);
        let line = self.text[start..].lines().next().unwrap_or_default();
        let key = line.split_once('=').map_or("", |(key, _)| key.trim());
        self.wrong(at, key, format!("invalid TOML: {}", error.message()))
    }

    /// The error for a value of the wrong type or an unknown setting: serde's message in TOML's terms.
    fn mistyped(&self, error: &toml::de::Error) -> BadConfig {
        let at = error.span().map_or(0, |span| span.start);
        let message = printable(error.message().as_bytes());
        if let Some((name, _)) = message.strip_prefix("unknown field ").and_then(|rest| rest.split_once(", expected")) {
            return self.wrong(at, "", format!("unknown setting {name}; run `leasetop config` for the list"));
        }
        let message = message.replace("invalid type: map", "invalid type: table");
        let message = match message.rsplit_once(", expected ") {
            Some((found, "i64")) => format!("{found}, expected an integer"),
            Some((found, "a map")) => format!("{found}, expected a table"),
            _ => message,
        };
        // The error shows the tables around it only in its second line, "in `cluster.prod.user`".
        let shown = error.to_string();
        let key = shown.lines().find_map(|line| line.strip_prefix("in `")?.strip_suffix('`'));
        self.wrong(at, key.unwrap_or_default(), message)
    }
}
