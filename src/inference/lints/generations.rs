use std::collections::BTreeMap;
use std::time::Duration;

use super::{GroupInput, LeaseLine, Lint, LintFacts, MIN_INTERVAL};
use etcd_lease::LeaseId;

/// Minimum number of replaced leases for a finding. With fewer, it is unknown whether they pile up.
const FEWEST: usize = 3;
/// Maximum number of leases that a client may have at once if it grants a new one at each heartbeat. With ten heartbeats
/// per TTL it has ten. More than this pile up.
pub(super) const MOST: usize = 15;

/// Leases that a client replaced by newer ones and that live on, too many at once.
///
/// > a new lease of 3600 s every ~5.0 s: 12 replaced leases still exist, growing to 720.
#[derive(Clone, Copy, Debug)]
pub struct Generations;

/// The living leases of one line.
#[derive(Clone, Debug, Default)]
struct Line {
    replaced: Vec<LeaseId>,
    /// The lease that has the keys now. `None` if its TTL or the interval between leases is unknown.
    current: Option<Current>,
}

/// The lease of a line that has the keys now.
#[derive(Clone, Copy, Debug)]
struct Current {
    id: LeaseId,
    ttl: Duration,
    /// The time from one lease to the next.
    every: Duration,
    /// How many leases the client has at once.
    most: usize,
}

impl Current {
    fn of(facts: &LintFacts) -> Option<Self> {
        Some(Current { id: facts.id, ttl: facts.ttl?, every: facts.line?.every?, most: facts.heartbeats_per_ttl()? })
    }
}

/// The lines by their first leases.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines(BTreeMap<LeaseId, Line>);

impl Lines {
    pub(super) fn add(&mut self, facts: &LintFacts) {
        let Some(LeaseLine { first, is_replaced, .. }) = facts.line else { return };
        let line = self.0.entry(first).or_default();
        if is_replaced {
            line.replaced.push(facts.id);
        } else {
            line.current = Current::of(facts);
        }
    }
}

impl Line {
    fn finding(&self) -> Option<(Vec<LeaseId>, String)> {
        let Current { id, ttl, every, most } = self.current?;
        let count = self.replaced.len();
        if count < FEWEST || count.max(most) <= MOST {
            return None;
        }
        let is_growing = most > count && every >= MIN_INTERVAL;
        let more = if is_growing { format!(", growing to {most}") } else { String::new() };
        let (ttl, every) = (ttl.as_secs(), interval_in_words(every));
        let what = format!("a new lease of {ttl} s every {every}: {count} replaced leases still exist{more}.");
        Some((self.replaced.iter().copied().chain([id]).collect(), what))
    }
}

/// `~5.0 s`, `~10 ms`, or `<1 ms` if it is too short to be measured.
fn interval_in_words(every: Duration) -> String {
    match every.as_secs_f64() {
        _ if every < MIN_INTERVAL => "<1 ms".to_owned(),
        seconds if seconds < 0.1 => format!("~{:.0} ms", seconds * 1_000.0),
        seconds => format!("~{seconds:.1} s"),
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
        "A client grants a new lease again and again instead of renewing one, and moves its keys to it. The old leases pile up \
         until their TTL runs out, and each grant and each removal is a write on every member; a renewal is not."
    }

    fn advice(&self) -> &'static str {
        "Let the client renew its lease, or revoke the old one; at least use a TTL of about three of its intervals."
    }

    fn group_findings(&self, input: GroupInput<'_>) -> Vec<(Vec<LeaseId>, String)> {
        input.leases.lines.0.values().filter_map(Line::finding).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_interval_is_shown_in_milliseconds() {
        let what = |every: Duration| {
            let (ttl, most) = (Duration::from_secs(60), 6_000);
            let current = Some(Current { id: LeaseId(17), ttl, every, most });
            Line { replaced: (1..=16).map(LeaseId).collect(), current }.finding().expect("a finding").1
        };
        assert_eq!(
            what(Duration::from_millis(10)),
            "a new lease of 60 s every ~10 ms: 16 replaced leases still exist, growing to 6000."
        );
        assert_eq!(what(Duration::ZERO), "a new lease of 60 s every <1 ms: 16 replaced leases still exist.");
    }
}
