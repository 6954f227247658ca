//! A check of all leases by all lints, lease by lease.

use super::{Finding, GroupInput, LINTS, LintFacts, generations, kept_leak, leak, mass_death};
use crate::inference::key_contests::KeyContests;
use simkit::Timestamp;

/// What the lints that check all leases together need to know about them. The full facts about 100,000 leases would take
/// 35 MB.
#[derive(Clone, Debug, Default)]
pub struct AllLeases {
    pub(super) ending: mass_death::Ending,
    pub(super) keyless: kept_leak::KeylessByTtl,
    pub(super) by_ttl: leak::LeasesByTtl,
    pub(super) lines: generations::Lines,
}

/// A check of all leases by all lints.
#[derive(Clone, Debug, Default)]
pub struct LintPass {
    /// The findings, each with the index of its lint in [`LINTS`].
    findings: Vec<(usize, Finding)>,
    leases: AllLeases,
}

impl LintPass {
    /// Checks a lease. Leases must be added in the order of their ids.
    pub fn add(&mut self, facts: &LintFacts, now: Timestamp) {
        for (place, lint) in LINTS.iter().enumerate() {
            self.findings.extend(lint.findings(facts, now).into_iter().map(|finding| (place, finding)));
        }
        self.leases.ending.add(facts, now);
        self.leases.keyless.add(facts, now);
        self.leases.by_ttl.add(facts);
        self.leases.lines.add(facts);
    }

    /// Returns all findings, most urgent first. `contests` are the keys that leases take from each other.
    pub fn finish(mut self, contests: Option<&KeyContests>, now: Timestamp) -> Vec<Finding> {
        for (place, lint) in LINTS.iter().enumerate() {
            let groups = lint.group_findings(GroupInput { leases: &self.leases, contests, now });
            self.findings.extend(groups.into_iter().map(|(leases, what)| (place, Finding::of(*lint, leases, what))));
        }
        self.findings.sort_by_key(|(place, _)| *place);
        self.findings.into_iter().map(|(_, finding)| finding).collect()
    }
}
