//! Which events a filter means.

use super::{Event, Lease, Model, What};
use crate::domain::{Facts, Filter, LeaseId, Moment};

/// Whether a filter means the lease of an event, as it was when that happened: what it had and did before it died counts of
/// a dead one, and the keys that an event is about count as its own. An event of no lease passes.
pub fn means(model: &Model, filter: &Filter, event: &Event, now: Moment) -> bool {
    let Some(id) = event.lease.filter(|_| !filter.is_empty()) else { return true };
    let Some(lease) = model.lease(id) else { return false };
    filter.matches(&Meant { lease, keys: keys(model, lease, &event.what), now })
}

/// A lease when something happens to it.
struct Meant<'a> {
    lease: &'a Lease,
    keys: Vec<Vec<u8>>,
    now: Moment,
}

impl Facts for Meant<'_> {
    fn id(&self) -> LeaseId {
        self.lease.id
    }

    fn who(&self) -> &str {
        self.lease.who.word()
    }

    fn state(&self) -> &str {
        self.lease.state(self.now).word()
    }

    fn ttl(&self) -> Option<i64> {
        self.lease.granted_ttl
    }

    fn left(&self) -> Option<f64> {
        self.lease.left_at_last(self.now)
    }

    fn key_count(&self) -> Option<usize> {
        let all = self.lease.keys.as_ref().filter(|known| known.is_all)?;
        Some(all.count.max(self.keys.len()))
    }

    fn keys(&self) -> &[Vec<u8>] {
        &self.keys
    }

    fn drops(&self) -> Option<u64> {
        Some(self.lease.engine.as_ref()?.queue.dropped)
    }
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
