//! What is to be done: every side effect is a value, and becomes an act in the runtime's driver alone.

use super::GrantOrder;
use crate::domain::LeaseId;

/// One act that the monitor asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Grant leases, attach their keys, keep them alive. Answered by `Granted`, `Attached` and `GrantFailed`.
    Grant(GrantOrder),
    /// Keep a lease alive from now on.
    Keep(LeaseId),
    /// Stop keeping a lease alive: it stays until it expires.
    Leave(LeaseId),
    /// Renew a lease that is kept alive ahead of its time.
    RenewNow(LeaseId),
    /// Renew a lease that is not kept alive, once. Answered by `Renewed` or `RenewFailed`.
    RenewOnce(LeaseId),
    /// Revoke a lease. Answered by `Revoked` or `RevokeFailed`.
    Revoke(LeaseId),
    /// Ask for these leases' time to live and keys. Answered by `Probed` or `ProbeFailed` each.
    Probe(Vec<LeaseId>),
    /// Ask for all leases. Answered by `Listed` or `ListFailed`.
    List,
    /// Stop the program until somebody continues it: the shell has the terminal meanwhile.
    Suspend,
    /// End the program; these leases were being kept alive.
    Quit {
        /// Leases that will expire by themselves unless somebody goes on.
        left: Vec<LeaseId>,
    },
}
