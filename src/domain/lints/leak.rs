use super::{Facts, Lint, Survey, each};
use crate::domain::LeaseId;

/// A lease that nobody needs.
///
/// > It has no keys and was not renewed in 42 s.
#[derive(Clone, Copy, Debug)]
pub struct Leak;

impl Leak {
    fn sentence(facts: &Facts) -> Option<String> {
        let ttl = facts.ttl?;
        // A client that renews at all does so once in its TTL; most do three times.
        let is_leak = facts.keys == Some(0) && facts.renewals == 0 && facts.watched >= ttl * 2 / 3;
        is_leak.then(|| format!("It has no keys and was not renewed in {} s.", facts.watched.as_secs()))
    }
}

impl Lint for Leak {
    fn name(&self) -> &'static str {
        "leak"
    }

    fn why(&self) -> &'static str {
        "Somebody granted a lease and lost it: such leases pile up until their TTL runs out."
    }

    fn advice(&self) -> &'static str {
        "Look for a client that grants anew with each try; revoke the lease if nobody knows it."
    }

    fn check(&self, survey: Survey<'_>) -> Vec<(Vec<LeaseId>, String)> {
        each(survey, Leak::sentence)
    }
}
