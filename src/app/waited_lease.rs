//! The lease that `leasetop wait` queries, to say how it ended.

use super::{EndCause, Lease};
use crate::inference::lease_inference::{CohortHint, Inferred, RemovalCause};
use etcd_lease::{LeaseId, TimeToLive};
use simkit::Timestamp;

/// A lease that is queried alone, with no list and no watch.
#[derive(Clone, Debug)]
pub struct WaitedLease {
    lease: Lease,
    /// The cluster that replied last.
    cluster_id: Option<u64>,
    is_other_cluster: bool,
    /// When the last reply arrived.
    replied: Timestamp,
}

impl WaitedLease {
    /// No reply yet.
    pub fn new(id: LeaseId) -> Self {
        WaitedLease { lease: Lease::new(id), cluster_id: None, is_other_cluster: false, replied: Timestamp::START }
    }

    /// Applies a reply to a query that was sent at `sent`, in the order of the queries. Returns whether it shows a renewal.
    pub fn on_reply(&mut self, answer: &TimeToLive, sent: Timestamp, received: Timestamp) -> bool {
        let before = self.cluster_id.replace(answer.header.cluster_id);
        self.is_other_cluster |= before.is_some_and(|before| before != answer.header.cluster_id);
        if before.is_none() {
            self.lease.first_seen = sent;
        }
        self.replied = received;
        let outcome = self.lease.apply_ttl_reply(answer, sent, received);
        matches!(outcome.change.inferred, Inferred::Renewed(_))
    }

    /// Why the lease has ended, after a reply that it does not exist. `has_moved` is whether one of its keys is on another
    /// lease now.
    pub fn end_cause(&self, has_moved: bool) -> EndCause {
        if self.is_other_cluster {
            return EndCause::NotRestored;
        }
        let observed = &self.lease.observed;
        let hint = CohortHint { is_unrenewed: observed.is_unrenewed(), is_never_revoked: false };
        match observed.removal_cause(self.lease.removal(self.replied, None), false, hint) {
            RemovalCause::RevokedHere | RemovalCause::Revoked => EndCause::Revoked,
            RemovalCause::Expired(_) | RemovalCause::Unknown if has_moved => EndCause::Replaced,
            RemovalCause::Expired(_) => self.lease.expiry(),
            RemovalCause::Unknown => EndCause::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use etcd_lease::Header;

    const TTL: i64 = 6;

    fn at(seconds: f64) -> Timestamp {
        Timestamp::at(Duration::from_secs_f64(seconds))
    }

    fn reply(lease: &mut WaitedLease, cluster_id: u64, ttl: i64, granted_ttl: i64, now: f64) -> bool {
        reply_in_term(lease, Header { cluster_id, raft_term: 2, ..Header::default() }, (ttl, granted_ttl), now)
    }

    fn reply_in_term(lease: &mut WaitedLease, header: Header, (ttl, granted_ttl): (i64, i64), now: f64) -> bool {
        let answer = TimeToLive { id: LeaseId(1), ttl, granted_ttl, keys: Vec::new(), header };
        lease.on_reply(&answer, at(now), at(now))
    }

    #[test]
    fn a_later_deadline_is_a_renewal_unless_an_election_or_a_restart_caused_it() {
        let mut lease = WaitedLease::new(LeaseId(1));
        let seen = [(5, 0.0), (4, 1.2), (4, 1.9), (5, 2.0), (1, 3.0)];
        let renewed = seen.map(|(ttl, now)| reply(&mut lease, 7, ttl, TTL, now));
        assert_eq!(renewed, [false, false, false, true, false]);
        let new_term = Header { cluster_id: 7, raft_term: 3, ..Header::default() };
        assert!(!reply_in_term(&mut lease, new_term, (5, TTL), 4.0), "an election");
        assert!(!reply(&mut WaitedLease::new(LeaseId(1)), 7, 5, TTL, 0.0), "the first reply");
    }

    /// The cause of the end of a lease of 6 s, granted at 0 s and renewed at these times, that is queried from `from` on
    /// every 0.5 s and just before its deadline, and that is gone at `end`.
    fn cause(from: f64, renewed: &[f64], end: f64, has_moved: bool) -> EndCause {
        let mut lease = WaitedLease::new(LeaseId(1));
        let last = |now: f64| renewed.iter().copied().filter(|at| *at <= now).fold(0.0, f64::max);
        let deadline = last(end) + TTL as f64;
        let polls = (0..).map(|n| from + f64::from(n) * 0.5).take_while(|now| *now < end);
        for now in polls.chain([deadline - 0.005]).filter(|now| *now < end) {
            let ttl = (last(now) + TTL as f64 - now).floor() as i64;
            reply(&mut lease, 1, ttl, TTL, now);
        }
        reply(&mut lease, 1, -1, 0, end);
        lease.end_cause(has_moved)
    }

    #[test]
    fn the_cause_is_that_of_other_commands() {
        assert_eq!(cause(0.3, &[], 6.1, false), EndCause::RanOut, "nobody renewed it");
        assert_eq!(cause(4.3, &[], 6.1, false), EndCause::Expired, "it may have been renewed before");
        assert_eq!(cause(0.3, &[2.0, 4.0], 10.1, false), EndCause::Expired);
        assert_eq!(cause(0.3, &[2.0], 3.1, false), EndCause::Revoked);
        assert_eq!(cause(0.3, &[], 6.1, true), EndCause::Replaced);
        assert_eq!(cause(0.3, &[2.0], 3.1, true), EndCause::Revoked, "its key moved, and it was revoked");
    }

    #[test]
    fn a_lease_that_another_cluster_does_not_have_was_not_restored() {
        let mut lease = WaitedLease::new(LeaseId(1));
        reply(&mut lease, 1, 5, TTL, 1.0);
        reply(&mut lease, 2, -1, 0, 1.5);
        assert_eq!(lease.end_cause(false), EndCause::NotRestored);
    }
}
