use super::{Lint, LintFacts, LintInput, each};
use crate::inference::lease_inference::RenewalPattern;
use etcd_lease::LeaseId;

/// A lease that a client renews every 500 ms because its keepalive channel is not read.
///
/// > renewed every 500 ms or more often, typical of a Go client before 3.4 whose KeepAlive channel is not read.
#[derive(Clone, Copy, Debug)]
pub struct Unread;

impl Unread {
    fn sentence(facts: &LintFacts) -> Option<String> {
        if facts.pattern != RenewalPattern::Unread {
            return None;
        }
        let what = "renewed every 500 ms or more often, typical of a Go client before 3.4 whose KeepAlive channel is not read.";
        Some(what.to_owned())
    }
}

impl Lint for Unread {
    fn name(&self) -> &'static str {
        "unread"
    }

    fn label(&self) -> &'static str {
        "unread channel"
    }

    fn why(&self) -> &'static str {
        "Each renewal costs the leader, and a program that does not read its keepalive channel may hang."
    }

    fn advice(&self) -> &'static str {
        "Read the channel until it is closed, or use a client of etcd 3.4 or later."
    }

    fn check(&self, input: LintInput<'_>) -> Vec<(Vec<LeaseId>, String)> {
        each(input, Unread::sentence)
    }
}
