use std::collections::BTreeMap;

use super::{Finding, LeaseLine, Lint, LintFacts, LintInput};
use etcd_lease::LeaseId;

/// With fewer replaced leases, it is too early to tell.
const FEWEST: usize = 3;
/// A client that grants a new lease at each heartbeat has up to ten at once if it does so ten times per TTL. More than
/// this at once pile up.
pub(super) const MOST: usize = 15;

/// Leases that a client replaced by newer ones and that live on, too many at once.
///
/// > a new lease of 3600 s every ~5.0 s: 12 replaced leases still exist, growing to 720.
#[derive(Clone, Copy, Debug)]
pub struct Generations;

/// The living leases of one line.
#[derive(Default)]
struct Line<'a> {
    replaced: Vec<LeaseId>,
    /// The lease that has the keys now.
    current: Option<&'a LintFacts>,
}

impl Line<'_> {
    fn finding(self) -> Option<Finding> {
        let current = self.current?;
        let ttl = current.ttl?;
        let every = current.line?.every?;
        let count = self.replaced.len();
        let most = current.heartbeats_per_ttl()?;
        if count < FEWEST || count.max(most) <= MOST {
            return None;
        }
        let (ttl, every) = (ttl.as_secs(), every.as_secs_f64());
        let more = if most > count { format!(", growing to {most}") } else { String::new() };
        let what = format!("a new lease of {ttl} s every ~{every:.1} s: {count} replaced leases still exist{more}.");
        Some(Finding::of(&Generations, self.replaced.into_iter().chain([current.id]).collect(), what))
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
        "A client grants a new lease again and again and moves its keys to it; each old one lives on until its TTL runs out."
    }

    fn advice(&self) -> &'static str {
        "Let the client renew its lease, or revoke the old one; at least use a TTL of about three of its intervals."
    }

    fn check(&self, input: LintInput<'_>) -> Vec<Finding> {
        let mut lines: BTreeMap<LeaseId, Line<'_>> = BTreeMap::new();
        for facts in input.leases {
            let Some(LeaseLine { first, is_replaced, .. }) = facts.line else { continue };
            let line = lines.entry(first).or_default();
            if is_replaced {
                line.replaced.push(facts.id);
            } else {
                line.current = Some(facts);
            }
        }
        lines.into_values().filter_map(Line::finding).collect()
    }
}
