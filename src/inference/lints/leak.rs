use std::time::Duration;

use super::{Lint, LintFacts, LintInput, each};
use etcd_lease::LeaseId;

/// From this TTL on, the time since the last renewal is enough, even if polls did not cover all of it. By then, keys that
/// a client attaches after the grant are attached.
const LONG: Duration = Duration::from_secs(60);

/// A lease without keys that no client renews.
///
/// > no keys, and no renewal for 42 s.
#[derive(Clone, Copy, Debug)]
pub struct Leak;

impl Leak {
    fn sentence(facts: &LintFacts) -> Option<String> {
        let (ttl, unrenewed) = (facts.ttl?, facts.unrenewed.unwrap_or_default());
        // A replaced lease is no leak unless there are many: `generations` reports those.
        let is_replaced = facts.line.is_some_and(|line| line.is_replaced);
        let is_idle = facts.keys == Some(0) && facts.renewals == 0 && !is_replaced;
        // A client that renews at all does so at least once per TTL; most renew three times.
        let is_enough = |span: Duration| span >= ttl * 2 / 3;
        if !is_idle || !is_enough(facts.watched) && (ttl < LONG || !is_enough(unrenewed)) {
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

    fn check(&self, input: LintInput<'_>) -> Vec<(Vec<LeaseId>, String)> {
        each(input, Leak::sentence)
    }
}
