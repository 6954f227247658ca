//! Pinning leases to the top.

use crate::app::lease_store::LeaseStore;
use crate::id_format::IdFormat;
use crate::plural::plural;
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

/// The message that these leases were pinned or unpinned.
pub(in crate::app) fn status(ids: IdFormat, targets: &[LeaseId], is_pinned: bool) -> Done {
    let what = match targets {
        [id] => ids.name(*id),
        _ => plural(targets.len() as u64, "lease"),
    };
    let done = if is_pinned { "Pinned" } else { "Unpinned" };
    Done::status(format!("{done} {what}"))
}
