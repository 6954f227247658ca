use std::time::Duration;

use super::{Lint, LintFacts};
use simkit::Timestamp;

/// Below this TTL, one lost reply uses up most of the time left.
pub(super) const SHORTEST: Duration = Duration::from_secs(5);

/// A TTL below 5 s.
///
/// > the TTL is only 3 s.
#[derive(Clone, Copy, Debug)]
pub struct ShortTtl;

impl ShortTtl {
    fn sentence(facts: &LintFacts) -> Option<String> {
        let ttl = facts.ttl?;
        if ttl >= SHORTEST {
            return None;
        }
        Some(format!("the TTL is only {} s.", ttl.as_secs()))
    }
}

impl Lint for ShortTtl {
    fn name(&self) -> &'static str {
        "short-ttl"
    }

    fn label(&self) -> &'static str {
        "short TTL"
    }

    fn why(&self) -> &'static str {
        "A lost packet, GC pause or slow disk can outlast it, and each renewal costs the leader."
    }

    fn advice(&self) -> &'static str {
        "Use a TTL of 5 s or more; from 10 s on, a lease survives the loss of a member."
    }

    fn sentences(&self, facts: &LintFacts, _now: Timestamp) -> Vec<String> {
        ShortTtl::sentence(facts).into_iter().collect()
    }
}
