use std::collections::BTreeMap;
use std::time::Duration;

use super::{GroupInput, Lint, LintFacts};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Minimum number of leases for a finding. Fewer can be idle sessions.
const FEWEST: usize = 10;
/// Minimum number of leases for a finding while their number grows.
const FEWEST_GROWING: usize = 5;
/// Minimum number of observed grants. With fewer, it is unknown whether the number of leases grows.
const FEWEST_NEW: usize = 3;

/// Leases that are renewed but have no key, and of which there are many: a client loses track of its sessions and keeps
/// renewing them.
///
/// > 12 leases of 20 s are renewed, but have had no key for 20 s or longer; one more every 2.0 s.
#[derive(Clone, Copy, Debug)]
pub struct KeptLeak;

/// The leases of one TTL without a key.
#[derive(Clone, Debug, Default)]
struct Keyless {
    /// The leases that are renewed and have had no key for at least a TTL, each with the time without a key.
    renewed: Vec<(LeaseId, Duration)>,
    /// The grant times of the leases that were granted while leasetop watched.
    grants: Vec<Timestamp>,
}

/// The leases without a key, by TTL.
#[derive(Clone, Debug, Default)]
pub(super) struct KeylessByTtl(BTreeMap<Duration, Keyless>);

impl KeylessByTtl {
    pub(super) fn add(&mut self, facts: &LintFacts, now: Timestamp) {
        let is_replaced = facts.line.is_some_and(|line| line.is_replaced);
        if let (Some(ttl), Some(since), None, false) = (facts.ttl, facts.keyless_since, facts.queue, is_replaced) {
            self.0.entry(ttl).or_default().add(facts, ttl, now - since);
        }
    }
}

impl Keyless {
    fn add(&mut self, facts: &LintFacts, ttl: Duration, keyless: Duration) {
        self.grants.extend(facts.granted);
        if facts.renewals > 0 && keyless >= ttl {
            self.renewed.push((facts.id, keyless));
        }
    }

    /// The mean time from one grant to the next. `None` if too few were seen, or if no more leases are granted.
    fn growth(&self, ttl: Duration, now: Timestamp) -> Option<Duration> {
        let (first, last) = (*self.grants.iter().min()?, *self.grants.iter().max()?);
        if self.grants.len() < FEWEST_NEW || first == last {
            return None;
        }
        let gaps = u32::try_from(self.grants.len() - 1).unwrap_or(u32::MAX);
        let every = (last - first) / gaps;
        // Two TTLs, because a lease counts only a TTL after its grant.
        if now - last > (ttl * 2).max(every * 3) { None } else { Some(every) }
    }

    fn finding(&self, ttl: Duration, now: Timestamp) -> Option<(Vec<LeaseId>, String)> {
        let growth = self.growth(ttl, now);
        let count = self.renewed.len();
        let fewest = if growth.is_some() { FEWEST_GROWING } else { FEWEST };
        if count < fewest {
            return None;
        }
        let least = self.renewed.iter().map(|(_, span)| span.as_secs()).min()?;
        let growth = growth.map_or(String::new(), |every| format!("; one more every {:.1} s", every.as_secs_f64()));
        let ttl = ttl.as_secs();
        let what =
            format!("{count} leases of {ttl} s are renewed, but have had no key for {least} s or longer{growth}.");
        Some((self.renewed.iter().map(|(id, _)| *id).collect(), what))
    }
}

impl Lint for KeptLeak {
    fn name(&self) -> &'static str {
        "kept-leak"
    }

    fn label(&self) -> &'static str {
        "kept leak"
    }

    fn why(&self) -> &'static str {
        "A client opens a session for each attempt and never closes it. It keeps renewing all of them, so this leak never \
         ends by itself."
    }

    fn advice(&self) -> &'static str {
        "Look for a failed attempt to get a lock that does not close its session; restart that client."
    }

    fn group_findings(&self, GroupInput { leases, now, .. }: GroupInput<'_>) -> Vec<(Vec<LeaseId>, String)> {
        leases.keyless.0.iter().filter_map(|(ttl, keyless)| keyless.finding(*ttl, now)).collect()
    }
}
