use std::time::Duration;

use super::{Lint, LintFacts, LintInput, each};
use etcd_lease::LeaseId;

/// Maximum time of a failover to another member: twice etcd's default election timeout of 1 s, plus the 500 ms that the
/// Go client waits before it reconnects (clientv3/lease.go, `retryConnWait`).
const FAILOVER: Duration = Duration::from_millis(2_500);

/// A lease that would have expired during a failover to another leader or member.
///
/// > renewed with only 1.2 s left.
#[derive(Clone, Copy, Debug)]
pub struct ThinMargin;

impl ThinMargin {
    fn sentence(facts: &LintFacts) -> Option<String> {
        let margin = facts.sure_margin?;
        // With a shorter TTL the margin is always thin; `short-ttl` reports that.
        let could_be_wider = facts.ttl? * 2 / 3 > FAILOVER;
        if margin >= FAILOVER || !could_be_wider {
            return None;
        }
        Some(format!("renewed with only {:.1} s left.", margin.as_secs_f64()))
    }
}

impl Lint for ThinMargin {
    fn name(&self) -> &'static str {
        "thin-margin"
    }

    fn label(&self) -> &'static str {
        "thin margin"
    }

    fn why(&self) -> &'static str {
        "Failover to another member takes up to 2.5 s; a member failure at that moment would have expired the lease."
    }

    fn advice(&self) -> &'static str {
        "Find out what delays the client between renewals, or use a longer TTL."
    }

    fn check(&self, input: LintInput<'_>) -> Vec<(Vec<LeaseId>, String)> {
        each(input, ThinMargin::sentence)
    }
}
