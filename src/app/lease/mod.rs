//! One lease: what the server replied, what the engine reports, and what follows from both.
//!
//! [`Lease::observed`] is the only place that stores the deadline. Grants and engine statuses set it; TTL replies
//! refine it. [`Lease::bounds`] returns its range, and the countdown smooths it for the screen.

mod deadline;
mod figures;
mod health;
mod intervals;
mod known;
mod last_renewal;
mod renewals;
mod succession;

pub use intervals::TimeLeft;
pub(super) use known::KnownLease;
pub use known::KnownLeases;
pub use last_renewal::LastRenewal;

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::countdown::Countdown;
use super::history::LeaseHistory;
use super::lease_end::{KeepaliveLoss, LeaseEnd};
use super::lease_keys::{DetachedKey, LeaseKeys, PendingDeletion};
use super::muted_warnings::MutedWarnings;
use super::poll_state::{Overdue, PollState};
use super::succession::Succession;
use super::{LeaseState, ThinList, TimeRange};
use crate::inference::lease_inference::{Change, Inferred, LeaseInference, RemovalWindow};
use etcd_lease::{Fault, LeaseId, LeaseStatus, TimeToLive, TtlStatus};
use simkit::Timestamp;

/// Who owns a lease.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Ownership {
    /// Granted here.
    Own,
    /// Another client's, kept alive here.
    Adopted,
    /// Another client's.
    #[default]
    Other,
}

impl Ownership {
    /// The name on the screen and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Ownership::Own => "own",
            Ownership::Adopted => "adopted",
            Ownership::Other => "other",
        }
    }
}

/// The last TTL reply about a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastTtlReply {
    /// When the reply arrived.
    pub received: Timestamp,
    /// The reported time left in whole seconds; below 0 once it has expired.
    pub ttl: i64,
    /// What the reported time means.
    pub reading: TtlStatus,
}

impl LastTtlReply {
    fn new(answer: &TimeToLive, received: Timestamp) -> Self {
        LastTtlReply { received, ttl: answer.ttl, reading: answer.ttl_status() }
    }
}

/// What a TTL reply changed in a lease.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ReplyOutcome {
    /// The change in the inferred state.
    pub(super) change: Change,
    /// Whether the displayed TTL, time left, state or renewal count changed. A correction smaller than the last
    /// displayed digit does not count.
    pub(super) is_visible: bool,
}

/// How long the screen marks a refilled lease.
const BADGE: Duration = Duration::from_secs(10);

/// A lease.
#[derive(Clone, Debug, PartialEq)]
pub struct Lease {
    /// The id. Rows, dialogs and the cursor refer to a lease by id, never by row.
    pub id: LeaseId,
    /// When this lease was first seen. An earlier lease may have had the same id.
    pub(super) first_seen: Timestamp,
    /// Whether it was granted just before it was first seen.
    pub(super) is_grant_seen: bool,
    /// Whether an event says that it is not renewed.
    pub(super) is_reported_unrenewed: bool,
    /// The owner.
    pub ownership: Ownership,
    /// Whether the engine keeps it alive.
    pub is_kept_alive: bool,
    /// Whether its row is pinned to the top.
    pub is_pinned: bool,
    /// The granted TTL in seconds.
    pub granted_ttl: Option<i64>,
    /// The requested TTL in seconds. Only for own leases, after the reply to the grant.
    pub asked_ttl: Option<i64>,
    /// The last status from the engine. It is kept after keep-alive has stopped.
    pub engine: Option<Box<LeaseStatus>>,
    /// The last TTL reply.
    pub last_ttl_reply: Option<LastTtlReply>,
    /// The deadline and how other clients renew the lease, inferred from renewals and polls.
    pub observed: LeaseInference,
    /// Names of the warnings ([`Lint::name`](crate::inference::lints::Lint::name)), most urgent first.
    pub warnings: ThinList<&'static str>,
    /// Which of the warnings are muted.
    pub(super) muted: MutedWarnings,
    /// When a reply last showed that an election or a restart reset the time left.
    pub refilled: Option<Timestamp>,
    /// Whether the last list contained the lease.
    pub(super) is_listed: bool,
    /// The state if a list contained the lease after its latest possible deadline. Cleared by the next reply.
    pub(super) overdue: Option<Overdue>,
    /// The attached keys, once they have been read.
    pub keys: Option<LeaseKeys>,
    /// The most recently detached keys, oldest first.
    pub detached_keys: ThinList<DetachedKey>,
    /// Its place among leases that replace each other. `None` if no key moved to it or away from it.
    pub(super) succession: Option<Box<Succession>>,
    /// The last keys, all deleted in one revision. Pending until it is known whether the lease ended with them.
    pub(super) pending_deletion: Option<Box<PendingDeletion>>,
    /// Number of responses that leasetop's own reader has read.
    pub responses_read: u64,
    /// When and how the lease ended, if it has. Boxed, because most leases live.
    pub end: Option<Box<LeaseEnd>>,
    /// How keep-alive was lost. Cleared when the engine keeps the lease alive again.
    pub loss: Option<Box<KeepaliveLoss>>,
    /// Recent renewals and problems.
    pub history: Option<Box<LeaseHistory>>,
    pub(super) poll: PollState,
    /// Whether a poll is in flight. There is at most one per lease. Beside the other flags it takes no room.
    pub(super) is_poll_in_flight: bool,
    /// Whether the row of the ended lease made room for leases that ended later.
    pub(super) is_row_dropped: bool,
    /// The displayed time left, while the deadline is known.
    countdown: Option<Countdown>,
    /// Whether leasetop was started with a reader that reads nothing.
    pub(super) is_reader_stalled: bool,
}

