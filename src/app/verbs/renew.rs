//! Renewing leases once.

use crate::app::Effect;
use crate::app::lease_store::LeaseStore;
use crate::plural::plural;
use etcd_lease::LeaseId;

use super::Done;

/// Renews leases once: kept-alive leases through the engine, others with a separate request each.
pub(in crate::app) fn once(leases: &LeaseStore, targets: &[LeaseId]) -> Done {
    let is_kept = |id: LeaseId| leases.get(id).is_some_and(|lease| lease.is_kept_alive);
    let renew = |id: &LeaseId| if is_kept(*id) { Effect::RenewNow(*id) } else { Effect::RenewOnce(*id) };
    let done = Done::effects(targets.iter().map(renew).collect());
    if targets.len() > 1 {
        return done.then(Done::status(format!("Renewing {} once", plural(targets.len() as u64, "lease"))));
    }
    done
}
