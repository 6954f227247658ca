//! A config file with a word on each setting, made from the options and the key table.

use clap::{Arg, Command};

use super::options;
use super::settings::{Kind, SETTINGS, Setting};
use crate::app::{Keymap, KeymapEntry};

const HEAD: &str = "\
# leasetop reads this from $XDG_CONFIG_HOME/leasetop/config.toml, without that variable from
# ~/.config/leasetop/config.toml, or from --config FILE. Flags go before the environment, and that before this file.
#
# Each line with a # right before its name says what holds without it: take the # away and change it.
";

const CLUSTERS: &str = r##"
# The cluster that is meant where neither --cluster, --endpoints nor ETCDCTL_ENDPOINTS names one.
# For example: default-cluster = "prod"

# Clusters for --cluster NAME, as many as there are. Endpoints, TLS files and user of one hold together: those above and
# those of the environment do not count for it. Its color marks the top line: red, yellow, green, cyan, blue, magenta.
# Time-outs, pace, budget, prefix and read-only are its own if it names them. Files lie beside this one.
# For example:
# [cluster.prod]
# endpoints = ["https://10.0.0.1:2379", "https://10.0.0.2:2379"]
# cacert = "prod-ca.pem"
# user = "me"
# color = "red"
# read-only = true
"##;

const KEYS: &str = r#"
# Keys of the monitor, one or a list; [] for none. A character, or Enter, Esc, Tab, Space, Up, PgDn, Home, Del, F1 to
# F12, Ctrl-a. Those named dialog-, form-, quit- and drill- hold in dialogs, where the same key may do another thing than in
# the monitor. What types or edits a text there, and the digits that choose, cannot be changed: they mean themselves.
[keys]
"#;

/// The sample, which says what holds without it.
pub(in crate::cli) fn sample() -> String {
    let options = options();
    let settings: String = SETTINGS.iter().map(|setting| entry(setting, &options)).collect();
    let keys: String = Keymap::default().rows().map(key_line).collect();
    [HEAD, &settings, CLUSTERS, KEYS, &keys].concat()
}

/// The words of `--help`, and the default.
fn entry(setting: &Setting, options: &Command) -> String {
    let id = setting.id();
    let option = options.get_arguments().find(|option| option.get_id() == id.as_str());
    let help = option.and_then(Arg::get_help).map(ToString::to_string).unwrap_or_default();
    let values: Vec<String> = option.map(default_values).unwrap_or_default();
    let line = match default(setting.kind, &values) {
        Some(value) => format!("#{} = {value}\n", setting.name),
        None => format!("# For example: {} = {}\n", setting.name, setting.example),
    };
    format!("\n# {}.\n{line}", help.trim_end_matches('.'))
}

fn default_values(option: &Arg) -> Vec<String> {
    option.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect()
}

/// The default in TOML.
fn default(kind: Kind, values: &[String]) -> Option<String> {
    let first = values.first()?;
    Some(match kind {
        Kind::Texts(_) => list(values.iter()),
        Kind::Switch(_) | Kind::Number(_) => first.clone(),
        Kind::Text(_) | Kind::File(_) => quoted(first),
    })
}

/// `#revoke = ["x", "F9", "Del"]`
fn key_line(row: KeymapEntry<'_>) -> String {
    let keys: Vec<String> = row.keys.iter().map(ToString::to_string).collect();
    let keys = if let [key] = keys.as_slice() { quoted(key) } else { list(keys.iter()) };
    format!("#{} = {keys}  # {}\n", row.binding.action.name(), row.binding.help)
}

fn list<'a>(texts: impl Iterator<Item = &'a String>) -> String {
    format!("[{}]", texts.map(|text| quoted(text)).collect::<Vec<_>>().join(", "))
}

/// A text of TOML; what we quote has no control characters.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""))
}
