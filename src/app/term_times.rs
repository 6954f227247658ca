//! When the leaders of raft terms were elected, from the terms in replies.

use std::time::Duration;

use crate::inference::{RevisionTimeline, TimeRange};
use etcd_lease::ClusterView;
use simkit::Timestamp;

/// The maximum age of a status when it becomes known, because a member that takes longer counts as down. With a long round
/// trip, the limit is twice the round trip (see the prober of `etcd-lease`).
const STATUS_AGE: Duration = Duration::from_millis(700);

/// When the leader of each raft term was elected. A new leader resets the time left of all leases before it
/// replies about one of them (`Promote` in etcd's `server/lease/lessor.go`).
#[derive(Clone, Debug, Default)]
pub(super) struct TermTimes {
    /// The terms in all replies. A member has a new term before its leader is elected.
    begun: RevisionTimeline,
    /// The terms in replies about leases, which need a leader.
    led: RevisionTimeline,
}

impl TermTimes {
    /// Notes the terms of the members whose status is new.
    pub(super) fn on_view(&mut self, before: &ClusterView, view: &ClusterView, now: Timestamp) {
        for member in view.answering_here().filter(|member| !before.members.contains(member)) {
            let age = member.round_trip.map_or(STATUS_AGE, |span| STATUS_AGE.max(span * 2));
            self.begun.record(member.raft_term.cast_signed(), now.before(age), now);
        }
    }

    /// Notes the term of a reply about a lease.
    pub(super) fn on_ttl_reply(&mut self, term: u64, sent: Timestamp, received: Timestamp) {
        self.begun.record(term.cast_signed(), sent, received);
        self.led.record(term.cast_signed(), sent, received);
    }

    /// When the leader of a term, which is known at `by`, was elected. `None` if no earlier term was seen.
    ///
    /// A member that cannot reach the others raises its term again and again without a leader, so a term that was seen is no
    /// sign of an election.
    pub(super) fn elected(&self, term: u64, by: Timestamp) -> Option<TimeRange> {
        let earliest = self.begun.not_reached_at(term.cast_signed())?;
        let latest = self.led.reached_by(term.cast_signed(), by);
        Some(TimeRange { earliest: earliest.min(latest), latest })
    }
}
