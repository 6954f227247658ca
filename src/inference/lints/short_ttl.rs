use std::time::Duration;

use super::{Lint, LintFacts, LintInput, each};
use etcd_lease::LeaseId;

/// Below this a single lost answer is most of what there is.
const SHORTEST: Duration = Duration::from_secs(5);

/// A TTL that forgives nothing.
///
/// > Its TTL is 3 s.
#[derive(Clone, Copy, Debug)]
pub struct ShortTtl;

impl ShortTtl {
    fn sentence(facts: &LintFacts) -> Option<String> {
        let ttl = facts.ttl.filter(|ttl| *ttl < SHORTEST)?;
        Some(format!("Its TTL is {} s.", ttl.as_secs()))
    }
}

impl Lint for ShortTtl {
    fn name(&self) -> &'static str {
        "short-ttl"
    }

    fn why(&self) -> &'static str {
        "A lost packet, a pause for garbage or a slow disk takes longer than it has, and each renewal costs the leader."
    }

    fn advice(&self) -> &'static str {
        "Use a TTL of 5 s or more; 10 s and more outlive the loss of a member."
    }

    fn check(&self, input: LintInput<'_>) -> Vec<(Vec<LeaseId>, String)> {
        each(input, ShortTtl::sentence)
    }
}
