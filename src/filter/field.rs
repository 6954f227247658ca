//! The names in a filter: numbers that are compared, and texts that are searched.

use crate::inference::lints::LINTS;

/// A number of a lease that a filter compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Number {
    /// The granted TTL in seconds.
    Ttl,
    /// Time left in seconds.
    Left,
    /// Number of attached keys.
    Keys,
    /// Number of dropped responses.
    Drops,
    /// The renewal interval in seconds.
    Every,
    /// The renewal interval in percent of the TTL.
    Share,
    /// The lowest time left at a renewal, in seconds.
    Margin,
    /// Time since the last renewal in seconds.
    Last,
    /// Time until the next renewal in seconds.
    Next,
    /// The round trip of the last renewal in seconds.
    RoundTrip,
    /// Number of unread responses in the response queue.
    Queue,
    /// Number of renewals while the lease was watched.
    Renewals,
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// Things, without a unit.
    Count,
    /// Seconds, or with a unit of time.
    Time,
    /// Percent, with or without the sign.
    Percent,
}

impl Number {
    pub(super) const ALL: [Number; 12] = [
        Number::Ttl,
        Number::Left,
        Number::Keys,
        Number::Drops,
        Number::Every,
        Number::Share,
        Number::Margin,
        Number::Last,
        Number::Next,
        Number::RoundTrip,
        Number::Queue,
        Number::Renewals,
    ];

    /// The number with this name. `granted` and `drop` are other names of `ttl` and `drops`.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "granted" => Some(Number::Ttl),
            "drop" => Some(Number::Drops),
            name => Number::ALL.into_iter().find(|number| number.name() == name),
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Number::Ttl => "ttl",
            Number::Left => "left",
            Number::Keys => "keys",
            Number::Drops => "drops",
            Number::Every => "every",
            Number::Share => "share",
            Number::Margin => "margin",
            Number::Last => "last",
            Number::Next => "next",
            Number::RoundTrip => "rtt",
            Number::Queue => "q",
            Number::Renewals => "renewals",
        }
    }

    pub(super) fn unit(self) -> Unit {
        match self {
            Number::Keys | Number::Drops | Number::Queue | Number::Renewals => Unit::Count,
            Number::Share => Unit::Percent,
            _ => Unit::Time,
        }
    }

    /// Whether it changes with time alone, without an event.
    pub(super) fn changes_with_time(self) -> bool {
        matches!(self, Number::Left | Number::Last | Number::Next)
    }

    /// An example of a condition.
    pub(super) fn example(self) -> &'static str {
        match self {
            Number::Ttl => "ttl<30",
            Number::Left => "left<5s",
            Number::Keys => "keys=0",
            Number::Drops => "drops>0",
            Number::Every => "every>5s",
            Number::Share => "share>60%",
            Number::Margin => "margin<2s",
            Number::Last => "last>10s",
            Number::Next => "next<1s",
            Number::RoundTrip => "rtt>5ms",
            Number::Queue => "q>=16",
            Number::Renewals => "renewals=0",
        }
    }

    pub(super) fn names() -> String {
        Number::ALL.map(Number::name).join(" ")
    }
}

/// A text of a lease that a filter searches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Text {
    State,
    Who,
    Warn,
    Renewer,
    Service,
    Key,
    Id,
    Event,
    Anywhere,
}

/// The states, as [`LeaseState::word`](crate::app::LeaseState::word) prints them, with a hyphen for a blank.
const STATES: [&str; 14] = [
    "ok",
    "paused",
    "stalled",
    "unrenewed",
    "late",
    "risk",
    "unseen",
    "dying",
    "expired",
    "ran-out",
    "revoked",
    "replaced",
    "gone",
    "absent",
];
const OWNERS: [&str; 3] = ["own", "adopted", "other"];
/// Warnings that are not diagnoses: any warning that is not muted, any muted one, and the states that are warnings.
const WARNINGS: [&str; 4] = ["any", "muted", "late", "risk"];
/// Who renews a lease, see [`FilterFacts::renewer`](super::FilterFacts::renewer).
const RENEWERS: [&str; 6] = ["leasetop", "clientv3", "etcdctl", "several", "other", "nobody"];

/// The names of events, as [`EventName::as_str`](crate::app::EventName::as_str) prints them.
pub(crate) const EVENTS: [&str; 27] = [
    "granted",
    "attached",
    "detached",
    "moved",
    "down",
    "back",
    "kept",
    "paused",
    "drill",
    "renewed",
    "refilled",
    "dropped",
    "late",
    "risk",
    "unrenewed",
    "missed",
    "lost",
    "expired",
    "revoked",
    "replaced",
    "gone",
    "absent",
    "cluster",
    "connection",
    "leader",
    "term",
    "error",
];

impl Text {
    /// The texts with a name.
    pub(super) const NAMED: [Text; 8] =
        [Text::State, Text::Who, Text::Warn, Text::Renewer, Text::Service, Text::Key, Text::Id, Text::Event];

    /// The text with this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Text::NAMED.into_iter().find(|text| text.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        self.prefix().trim_end_matches(':')
    }

    pub(super) fn prefix(self) -> &'static str {
        match self {
            Text::State => "state:",
            Text::Who => "who:",
            Text::Warn => "warn:",
            Text::Renewer => "renewer:",
            Text::Service => "service:",
            Text::Key => "key:",
            Text::Id => "id:",
            Text::Event => "event:",
            Text::Anywhere => "",
        }
    }

    /// The words that may follow the colon. Empty if any text may follow.
    pub(super) fn words(self) -> Vec<&'static str> {
        match self {
            Text::State => STATES.to_vec(),
            Text::Who => OWNERS.to_vec(),
            Text::Warn => WARNINGS.into_iter().chain(LINTS.iter().map(|lint| lint.name())).collect(),
            Text::Renewer => RENEWERS.to_vec(),
            Text::Event => EVENTS.to_vec(),
            Text::Service | Text::Key | Text::Id | Text::Anywhere => Vec::new(),
        }
    }

    /// An example of a condition.
    pub(super) fn example(self) -> &'static str {
        match self {
            Text::State => "state:late",
            Text::Who => "who:own",
            Text::Warn => "warn:any",
            Text::Renewer => "renewer:etcdctl",
            Text::Service => "service:orders",
            Text::Key => "key:/svc/",
            Text::Id => "id:694d",
            Text::Event => "event:expired",
            Text::Anywhere => "billing",
        }
    }
}