impl Lease {
    /// Creates a lease with only the id known.
    pub fn new(id: LeaseId) -> Self {
        Lease {
            id,
            first_seen: Timestamp::START,
            is_grant_seen: false,
            is_reported_unrenewed: false,
            ownership: Ownership::Other,
            is_kept_alive: false,
            is_pinned: false,
            granted_ttl: None,
            asked_ttl: None,
            engine: None,
            last_ttl_reply: None,
            observed: LeaseInference::default(),
            warnings: ThinList::new(),
            muted: MutedWarnings::default(),
            refilled: None,
            is_listed: false,
            overdue: None,
            keys: None,
            detached_keys: ThinList::new(),
            succession: None,
            pending_deletion: None,
            responses_read: 0,
            end: None,
            loss: None,
            history: None,
            poll: PollState::default(),
            is_poll_in_flight: false,
            is_row_dropped: false,
            countdown: None,
            is_reader_stalled: false,
        }
    }

    /// Creates another client's lease from a single reply and its earliest and latest possible deadline.
    pub fn read_once(answer: &TimeToLive, deadline: Option<(Timestamp, Timestamp)>) -> Self {
        let mut lease = Lease::new(answer.id);
        lease.keys = Some(LeaseKeys::of(answer.keys.clone()));
        if let Some(deadline) = deadline.map(TimeRange::new) {
            // There will be no further reply, so only the deadline matters and not the time of a renewal.
            lease.observed.set_known(deadline, Duration::ZERO);
            lease.countdown = Some(Countdown::reset(deadline));
        }
        if answer.granted_ttl > 0 {
            lease.granted_ttl = Some(answer.granted_ttl);
        }
        lease
    }

    /// Returns the history. Creates it if needed, for another client's lease from what polls have shown.
    pub(super) fn history_mut(&mut self) -> &mut LeaseHistory {
        let is_others = self.engine.is_none() && self.ownership == Ownership::Other;
        self.history.get_or_insert_with(|| {
            Box::new(if is_others { LeaseHistory::from_observed(&self.observed) } else { LeaseHistory::default() })
        })
    }

