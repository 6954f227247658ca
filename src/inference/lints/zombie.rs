use std::time::Duration;

use super::{Finding, Lint, LintInput, each};

/// A lease that ends between the list and the query is listed but unknown for a short time, at most this long.
const GRACE: Duration = Duration::from_secs(3);

/// A lease that a member lists but the leader does not know.
///
/// > listed, but unknown to the leader for 8 s.
#[derive(Clone, Copy, Debug)]
pub struct Zombie;

impl Lint for Zombie {
    fn name(&self) -> &'static str {
        "zombie"
    }

    fn label(&self) -> &'static str {
        "unknown to leader"
    }

    fn why(&self) -> &'static str {
        "The members disagree: one lags behind or has lost data."
    }

    fn advice(&self) -> &'static str {
        "Compare `etcdctl endpoint status` and `etcdctl endpoint hashkv` of all members."
    }

    fn check(&self, input: LintInput<'_>) -> Vec<Finding> {
        each(self, input, |facts| {
            let unknown = input.now - facts.unknown_since?;
            if !facts.listed || unknown <= GRACE {
                return None;
            }
            Some(format!("listed, but unknown to the leader for {} s.", unknown.as_secs()))
        })
    }
}
