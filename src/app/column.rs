//! The columns of the lease table: names, titles and descriptions.

use std::fmt;
use std::str::FromStr;

/// A column of the lease table. The user chooses which are shown and in what order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Column {
    /// The lease id.
    Id,
    /// Ownership: own, adopted or another client's.
    Who,
    /// The state.
    State,
    /// The time left, as a number and as a bar.
    Left,
    /// The granted TTL.
    Ttl,
    /// The interval between renewals.
    Every,
    /// The interval between renewals as a share of the TTL.
    Share,
    /// A sawtooth of the last renewal cycles.
    Cycles,
    /// Time since the last renewal.
    Last,
    /// Time until the next renewal.
    Next,
    /// The least time left at a renewal.
    Margin,
    /// Responses in the response queue.
    Queue,
    /// Dropped responses.
    Drop,
    /// Round trip of the last renewal.
    RoundTrip,
    /// Number of attached keys.
    Keys,
    /// The most urgent warning.
    Warn,
    /// The first attached key.
    FirstKey,
}

/// A string that is not a known column name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown column `{name}`; columns: {}", Column::names())]
pub struct UnknownColumn {
    name: String,
}

impl Column {
    /// All columns in their default order.
    pub const ALL: [Column; 17] = [
        Column::FirstKey,
        Column::State,
        Column::Left,
        Column::Ttl,
        Column::Every,
        Column::Share,
        Column::Cycles,
        Column::Drop,
        Column::Id,
        Column::Who,
        Column::Next,
        Column::Last,
        Column::Margin,
        Column::Queue,
        Column::RoundTrip,
        Column::Keys,
        Column::Warn,
    ];

    /// The name on the command line and in the config file.
    pub fn name(self) -> &'static str {
        match self {
            Column::Id => "id",
            Column::Who => "who",
            Column::State => "state",
            Column::Left => "left",
            Column::Ttl => "ttl",
            Column::Every => "every",
            Column::Share => "share",
            Column::Cycles => "cycles",
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

    /// The title on the screen and in printed tables.
    pub const fn title(self) -> &'static str {
        match self {
            Column::Id => "ID",
            Column::Who => "WHO",
            Column::State => "STATE",
            Column::Left => "LEFT",
            Column::Ttl => "TTL",
            Column::Every => "EVERY",
            Column::Share => "/TTL",
            Column::Cycles => "CYCLES",
            Column::Last => "LAST",
            Column::Next => "NEXT",
            Column::Margin => "MARGIN",
            Column::Queue => "Q",
            Column::Drop => "DROP",
            Column::RoundTrip => "RTT",
            Column::Keys => "KEYS",
            Column::Warn => "WARN",
            Column::FirstKey => "KEY",
        }
    }

    /// The description shown in the sort menu.
    pub fn description(self) -> &'static str {
        match self {
            Column::Id => "lease id",
            Column::Who => "owner: own, adopted, other",
            Column::State => "state, most urgent first",
            Column::Left => "time left",
            Column::Ttl => "granted TTL",
            Column::Every => "renewal interval",
            Column::Share => "interval as a share of the TTL",
            Column::Cycles => "last five renewal cycles",
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

    /// Whether sorting by this column is descending by default.
    pub(super) fn is_largest_first(self) -> bool {
        matches!(self, Column::Queue | Column::Drop | Column::RoundTrip | Column::Keys | Column::Share | Column::Cycles)
    }

    /// The names of all columns, separated by spaces.
    pub fn names() -> String {
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
    fn the_error_for_an_unknown_column_lists_all_columns() {
        let told = "\u{1b}size".parse::<Column>().expect_err("no column").to_string();
        assert!(told.starts_with("unknown column") && told.ends_with("margin q rtt keys warn"), "{told}");
    }
}
