//! Warnings about leases: one small type for each lint.
//!
//! A [`Lint`] checks each lease, or all leases together ([`LintInput`]). A finding has a sentence with the values, the
//! reason why it matters, and advice. All texts of a lint are in its file; its doc comment shows the sentence. To add a
//! lint, add a file and an entry in [`LINTS`].

mod crowded;
mod dead_candidates;
mod generations;
mod leak;
mod lost_key;
mod mass_death;
mod queue_full;
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
pub use lost_key::{LostKey, LostOnlyKey};
pub use mass_death::MassDeath;
pub use queue_full::QueueFull;
pub use short_ttl::ShortTtl;
pub use thin_margin::ThinMargin;
pub use two_renewers::TwoRenewers;
pub use unread::Unread;
pub use zombie::Zombie;

use std::time::Duration;

use super::lease_inference::{LeaseInference, RenewalPattern};
use super::locks::QueuePosition;
use etcd_lease::{LeaseId, QueueGauge};
use simkit::Timestamp;

use super::TimeRange;

/// The facts that lints use for one lease. Unknown values are `None`, and lints do not guess them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LintFacts {
    /// The lease.
    pub id: LeaseId,
    /// The TTL that was granted.
    pub ttl: Option<Duration>,
    /// Number of attached keys.
    pub keys: Option<u64>,
    /// The last key, if it was deleted and a client has renewed the lease since.
    pub lost_key: Option<LostKey>,
    /// Number of renewals that polls have shown.
    pub renewals: u64,
    /// How long polls have been frequent enough to show every renewal.
    pub watched: Duration,
    /// How clients renew it.
    pub pattern: RenewalPattern,
    /// Time since the last renewal, as of the last poll, derived from the deadline.
    pub unrenewed: Option<Duration>,
    /// Lowest time left at a renewal; the true value may be higher if some renewals were not seen.
    pub margin: Option<Duration>,
    /// Lowest time left at a renewal, counting only renewals directly before which no other was missed.
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
    /// The facts about a listed lease that polls have shown. The caller fills in `keys`, `lost_key`,
    /// `unknown_since`, `queue` and `queue_positions` ([`Locks::places`](crate::inference::locks::Locks::places)).
    pub fn of(id: LeaseId, observed: &LeaseInference) -> Self {
        let (renewals, bounds) = (observed.renewals(), observed.bounds());
        LintFacts {
            id,
            ttl: observed.granted_ttl(),
            keys: None,
            lost_key: None,
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
            queue: None,
        }
    }
}

/// All leases at one time.
#[derive(Clone, Copy, Debug)]
pub struct LintInput<'a> {
    /// The living leases.
    pub leases: &'a [LintFacts],
    /// The time of the check.
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
    /// Why a finding matters.
    fn why(&self) -> &'static str;
    /// What to do about a finding.
    fn advice(&self) -> &'static str;
    /// Returns, for each finding, its leases and a sentence with the values.
    fn check(&self, input: LintInput<'_>) -> Vec<(Vec<LeaseId>, String)>;
}

/// All lints, most urgent first.
pub const LINTS: [&dyn Lint; 13] = [
    &MassDeath,
    &Zombie,
    &LostOnlyKey,
    &DeadHolder,
    &DeadWaiter,
    &QueueFull,
    &ThinMargin,
    &TwoRenewers,
    &Unread,
    &Leak,
    &Generations,
    &Crowded,
    &ShortTtl,
];

/// The urgency of the lint with this name, 0 for the most urgent.
pub fn urgency(name: &str) -> usize {
    LINTS.iter().position(|lint| lint.name() == name).unwrap_or(LINTS.len())
}

/// The screen label of the lint with this name. The name itself is part of the JSON output and must not change.
pub fn label(name: &str) -> &str {
    LINTS.iter().find(|lint| lint.name() == name).map_or(name, |lint| lint.label())
}

/// Returns all findings, most urgent first.
pub fn findings(input: LintInput<'_>) -> Vec<Finding> {
    let of = |lint: &&dyn Lint| {
        let found = lint.check(input).into_iter();
        found.map(|(leases, what)| Finding::of(*lint, leases, what)).collect::<Vec<_>>()
    };
    LINTS.iter().flat_map(of).collect()
}

/// Checks each lease on its own. `sentence` returns `None` if nothing is wrong.
fn each(input: LintInput<'_>, sentence: impl Fn(&LintFacts) -> Option<String>) -> Vec<(Vec<LeaseId>, String)> {
    let found = input.leases.iter().filter_map(|facts| Some((vec![facts.id], sentence(facts)?)));
    found.collect()
}
