//! What happens: the only way into the state.
//!
//! Messages say what changed (leases born and gone, statuses that moved) and never repeat whole lists, so that a
//! recording of them stays small and can be played back.

use std::time::Duration;

use super::{ClickTarget, Key, KeyValues, Viewport};
use etcd_lease::{ClusterView, EngineEvent, Granted, KeyChange, KeyEntry, LeaseId, LeaseStatus, TimeToLive};
use simkit::Timestamp;

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallFailure {
    /// The server does not know the lease.
    pub is_not_found: bool,
    /// The user may not do that.
    pub is_forbidden: bool,
    /// The whole sentence, as etcd and the wire said it: raw, to be escaped before it is shown.
    pub text: String,
}

/// What a LeaseLeases answer changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// When it was asked.
    pub sent: Timestamp,
    /// When it was answered.
    pub received: Timestamp,
    /// The revision of the keys then; 0 where it was not told.
    pub revision: i64,
    /// Leases that the list before did not have.
    pub born: Vec<LeaseId>,
    /// Leases that the list before had.
    pub gone: Vec<LeaseId>,
    /// How many leases it holds.
    pub total: usize,
    /// The leases with the least time left in their order, where that has changed and the leader answered.
    pub soonest: Option<Vec<LeaseId>>,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Msg {
    /// A key was pressed.
    Key(Key),
    /// A text was pasted: it is typed where text is typed, and never taken for keys.
    Pasted(String),
    /// Something was clicked.
    Clicked(ClickTarget),
    /// The wheel was turned by a notch.
    Wheel {
        /// Toward the end.
        is_down: bool,
    },
    /// The screen has this much room from now on.
    Resized(Viewport),
    /// The moment that [`next_wake`](super::next_wake) named has come.
    Tick,
    /// The program did not run since a moment: it was suspended, or the machine gave it no time.
    ProcessStalled {
        /// When it ran last.
        since: Timestamp,
    },
    /// The wall's clock went on by so much more than ours: the machine slept, and nothing that was known of time holds.
    SystemSlept(Duration),
    /// The link to the cluster changed.
    Cluster(ClusterView),
    /// All leases were listed.
    Listed(Listing),
    /// All leases were listed, and they are the same as before.
    ListedAgain {
        /// When it was asked.
        sent: Timestamp,
        /// When it was answered.
        received: Timestamp,
        /// The revision of the keys then; 0 where it was not told.
        revision: i64,
    },
    /// Listing failed. It is tried again.
    ListFailed(CallFailure),
    /// Listing works again.
    ListRecovered,
    /// The keys are being read anew, page by page.
    KeysReloading,
    /// A page of keys.
    KeysPage(Vec<KeyEntry>),
    /// That was the last page.
    KeysRead {
        /// The revision as of which they were read. Changes follow.
        revision: i64,
    },
    /// Keys that hang on a lease, or did before, have changed.
    KeysChanged {
        /// The changes, in order.
        changes: Vec<KeyChange>,
        /// When they were told.
        received: Timestamp,
    },
    /// The keys could not be read, or are not told any more. It is tried again.
    KeysFailed(CallFailure),
    /// The keys are told again, with all that came between.
    KeysRecovered,
    /// A lease's time to live was answered.
    Probed {
        /// When it was asked.
        sent: Timestamp,
        /// When it was answered.
        received: Timestamp,
        /// The answer.
        answer: TimeToLive,
        /// Whether it tells all keys.
        has_keys: bool,
    },
    /// A lease's time to live was not answered.
    ProbeFailed {
        /// Which lease.
        id: LeaseId,
        /// Why.
        trouble: CallFailure,
    },
    /// The values of a lease's keys were read, as far as they could be.
    Values {
        /// Which lease.
        id: LeaseId,
        /// Each key that was asked for, with its value.
        pairs: KeyValues,
    },
    /// The engine's status of these leases moved.
    Statuses(Vec<LeaseStatus>),
    /// Something happened in the engine.
    Engine(EngineEvent),
    /// So many of the engine's events were lost because nobody took them in time.
    EventsLost(u64),
    /// The monitor's consumer read so many responses of these leases.
    Delivered(Vec<(LeaseId, u64)>),
    /// A lease was granted.
    Granted {
        /// When it was asked for.
        sent: Timestamp,
        /// When it was granted.
        received: Timestamp,
        /// The answer.
        answer: Granted,
        /// Whether it is being kept alive.
        keep_alive: bool,
    },
    /// A lease could not be granted; the rest of the order was given up.
    GrantFailed {
        /// The TTL that was asked for.
        ttl: i64,
        /// Why.
        trouble: CallFailure,
    },
    /// A key was attached to a lease.
    Attached {
        /// Which lease.
        id: LeaseId,
        /// The key, raw.
        key: Vec<u8>,
    },
    /// A key could not be attached.
    AttachFailed {
        /// Which lease.
        id: LeaseId,
        /// The key, raw.
        key: Vec<u8>,
        /// Why.
        trouble: CallFailure,
    },
    /// A lease was renewed once.
    Renewed {
        /// When it was sent.
        sent: Timestamp,
        /// When it was answered.
        received: Timestamp,
        /// Which lease.
        id: LeaseId,
        /// TTL in seconds.
        ttl: i64,
    },
    /// A lease could not be renewed.
    RenewFailed {
        /// Which lease.
        id: LeaseId,
        /// Why.
        trouble: CallFailure,
    },
    /// A lease was revoked.
    Revoked {
        /// Which lease.
        id: LeaseId,
        /// The revision of the deletion.
        revision: i64,
        /// Keys deleted with it; none where they could not be counted.
        keys_deleted: Option<usize>,
    },
    /// A lease could not be revoked.
    RevokeFailed {
        /// Which lease.
        id: LeaseId,
        /// Why.
        trouble: CallFailure,
    },
}
