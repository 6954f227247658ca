use std::time::Duration;

use super::{Lint, LintFacts};
use crate::escape::printable;
use crate::inference::locks::QueuePosition;
use simkit::Timestamp;

/// A lease that holds a lock with waiters and is no longer renewed.
///
/// > holds lock /locks/nightly with 3 waiters, not renewed for 48 s; 12 s left.
#[derive(Clone, Copy, Debug)]
pub struct DeadHolder;

/// A lease that waits for a lock and is no longer renewed.
///
/// > waits for lock /locks/nightly behind 2 others, not renewed for 48 s; 12 s left.
#[derive(Clone, Copy, Debug)]
pub struct DeadWaiter;

/// Time since the last renewal and time left, if the lease looks dead: less than TTL/3 is left, and less than at any
/// earlier renewal. A healthy client renews three times per TTL.
fn silence(facts: &LintFacts, now: Timestamp) -> Option<(Duration, Duration)> {
    let (ttl, left) = (facts.ttl?, facts.deadline? - now);
    let is_silent = left < ttl / 3 && facts.usual_margin().is_none_or(|margin| left < margin);
    if is_silent { Some((ttl.saturating_sub(left), left)) } else { None }
}

/// One sentence per lock queue of a lease that looks dead. `start` returns the start of the sentence for a position, or
/// `None` if the lint does not report it.
fn sentences(facts: &LintFacts, now: Timestamp, start: impl Fn(&QueuePosition, &str) -> Option<String>) -> Vec<String> {
    if facts.queue_positions.is_empty() {
        return Vec::new();
    }
    let Some((silent, left)) = silence(facts, now) else { return Vec::new() };
    let (silent, left) = (silent.as_secs(), left.as_secs());
    let starts = facts.queue_positions.iter().filter_map(|position| start(position, &printable(&position.lock)));
    starts.map(|start| format!("{start}, not renewed for {silent} s; {left} s left.")).collect()
}

impl Lint for DeadHolder {
    fn name(&self) -> &'static str {
        "dead-holder"
    }

    fn label(&self) -> &'static str {
        "dead holder"
    }

    fn why(&self) -> &'static str {
        "Nobody else gets the lock until the lease expires."
    }

    fn advice(&self) -> &'static str {
        "Check its client; if it is dead, revoke the lease: the next waiter gets the lock at once."
    }

    fn sentences(&self, facts: &LintFacts, now: Timestamp) -> Vec<String> {
        sentences(facts, now, |position, lock| {
            if position.ahead > 0 || position.behind == 0 {
                return None;
            }
            let waiters = if position.behind == 1 { "waiter" } else { "waiters" };
            Some(format!("holds lock {lock} with {} {waiters}", position.behind))
        })
    }
}

impl Lint for DeadWaiter {
    fn name(&self) -> &'static str {
        "dead-in-line"
    }

    fn label(&self) -> &'static str {
        "dead waiter"
    }

    fn why(&self) -> &'static str {
        "If its turn comes before it expires, it holds the lock while nobody works."
    }

    fn advice(&self) -> &'static str {
        "Check its client; if it is dead, revoke the lease: it leaves the queue at once."
    }

    fn sentences(&self, facts: &LintFacts, now: Timestamp) -> Vec<String> {
        sentences(facts, now, |position, lock| {
            if position.ahead == 0 {
                return None;
            }
            let others = if position.ahead == 1 { "other" } else { "others" };
            Some(format!("waits for lock {lock} behind {} {others}", position.ahead))
        })
    }
}
