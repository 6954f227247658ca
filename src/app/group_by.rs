//! What the rows are grouped by.

use std::fmt;
use std::str::FromStr;

/// What the rows are grouped by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum GroupBy {
    /// Not at all: one row per lease.
    #[default]
    None,
    /// By service: the first key up to its last slash, or the name of the lock.
    Service,
    /// By granted TTL.
    Ttl,
    /// By owner.
    Owner,
}

/// A text that is not a grouping.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected none, service, ttl or owner")]
pub struct UnknownGrouping;

impl GroupBy {
    /// All groupings, in the order in which a key cycles through them.
    pub const ALL: [GroupBy; 4] = [GroupBy::None, GroupBy::Service, GroupBy::Ttl, GroupBy::Owner];

    /// The name on the command line, on the screen and in the config file.
    pub fn name(self) -> &'static str {
        match self {
            GroupBy::None => "none",
            GroupBy::Service => "service",
            GroupBy::Ttl => "ttl",
            GroupBy::Owner => "owner",
        }
    }

    /// The description shown with completions.
    pub fn help(self) -> &'static str {
        match self {
            GroupBy::None => "one row per lease",
            GroupBy::Service => "the key up to its last /",
            GroupBy::Ttl => "granted TTL",
            GroupBy::Owner => "own, adopted, other",
        }
    }

    /// The next grouping in the order of [`GroupBy::ALL`].
    pub fn next(self) -> Self {
        let place = GroupBy::ALL.iter().position(|by| *by == self).unwrap_or(0);
        GroupBy::ALL[(place + 1) % GroupBy::ALL.len()]
    }
}

impl fmt::Display for GroupBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for GroupBy {
    type Err = UnknownGrouping;

    fn from_str(text: &str) -> Result<Self, UnknownGrouping> {
        GroupBy::ALL.into_iter().find(|by| by.name().eq_ignore_ascii_case(text)).ok_or(UnknownGrouping)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grouping_is_read_as_it_is_printed() {
        for by in GroupBy::ALL {
            assert_eq!(by.to_string().parse(), Ok(by));
            assert_eq!(by.name().to_uppercase().parse(), Ok(by));
        }
        assert_eq!("size".parse::<GroupBy>(), Err(UnknownGrouping));
        assert_eq!(GroupBy::ALL.map(GroupBy::next), [GroupBy::Service, GroupBy::Ttl, GroupBy::Owner, GroupBy::None]);
    }
}
