//! The commands that can be typed: those with arguments, and every action of the key table by its name.

use crate::app::action::Action;
use crate::app::keymap::KEYMAP;

/// The kind of a command's arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arguments {
    Grant,
    Ids(Action),
    Filter,
    Sort,
    Group,
    Columns,
    Theme,
    Cluster,
    File {
        overwrite: bool,
    },
    View,
    Record,
    Seek,
    Speed,
    WriteConfig,
    Tour,
    /// No arguments.
    Action(Action),
}

/// A command that can be typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandSpec {
    /// The name.
    pub name: String,
    /// The arguments, such as `TTL [--put KEY=VALUE]...`. Empty if there are none.
    pub usage: &'static str,
    /// What it does.
    pub help: &'static str,
    pub(super) arguments: Arguments,
}

/// Commands with arguments, or with a name other than that of their action.
const WITH_ARGUMENTS: &[(&str, &str, &str, Arguments)] = &[
    ("grant", "TTL [--put KEY=VALUE]... [--count N] [--id ID]", "grant leases and keep them alive", Arguments::Grant),
    ("revoke", "[ID...]", "revoke leases; asks first", Arguments::Ids(Action::Revoke)),
    ("keep-alive", "[ID...]", "keep leases alive, or stop", Arguments::Ids(Action::KeepAlive)),
    ("renew", "[ID...]", "renew leases once", Arguments::Ids(Action::RenewOnce)),
    ("filter", "[FILTER]", "show only leases matching FILTER", Arguments::Filter),
    ("sort", "COLUMN[:asc|:desc]", "sort by a column", Arguments::Sort),
    ("group", "none|service|ttl|owner", "group the rows", Arguments::Group),
    ("columns", "COLUMN...", "show these columns, in this order", Arguments::Columns),
    ("theme", "NAME", "change the colours", Arguments::Theme),
    ("cluster", "[NAME]", "switch to another cluster", Arguments::Cluster),
    ("view", "NAME", "show a view", Arguments::View),
    ("export", "FILE", "write the rows of leases to FILE, as .json or .csv", Arguments::File { overwrite: false }),
    (
        "export!",
        "FILE",
        "overwrite FILE with the rows of leases, as .json or .csv",
        Arguments::File { overwrite: true },
    ),
    ("record", "[FILE]", "record to FILE, or stop", Arguments::Record),
    (
        "seek",
        "N%|+SPAN|-SPAN|HH:MM:SS",
        "go to a time: a place in what is kept, a span, or a time of day",
        Arguments::Seek,
    ),
    ("speed", "N", "recording: play at N times real time", Arguments::Speed),
    ("write-config", "", "write theme, columns, sort and group to the config file", Arguments::WriteConfig),
    ("tour", "", "show the introduction of the demo again", Arguments::Tour),
];

/// All commands: those with arguments first, then the remaining actions of the key table.
pub fn specs() -> Vec<CommandSpec> {
    let with_arguments = WITH_ARGUMENTS.iter().map(|(name, usage, help, arguments)| CommandSpec {
        name: (*name).to_owned(),
        usage,
        help,
        arguments: *arguments,
    });
    let is_new = |name: &str| WITH_ARGUMENTS.iter().all(|(other, ..)| *other != name);
    let actions = KEYMAP.iter().filter(|row| !matches!(row.action, Action::Dialog(_)));
    let actions = actions.map(|row| CommandSpec {
        name: row.action.name(),
        usage: "",
        help: row.help,
        arguments: Arguments::Action(row.action),
    });
    with_arguments.chain(actions.filter(|spec| is_new(&spec.name))).collect()
}

/// The action of the key table called `name`.
pub(super) fn action(name: &str) -> Option<Action> {
    let mut actions = KEYMAP.iter().map(|row| row.action).filter(|action| !matches!(action, Action::Dialog(_)));
    actions.find(|action| action.name() == name)
}

/// The command called `name`. `q` is short for `quit`.
pub(super) fn find(name: &str) -> Option<CommandSpec> {
    let name = if name == "q" { "quit" } else { name };
    specs().into_iter().find(|spec| spec.name == name)
}

/// The arguments of the command at the start of a line, such as `TTL [--put KEY=VALUE]...`. `None` until a blank follows the
/// name, and for a command without arguments.
pub(super) fn usage(line: &str) -> Option<&'static str> {
    let (name, _) = line.trim_start().split_once(char::is_whitespace)?;
    let usage = find(name)?.usage;
    if usage.is_empty() { None } else { Some(usage) }
}
