use std::time::Duration;

use super::crowded::thousands;
use super::{GroupInput, Lint, LintFacts};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// etcd removes at most this many expired leases per second (lease/lessor.go, `leaseRevokeRate`).
const RATE: usize = 1_000;
/// How far ahead the lint looks.
const AHEAD: Duration = Duration::from_secs(60);
/// Leases that expire within this span count as one group.
const AT_ONCE: Duration = Duration::from_secs(1);

/// More leases expire together than etcd removes in a second.
///
/// > 3,500 leases expire within 1 s, in 12 s unless renewed.
#[derive(Clone, Copy, Debug)]
pub struct MassDeath;

/// The largest group of deadlines within a second; `ends` is sorted.
fn densest<'a>(ends: &'a [(Timestamp, LeaseId)]) -> &'a [(Timestamp, LeaseId)] {
    let mut most: &'a [(Timestamp, LeaseId)] = &[];
    let mut first = 0;
    for last in 0..ends.len() {
        while ends[last].0 - ends[first].0 > AT_ONCE {
            first += 1;
        }
        if last + 1 - first > most.len() {
            most = &ends[first..=last];
        }
    }
    most
}

/// Whether a lease will probably expire at its deadline: no client renews it, or less time is left than at any earlier
/// renewal.
fn is_ending(facts: &LintFacts, now: Timestamp) -> bool {
    let left = facts.deadline.map(|deadline| deadline - now);
    facts.renewals == 0 || left < facts.usual_margin()
}

/// The leases that will probably expire soon, by their deadlines.
#[derive(Clone, Debug, Default)]
pub(super) struct Ending(Vec<(Timestamp, LeaseId)>);

impl Ending {
    pub(super) fn add(&mut self, facts: &LintFacts, now: Timestamp) {
        if let Some(deadline) = facts.deadline.filter(|deadline| *deadline <= now + AHEAD)
            && is_ending(facts, now)
        {
            self.0.push((deadline, facts.id));
        }
    }
}

impl Lint for MassDeath {
    fn name(&self) -> &'static str {
        "mass-death"
    }

    fn label(&self) -> &'static str {
        "mass expiry"
    }

    fn why(&self) -> &'static str {
        "etcd removes at most 1,000 leases per second; the others stay expired in the list, with their keys."
    }

    fn advice(&self) -> &'static str {
        "Renew what is needed now; start clients at different times, or revoke what nobody needs."
    }

    fn group_findings(&self, GroupInput { leases, now, .. }: GroupInput<'_>) -> Vec<(Vec<LeaseId>, String)> {
        let mut ends = leases.ending.0.clone();
        ends.sort_unstable();
        let most = densest(&ends);
        if most.len() <= RATE {
            return Vec::new();
        }
        let (count, wait) = (thousands(most.len() as u64), (most[0].0 - now).as_secs());
        let what = format!("{count} leases expire within 1 s, in {wait} s unless renewed.");
        vec![(most.iter().map(|(_, id)| *id).collect(), what)]
    }
}
