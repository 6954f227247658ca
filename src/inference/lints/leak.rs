use std::collections::BTreeMap;
use std::time::Duration;

use super::{GroupInput, Lint, LintFacts, generations};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// From this TTL on, the time since the last renewal shows a leak, even if polls did not cover all of it: a client that
/// attaches keys after the grant has attached them by then.
const LONG: Duration = Duration::from_secs(60);

/// A lease without keys that no client renews.
///
/// > no keys, and no renewal for 42 s.
#[derive(Clone, Copy, Debug)]
pub struct Leak;

/// The leases of one TTL.
#[derive(Clone, Debug, Default)]
struct SameTtl {
    /// Number of leases without a key or a renewal that existed when leasetop started. They may have been replaced before.
    old: usize,
    /// Whether any of the leases has keys and is not renewed: its client may replace it.
    has_unrenewed: bool,
    /// Whether a client replaces its lease at each heartbeat and does not have too many leases at once.
    has_heartbeat: bool,
    /// The grant times of the leases without a key or a renewal, if leasetop saw the grants.
    grants: Vec<Timestamp>,
    /// Whether any of the leases holds a lock: the others may be attempts of a client that waits for it.
    has_holder: bool,
    /// The leases without a key that have not been renewed for long.
    idle: Vec<Idle>,
}

/// A lease without a key that has not been renewed for long.
#[derive(Clone, Copy, Debug)]
struct Idle {
    id: LeaseId,
    /// The time without a renewal in seconds.
    seconds: u32,
    /// Whether it existed when leasetop started.
    is_old: bool,
    /// Whether polls covered all of that time.
    is_watched: bool,
}

impl Idle {
    fn of(facts: &LintFacts, ttl: Duration) -> Option<Self> {
        let unrenewed = facts.unrenewed.unwrap_or_default();
        // A client that renews at all does so at least once per TTL; most renew three times.
        let is_enough = |span: Duration| span >= ttl * 2 / 3;
        let is_watched = is_enough(facts.watched);
        if !(is_watched || ttl >= LONG && is_enough(unrenewed)) {
            return None;
        }
        let seconds = u32::try_from(facts.watched.max(unrenewed).as_secs()).unwrap_or(u32::MAX);
        Some(Idle { id: facts.id, seconds, is_old: facts.granted.is_none(), is_watched })
    }
}

/// The leases by TTL.
#[derive(Clone, Debug, Default)]
pub(super) struct LeasesByTtl(BTreeMap<Duration, SameTtl>);

impl LeasesByTtl {
    pub(super) fn add(&mut self, facts: &LintFacts) {
        if let Some(ttl) = facts.ttl {
            self.0.entry(ttl).or_default().add(facts, ttl);
        }
    }
}

impl SameTtl {
    fn add(&mut self, facts: &LintFacts, ttl: Duration) {
        if is_idle(facts) {
            self.old += usize::from(facts.granted.is_none());
            self.grants.extend(facts.granted);
            self.idle.extend(Idle::of(facts, ttl));
        }
        self.has_unrenewed |= facts.renewals == 0 && facts.keys > Some(0);
        self.has_holder |= facts.queue_positions.iter().any(|position| position.ahead == 0);
        self.has_heartbeat |= facts.heartbeats_per_ttl().is_some_and(|count| count <= generations::MOST);
    }

    /// Whether an idle lease is a leak, because no client seems to replace it.
    fn is_leak(&self, idle: &Idle) -> bool {
        let may_be_replaced = idle.is_old && self.old <= generations::MOST;
        !may_be_replaced || !self.has_heartbeat && (idle.is_watched || !self.has_unrenewed)
    }

    fn leaks(&self, ttl: Duration) -> impl Iterator<Item = &Idle> {
        let idle = if self.are_attempts(ttl) { &[][..] } else { &self.idle[..] };
        idle.iter().filter(|idle| self.is_leak(idle))
    }
}

impl SameTtl {
    /// Whether the idle leases are attempts of clients that wait for a lock. tooz grants a lease at each attempt. It ends
    /// when the next one is granted, so their number does not grow. If no holder of the lock is known, steady grants with
    /// a short TTL count as attempts.
    fn are_attempts(&self, ttl: Duration) -> bool {
        match self.is_growing(ttl) {
            Some(is_growing) => !is_growing && (self.has_holder || ttl <= LONG),
            None => self.has_holder,
        }
    }

    /// Whether grants come faster than before: the newer half of the time has over 1.5 times as many as the older half, and
    /// one more. `None` if too few were seen, or all of them within less than half a TTL.
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

/// Whether a lease has no key and no renewal, and was not replaced. The lint `generations` reports too many replaced ones.
fn is_idle(facts: &LintFacts) -> bool {
    let is_replaced = facts.line.is_some_and(|line| line.is_replaced);
    facts.keys == Some(0) && facts.renewals == 0 && !is_replaced
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

    fn group_findings(&self, input: GroupInput<'_>) -> Vec<(Vec<LeaseId>, String)> {
        let mut leaks: Vec<&Idle> = input.leases.by_ttl.0.iter().flat_map(|(ttl, same)| same.leaks(*ttl)).collect();
        leaks.sort_unstable_by_key(|leak| leak.id);
        let what = |leak: &Idle| format!("no keys, and no renewal for {} s.", leak.seconds);
        leaks.into_iter().map(|leak| (vec![leak.id], what(leak))).collect()
    }
}
