//! What the monitor can be asked to do: one list for the key table, the mouse and the dialogs.

use super::GrantRequest;
use super::action::Action;
use super::bulk::RevokeTarget;
use super::sort::Sort;
use etcd_lease::{Fault, LeaseId};

/// Something that the monitor is asked to do. [`update()`](super::update()) executes it.
///
/// What needs nothing but a name is an [`Action`], so that a key can be bound to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// What a key of the monitor does, with the lease under the cursor or the marked ones where it takes leases.
    Action(Action),
    /// Put the cursor on the row of a lease.
    Select(LeaseId),
    /// Sort the rows.
    SortBy(Sort),
    /// Grant leases.
    Grant(GrantRequest),
    /// Put a key on a lease.
    Attach {
        /// Which lease.
        id: LeaseId,
        /// The key, raw.
        key: Vec<u8>,
        /// Its value, raw.
        value: Vec<u8>,
    },
    /// Keep leases alive from now on: own ones as own, other clients' as adopted.
    KeepAlive(Vec<LeaseId>),
    /// Begin a drill on an own lease.
    StartFault {
        /// Which lease.
        id: LeaseId,
        /// What goes wrong from now on.
        fault: Fault,
    },
    /// Revoke a lease.
    Revoke(LeaseId),
    /// Revoke leases, some at a time, and show how that goes on.
    RevokeMany(Vec<RevokeTarget>),
    /// Send no more of the many revokes.
    StopRevoking,
    /// Begin anew on another sandbox, whose clock runs so many times as fast as real time.
    RestartSandbox {
        /// The clock's speed.
        warp: u32,
    },
    /// End the program; what is kept alive expires by itself.
    Quit,
    /// Revoke the own leases that are kept alive, then end the program.
    RevokeAndQuit,
    /// Say on the status line why nothing was done.
    ShowError(String),
}
