use std::collections::BTreeMap;
use std::time::Duration;

use super::{Lint, LintFacts, LintInput};
use etcd_lease::LeaseId;

/// With fewer leases of one TTL than this, the pattern may be chance.
const FEWEST: usize = 3;

/// Old leases of a restarting client, which grants a new lease with the same TTL on each start.
///
/// > only the newest of 5 leases of 60 s has keys; 4 are left over.
#[derive(Clone, Copy, Debug)]
pub struct Generations;

impl Generations {
    /// Returns `None` if a lease with keys has an unknown deadline, because it may be an old one that is still in use.
    fn of_one_ttl(ttl: Duration, all: Vec<&LintFacts>) -> Option<(Vec<LeaseId>, String)> {
        let (mut leases, unknown): (Vec<&LintFacts>, Vec<&LintFacts>) =
            all.into_iter().partition(|facts| facts.deadline.is_some());
        if unknown.iter().any(|facts| facts.keys != Some(0)) {
            return None;
        }
        leases.sort_by_key(|facts| facts.deadline);
        let (newest, old) = leases.split_last()?;
        let is_left_over = |facts: &&LintFacts| facts.keys == Some(0) && facts.renewals == 0;
        let are_generations = old.len() + 1 >= FEWEST && newest.keys > Some(0) && old.iter().all(is_left_over);
        if !are_generations {
            return None;
        }
        let (all, left, seconds) = (leases.len(), old.len(), ttl.as_secs());
        let what = format!("only the newest of {all} leases of {seconds} s has keys; {left} are left over.");
        Some((old.iter().map(|facts| facts.id).collect(), what))
    }
}

impl Lint for Generations {
    fn name(&self) -> &'static str {
        "generations"
    }

    fn label(&self) -> &'static str {
        "replaced leases"
    }

    fn why(&self) -> &'static str {
        "A client that restarts grants a new lease; its old one lives on until its TTL runs out."
    }

    fn advice(&self) -> &'static str {
        "Let the client revoke its lease on exit, or use a shorter TTL."
    }

    fn check(&self, input: LintInput<'_>) -> Vec<(Vec<LeaseId>, String)> {
        let mut by_ttl: BTreeMap<Duration, Vec<&LintFacts>> = BTreeMap::new();
        for facts in input.leases {
            if let Some(ttl) = facts.ttl {
                by_ttl.entry(ttl).or_default().push(facts);
            }
        }
        by_ttl.into_iter().filter_map(|(ttl, leases)| Generations::of_one_ttl(ttl, leases)).collect()
    }
}
