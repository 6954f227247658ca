//! Warnings about leases: one small type for each lint.
//!
//! A [`Lint`] checks each lease, or all leases together ([`GroupInput`]). A [`LintPass`] takes the leases one by one, so
//! that many can be checked in slices. A finding has a sentence with the values, the reason why it matters, and advice.
//! All texts of a lint are in its file; its doc comment shows the sentence. To add a lint, add a file and an entry in
//! [`LINTS`].

mod contested;
mod crowded;
mod dead_candidates;
mod frequent;
mod generations;
mod kept_leak;
mod leak;
mod lost_key;
mod mass_death;
mod pass;
mod queue_full;
mod short_ttl;
#[cfg(test)]
mod tests;
mod thin_margin;
mod two_renewers;
mod zombie;

pub use contested::Contested;
pub use crowded::Crowded;
pub use dead_candidates::{DeadHolder, DeadWaiter};
pub use frequent::Frequent;
pub use generations::Generations;
pub use kept_leak::KeptLeak;
pub use leak::Leak;
pub use lost_key::{KeyLoss, LostKey, LostOnlyKey};
pub use mass_death::MassDeath;
pub use pass::{AllLeases, LintPass};
pub use queue_full::QueueFull;
pub use short_ttl::ShortTtl;
pub use thin_margin::ThinMargin;
pub use two_renewers::TwoRenewers;
pub use zombie::Zombie;

use std::time::Duration;

use super::key_contests::KeyContests;
use super::lease_inference::{LeaseInference, RenewalPattern};
use super::locks::QueuePosition;
use etcd_lease::{LeaseId, QueueGauge};
use simkit::Timestamp;

use super::TimeRange;

/// Shorter intervals between two grants count as this one. Two grants can seem to happen at the same time.
const MIN_INTERVAL: Duration = Duration::from_millis(1);

/// The facts that lints use for one lease. Unknown values are `None`, and lints do not guess them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LintFacts {
    /// The lease.
    pub id: LeaseId,
    /// The TTL that was granted.
    pub ttl: Option<Duration>,
    /// Number of attached keys.
    pub keys: Option<u64>,
    /// Since when it has had no key, as far as known. `None` if it has one, or if its keys are unknown.
    pub keyless_since: Option<Timestamp>,
    /// When it was granted, if that was while leasetop watched.
    pub granted: Option<Timestamp>,
    /// Its place among leases that replace each other.
    pub line: Option<LeaseLine>,
    /// The last key, if the lease lost it and a client has renewed the lease since.
    pub lost_key: Option<LostKey>,
    /// Number of renewals that polls have shown.
    pub renewals: u64,
    /// How long polls have been frequent enough to show every renewal.
    pub watched: Duration,
    /// How clients renew it.
    pub pattern: RenewalPattern,
    /// The usual interval, if enough renewals were seen and none can have been missed.
    pub usual_interval: Option<Duration>,
    /// Time since the last renewal, as of the last poll, derived from the deadline.
    pub unrenewed: Option<Duration>,
    /// Lowest time left at a renewal; the true value may be higher if some renewals were not seen.
    pub margin: Option<Duration>,
    /// Lowest time left at a renewal, counting only renewals without a gap in the polls before them.
    pub sure_margin: Option<Duration>,
    /// The middle of the deadline range.
    pub deadline: Option<Timestamp>,
    /// Whether the leader's list contains the lease.
    pub listed: bool,
    /// When the leader first reported that the lease does not exist.
    pub unknown_since: Option<Timestamp>,
    /// The positions in lock queues.
    pub queue_positions: Vec<QueuePosition>,
    /// The response queue, if leasetop keeps the lease alive.
    pub queue: Option<QueueGauge>,
}

impl LintFacts {
    /// The facts about a listed lease that polls have shown. The caller fills in the facts about keys, `granted`, `line`,
    /// `unknown_since`, `queue` and `queue_positions` ([`Locks::places`](crate::inference::locks::Locks::places)).
    pub fn of(id: LeaseId, observed: &LeaseInference) -> Self {
        let (renewals, bounds) = (observed.renewals(), observed.bounds());
        LintFacts {
            id,
            ttl: observed.granted_ttl(),
            keys: None,
            keyless_since: None,
            granted: None,
            line: None,
            lost_key: None,
            renewals: renewals.cadence().answers,
            watched: renewals.watched(),
            pattern: observed.pattern(),
            usual_interval: renewals.sure_interval(),
            unrenewed: observed.unrenewed(),
            margin: renewals.cadence().least_left,
            sure_margin: renewals.least_left(),
            deadline: bounds.map(TimeRange::middle),
            listed: true,
            unknown_since: None,
            queue_positions: Vec::new(),
            queue: None,
        }
    }

