use super::{Facts, Lint, Survey, each};
use crate::inference::observed::Habit;
use etcd_lease::LeaseId;

/// A lease that two clients renew, or three.
///
/// > Two clients renew it by turns, each about every 10.0 s.
#[derive(Clone, Copy, Debug)]
pub struct TwoRenewers;

impl TwoRenewers {
    fn sentence(facts: &Facts) -> Option<String> {
        let Habit::ByTurns { count, each } = facts.habit else { return None };
        let count = if count == 2 { "Two" } else { "Three" };
        Some(format!("{count} clients renew it by turns, each about every {:.1} s.", each.as_secs_f64()))
    }
}

impl Lint for TwoRenewers {
    fn name(&self) -> &'static str {
        "two-renewers"
    }

    fn why(&self) -> &'static str {
        "If one of them dies the other keeps it alive: whoever waits for that to show waits in vain."
    }

    fn advice(&self) -> &'static str {
        "Look for a copy of the program, or a keep-alive that was left running; give each a lease of its own."
    }

    fn check(&self, survey: Survey<'_>) -> Vec<(Vec<LeaseId>, String)> {
        each(survey, TwoRenewers::sentence)
    }
}
