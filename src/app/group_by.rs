//! By what the rows are grouped.

/// By what the rows are grouped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GroupBy {
    /// Not at all: one row per lease.
    #[default]
    None,
    /// By service: the key up to its last `/`.
    Service,
    /// By TTL.
    Ttl,
    /// By owner.
    Owner,
}

impl GroupBy {
    /// All groupings.
    pub const ALL: [GroupBy; 4] = [GroupBy::None, GroupBy::Service, GroupBy::Ttl, GroupBy::Owner];

    /// The name on the command line and in the config file.
    pub fn name(self) -> &'static str {
        match self {
            GroupBy::None => "none",
            GroupBy::Service => "service",
            GroupBy::Ttl => "ttl",
            GroupBy::Owner => "owner",
        }
    }

    /// What it means.
    pub fn help(self) -> &'static str {
        match self {
            GroupBy::None => "one row per lease",
            GroupBy::Service => "the key up to its last /",
            GroupBy::Ttl => "granted TTL",
            GroupBy::Owner => "own, adopted, other",
        }
    }
}
