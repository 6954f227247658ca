//! Which events a filter means.

use crate::app::row_filter::LeaseFacts;
use crate::app::{Event, EventKind, KeyState, Lease, LeaseStore};
use crate::filter::Filter;
use simkit::Timestamp;

/// Whether a filter means the lease of an event, as it was when that happened: what it had and did before it died counts of
/// a dead one, and the keys that an event is about count as its own. An event of no lease passes.
pub fn matches_filter(leases: &LeaseStore, keys: &KeyState, filter: &Filter, event: &Event, now: Timestamp) -> bool {
    let Some(id) = event.lease.filter(|_| !filter.is_empty()) else { return true };
    let Some(lease) = leases.get(id) else { return false };
    filter.matches(&LeaseFacts::at_last(lease, &all_keys(keys, lease, &event.kind), now))
}

/// Its keys as far as they are known, and those of the event, each once.
fn all_keys(keys: &KeyState, lease: &Lease, what: &EventKind) -> Vec<Vec<u8>> {
    let held = keys.index().of(lease.id).map(|(key, _)| key.to_vec());
    let first = lease.keys.iter().flat_map(|keys| keys.first.clone());
    let of_event = match what {
        EventKind::Attached { key, .. } | EventKind::Detached { key, .. } | EventKind::Moved { key, .. } => {
            vec![key.clone()]
        }
        EventKind::LeaseEnded(ended) => ended.keys.as_ref().map_or_else(Vec::new, |keys| keys.first.clone()),
        _ => Vec::new(),
    };
    let mut keys: Vec<Vec<u8>> = held.chain(first).chain(of_event).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}
