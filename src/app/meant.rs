//! Which events a filter means.

use super::{Event, Lease, Model, What};
use crate::domain::{Facts, Filter, Moment};

/// Whether a filter means the lease of an event, as it was when that happened: what it had and did before it died counts of
/// a dead one, and the keys that an event is about count as its own. An event of no lease passes.
pub fn means(model: &Model, filter: &Filter, event: &Event, now: Moment) -> bool {
    let Some(id) = event.lease.filter(|_| !filter.is_empty()) else { return true };
    let Some(lease) = model.lease(id) else { return false };
    let keys = keys(model, lease, &event.what);
    let all = lease.keys.as_ref().filter(|known| known.is_all).map(|known| known.count.max(keys.len()));
    filter.matches(&Facts {
        id,
        who: lease.who.word(),
        state: lease.state(now).word(),
        ttl: lease.granted_ttl,
        left: lease.left_at_last(now),
        key_count: all,
        keys: &keys,
        drops: lease.engine.as_ref().map(|status| status.queue.dropped),
    })
}

/// Its keys as far as they are known, and those of the event, each once.
fn keys(model: &Model, lease: &Lease, what: &What) -> Vec<Vec<u8>> {
    let held = model.holdings().of(lease.id).map(|(key, _)| key.to_vec());
    let first = lease.keys.iter().flat_map(|keys| keys.first.clone());
    let of_event = match what {
        What::Attached { key, .. } | What::Detached { key, .. } | What::Moved { key, .. } => vec![key.clone()],
        What::Died(obituary) => obituary.keys.as_ref().map_or_else(Vec::new, |keys| keys.first.clone()),
        _ => Vec::new(),
    };
    let mut keys: Vec<Vec<u8>> = held.chain(first).chain(of_event).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}
