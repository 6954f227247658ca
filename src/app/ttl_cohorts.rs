//! What leases of the same TTL have in common: whether they are renewed or revoked at all.
//!
//! With many leases, the poll limit may allow one poll in the life of a lease. Whether it was renewed after that is
//! inferred from others: if many leases of one TTL were polled and none of them is renewed, none is assumed to be.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use simkit::Timestamp;

/// This many consecutive replies that show an unrenewed lease mean that no lease of that TTL is renewed.
const ANSWERS: u32 = 16;

/// Maximum number of TTLs. Clients that compute their TTL, such as the seconds until midnight, have a new one each time.
const MAX_TTLS: usize = 1_024;

/// Observations by TTL in seconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct TtlCohorts(BTreeMap<i64, Cohort>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Cohort {
    /// Replies that showed an unrenewed lease, since the last one that showed a renewal.
    left_alone: u32,
    /// When a lease of this TTL was last revoked.
    revoked: Option<Timestamp>,
}

impl TtlCohorts {
    /// Records a renewal of a lease with this TTL in seconds.
    pub(super) fn renewed(&mut self, ttl: i64) {
        if let Some(seen) = self.0.get_mut(&ttl) {
            seen.left_alone = 0;
        }
    }

    /// Records a reply that showed a lease unrenewed for a long time.
    pub(super) fn left_alone(&mut self, ttl: i64) {
        let seen = self.of(ttl);
        seen.left_alone = seen.left_alone.saturating_add(1);
    }

    /// Records a revoked lease.
    pub(super) fn revoked(&mut self, ttl: i64, at: Timestamp) {
        self.of(ttl).revoked = Some(at);
    }

    /// The observations of a TTL. If there are too many TTLs, the one of which the least is known makes room.
    fn of(&mut self, ttl: i64) -> &mut Cohort {
        if self.0.len() >= MAX_TTLS && !self.0.contains_key(&ttl) {
            let least = self.0.iter().min_by_key(|(_, seen)| (seen.left_alone, seen.revoked)).map(|(ttl, _)| *ttl);
            least.and_then(|ttl| self.0.remove(&ttl));
        }
        self.0.entry(ttl).or_default()
    }

    /// Whether leases of this TTL seem not to be renewed at all.
    pub(super) fn are_left_alone(&self, ttl: i64) -> bool {
        self.0.get(&ttl).is_some_and(|seen| seen.left_alone >= ANSWERS)
    }

    /// Whether leases of this TTL are not renewed, and none was revoked within the last TTL.
    pub(super) fn are_spared(&self, ttl: i64, now: Timestamp) -> bool {
        let revoked = self.0.get(&ttl).and_then(|seen| seen.revoked);
        let is_long_ago = |revoked: Timestamp| revoked + Duration::from_secs(ttl.unsigned_abs()) < now;
        self.are_left_alone(ttl) && revoked.is_none_or(is_long_ago)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renewal_only_counts_for_its_own_ttl() {
        let mut cohorts = TtlCohorts::default();
        (0..ANSWERS).for_each(|_| [30, 60].into_iter().for_each(|ttl| cohorts.left_alone(ttl)));
        assert!(cohorts.are_left_alone(30) && cohorts.are_left_alone(60) && !cohorts.are_left_alone(10));
        cohorts.renewed(30);
        cohorts.left_alone(30);
        assert!(!cohorts.are_left_alone(30) && cohorts.are_left_alone(60));
    }

    #[test]
    fn the_ttls_that_are_best_known_stay() {
        let mut cohorts = TtlCohorts::default();
        (0..ANSWERS).for_each(|_| cohorts.left_alone(30));
        (100..10_000).for_each(|ttl| cohorts.revoked(ttl, Timestamp::at(Duration::from_secs(1))));
        assert!(cohorts.0.len() == MAX_TTLS && cohorts.are_left_alone(30));
    }

    #[test]
    fn a_revoke_counts_for_one_ttl() {
        let (mut cohorts, at) = (TtlCohorts::default(), |seconds| Timestamp::at(Duration::from_secs(seconds)));
        assert!(!cohorts.are_spared(30, at(0)), "nothing is known");
        (0..ANSWERS).for_each(|_| cohorts.left_alone(30));
        assert!(cohorts.are_spared(30, at(0)));
        cohorts.revoked(30, at(10));
        assert!(!cohorts.are_spared(30, at(40)) && cohorts.are_spared(30, at(41)));
    }
}