    /// Lowest time left at a renewal: without those after a gap in the polls, which may have hidden others, unless there are
    /// no others.
    fn usual_margin(&self) -> Option<Duration> {
        self.sure_margin.or(self.margin)
    }

    /// How many leases its client has at once, if it grants a new one at each heartbeat.
    fn heartbeats_per_ttl(&self) -> Option<usize> {
        let every = self.line?.every?.max(MIN_INTERVAL);
        Some((self.ttl?.as_secs_f64() / every.as_secs_f64()) as usize)
    }
}

/// The place of a lease in a line of leases: a client grants a new one again and again, and moves its keys to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseLine {
    /// The first known lease of the line, which identifies it.
    pub first: LeaseId,
    /// Whether a newer lease took its last key.
    pub is_replaced: bool,
    /// The mean time from one lease to the next, if two takeovers were seen.
    pub every: Option<Duration>,
}

/// All leases, for the lints that check them together.
#[derive(Clone, Copy, Debug)]
pub struct GroupInput<'a> {
    /// What the pass noted of each lease.
    pub leases: &'a AllLeases,
    /// The keys that leases take from each other. `None` if the keys are unknown.
    pub contests: Option<&'a KeyContests>,
    /// The end of the pass.
    pub now: Timestamp,
}

/// One warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The name of its lint, as in JSON; [`label`] gives the text for the screen.
    pub lint: &'static str,
    /// The affected leases.
    pub leases: Vec<LeaseId>,
    /// What was found, with the values.
    pub what: String,
    /// Why it matters.
    pub why: &'static str,
    /// What to do next.
    pub advice: &'static str,
}

impl Finding {
    /// A finding of this lint.
    pub fn of(lint: &dyn Lint, leases: Vec<LeaseId>, what: String) -> Self {
        Finding { lint: lint.name(), leases, what, why: lint.why(), advice: lint.advice() }
    }
}

/// One kind of warning.
pub trait Lint {
    /// Its name in JSON and in filters, which never changes.
    fn name(&self) -> &'static str;
    /// Its name on the screen.
    fn label(&self) -> &'static str;
    /// Why a finding matters, unless the finding has a reason of its own.
    fn why(&self) -> &'static str;
    /// What to do about a finding, unless the finding has advice of its own.
    fn advice(&self) -> &'static str;
    /// Checks one lease. Returns a sentence with the values for each finding.
    fn sentences(&self, _facts: &LintFacts, _now: Timestamp) -> Vec<String> {
        Vec::new()
    }
    /// Checks one lease. By default, each of its [`sentences`](Lint::sentences) is a finding with the reason and the advice
    /// of the lint.
    fn findings(&self, facts: &LintFacts, now: Timestamp) -> Vec<Finding> {
        let sentences = self.sentences(facts, now).into_iter();
        let (lint, why, advice) = (self.name(), self.why(), self.advice());
        sentences.map(|what| Finding { lint, leases: vec![facts.id], what, why, advice }).collect()
    }
    /// Checks all leases together. Returns, for each finding, its leases and a sentence with the values.
    fn group_findings(&self, _input: GroupInput<'_>) -> Vec<(Vec<LeaseId>, String)> {
        Vec::new()
    }
}

/// All lints, most urgent first.
pub const LINTS: [&dyn Lint; 15] = [
    &MassDeath,
    &Zombie,
    &LostOnlyKey,
    &DeadHolder,
    &DeadWaiter,
    &QueueFull,
    &ThinMargin,
    &TwoRenewers,
    &Contested,
    &Frequent,
    &KeptLeak,
    &Leak,
    &Generations,
    &Crowded,
    &ShortTtl,
];

/// The lint with this name. `unread` is the former name of [`Frequent`].
pub fn by_name(name: &str) -> Option<&'static dyn Lint> {
    let name = if name == "unread" { Frequent.name() } else { name };
    LINTS.into_iter().find(|lint| lint.name() == name)
}

/// The urgency of the lint with this name, 0 for the most urgent. Unknown names are the least urgent.
pub fn urgency(name: &str) -> usize {
    LINTS.iter().position(|lint| lint.name() == name).unwrap_or(LINTS.len())
}

/// The screen label of the lint with this name. The name itself is part of the JSON output and must not change.
pub fn label(name: &str) -> &str {
    LINTS.iter().find(|lint| lint.name() == name).map_or(name, |lint| lint.label())
}
