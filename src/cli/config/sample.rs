//! The commented config file of `leasetop config`, made from the options and the key table.

use clap::{Arg, Command};

use super::options;
use super::settings::{Kind, SETTINGS, Setting};
use crate::app::{Keymap, KeymapEntry};

const HEAD: &str = "\
# leasetop reads $XDG_CONFIG_HOME/leasetop/config.toml, or ~/.config/leasetop/config.toml if that variable is unset, or the
# file of --config FILE. Precedence: option, environment variable, this file.
#
# A line that starts with # and a name shows the default; uncomment to change.
";

const CLUSTERS: &str = r##"
# The cluster to use without --cluster, --endpoints and ETCDCTL_ENDPOINTS.
# For example: default-cluster = "prod"

# Clusters for --cluster NAME. A cluster does not inherit endpoints, TLS files, user and password-file from above or from the environment.
# Its timeouts, pace, budget, key-budget, prefix and read-only override those above. Its color marks the top line: red, yellow,
# green, cyan, blue or magenta. File names are relative to this file.
# For example:
# [cluster.prod]
# endpoints = ["https://10.0.0.1:2379", "https://10.0.0.2:2379"]
# cacert = "prod-ca.pem"
# user = "me"
# color = "red"
# read-only = true
"##;

const MUTES: &str = r#"
# Known problems that are not shown as warnings, for one service, for keys with a prefix, or for one lease (id).
# For example:
# [[mute]]
# warning = "short-ttl"
# service = "/svc/cron"
"#;

const LOCKS: &str = r#"
# Keys that are locks, where leasetop does not know the client. `*` stands for any characters but a slash. If the key is named
# after its lease, its candidates have the keys beside it; otherwise the key is the lock, and its value is shown.
# For example:
# [[lock]]
# key = "/service/*/leader"
"#;
const ON_EVENT: &str = r#"
# Commands that run on events, in the monitor, `events` and `serve`. Each gets the event on stdin, as `events -w json` prints it.
# Without a filter it runs on every event. rate is the maximum number of runs per minute [default: 60].
# For example:
# [[on-event]]
# filter = "event:expired key:/svc/"
# command = "logger -t leasetop"
# rate = 10
"#;

const THEMES: &str = r##"
# Themes for --theme NAME: a built-in theme with other colors for some roles. With such tables in the file, choose one as
# theme.use = "NAME". The roles are text, dim, title, border, key, good, healthy, warning, danger, drop, gone, tab, active-tab
# and selection. A color is a name such as red or bright-red, a number from 0 to 255, #rrggbb, or default.
# For example:
# [theme.mine]
# based-on = "dark"
# danger = "#ff8700"
# dim = 244
"##;

const KEYS: &str = r#"
# Key bindings: a key, a list of keys, or [] for none. A key is a character, or Enter, Esc, Tab, Space, Up, PgDn, Home,
# Del, F1 to F12, Ctrl-a. Actions named dialog-, form-, quit-, drill-, columns-, complete-, history- and leave- apply in dialogs,
# where a key may have another meaning than in the monitor. In dialogs, digits that choose and keys that type or edit text keep
# their literal meaning.
[keys]
"#;

/// The file. Every default is commented out, so reading it changes nothing.
pub(in crate::cli) fn sample() -> String {
    let options = options();
    let settings: String = SETTINGS.iter().map(|setting| entry(setting, &options)).collect();
    let keys: String = Keymap::default().rows().map(key_line).collect();
    [HEAD, &settings, CLUSTERS, THEMES, MUTES, LOCKS, ON_EVENT, KEYS, &keys].concat()
}

/// The lines of a setting: the help of its option, and its default or an example.
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

/// The default in TOML. `None` without a default.
fn default(kind: Kind, values: &[String]) -> Option<String> {
    let first = values.first()?;
    Some(match kind {
        Kind::Texts(_) => list(values.iter()),
        Kind::Switch(_) | Kind::Number(_) => first.clone(),
        Kind::Text(_) | Kind::File(_) | Kind::Theme => quoted(first),
    })
}

/// The line of a key binding, such as `#revoke = ["x", "F9", "Del"]  # revoke the lease; asks first`.
fn key_line(row: KeymapEntry<'_>) -> String {
    let keys: Vec<String> = row.keys.iter().map(ToString::to_string).collect();
    let keys = if let [key] = keys.as_slice() { quoted(key) } else { list(keys.iter()) };
    format!("#{} = {keys}  # {}\n", row.binding.action.name(), row.binding.help)
}

fn list<'a>(texts: impl Iterator<Item = &'a String>) -> String {
    format!("[{}]", texts.map(|text| quoted(text)).collect::<Vec<_>>().join(", "))
}

/// A TOML string. Our texts contain no control characters.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""))
}
