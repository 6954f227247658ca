use std::time::Duration;

use super::{Lint, LintFacts};
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
/// > usually renewed late, every 7.0 s with a TTL of 10 s; one lost reply makes it expire.
#[derive(Clone, Copy, Debug)]
pub struct ThinMargin;

impl ThinMargin {
    fn sentence(facts: &LintFacts) -> Option<String> {
        let ttl = facts.ttl?;
        // With a shorter TTL the margin is always thin; `short-ttl` reports that.
        if ttl * 2 / 3 <= FAILOVER {
            return None;
        }
        if let Some(every) = facts.usual_interval.filter(|every| *every >= ttl.mul_f64(LATE_SHARE)) {
            let (every, ttl) = (every.as_secs_f64(), ttl.as_secs());
            return Some(format!(
                "usually renewed late, every {every:.1} s with a TTL of {ttl} s; one lost reply makes it expire."
            ));
        }
        let margin = facts.sure_margin?;
        if margin >= FAILOVER {
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
        "Too little time is left for the next try: a lost reply or a failover to another member can expire the lease."
    }

    fn advice(&self) -> &'static str {
        "Renew every third of the TTL, or use a longer TTL. Find out what delays the client between renewals."
    }

    fn sentences(&self, facts: &LintFacts, _now: Timestamp) -> Vec<String> {
        ThinMargin::sentence(facts).into_iter().collect()
    }
}
