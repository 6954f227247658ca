use super::{Finding, Lint, LintFacts, LintInput, each};
use etcd_lease::QueueGauge;

/// A response queue that is full, so that responses are dropped. Only for leases that leasetop keeps alive.
///
/// > the response queue is full (16 of 16); dropped so far: 3.
#[derive(Clone, Copy, Debug)]
pub struct QueueFull;

impl QueueFull {
    /// Whether responses are dropped. A slow reader takes one response now and then, so a queue with one free place counts
    /// as full too.
    pub fn applies(queue: QueueGauge) -> bool {
        queue.dropped > 0 && queue.depth + 1 >= queue.capacity
    }

    fn sentence(facts: &LintFacts) -> Option<String> {
        facts.queue.filter(|queue| QueueFull::applies(*queue)).map(QueueFull::what)
    }

    /// The sentence of a finding.
    pub fn what(queue: QueueGauge) -> String {
        let QueueGauge { depth, capacity, dropped } = queue;
        format!("the response queue is full ({depth} of {capacity}); dropped so far: {dropped}.")
    }
}

impl Lint for QueueFull {
    fn name(&self) -> &'static str {
        "queue-full"
    }

    fn label(&self) -> &'static str {
        "queue full"
    }

    fn why(&self) -> &'static str {
        "The lease is still renewed, but a program that waits for responses gets none that are new."
    }

    fn advice(&self) -> &'static str {
        "Read the keepalive channel until it is closed, and do no slow work in the loop that reads it."
    }

    fn check(&self, input: LintInput<'_>) -> Vec<Finding> {
        each(self, input, QueueFull::sentence)
    }
}