    /// The history, or what polls have shown of another client's lease whose detail was never open.
    pub fn known_history(&self) -> Cow<'_, LeaseHistory> {
        match &self.history {
            Some(history) => Cow::Borrowed(history),
            None if self.engine.is_none() => Cow::Owned(LeaseHistory::from_observed(&self.observed)),
            None => Cow::Owned(LeaseHistory::default()),
        }
    }

    /// When leasetop first saw the lease: in a list, or in a key that is attached to it.
    pub fn first_seen(&self) -> Timestamp {
        self.first_seen
    }

    /// When and how the lease ended, if it has.
    pub fn end(&self) -> Option<LeaseEnd> {
        self.end.as_deref().copied()
    }

    /// The running fault drill.
    pub fn drill(&self) -> Option<Fault> {
        if self.is_kept_alive { self.engine.as_ref()?.drill } else { None }
    }

    /// The state at `now`: the first that applies, in the order of [`LeaseState`].
    pub fn state(&self, now: Timestamp) -> LeaseState {
        self.end().map_or_else(|| self.state_if_alive(now), |end| LeaseState::Ended(end.cause))
    }

    /// The state at `now`, as if the lease had not ended.
    pub(super) fn state_if_alive(&self, now: Timestamp) -> LeaseState {
        match () {
            () if self.is_dying() => LeaseState::Dying,
            () if self.is_unseen(now) => LeaseState::Unseen,
            () if self.is_past_deadline(now) => LeaseState::Dying,
            () if self.is_at_risk(now) => LeaseState::Risk,
            () if self.is_late(now) => LeaseState::Late,
            () if self.is_stalled() => LeaseState::Stalled,
            () if self.is_paused() => LeaseState::Paused,
            () if self.is_unrenewed(now) => LeaseState::Unrenewed,
            () => LeaseState::Ok,
        }
    }

    /// Whether a reply or a list showed that the lease has expired but etcd has not removed it yet.
    fn is_dying(&self) -> bool {
        self.observed.is_dying() || self.overdue == Some(Overdue::Dying)
    }

    fn is_unseen(&self, now: Timestamp) -> bool {
        self.overdue == Some(Overdue::Unseen) || self.unseen_from() <= now
    }

    /// The earliest possible deadline if no client seems to renew the lease; `None` if it is kept alive here or has
    /// expired.
    pub fn idle_end(&self) -> Option<Timestamp> {
        if self.end.is_some() || self.is_kept_alive || self.overdue.is_some() {
            return None;
        }
        self.observed.idle_end()
    }

    /// Whether an election or a restart reset the time left within the last 10 s.
    pub fn was_just_refilled(&self, now: Timestamp) -> bool {
        self.refilled.is_some_and(|at| now - at < BADGE)
    }

    /// Applies an engine status. A new reply sets the deadline: at least one TTL after the request and at most one TTL
    /// after the reply.
    pub(super) fn apply_engine_status(&mut self, status: LeaseStatus) {
        if status.last_answer > self.last_answer()
            && let (Some(at), Some(ttl), Some(earliest)) = (status.last_answer, status.granted_ttl, status.deadline)
        {
            let latest = at + Duration::from_secs(ttl.unsigned_abs());
            self.set_deadline(TimeRange { earliest, latest: latest.max(earliest) }, ttl);
        }
        self.engine = Some(Box::new(status));
    }

    /// Applies a TTL reply. A reply that was in flight during a renewal by leasetop may be older than that renewal, so
    /// it can narrow the deadline but never contradict it.
    pub(super) fn apply_ttl_reply(
        &mut self,
        answer: &TimeToLive,
        sent: Timestamp,
        received: Timestamp,
    ) -> ReplyOutcome {
        let (state, ttl) = (self.state(received), self.granted_ttl);
        let change = self.observed.apply_reply(answer, sent, received);
        self.last_ttl_reply = Some(LastTtlReply::new(answer, received));
        if matches!(change.inferred, Inferred::Missing | Inferred::Invalid) {
            return ReplyOutcome { change, is_visible: self.state(received) != state };
        }
        self.granted_ttl = Some(answer.granted_ttl);
        let is_past = self.observed.bounds().is_some_and(|end| end.latest < received);
        if !is_past || self.overdue == Some(Overdue::Unseen) {
            self.overdue = None;
        }
        if matches!(change.inferred, Inferred::Refilled { .. }) {
            self.refilled = Some(received);
        }
        let has_moved = self.update_countdown(change.deadline, received);
        let is_renewed = matches!(change.inferred, Inferred::Renewed(_));
        let is_visible = has_moved || is_renewed || self.granted_ttl != ttl || self.state(received) != state;
        ReplyOutcome { change, is_visible }
    }

    /// Records a detached key. Only the last [`LeaseKeys::FIRST`] are kept; returns the one that is dropped.
    pub(super) fn record_detached(&mut self, detached: DetachedKey) -> Option<DetachedKey> {
        let is_full = self.detached_keys.len() == LeaseKeys::FIRST;
        let dropped = if is_full { Some(self.detached_keys.remove(0)) } else { None };
        self.detached_keys.push(detached);
        dropped
    }

    /// Clears the deadline. The lease is unseen until the next reply.
    pub(super) fn forget_time(&mut self) {
        self.observed.forget();
        self.countdown = None;
        self.poll.awaited = None;
        self.overdue = None;
    }

    /// Forgets what the previous cluster, or the state before a restore, reported about the lease.
    pub(super) fn forget_cluster(&mut self) {
        self.forget_time();
        self.keys = None;
        self.pending_deletion = None;
        self.is_listed = false;
        self.is_poll_in_flight = false;
    }

    /// The window in which etcd removed the lease, which was gone at `by`. `listed` is when the last list was
    /// requested.
    pub(super) fn removal(&self, by: Timestamp, listed: Option<Timestamp>) -> RemovalWindow {
        let deletion = self.pending_deletion.as_ref();
        let listed = if self.is_listed { listed } else { None };
        let seen = [self.observed.seen_at(), listed, deletion.and_then(|deletion| deletion.alive)];
        let by = deletion.map_or(by, |deletion| deletion.received.min(by));
        RemovalWindow { after: seen.into_iter().flatten().max().unwrap_or_default().min(by), by }
    }
}
