//! Which events match a filter.

use crate::app::row_filter::LeaseFacts;
use crate::app::{AppState, Event, EventKind, Lease};
use crate::filter::Filter;
use simkit::Timestamp;

/// Whether the lease of an event matches, as it was when the event happened: for an ended lease its last state counts, and
/// the keys of the event count as its own. An event without a lease matches.
pub fn matches_filter(app: &AppState, filter: &Filter, event: &Event, now: Timestamp) -> bool {
    let Some(id) = event.lease else { return true };
    if filter.is_empty() {
        return true;
    }
    let Some(lease) = app.leases.get(id) else { return false };
    filter.matches(&LeaseFacts::at_last(lease, &keys(app, lease, &event.kind), now))
}

/// The known keys of the lease, and those of the event, without duplicates.
fn keys(app: &AppState, lease: &Lease, what: &EventKind) -> Vec<Vec<u8>> {
    let held = app.keys.index().of(lease.id).map(|(key, _)| key.to_vec());
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
