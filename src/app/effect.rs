//! What is to be done: every side effect is a value, and becomes an act in `runtime::effects` alone.

use super::GrantRequest;
use etcd_lease::{Fault, LeaseId, RenewalSchedule};

/// One act that the monitor asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Grant leases, attach their keys, keep them alive. Answered by `Granted`, `Attached` and `GrantFailed`.
    Grant(GrantRequest),
    /// Keep a lease alive from now on.
    StartKeepAlive {
        /// Which lease.
        id: LeaseId,
        /// When its renewals are due; the engine's pace without one.
        pace: Option<RenewalSchedule>,
    },
    /// Stop keeping a lease alive: it stays until it expires.
    StopKeepAlive(LeaseId),
    /// Renew a lease that is kept alive ahead of its time.
    RenewNow(LeaseId),
    /// Begin a drill on a lease that is kept alive, or end it.
    Drill {
        /// Which lease.
        id: LeaseId,
        /// Which drill; none ends the one that there is.
        drill: Option<Fault>,
    },
    /// Renew a lease that is not kept alive, once. Answered by `Renewed` or `RenewFailed`.
    RenewOnce(LeaseId),
    /// Revoke a lease. Answered by `Revoked` or `RevokeFailed`.
    Revoke(LeaseId),
    /// Ask for these leases' time to live. Answered by `Probed` or `ProbeFailed` each.
    Probe(Vec<LeaseId>),
    /// Ask for a lease's time to live and keys, or for its time alone where the user may not read them all. Answered as
    /// `Probe`.
    ProbeKeys(LeaseId),
    /// Read the values of these keys of a lease. Answered by `Values`.
    ReadValues {
        /// Which lease.
        id: LeaseId,
        /// The keys, raw.
        keys: Vec<Vec<u8>>,
    },
    /// List the leases at once, out of the turn that they are listed in anyway.
    List,
    /// Attach a key to a lease. Answered by `Attached` or `AttachFailed`.
    Attach {
        /// Which lease.
        id: LeaseId,
        /// The key, raw.
        key: Vec<u8>,
        /// Its value, raw.
        value: Vec<u8>,
    },
    /// Copy a text to the clipboard of the terminal.
    Copy(String),
    /// Take the mouse from the terminal, or give it back.
    Mouse(bool),
    /// Throw the sandbox away and begin anew on another, with a clock that runs so many times as fast as the wall.
    RestartSandbox {
        /// The clock's speed.
        warp: u32,
    },
    /// Stop the program until somebody continues it: the shell has the terminal meanwhile.
    Suspend,
    /// End the program; these leases were being kept alive.
    Quit {
        /// Leases that will expire by themselves unless somebody goes on.
        still_alive: Vec<LeaseId>,
    },
}
