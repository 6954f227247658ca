//! Pinning leases to the top.

use crate::app::lease_store::LeaseStore;
use crate::app::plural::leases_in_words;
use crate::id_format::IdFormat;
use etcd_lease::LeaseId;

use super::Done;

/// Whether the command pins these leases. It unpins them if all are pinned.
pub(in crate::app) fn is_to_pin(leases: &LeaseStore, targets: &[LeaseId]) -> bool {
    !targets.iter().all(|id| leases.get(*id).is_some_and(|lease| lease.is_pinned))
}

/// Pins or unpins living leases.
pub(in crate::app) fn set(leases: &mut LeaseStore, targets: &[LeaseId], is_pinned: bool) {
    for id in targets {
        if let Some(lease) = leases.alive_mut(*id) {
            lease.is_pinned = is_pinned;
        }
    }
}

/// The status message.
pub(in crate::app) fn status(ids: IdFormat, targets: &[LeaseId], is_pinned: bool) -> Done {
    let (what, verb) = match targets {
        [id] => (ids.name(*id), "is"),
        _ => (leases_in_words(targets.len()), "are"),
    };
    let end = if is_pinned { "pinned to the top" } else { "not pinned any more" };
    Done::status(format!("{what} {verb} {end}"))
}
