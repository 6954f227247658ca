use std::time::Duration;

use super::{Lint, LintInput, each};
use etcd_lease::LeaseId;

/// Between the list and the question a lease may well die; for longer than this it may not.
const PATIENCE: Duration = Duration::from_secs(3);

/// A lease that a member lists and the leader does not know.
///
/// > listed, but unknown to the leader for 8 s.
#[derive(Clone, Copy, Debug)]
pub struct Zombie;

impl Lint for Zombie {
    fn name(&self) -> &'static str {
        "zombie"
    }

    fn why(&self) -> &'static str {
        "The members disagree: one lags behind or has lost data."
    }

    fn advice(&self) -> &'static str {
        "Compare `etcdctl endpoint status` and `etcdctl endpoint hashkv` of all members."
    }

    fn check(&self, input: LintInput<'_>) -> Vec<(Vec<LeaseId>, String)> {
        each(input, |facts| {
            let unknown = input.now - facts.unknown_since.filter(|_| facts.listed)?;
            let seconds = unknown.as_secs();
            (unknown > PATIENCE).then(|| format!("listed, but unknown to the leader for {seconds} s."))
        })
    }
}
