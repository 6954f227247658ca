use std::time::Duration;

use super::{Finding, Lint, LintFacts};
use crate::escape::printable;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// The last key of a lease, which it lost although a client renews the lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostKey {
    /// The key, not escaped.
    pub key: Box<[u8]>,
    /// The time since it was lost: since it was deleted, or put without a lease.
    pub since: Duration,
    /// Whether the lease is not known to have had another key.
    pub is_only: bool,
    /// How the lease lost it.
    pub how: KeyLoss,
}

/// How a lease lost its last key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyLoss {
    /// It was deleted.
    Deleted,
    /// It was put with another lease, and has been deleted since, with that lease or by hand.
    DeletedFrom(LeaseId),
    /// It was put without a lease, and still exists.
    WithoutLease,
}

/// A lease that a client keeps renewing although it lost its last key.
///
/// > renewed, but lost its only key /svc/orders/1 30 s ago.
/// > renewed, but its only key /svc/orders/1 moved to lease 694d9aa8d4d4f30e and has been gone for 30 s.
/// > renewed, but its only key /svc/orders/1 was put without a lease 30 s ago.
#[derive(Clone, Copy, Debug)]
pub struct LostOnlyKey;

impl LostOnlyKey {
    fn finding(&self, facts: &LintFacts) -> Option<Finding> {
        let LostKey { key, since, is_only, how } = facts.lost_key.as_ref()?;
        if facts.keys != Some(0) {
            return None;
        }
        let which = if *is_only { "only" } else { "last" };
        let (key, since) = (printable(key), since.as_secs());
        let what = match how {
            KeyLoss::Deleted => format!("renewed, but lost its {which} key {key} {since} s ago."),
            KeyLoss::DeletedFrom(lease) => {
                format!("renewed, but its {which} key {key} moved to lease {lease} and has been gone for {since} s.")
            }
            KeyLoss::WithoutLease => {
                format!("renewed, but its {which} key {key} was put without a lease {since} s ago.")
            }
        };
        let finding = Finding::of(self, vec![facts.id], what);
        Some(match how {
            KeyLoss::Deleted | KeyLoss::DeletedFrom(_) => finding,
            KeyLoss::WithoutLease => Finding {
                why: "The key no longer expires with this lease: callers still find the service after its client has died.",
                advice: "Find the program that puts the key without a lease; restart the client so that it registers again.",
                ..finding
            },
        })
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
        "Restart the client so that it registers again; find out who deleted or moved the key."
    }

    fn findings(&self, facts: &LintFacts, _now: Timestamp) -> Vec<Finding> {
        self.finding(facts).into_iter().collect()
    }
}
