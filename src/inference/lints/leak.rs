use std::collections::BTreeMap;
use std::time::Duration;

use super::{Finding, Lint, LintFacts, LintInput, each, generations};
use simkit::Timestamp;

/// From this TTL on, the time since the last renewal is enough, even if polls did not cover all of it. By then, keys that
/// a client attaches after the grant are attached.
const LONG: Duration = Duration::from_secs(60);

/// A lease without keys that no client renews.
///
/// > no keys, and no renewal for 42 s.
#[derive(Clone, Copy, Debug)]
pub struct Leak;

/// The leases of one TTL.
#[derive(Default)]
struct SameTtl {
    /// Those that existed when leasetop started and may have been replaced before that.
    old: usize,
    /// Whether one has keys and is not renewed: its client may replace it.
    has_unrenewed: bool,
    /// Whether a client was seen that replaces its lease at each heartbeat, without too many at once.
    has_heartbeat: bool,
    /// When those without a key or a renewal were granted, as far as that was seen.
    grants: Vec<Timestamp>,
    /// Whether one holds a lock: the others may be attempts of a client that waits for it.
    has_holder: bool,
}

impl SameTtl {
    fn add(&mut self, facts: &LintFacts) {
        if is_idle(facts) {
            self.old += usize::from(facts.granted.is_none());
            self.grants.extend(facts.granted);
        }
        self.has_unrenewed |= facts.renewals == 0 && facts.keys > Some(0);
        self.has_holder |= facts.queue_positions.iter().any(|position| position.ahead == 0);
        self.has_heartbeat |= facts.heartbeats_per_ttl().is_some_and(|count| count <= generations::MOST);
    }
}

impl SameTtl {
    /// Whether clients wait for a lock with these leases: those of tooz grant one at each attempt. It ends whenever another is
    /// granted, so their number does not grow. A client of another kind is known by a short TTL and steady grants only.
    fn are_attempts(&self, ttl: Duration) -> bool {
        match self.is_growing(ttl) {
            Some(is_growing) => !is_growing && (self.has_holder || ttl <= LONG),
            None => self.has_holder,
        }
    }

    /// Whether grants come faster than before. `None` if too few were seen.
    fn is_growing(&self, ttl: Duration) -> Option<bool> {
        const FEWEST: usize = 3;
        let (first, last) = (*self.grants.iter().min()?, *self.grants.iter().max()?);
        let span = last - first;
        if self.grants.len() < FEWEST || span < ttl / 2 {
            return None;
        }
        let older = self.grants.iter().filter(|at| **at <= first + span / 2).count();
        Some(self.grants.len() - older > older * 3 / 2 + 1)
    }
}

/// Whether it has no key and is not renewed. A replaced lease does not count; `generations` reports too many of those.
fn is_idle(facts: &LintFacts) -> bool {
    let is_replaced = facts.line.is_some_and(|line| line.is_replaced);
    facts.keys == Some(0) && facts.renewals == 0 && !is_replaced
}

impl Leak {
    fn sentence(facts: &LintFacts, same_ttl: &SameTtl) -> Option<String> {
        let (ttl, unrenewed) = (facts.ttl?, facts.unrenewed.unwrap_or_default());
        let may_be_replaced = facts.granted.is_none() && same_ttl.old <= generations::MOST;
        if !is_idle(facts) || may_be_replaced && same_ttl.has_heartbeat {
            return None;
        }
        // A client that renews at all does so at least once per TTL; most renew three times.
        let is_enough = |span: Duration| span >= ttl * 2 / 3;
        let is_long_idle = ttl >= LONG && is_enough(unrenewed) && !(may_be_replaced && same_ttl.has_unrenewed);
        if !is_enough(facts.watched) && !is_long_idle {
            return None;
        }
        let span = facts.watched.max(unrenewed).as_secs();
        Some(format!("no keys, and no renewal for {span} s."))
    }
}

impl Lint for Leak {
    fn name(&self) -> &'static str {
        "leak"
    }

    fn label(&self) -> &'static str {
        "leak"
    }

    fn why(&self) -> &'static str {
        "A client granted a lease and lost track of it; such leases pile up until their TTL runs out."
    }

    fn advice(&self) -> &'static str {
        "Look for a client that grants a new lease on each retry; revoke the lease if nobody owns it."
    }

    fn check(&self, input: LintInput<'_>) -> Vec<Finding> {
        let mut by_ttl: BTreeMap<Duration, SameTtl> = BTreeMap::new();
        for facts in input.leases {
            by_ttl.entry(facts.ttl.unwrap_or_default()).or_default().add(facts);
        }
        by_ttl.retain(|ttl, same_ttl| !same_ttl.are_attempts(*ttl));
        each(self, input, |facts| Leak::sentence(facts, by_ttl.get(&facts.ttl?)?))
    }
}
