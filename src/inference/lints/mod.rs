//! What is wrong here: one small type for each diagnosis.
//!
//! A [`Lint`] looks at one lease, or at all of them ([`LintInput`]), and finds something or nothing. Each says what it found
//! in a sentence with the figures, why that matters, and what to do next; its doc comment shows the sentence.

mod crowded;
mod dead_candidates;
mod generations;
mod leak;
mod mass_death;
mod short_ttl;
#[cfg(test)]
mod tests;
mod thin_margin;
mod two_renewers;
mod unread;
mod zombie;

pub use crowded::Crowded;
pub use dead_candidates::{DeadHolder, DeadWaiter};
pub use generations::Generations;
pub use leak::Leak;
pub use mass_death::MassDeath;
pub use short_ttl::ShortTtl;
pub use thin_margin::ThinMargin;
pub use two_renewers::TwoRenewers;
pub use unread::Unread;
pub use zombie::Zombie;

use std::time::Duration;

use super::lease_inference::{LeaseInference, RenewalPattern};
use super::locks::QueuePosition;
use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::TimeRange;

/// What is looked at of one lease. What is not known is none, and no lint guesses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LintFacts {
    /// Which lease.
    pub id: LeaseId,
    /// The TTL that was granted.
    pub ttl: Option<Duration>,
    /// How many keys hang on it.
    pub keys: Option<u64>,
    /// Renewals that were seen.
    pub renewals: u64,
    /// For how long polls have been close enough to see any renewal.
    pub watched: Duration,
    /// How it is renewed.
    pub pattern: RenewalPattern,
    /// For how long it had not been renewed when it was last asked, by its deadline.
    pub unrenewed: Option<Duration>,
    /// The least that was left at a renewal, or less where some were not seen.
    pub margin: Option<Duration>,
    /// The least that was left at a renewal before which none can have stayed hidden.
    pub sure_margin: Option<Duration>,
    /// When its deadline is, in the middle of what is known.
    pub deadline: Option<Timestamp>,
    /// Whether the leader's list has it.
    pub listed: bool,
    /// Since when the leader says that it does not know it.
    pub unknown_since: Option<Timestamp>,
    /// Where it stands in line for locks.
    pub queue_positions: Vec<QueuePosition>,
}

impl LintFacts {
    /// What polls have shown of a lease that is listed; keys, what the leader does not know and
    /// the lines for locks ([`Locks::places`](crate::inference::locks::Locks::places)) are to be filled in.
    pub fn of(id: LeaseId, observed: &LeaseInference) -> Self {
        let (renewals, bounds) = (observed.renewals(), observed.bounds());
        LintFacts {
            id,
            ttl: observed.granted_ttl(),
            keys: None,
            renewals: renewals.cadence().answers,
            watched: renewals.watched(),
            pattern: observed.pattern(),
            unrenewed: observed.unrenewed(),
            margin: renewals.cadence().least_left,
            sure_margin: renewals.least_left(),
            deadline: bounds.map(TimeRange::middle),
            listed: true,
            unknown_since: None,
            queue_positions: Vec::new(),
        }
    }
}

/// All leases at one moment.
#[derive(Clone, Copy, Debug)]
pub struct LintInput<'a> {
    /// The leases.
    pub leases: &'a [LintFacts],
    /// When.
    pub now: Timestamp,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The lint that found it, in a word for a column and for JSON.
    pub lint: &'static str,
    /// With which leases.
    pub leases: Vec<LeaseId>,
    /// What, with the figures.
    pub what: String,
    /// Why that matters.
    pub why: &'static str,
    /// What to do next.
    pub advice: &'static str,
}

/// A diagnosis.
pub trait Lint {
    /// Its name, in a word.
    fn name(&self) -> &'static str;
    /// Why what it finds matters.
    fn why(&self) -> &'static str;
    /// What to do about it.
    fn advice(&self) -> &'static str;
    /// What it finds: each with the leases that it is about and a sentence.
    fn check(&self, input: LintInput<'_>) -> Vec<(Vec<LeaseId>, String)>;
}

/// All lints, the most urgent first.
pub const LINTS: [&dyn Lint; 11] = [
    &MassDeath,
    &Zombie,
    &DeadHolder,
    &DeadWaiter,
    &ThinMargin,
    &TwoRenewers,
    &Unread,
    &Leak,
    &Generations,
    &Crowded,
    &ShortTtl,
];

/// What the screen calls a lint. Its name is part of the JSON output and stays.
pub fn label(name: &str) -> &str {
    match name {
        "mass-death" => "mass expiry",
        "zombie" => "unknown to leader",
        "dead-holder" => "dead holder",
        "dead-in-line" => "dead waiter",
        "thin-margin" => "thin margin",
        "two-renewers" => "two renewers",
        "unread" => "unread channel",
        "generations" => "replaced leases",
        "short-ttl" => "short TTL",
        name => name,
    }
}

/// What all lints find, the most urgent first.
pub fn findings(input: LintInput<'_>) -> Vec<Finding> {
    let of = |lint: &&dyn Lint| {
        let (name, why, advice) = (lint.name(), lint.why(), lint.advice());
        let found = lint.check(input).into_iter();
        found.map(move |(leases, what)| Finding { lint: name, leases, what, why, advice }).collect::<Vec<_>>()
    };
    LINTS.iter().flat_map(of).collect()
}

/// Looks at each lease alone.
fn each(input: LintInput<'_>, sentence: impl Fn(&LintFacts) -> Option<String>) -> Vec<(Vec<LeaseId>, String)> {
    let found = input.leases.iter().filter_map(|facts| Some((vec![facts.id], sentence(facts)?)));
    found.collect()
}
