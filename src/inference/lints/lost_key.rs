use std::time::Duration;

use super::{Lint, LintFacts};
use crate::escape::printable;
use simkit::Timestamp;

/// The last key of a lease, which was deleted although a client renews the lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostKey {
    /// The key, not escaped.
    pub key: Box<[u8]>,
    /// The time since it was deleted.
    pub since: Duration,
    /// Whether the lease is not known to have had another key.
    pub is_only: bool,
}

/// A lease that a client keeps renewing although its last key was deleted.
///
/// > renewed, but lost its only key /svc/orders/1 30 s ago.
#[derive(Clone, Copy, Debug)]
pub struct LostOnlyKey;

impl LostOnlyKey {
    fn sentence(facts: &LintFacts) -> Option<String> {
        let LostKey { key, since, is_only } = facts.lost_key.as_ref()?;
        if facts.keys != Some(0) {
            return None;
        }
        let which = if *is_only { "only" } else { "last" };
        Some(format!("renewed, but lost its {which} key {} {} s ago.", printable(key), since.as_secs()))
    }
}

impl Lint for LostOnlyKey {
    fn name(&self) -> &'static str {
        "lost-key"
    }

    fn label(&self) -> &'static str {
        "lost key"
    }

    fn why(&self) -> &'static str {
        "Callers cannot find the service, and its client does not notice: the renewals succeed."
    }

    fn advice(&self) -> &'static str {
        "Restart the client so that it registers again; find out who deleted the key."
    }

    fn sentences(&self, facts: &LintFacts, _now: Timestamp) -> Vec<String> {
        LostOnlyKey::sentence(facts).into_iter().collect()
    }
}
