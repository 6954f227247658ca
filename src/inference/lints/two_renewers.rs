use super::{Finding, Lint, LintFacts, LintInput, each};
use crate::inference::lease_inference::RenewalPattern;

/// A lease renewed by two or three clients, each at its own interval.
///
/// > two clients renew it in turn, each about every 10.0 s.
#[derive(Clone, Copy, Debug)]
pub struct TwoRenewers;

impl TwoRenewers {
    fn sentence(facts: &LintFacts) -> Option<String> {
        let RenewalPattern::Interleaved { count, each } = facts.pattern else { return None };
        let count = if count == 2 { "two" } else { "three" };
        Some(format!("{count} clients renew it in turn, each about every {:.1} s.", each.as_secs_f64()))
    }
}

impl Lint for TwoRenewers {
    fn name(&self) -> &'static str {
        "two-renewers"
    }

    fn label(&self) -> &'static str {
        "two renewers"
    }

    fn why(&self) -> &'static str {
        "If one of them dies, the other keeps the lease alive, so nobody notices."
    }

    fn advice(&self) -> &'static str {
        "Look for a second copy of the program or a forgotten keep-alive; give each its own lease."
    }

    fn check(&self, input: LintInput<'_>) -> Vec<Finding> {
        each(self, input, TwoRenewers::sentence)
    }
}
