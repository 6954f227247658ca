//! Matching events against a lease filter.

use crate::app::lease_facts::LeaseFacts;
use crate::app::{Event, EventKind, KeyName, KeyState, Lease, LeaseStore};
use crate::filter::Filter;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Whether the lease of an event matches a filter. An ended lease is matched by its state at the end. The keys in the
/// event count as keys of the lease. Events without a lease always match.
pub fn matches_filter(leases: &LeaseStore, keys: &KeyState, filter: &Filter, event: &Event, now: Timestamp) -> bool {
    if filter.is_empty() {
        return true;
    }
    let Some(id) = event.lease else { return true };
    // A key can come back long after the end of its lease.
    let forgotten = Lease::new(id);
    let lease = match leases.get(id) {
        None if matches!(event.kind, EventKind::Back { .. }) => &forgotten,
        None => return false,
        Some(lease) => lease,
    };
    filter.matches(&LeaseFacts::at_last(lease, &all_keys(keys, id, Some(lease), &event.kind), now))
}

/// The known keys of the lease and those in the event, without duplicates.
pub(in crate::app) fn all_keys(keys: &KeyState, id: LeaseId, lease: Option<&Lease>, what: &EventKind) -> Vec<KeyName> {
    let held = keys.index().of(id).map(|(key, _)| key.into());
    let first = lease.iter().flat_map(|lease| lease.keys.iter()).flat_map(|keys| keys.first.iter().cloned());
    let of_event = match what {
        EventKind::Attached { key, .. }
        | EventKind::Detached { key, .. }
        | EventKind::Moved { key, .. }
        | EventKind::Down { key, .. }
        | EventKind::Back { key, .. } => vec![key.as_slice().into()],
        EventKind::LeaseEnded(ended) => ended.keys.as_ref().map_or_else(Vec::new, |keys| keys.first.to_vec()),
        _ => Vec::new(),
    };
    let mut keys: Vec<KeyName> = held.chain(first).chain(of_event).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}
