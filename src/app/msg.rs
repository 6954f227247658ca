//! Messages: the only way to change the state.
//!
//! Messages contain changes (leases listed or gone, statuses that changed), never whole lists, so that a recording
//! stays small and can be replayed.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::call_failure::CallFailure;
use super::clipboard::CopyOutcome;
use super::key_reads::{KeyRead, LoadedKeys};
use super::lease::KnownLeases;
use super::ttl_change::ChangedTtl;
use super::undo::{LeaseBackup, NoBackup, RestoredKeys, UndoMeasure};
use super::{
    BackgroundLeases, ClickTarget, KeptLease, Key, KeyValues, Listing, MemberReading, RecordingChange, Viewport,
};
use etcd_lease::wire::MemberProbe;
use etcd_lease::{
    ClusterView, EngineEvent, Granted, KeyChange, KeyEntry, LeaseCounters, LeaseId, LeaseStatus, TimeToLive, key_text,
};
use simkit::Timestamp;

/// An input to [`update()`](super::update()).
///
/// A recording has what came from etcd, the engine and the clock. What is marked as skipped is not recorded: what the user
/// did, values of keys, and what happened to files and to other clusters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Msg {
    /// A key was pressed.
    #[serde(skip)]
    Key(Key),
    /// Text was pasted. It is inserted into text fields and never treated as key presses.
    #[serde(skip)]
    Pasted(String),
    /// Something was clicked.
    #[serde(skip)]
    Clicked(ClickTarget),
    /// The mouse wheel moved one notch.
    #[serde(skip)]
    Wheel {
        /// Scrolling toward the end.
        is_down: bool,
    },
    /// The size of the screen changed.
    #[serde(skip)]
    Resized(Viewport),
    /// The time returned by [`next_wake`](super::next_wake) has come.
    #[serde(skip)]
    Tick,
    /// The clock of the sandbox waits, because this machine is too slow for its speed.
    #[serde(skip)]
    ClockWaits,
    /// The program did not run for a while: it was suspended, or the machine was overloaded.
    ProcessStalled {
        /// When it last ran.
        since: Timestamp,
    },
    /// The machine slept: the wall clock advanced by this much more than the monotonic clock. No known deadline is
    /// valid any more.
    SystemSlept(Duration),
    /// The connection to the cluster changed.
    Cluster(ClusterView),
    /// What is known of the leases when a recording starts.
    Known(Box<KnownLeases>),
    /// The leases were listed and the list changed.
    Listed(Listing),
    /// The leases were listed and the list did not change.
    ListedAgain {
        /// When the request was sent.
        sent: Timestamp,
        /// When the response arrived.
        received: Timestamp,
        /// The key-value revision in the response header. 0 if unknown.
        revision: i64,
    },
    /// A command that runs on events failed, or cannot keep up.
    #[serde(skip)]
    OutputFailed(String),
    /// Listing the leases failed. It is retried.
    ListFailed(CallFailure),
    /// Listing works again.
    ListRecovered,
    /// Reading all keys page by page has started.
    KeysReloading,
    /// A page of keys.
    KeysPage(Vec<KeyEntry>),
    /// All pages of keys were read.
    KeysRead {
        /// The revision of the pages. Later changes follow.
        revision: i64,
    },
    /// There are too many keys to read them all. From this revision on, only deletes are reported.
    KeysByLease {
        /// The revision.
        revision: i64,
    },
    /// This many bytes were received for keys.
    KeyBytes(u64),
    /// Keys were read.
    KeysLoaded(LoadedKeys),
    /// Keys could not be read.
    KeysNotLoaded(KeyRead),
    /// The user may not read keys.
    KeysDenied(KeyRead),
    /// Keys that are or were attached to a lease changed.
    KeysChanged {
        /// The changes in order of revision.
        changes: Vec<KeyChange>,
        /// When the changes arrived.
        received: Timestamp,
    },
    /// The keys could not be read or watched. It is retried.
    KeysFailed(CallFailure),
    /// The watch works again and has delivered the changes made meanwhile.
    KeysRecovered,
    /// A LeaseTimeToLive request was answered.
    #[serde(rename = "Probed")]
    Polled {
        /// When the request was sent.
        sent: Timestamp,
        /// When the response arrived.
        received: Timestamp,
        /// The response.
        answer: TimeToLive,
        /// Whether the response lists all keys of the lease.
        has_keys: bool,
    },
    /// A LeaseTimeToLive request failed.
    #[serde(rename = "ProbeFailed")]
    PollFailed {
        /// The lease.
        id: LeaseId,
        /// The reason.
        failure: CallFailure,
    },
    /// The values of a lease's keys were read.
    #[serde(skip)]
    Values {
        /// The lease.
        id: LeaseId,
        /// The requested keys with their values.
        pairs: KeyValues,
    },
    /// The values of locks of one key were read.
    #[serde(skip)]
    LockValues {
        /// The requested keys with their values.
        pairs: KeyValues,
        /// Number of bytes received.
        bytes: u64,
    },
    /// The members were read.
    Members {
        /// What the reading showed.
        reading: MemberReading,
        /// Whether the members that are not endpoints were asked.
        has_outside: bool,
    },
    /// What the leader has counted.
    ServerCounters(Result<LeaseCounters, CallFailure>),
    /// What each member answered to a probe with a lease of our own.
    MembersProbed(Vec<MemberProbe>),
    /// The engine's status of these leases changed.
    Statuses(Vec<LeaseStatus>),
    /// Something happened in the engine.
    Engine(EngineEvent),
    /// This many engine events were dropped because they were not read in time.
    EventsLost(u64),
    /// The monitor's response reader read this many responses per lease.
    Delivered(Vec<(LeaseId, u64)>),
    /// A lease was granted.
    Granted {
        /// When the request was sent.
        sent: Timestamp,
        /// When the response arrived.
        received: Timestamp,
        /// The response.
        answer: Granted,
        /// Whether the lease is kept alive.
        keep_alive: bool,
        /// The number of the user's request, see [`GrantRequest::job`](super::GrantRequest::job).
        #[serde(default)]
        job: Option<u64>,
    },
    /// A grant failed. The remaining leases of the request are not granted.
    GrantFailed {
        /// The number of the user's request, see [`GrantRequest::job`](super::GrantRequest::job).
        #[serde(default)]
        job: Option<u64>,
        /// The requested TTL, in seconds.
        ttl: i64,
        /// The reason.
        failure: CallFailure,
    },
    /// A key was attached to a lease.
    Attached {
        /// The lease.
        id: LeaseId,
        /// The key. Not escaped.
        #[serde(with = "key_text")]
        key: Vec<u8>,
        /// The revision of the put.
        revision: i64,
    },
    /// A key could not be attached.
    AttachFailed {
        /// The lease.
        id: LeaseId,
        /// The key. Not escaped.
        #[serde(with = "key_text")]
        key: Vec<u8>,
        /// The reason.
        failure: CallFailure,
    },
    /// A lease was renewed once.
    Renewed {
        /// When the request was sent.
        sent: Timestamp,
        /// When the response arrived.
        received: Timestamp,
        /// The lease.
        id: LeaseId,
        /// The TTL in the response, in seconds.
        ttl: i64,
    },
    /// A lease could not be renewed.
    RenewFailed {
        /// The lease.
        id: LeaseId,
        /// The reason.
        failure: CallFailure,
    },
    /// A lease was revoked.
    Revoked {
        /// The lease.
        id: LeaseId,
        /// The key-value revision after the revoke.
        revision: i64,
        /// Number of keys deleted with the lease. `None` if they could not be counted.
        keys_deleted: Option<usize>,
    },
    /// A file was written.
    #[serde(skip)]
    Exported {
        /// The number of leases, if it has their rows.
        leases: Option<usize>,
        /// The file.
        path: String,
    },
    /// A file could not be written.
    #[serde(skip)]
    ExportFailed(String),
    /// The content of the config file.
    #[serde(skip)]
    ConfigFile {
        /// The file.
        path: String,
        /// Its content. `None` if there is no such file.
        text: Option<String>,
    },
    /// The config file was written.
    #[serde(skip)]
    ConfigWritten {
        /// The file.
        path: String,
    },
    /// The config file could not be read or written.
    #[serde(skip)]
    ConfigFileFailed(String),
    /// Typed lines cannot be stored. Reported once.
    #[serde(skip)]
    HistoryFailed(String),
    /// The monitor could not switch to another cluster, and stays.
    #[serde(skip)]
    SwitchFailed(String),
    /// The engine already keeps these leases alive, because the monitor returned to their cluster.
    #[serde(skip)]
    Resumed(Vec<KeptLease>),
    /// The leases that are kept alive on other clusters, after one of them ended or the cluster was left.
    #[serde(skip)]
    Background(Vec<BackgroundLeases>),
    /// A lease that was kept alive on another cluster ended.
    #[serde(skip)]
    BackgroundEnded {
        /// The name of the cluster.
        cluster: String,
        /// The lease.
        id: LeaseId,
        /// The reason.
        why: String,
    },
    /// The own leases kept alive on other clusters were revoked, except `failed` of them.
    #[serde(skip)]
    BackgroundRevoked {
        /// Number of leases that could not be revoked.
        failed: usize,
    },
    /// A lease could not be revoked.
    RevokeFailed {
        /// The lease.
        id: LeaseId,
        /// The reason.
        failure: CallFailure,
    },
    /// The keys of a lease were read before its revoke.
    #[serde(skip)]
    BackedUp {
        /// The lease.
        id: LeaseId,
        /// Its keys with their values, or why they were not read.
        backup: Result<LeaseBackup, NoBackup>,
    },
    /// The values of leases were measured for the revoke dialog.
    #[serde(skip)]
    UndoMeasured {
        /// The leases.
        ids: Vec<LeaseId>,
        /// Their keys and bytes, or why they cannot be restored.
        size: Result<UndoMeasure, NoBackup>,
    },
    /// A lease was granted in place of another one: to undo its revoke, or to change its TTL. Its keys follow.
    Replaced {
        /// The other lease.
        id: LeaseId,
        /// When the grant was sent.
        sent: Timestamp,
        /// When the reply to the grant arrived.
        received: Timestamp,
        /// The reply to the grant. After an undo, the id differs if the old id exists again.
        answer: Granted,
    },
    /// A revoked lease was granted again.
    #[serde(skip)]
    Restored {
        /// The revoked lease.
        id: LeaseId,
        /// The id of the lease that was granted.
        new: LeaseId,
        /// What became of its keys.
        keys: RestoredKeys,
    },
    /// A revoked lease could not be granted again.
    #[serde(skip)]
    RestoreFailed {
        /// The lease.
        id: LeaseId,
        /// The reason.
        failure: CallFailure,
    },
    /// The TTL of a lease was changed: a new lease has its keys.
    TtlChanged {
        /// The old lease, which was revoked.
        id: LeaseId,
        /// The new lease, and what moved.
        changed: ChangedTtl,
    },
    /// The TTL of a lease could not be changed.
    ChangeTtlFailed {
        /// The lease.
        id: LeaseId,
        /// What failed and what was undone, in a sentence. Not escaped.
        message: String,
        /// The new lease and the revision after its revoke, if it was revoked again.
        revoked: Option<(LeaseId, i64)>,
    },
    /// A recording started, ended or failed.
    #[serde(skip)]
    Recording(RecordingChange),
    /// A text was copied, or could not be.
    #[serde(skip)]
    Copied {
        /// The text.
        text: String,
        /// Where it was sent.
        outcome: CopyOutcome,
    },
}

impl Msg {
    /// Whether the observer reported it: a list of leases, or keys.
    pub(crate) fn is_observation(&self) -> bool {
        let is_list =
            matches!(self, Msg::Listed(_) | Msg::ListedAgain { .. } | Msg::ListFailed(_) | Msg::ListRecovered);
        let is_read =
            matches!(self, Msg::KeysReloading | Msg::KeysPage(_) | Msg::KeysRead { .. } | Msg::KeysByLease { .. });
        let is_watch = matches!(self, Msg::KeysChanged { .. } | Msg::KeysFailed(_) | Msg::KeysRecovered);
        is_list || is_read || is_watch
    }
}
