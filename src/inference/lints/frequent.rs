use super::{Finding, Lint, LintFacts, LintInput, each};
use crate::inference::lease_inference::RenewalPattern;

/// A lease that is renewed every second or more often. Replies in whole seconds do not show how often exactly.
///
/// > renewed every second or more often; three times per TTL is enough (every 10 s).
#[derive(Clone, Copy, Debug)]
pub struct Frequent;

impl Frequent {
    fn sentence(facts: &LintFacts) -> Option<String> {
        if facts.pattern != RenewalPattern::Frequent {
            return None;
        }
        let third = facts.ttl?.as_secs() / 3;
        Some(format!("renewed every second or more often; three times per TTL is enough (every {third} s)."))
    }
}

impl Lint for Frequent {
    fn name(&self) -> &'static str {
        "frequent"
    }

    fn label(&self) -> &'static str {
        "too frequent"
    }

    fn why(&self) -> &'static str {
        "Each renewal costs the leader. Possible causes: a loop with a short fixed delay, or a Go client before 3.4 whose \
         keepalive channel is not read."
    }

    fn advice(&self) -> &'static str {
        "Renew after a third of the TTL; with Go's client, read the keepalive channel until it is closed."
    }

    fn check(&self, input: LintInput<'_>) -> Vec<Finding> {
        each(self, input, Frequent::sentence)
    }
}
