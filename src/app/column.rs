//! The columns of the lease table by name: what can be shown, and sorted by.

use std::fmt;
use std::str::FromStr;

/// A column of the lease table. Which of them are shown, and in which order, is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Column {
    /// The id.
    Id,
    /// Whose it is.
    Who,
    /// Its state.
    State,
    /// The time left, as a number and as a bar.
    Left,
    /// The TTL that was granted.
    Ttl,
    /// The interval between its renewals.
    Every,
    /// How long ago it was renewed.
    Last,
    /// When it is renewed next.
    Next,
    /// The least time left at a renewal.
    Margin,
    /// Its response queue.
    Queue,
    /// Responses dropped.
    Drop,
    /// The round trip of its last renewal.
    RoundTrip,
    /// How many keys it has.
    Keys,
    /// What is wrong with it.
    Warn,
    /// The first of its keys.
    FirstKey,
}

/// A text that names no column.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no column \"{name}\"; there are: {}", Column::names())]
pub struct UnknownColumn {
    name: String,
}

impl Column {
    /// All of them, in the order in which they stand where nothing else is asked for.
    pub const ALL: [Column; 15] = [
        Column::Id,
        Column::Who,
        Column::State,
        Column::Left,
        Column::Ttl,
        Column::Every,
        Column::Last,
        Column::Next,
        Column::Margin,
        Column::Queue,
        Column::Drop,
        Column::RoundTrip,
        Column::Keys,
        Column::Warn,
        Column::FirstKey,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Column::Id => "id",
            Column::Who => "who",
            Column::State => "state",
            Column::Left => "left",
            Column::Ttl => "ttl",
            Column::Every => "every",
            Column::Last => "last",
            Column::Next => "next",
            Column::Margin => "margin",
            Column::Queue => "q",
            Column::Drop => "drop",
            Column::RoundTrip => "rtt",
            Column::Keys => "keys",
            Column::Warn => "warn",
            Column::FirstKey => "key",
        }
    }

    /// Its title on the screen and in tables.
    pub const fn title(self) -> &'static str {
        match self {
            Column::Id => "ID",
            Column::Who => "WHO",
            Column::State => "STATE",
            Column::Left => "LEFT",
            Column::Ttl => "TTL",
            Column::Every => "EVERY",
            Column::Last => "LAST",
            Column::Next => "NEXT",
            Column::Margin => "MARGIN",
            Column::Queue => "Q",
            Column::Drop => "DROP",
            Column::RoundTrip => "RTT",
            Column::Keys => "KEYS",
            Column::Warn => "WARN",
            Column::FirstKey => "FIRST KEY",
        }
    }

    /// What it tells.
    pub fn meaning(self) -> &'static str {
        match self {
            Column::Id => "lease id",
            Column::Who => "owner: own, adopted, other",
            Column::State => "state, most urgent first",
            Column::Left => "time left",
            Column::Ttl => "granted TTL",
            Column::Every => "renewal interval",
            Column::Last => "time since the last renewal",
            Column::Next => "time to the next renewal",
            Column::Margin => "lowest time left at a renewal",
            Column::Queue => "unread responses in the queue",
            Column::Drop => "dropped responses",
            Column::RoundTrip => "round trip of the last renewal",
            Column::Keys => "number of keys",
            Column::Warn => "warnings",
            Column::FirstKey => "first key",
        }
    }

    /// Whether one looks for the largest of it first.
    pub(super) fn is_largest_first(self) -> bool {
        matches!(self, Column::Queue | Column::Drop | Column::RoundTrip | Column::Keys)
    }

    fn names() -> String {
        Column::ALL.map(Column::name).join(" ")
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Column {
    type Err = UnknownColumn;

    fn from_str(name: &str) -> Result<Self, UnknownColumn> {
        let is_it = |column: &Column| column.name() == name.to_ascii_lowercase();
        Column::ALL.into_iter().find(is_it).ok_or_else(|| UnknownColumn { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_has_a_name_of_its_own() {
        for column in Column::ALL {
            assert_eq!(column.to_string().parse(), Ok(column));
            assert_eq!(column.name().to_uppercase().parse(), Ok(column));
        }
    }

    #[test]
    fn an_unknown_one_is_told_with_those_that_there_are() {
        let told = "\u{1b}size".parse::<Column>().expect_err("no column").to_string();
        assert!(told.starts_with("there is no column") && told.ends_with("drop rtt keys warn key"), "{told}");
    }
}
