//! Commands: one list for the key table, the mouse and the dialogs.

use super::GrantRequest;
use super::action::Action;
use super::bulk::RevokeTarget;
use super::sort::Sort;
use etcd_lease::{Fault, LeaseId};

/// A request to the monitor, executed by [`update()`](super::update()).
///
/// A command without arguments is an [`Action`], so that a key can be bound to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// An action of the monitor. It applies to the lease under the cursor or to the marked leases.
    Action(Action),
    /// Move the cursor to a lease.
    Select(LeaseId),
    /// Sort the rows.
    SortBy(Sort),
    /// Grant leases.
    Grant(GrantRequest),
    /// Attach a key to a lease.
    Attach {
        /// The lease.
        id: LeaseId,
        /// The key. Not escaped.
        key: Vec<u8>,
        /// The value. Not escaped.
        value: Vec<u8>,
    },
    /// Start keeping leases alive. Own leases stay own, other clients' leases become adopted.
    KeepAlive(Vec<LeaseId>),
    /// Renew leases once.
    RenewOnce(Vec<LeaseId>),
    /// Change the TTL of a lease: move its keys to a new lease and revoke the old one.
    ChangeTtl {
        /// The lease.
        id: LeaseId,
        /// The new TTL, in seconds.
        ttl: i64,
    },
    /// Start a fault drill on an own lease.
    StartFault {
        /// The lease.
        id: LeaseId,
        /// The fault to simulate.
        fault: Fault,
    },
    /// Revoke a lease.
    Revoke(LeaseId),
    /// Revoke several leases and show the progress.
    RevokeMany(Vec<RevokeTarget>),
    /// Stop the bulk revoke. Requests in flight are not cancelled.
    StopRevoking,
    /// Restart with a new sandbox.
    RestartSandbox {
        /// Clock speed as a multiple of real time.
        warp: u32,
    },
    /// Quit. Leases that are kept alive expire unless something else renews them.
    Quit,
    /// Revoke the own leases that are kept alive, then quit.
    RevokeAndQuit,
    /// Show an error on the status line.
    ShowError(String),
}
