//! Matching events against a lease filter.

use crate::app::lease_facts::LeaseFacts;
use crate::app::{Event, EventKind, EventName, KeyName, KeyState, Lease, LeaseStore};
use crate::filter::{Filter, FilterFacts, Number};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Whether the lease of an event matches a filter. An ended lease is matched by its state at the end. The keys in the
/// event count as keys of the lease. Events without a lease always match. A lease that is no longer known matches only in a
/// `back` event.
pub fn matches_filter(leases: &LeaseStore, keys: &KeyState, filter: &Filter, event: &Event, now: Timestamp) -> bool {
    if filter.is_empty() {
        return true;
    }
    let Some(id) = event.lease else { return true };
    // A key can come back after its lease is forgotten.
    let forgotten = Lease::new(id);
    let lease = match leases.get(id) {
        None if matches!(event.kind, EventKind::Back { .. }) => &forgotten,
        None => return false,
        Some(lease) => lease,
    };
    filter.matches(&LeaseFacts::at_event(lease, &all_keys(keys, id, Some(lease), &event.kind), event.name(), now))
}

/// Whether an event triggers a command with this filter. Unlike in [`matches_filter`], an event without a lease must match
/// too, and only its name is known.
pub fn triggers(leases: &LeaseStore, keys: &KeyState, filter: &Filter, event: &Event, now: Timestamp) -> bool {
    match event.lease {
        Some(_) => matches_filter(leases, keys, filter, event, now),
        None => filter.is_empty() || filter.matches(&NoLease(event.name())),
    }
}

/// The facts about an event without a lease: its name.
struct NoLease(EventName);

impl FilterFacts for NoLease {
    fn id(&self) -> LeaseId {
        LeaseId(0)
    }

    fn who(&self) -> &str {
        ""
    }

    fn state(&self) -> &str {
        ""
    }

    fn number(&self, _: Number) -> Option<f64> {
        None
    }

    fn keys(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        std::iter::empty()
    }

    fn service(&self) -> Option<&[u8]> {
        None
    }

    fn has_warning(&self, _: &str) -> Option<bool> {
        None
    }

    fn renewer(&self) -> Option<&str> {
        None
    }

    fn event(&self) -> Option<&str> {
        Some(self.0.as_str())
    }
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
