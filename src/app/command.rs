//! Commands: one list for the key table, the mouse and the dialogs.

use std::sync::Arc;

use super::action::Action;
use super::bulk::RevokeTarget;
use super::column::Column;
use super::mute::MuteChoice;
use super::sort::Sort;
use super::{GrantRequest, GroupBy, LeaveLeases, PlaybackControl};
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
    /// Show these columns in this order.
    ShowColumns(Vec<Column>),
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
    /// Mute a warning of a lease or of its service, or show it again.
    Mute {
        /// The lease.
        id: LeaseId,
        /// The service that the menu showed, not escaped.
        service: Option<Arc<[u8]>>,
        /// The warning, and what to do about it.
        choice: MuteChoice,
    },
    /// Show an error on the status line.
    ShowError(String),
    /// Execute a line of the command line, and add it to the history.
    Typed(Box<TypedCommand>),
    /// Execute an action on these leases, as if they were the marked ones.
    ActOn {
        /// The action. It applies to leases.
        action: Action,
        /// The leases. At least one.
        ids: Vec<LeaseId>,
    },
    /// Replace the typed filter. The text is valid.
    Filter(String),
    /// Group the rows.
    GroupBy(GroupBy),
    /// Change the colours to a theme of [`AppConfig::themes`](super::AppConfig).
    Theme(String),
    /// Write the displayed rows to a file, in the format of its ending: `.json` or `.csv`.
    Export {
        /// The file, as typed.
        path: String,
        /// Whether to replace an existing file.
        overwrite: bool,
    },
    /// Start a recording to a file, as typed.
    Record(String),
    /// Control the recording that is played.
    Play(PlaybackControl),
    /// Show the introduction of the demo again.
    Tour,
    /// Show what would change in the config file.
    WriteConfig,
    /// Write the config file, if it still has the content that the change was shown for.
    SaveConfig(ConfigFileChange),
    /// Switch to another cluster. A dialog asks first if leases are kept alive on this one.
    AskSwitchCluster(String),
    /// Switch to another cluster.
    SwitchCluster {
        /// Its name.
        to: String,
        /// What happens to the leases that are kept alive on this one.
        leases: LeaveLeases,
    },
}

/// A command that was typed, with the lease that it applies to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypedCommand {
    /// The line.
    pub text: String,
    /// The lease under the cursor when the command line was opened.
    pub lease: Option<LeaseId>,
    /// The command.
    pub command: Command,
}

/// A change of the config file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFileChange {
    /// The content for which the change was shown. `None` if there was no file.
    pub old: Option<String>,
    /// The new content.
    pub new: String,
}
