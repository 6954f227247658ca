use std::time::Duration;

use super::{Lint, LintFacts, LintInput};
use crate::escape::printable;
use crate::inference::locks::QueuePosition;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Who holds a lock for which others wait, and is not renewed any more.
///
/// > It holds the lock /locks/nightly, for which 3 wait, and was not renewed in 48 s: 12 s are left.
#[derive(Clone, Copy, Debug)]
pub struct DeadHolder;

/// Who waits for a lock and is not renewed any more.
///
/// > It waits for the lock /locks/nightly behind 2 others, and was not renewed in 48 s: 12 s are left.
#[derive(Clone, Copy, Debug)]
pub struct DeadWaiter;

/// How long nobody has renewed a lease, and how long it has left, where that is longer than any healthy client waits and
/// than its own ever did.
fn silence(facts: &LintFacts, now: Timestamp) -> Option<(Duration, Duration)> {
    let (ttl, left) = (facts.ttl?, facts.deadline? - now);
    let is_silent = left < ttl / 3 && facts.margin.is_none_or(|margin| left < margin);
    is_silent.then(|| (ttl.saturating_sub(left), left))
}

/// The sentence about each place in line that a silent lease has.
fn check(
    input: LintInput<'_>,
    sentence: impl Fn(&QueuePosition, &str) -> Option<String>,
) -> Vec<(Vec<LeaseId>, String)> {
    let mut found = Vec::new();
    for facts in input.leases {
        let Some((silent, left)) = silence(facts, input.now).filter(|_| !facts.queue_positions.is_empty()) else {
            continue;
        };
        let (silent, left) = (silent.as_secs(), left.as_secs());
        let told = |line: &QueuePosition| {
            let lock = printable(&line.lock);
            let place = sentence(line, &lock)?;
            Some((vec![facts.id], format!("It {place}, and was not renewed in {silent} s: {left} s are left.")))
        };
        found.extend(facts.queue_positions.iter().filter_map(told));
    }
    found
}

impl Lint for DeadHolder {
    fn name(&self) -> &'static str {
        "dead-holder"
    }

    fn why(&self) -> &'static str {
        "Nobody else gets the lock before its time is over."
    }

    fn advice(&self) -> &'static str {
        "See what became of its client; if that is dead, revoke the lease: the next one gets the lock at once."
    }

    fn check(&self, input: LintInput<'_>) -> Vec<(Vec<LeaseId>, String)> {
        check(input, |line, lock| {
            let waits = if line.behind == 1 { "1 waits".to_owned() } else { format!("{} wait", line.behind) };
            (line.ahead == 0 && line.behind > 0).then(|| format!("holds the lock {lock}, for which {waits}"))
        })
    }
}

impl Lint for DeadWaiter {
    fn name(&self) -> &'static str {
        "dead-in-line"
    }

    fn why(&self) -> &'static str {
        "If its turn comes before its end, it holds the lock and nobody works."
    }

    fn advice(&self) -> &'static str {
        "See what became of its client; if that is dead, revoke the lease: it leaves the line at once."
    }

    fn check(&self, input: LintInput<'_>) -> Vec<(Vec<LeaseId>, String)> {
        check(input, |line, lock| {
            let others = if line.ahead == 1 { "1 other".to_owned() } else { format!("{} others", line.ahead) };
            (line.ahead > 0).then(|| format!("waits for the lock {lock} behind {others}"))
        })
    }
}
