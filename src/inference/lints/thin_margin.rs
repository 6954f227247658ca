use std::time::Duration;

use super::short_ttl::SHORTEST;
use super::{Finding, Lint, LintFacts};
use simkit::Timestamp;

/// Maximum time of a failover to another member: twice etcd's default election timeout of 1 s, plus the 500 ms that the
/// Go client waits before it reconnects (clientv3/lease.go, `retryConnWait`).
const FAILOVER: Duration = Duration::from_millis(2_500);

/// From this share of the TTL on, a client renews late. It is slightly below two thirds because the interval is inferred.
const LATE_SHARE: f64 = 0.65;

/// A lease that a failover to another leader or member would have expired, or one that is usually renewed so late that one
/// lost reply makes it expire.
///
/// > renewed with only 1.2 s left.
/// > usually renewed late, every 7.0 s with a TTL of 10 s.
#[derive(Clone, Copy, Debug)]
pub struct ThinMargin;

impl ThinMargin {
    fn finding(&self, facts: &LintFacts) -> Option<Finding> {
        let ttl = facts.ttl?;
        // With a shorter TTL the margin is always thin.
        if ttl < SHORTEST {
            return None;
        }
        if let Some(every) = facts.usual_interval.filter(|every| *every >= ttl.mul_f64(LATE_SHARE)) {
            let (every, ttl) = (every.as_secs_f64(), ttl.as_secs());
            let what = format!("usually renewed late, every {every:.1} s with a TTL of {ttl} s.");
            return Some(Finding {
                why: "One lost reply makes it expire: too little time is left for a second try.",
                advice: "Renew every third of the TTL, or use a longer TTL.",
                ..Finding::of(self, vec![facts.id], what)
            });
        }
        let margin = facts.sure_margin?;
        if margin >= FAILOVER {
            return None;
        }
        let what = format!("renewed with only {:.1} s left.", margin.as_secs_f64());
        Some(Finding::of(self, vec![facts.id], what))
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
        "A failover to another member takes up to 2.5 s: at that moment, it would have expired the lease."
    }

    fn advice(&self) -> &'static str {
        "Find out what delayed the client; renew every third of the TTL, or use a longer TTL."
    }

    fn findings(&self, facts: &LintFacts, _now: Timestamp) -> Vec<Finding> {
        self.finding(facts).into_iter().collect()
    }
}
