use std::time::Duration;

use super::{Lint, LintFacts, LintInput};
use crate::escape::printable;
use crate::inference::locks::QueuePosition;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Who holds a lock for which others wait, and is not renewed any more.
///
/// > holds lock /locks/nightly with 3 waiters, not renewed for 48 s; 12 s left.
#[derive(Clone, Copy, Debug)]
pub struct DeadHolder;

/// Who waits for a lock and is not renewed any more.
///
/// > waits for lock /locks/nightly behind 2 others, not renewed for 48 s; 12 s left.
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
            Some((vec![facts.id], format!("{place}, not renewed for {silent} s; {left} s left.")))
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
        "Nobody else gets the lock until it expires."
    }

    fn advice(&self) -> &'static str {
        "Check its client; if it is dead, revoke the lease: the next waiter gets the lock at once."
    }

    fn check(&self, input: LintInput<'_>) -> Vec<(Vec<LeaseId>, String)> {
        check(input, |line, lock| {
            let waiters = if line.behind == 1 { "waiter" } else { "waiters" };
            (line.ahead == 0 && line.behind > 0).then(|| format!("holds lock {lock} with {} {waiters}", line.behind))
        })
    }
}

impl Lint for DeadWaiter {
    fn name(&self) -> &'static str {
        "dead-in-line"
    }

    fn why(&self) -> &'static str {
        "If its turn comes before it expires, it holds the lock while nobody works."
    }

    fn advice(&self) -> &'static str {
        "Check its client; if it is dead, revoke the lease: it leaves the queue at once."
    }

    fn check(&self, input: LintInput<'_>) -> Vec<(Vec<LeaseId>, String)> {
        check(input, |line, lock| {
            let others = if line.ahead == 1 { "1 other".to_owned() } else { format!("{} others", line.ahead) };
            (line.ahead > 0).then(|| format!("waits for lock {lock} behind {others}"))
        })
    }
}
