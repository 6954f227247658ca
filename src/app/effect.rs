//! Effects: every side effect is a value that only `runtime::effects` carries out.

use super::command::ConfigFileChange;
use super::key_reads::KeyRead;
use super::ttl_change::ChangeTtlRequest;
use super::undo::RestoreRequest;
use super::{GrantRequest, HistoryKind, KeptLease, PlaybackControl};
use etcd_lease::{Fault, LeaseId, ListedMember, RenewalSchedule};

/// One side effect requested by the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Grant leases, attach their keys and keep them alive. Answered by `Granted`, `Attached` and `GrantFailed`.
    Grant(GrantRequest),
    /// Start keeping a lease alive.
    StartKeepAlive {
        /// The lease.
        id: LeaseId,
        /// The renewal schedule. `None` for the engine's default.
        pace: Option<RenewalSchedule>,
    },
    /// Stop keeping a lease alive. It exists until it expires.
    StopKeepAlive(LeaseId),
    /// Renew a kept-alive lease immediately, ahead of schedule.
    RenewNow(LeaseId),
    /// Start or end a drill on a kept-alive lease.
    Drill {
        /// The lease.
        id: LeaseId,
        /// The fault to simulate. `None` ends the running drill.
        drill: Option<Fault>,
    },
    /// Renew a lease once, with a request of its own. The time to live is queried before, so that the renewal does not
    /// hide one by another client. Answered by `Polled`, then by `Renewed` or `RenewFailed`.
    RenewOnce(LeaseId),
    /// Read the keys of a lease with their values, then revoke it. Answered by `BackedUp`, then by `Revoked` or
    /// `RevokeFailed`.
    Revoke(LeaseId),
    /// Measure the values of these leases' keys. Answered by `UndoMeasured`.
    MeasureUndo(Vec<LeaseId>),
    /// Grant revoked leases again with their keys. Each is answered by `Restored` or `RestoreFailed`.
    Restore(Vec<RestoreRequest>),
    /// Change the TTL of a lease. Answered by `TtlChanged` or `ChangeTtlFailed`.
    ChangeTtl(ChangeTtlRequest),
    /// Query the time to live of these leases. Each is answered by `Polled` or `PollFailed`.
    Poll(Vec<LeaseId>),
    /// Query the time to live and the keys of a lease. Falls back to the time to live alone if the user may not read
    /// the keys. Answered like `Poll`.
    PollWithKeys(LeaseId),
    /// Read keys whose leases or create revisions are not known. Each is answered by `KeysLoaded`, `KeysNotLoaded` or `KeysDenied`.
    ReadKeys(Vec<KeyRead>),
    /// Read the values of some keys of a lease. Answered by `Values`.
    ReadValues {
        /// The lease.
        id: LeaseId,
        /// The keys. Not escaped.
        keys: Vec<Vec<u8>>,
    },
    /// Read the values of these locks of one key. Answered by `LockValues`.
    ReadLockValues(Vec<Vec<u8>>),
    /// Read the member list. Answered by `Members`.
    ReadMembers {
        /// The last member list, for when it cannot be read.
        known: Vec<ListedMember>,
        /// Whether to ask the members that are not endpoints for their status.
        has_outside: bool,
    },
    /// Read what the leader counted. Answered by `ServerCounters`.
    ReadServerCounters,
    /// Grant, renew and revoke a lease through each of these members and each endpoint. Answered by `MembersProbed`.
    ProbeMembers(Vec<ListedMember>),
    /// Read all leases and keys again, because another cluster answers.
    RestartObserver,
    /// List the leases immediately, in addition to the regular schedule.
    List,
    /// Attach a key to a lease. Answered by `Attached` or `AttachFailed`.
    Attach {
        /// The lease.
        id: LeaseId,
        /// The key. Not escaped.
        key: Vec<u8>,
        /// The value. Not escaped.
        value: Vec<u8>,
    },
    /// Copy a text to the terminal's clipboard.
    Copy(String),
    /// Write a text to a new file in the current directory. Answered by `Exported` or `ExportFailed`.
    Export {
        /// The file name. If such a file exists, a number is added.
        name: &'static str,
        /// The content.
        text: String,
    },
    /// Turn mouse capture on or off.
    Mouse(bool),
    /// Replace the sandbox with a new one.
    RestartSandbox {
        /// Clock speed as a multiple of real time.
        warp: u32,
    },
    /// Suspend the program until it is continued. The shell has the terminal meanwhile.
    Suspend,
    /// Change the colours to this theme.
    Theme(String),
    /// Add a line to a history file.
    Remember(HistoryKind, String),
    /// Write the displayed rows to a file. Answered by `Exported` or `ExportFailed`.
    ExportRows {
        /// The file, as typed.
        path: String,
        /// Whether to replace an existing file.
        overwrite: bool,
    },
    /// Read the config file. Answered by `ConfigFile` or `ConfigFileFailed`.
    ReadConfigFile,
    /// Write the config file. Answered by `ConfigWritten` or `ConfigFileFailed`.
    WriteConfigFile(ConfigFileChange),
    /// Switch to another cluster. Answered by `SwitchFailed`, or by a new session.
    SwitchCluster {
        /// Its name.
        to: String,
        /// Leases to keep renewing in the background.
        keep: Vec<KeptLease>,
    },
    /// Revoke the own leases that are kept alive in the background. Answered by `BackgroundRevoked`.
    RevokeBackground,
    /// Record to this file, or to a new one in the current directory. Answered by `Recording`.
    StartRecording(Option<String>),
    /// End the recording. Answered by `Recording`.
    StopRecording,
    /// Control the recording that is played.
    Play(PlaybackControl),
    /// Quit.
    Quit {
        /// Leases that were kept alive and now expire unless something else renews them.
        still_alive: Vec<LeaseId>,
    },
}
