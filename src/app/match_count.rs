//! How many leases match a filter, as far as it is known.

use super::lease_facts::LeaseFacts;
use super::{AppState, KeyName, Lease};
use crate::filter::Filter;
use simkit::Timestamp;

/// How many living leases match a filter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MatchCount {
    /// Leases that match.
    pub matching: usize,
    /// Leases that may match: it depends on a value that is not known yet.
    pub unknown: usize,
}

/// Counts the living leases that match. `None` while the leases are not known: before the first list, and while no member
/// replies.
pub fn count_matching(app: &AppState, filter: &Filter, now: Timestamp) -> Option<MatchCount> {
    let cluster = &app.cluster;
    if !cluster.has_listed() || !cluster.is_reached() || cluster.list_failure.is_some() {
        return None;
    }
    let mut count = MatchCount::default();
    for lease in app.leases.living() {
        match decide(app, filter, lease, now) {
            Some(true) => count.matching += 1,
            Some(false) => (),
            None => count.unknown += 1,
        }
    }
    Some(count)
}

/// Whether a lease matches. `None` if that depends on a value that is not known yet. A lease stores only its first keys; all
/// of its keys are looked up only if the first ones do not decide.
fn decide(app: &AppState, filter: &Filter, lease: &Lease, now: Timestamp) -> Option<bool> {
    let first = lease.keys.as_ref().map_or(&[][..], |keys| &*keys.first);
    let decided = filter.decide(&LeaseFacts::replied(lease, first, now));
    let has_more = lease.keys.as_ref().is_some_and(|keys| keys.count > keys.first.len());
    if decided.is_some() || !has_more {
        return decided;
    }
    let all: Vec<KeyName> = app.keys.index().of(lease.id).map(|(key, _)| KeyName::from(key)).collect();
    filter.decide(&LeaseFacts::replied(lease, &all, now))
}
