//! One lease as the monitor knows it: what the server said, what the engine believes, and what follows.

mod health;

use std::time::Duration;

use super::countdown::Countdown;
use super::history::LeaseHistory;
use super::lease_end::{KeepaliveLoss, LeaseEnd};
use super::lease_keys::{DetachedKey, LeaseKeys, PendingDeletion};
use super::poll_state::{Overdue, PollState};
use super::{LeaseState, TimeRange};
use crate::inference::lease_inference::{
    Certainty, Change, DeadlineChange, Inferred, LeaseInference, MeanInterval, RemovalWindow,
};
use etcd_lease::{Fault, LeaseId, LeaseStatus, TimeToLive, TtlStatus};
use simkit::Timestamp;

/// Whose a lease is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
    /// The word, the same on the screen and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Ownership::Own => "own",
            Ownership::Adopted => "adopted",
            Ownership::Other => "other",
        }
    }
}

/// What the server said last of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastTtlReply {
    /// When it was asked.
    pub sent: Timestamp,
    /// When it answered.
    pub received: Timestamp,
    /// Whole seconds left, as it said.
    pub ttl: i64,
    /// What that means.
    pub reading: TtlStatus,
}

/// What a TTL reply changed in a lease.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ReplyOutcome {
    /// What it changed in what is known.
    pub(super) change: Change,
    /// Whether the lease looks different now: another TTL, time left, state or number of renewals. A correction of the time
    /// left below the last digit shown does not count.
    pub(super) is_visible: bool,
}

/// For how long it is shown that a lease was refilled.
const BADGE: Duration = Duration::from_secs(10);

/// One lease.
#[derive(Clone, Debug, PartialEq)]
pub struct Lease {
    /// Its id: rows, dialogs and the cursor know it by this and never by its place.
    pub id: LeaseId,
    /// Since when it is known: another one may have had its id before.
    pub(super) first_seen: Timestamp,
    /// Whose it is.
    pub ownership: Ownership,
    /// Whether it is being kept alive here.
    pub is_kept_alive: bool,
    /// Whether its row is pinned to the top.
    pub is_pinned: bool,
    /// The TTL that was granted, in seconds.
    pub granted_ttl: Option<i64>,
    /// The TTL that was asked for, in seconds; of own leases, once their grant was told.
    pub asked_ttl: Option<i64>,
    /// What the engine knows of it; stays when keeping it alive has ended.
    pub engine: Option<Box<LeaseStatus>>,
    /// What the server said last.
    pub last_ttl_reply: Option<LastTtlReply>,
    /// What follows from renewals and polls together: where its deadline lies, and how others renew it.
    pub observed: LeaseInference,
    /// What is wrong with it, in words of [`Lint::name`](crate::inference::lints::Lint::name), the most urgent first.
    pub warnings: Vec<&'static str>,
    /// When it was last seen to have been refilled by an election or a restart.
    pub refilled: Option<Timestamp>,
    /// Whether the last list had it.
    pub(super) is_listed: bool,
    /// What it is by a list that had it after its latest possible deadline, until it is asked again.
    pub(super) overdue: Option<Overdue>,
    /// Its keys, once they were read.
    pub keys: Option<LeaseKeys>,
    /// The keys that left it last, oldest first.
    pub detached_keys: Vec<DetachedKey>,
    /// The keys that were deleted in one revision and left none, until it is known whether it died with them.
    pub(super) pending_deletion: Option<Box<PendingDeletion>>,
    /// Responses that the monitor's own consumer has read.
    pub responses_read: u64,
    /// How it died, once it has.
    pub end: Option<LeaseEnd>,
    /// How keeping it alive was lost, until it is kept again.
    pub loss: Option<Box<KeepaliveLoss>>,
    /// Its last renewals here.
    pub history: Option<Box<LeaseHistory>>,
    pub(super) poll: PollState,
    /// The time left as it is shown, while the bounds are known.
    countdown: Option<Countdown>,
}

impl Lease {
    /// A lease of which only the id is known.
    pub fn new(id: LeaseId) -> Self {
        Lease {
            id,
            first_seen: Timestamp::START,
            ownership: Ownership::Other,
            is_kept_alive: false,
            is_pinned: false,
            granted_ttl: None,
            asked_ttl: None,
            engine: None,
            last_ttl_reply: None,
            observed: LeaseInference::default(),
            warnings: Vec::new(),
            refilled: None,
            is_listed: false,
            overdue: None,
            keys: None,
            detached_keys: Vec::new(),
            pending_deletion: None,
            responses_read: 0,
            end: None,
            loss: None,
            history: None,
            poll: PollState::default(),
            countdown: None,
        }
    }

    /// A lease of another client as one answer tells of it, with the earliest and the latest moment of its deadline.
    pub fn read_once(answer: &TimeToLive, deadline: Option<(Timestamp, Timestamp)>) -> Self {
        let mut lease = Lease::new(answer.id);
        lease.keys = Some(LeaseKeys::of(answer.keys.clone()));
        if let Some(deadline) = deadline.map(TimeRange::new) {
            // Nothing will be asked or renewed after this: its deadline is all that there is.
            lease.observed.set_known(deadline, Duration::ZERO);
            lease.countdown = Some(Countdown::reset(deadline));
        }
        if answer.granted_ttl > 0 {
            lease.granted_ttl = Some(answer.granted_ttl);
        }
        lease
    }

    /// Seconds left, about the middle of what is known; none where nothing is known. Never below 0, and never rising but
    /// by a renewal.
    pub fn left(&self, now: Timestamp) -> Option<f64> {
        Some(self.countdown.filter(|_| self.end.is_none())?.left(now))
    }

    /// The same, and of a dead one what was left when it died.
    pub(super) fn left_at_last(&self, now: Timestamp) -> Option<f64> {
        Some(self.countdown?.left(self.end.map_or(now, |end| end.at)))
    }

    /// The deadline that the shown time left counts down to; none where nothing is known.
    pub(super) fn shown_deadline(&self) -> Option<Timestamp> {
        Some(self.countdown?.deadline())
    }

    /// From when on less than so much is left; none where nothing is known.
    pub(super) fn left_below(&self, span: Duration) -> Option<Timestamp> {
        Some(self.countdown?.falls_below(span))
    }

    /// Where its deadline lies; none where nothing is known.
    pub fn bounds(&self) -> Option<TimeRange> {
        self.observed.bounds()
    }

    /// It was granted or renewed from here for `ttl` seconds, which set this deadline: `ttl` after the sending at the
    /// earliest, and `ttl` after the answer at the latest.
    pub(super) fn set_deadline(&mut self, deadline: TimeRange, ttl: i64) {
        let span = Duration::from_secs(ttl.unsigned_abs());
        let change = self.observed.set_known(deadline, span);
        self.update_countdown(change.deadline, deadline.latest.before(span));
        self.granted_ttl = Some(ttl);
        self.overdue = None;
    }

    /// Follows a change of the deadline at `now`; returns whether the shown deadline is another.
    fn update_countdown(&mut self, change: DeadlineChange, now: Timestamp) -> bool {
        let before = self.shown_deadline();
        match (change, self.countdown) {
            (DeadlineChange::Unchanged, _) => return false,
            (DeadlineChange::Refined { before, after }, Some(countdown)) => {
                self.countdown = Some(countdown.refine(before, after, now));
            }
            (DeadlineChange::First(after), _)
            | (DeadlineChange::Refined { after, .. } | DeadlineChange::Replaced { after, .. }, _) => {
                self.countdown = Some(Countdown::reset(after));
            }
        }
        before != self.shown_deadline()
    }

    /// How far the truth can lie from [`left`](Lease::left), in seconds: while that stands still until it is true again,
    /// farther on one side than on the other.
    pub fn left_error(&self, now: Timestamp) -> Option<f64> {
        Some(self.countdown?.error(self.bounds()?, now))
    }

    /// From the least to the most that can be left, in seconds, [`left`](Lease::left) among them.
    pub fn left_between(&self, now: Timestamp) -> Option<(f64, f64)> {
        let (bounds, left) = (self.bounds()?, self.left(now)?);
        let [least, most] = [bounds.earliest, bounds.latest].map(|end| end.signed_since(now).max(0.0));
        Some((least.min(left), most.max(left)))
    }

    /// When the last of our renewals was answered.
    pub(super) fn last_answer(&self) -> Option<Timestamp> {
        self.engine.as_ref()?.last_answer
    }

    /// When it was last renewed: by us as it was answered, by others about then.
    pub fn last_renewed(&self) -> Option<Timestamp> {
        self.last_answer().or(self.observed.renewals().last().map(TimeRange::middle))
    }

    /// Its habit: the mean interval between its renewals; none before the second.
    pub fn mean_interval(&self) -> Option<Duration> {
        let ours = self.engine.as_ref().and_then(|status| status.cadence.mean());
        ours.or_else(|| Some(self.others_mean_interval()?.every))
    }

    /// How others renew it, as far as polls have shown; none before the second renewal, or where it is renewed by us.
    pub fn others_mean_interval(&self) -> Option<MeanInterval> {
        self.observed.renewals().mean_interval().filter(|_| self.engine.is_none())
    }

    /// The least time left at a renewal of others, and whether it may be more because not all were seen.
    pub fn margin(&self) -> Option<(Duration, Certainty)> {
        let renewals = self.observed.renewals();
        Some((renewals.cadence().least_left.filter(|_| self.engine.is_none())?, renewals.certainty()))
    }

    /// The interval that its renewals are to be expected in: by its pace, else by its habit, else a third of its TTL.
    pub fn expected_interval(&self) -> Option<Duration> {
        let third = self.granted_ttl.map(|ttl| Duration::from_secs(ttl.unsigned_abs()) / 3);
        self.engine.as_ref().and_then(|status| status.expected).or(self.mean_interval()).or(third)
    }

    /// How many renewals in a row may stay without an answer before it dies, at the present pace; none where it is not
    /// kept alive or nothing is known.
    pub fn renewals_to_spare(&self, now: Timestamp) -> Option<u64> {
        let status = self.engine.as_ref().filter(|_| self.is_kept_alive)?;
        let every = status.expected.or(self.mean_interval()).filter(|every| !every.is_zero())?;
        let (deadline, next) = (self.bounds()?.earliest, status.next_due?.max(now));
        if next >= deadline {
            return Some(0);
        }
        let further = (deadline - next).as_nanos().saturating_sub(1) / every.as_nanos();
        Some(u64::try_from(further).unwrap_or(u64::MAX))
    }

    /// Its history, begun where there is none: of another client's lease with what polls have shown of it.
    pub(super) fn history_mut(&mut self) -> &mut LeaseHistory {
        let (observed, is_others) = (&self.observed, self.engine.is_none() && self.ownership == Ownership::Other);
        let begin = || if is_others { LeaseHistory::from_observed(observed) } else { LeaseHistory::default() };
        self.history.get_or_insert_with(|| Box::new(begin()))
    }

    /// The drill that is being played on it.
    pub fn drill(&self) -> Option<Fault> {
        self.engine.as_ref()?.drill.filter(|_| self.is_kept_alive)
    }

    /// The state at a moment: the first that holds.
    pub fn state(&self, now: Timestamp) -> LeaseState {
        match self.end {
            Some(end) => LeaseState::Ended(end.cause),
            None if self.is_dying() => LeaseState::Dying,
            None if self.is_unseen(now) => LeaseState::Unseen,
            None if self.is_at_risk(now) => LeaseState::Risk,
            None if self.is_late(now) => LeaseState::Late,
            None if self.is_paused() => LeaseState::Paused,
            None => LeaseState::Ok,
        }
    }

    /// Whether it has expired, and is not removed yet.
    pub(super) fn is_dying(&self) -> bool {
        self.observed.is_dying() || self.overdue == Some(Overdue::Dying)
    }

    fn is_unseen(&self, now: Timestamp) -> bool {
        self.overdue == Some(Overdue::Unseen) || self.unseen_from() <= now
    }

    /// Its earliest possible end, where that may well be one: not where it is kept alive, or dying.
    pub(super) fn idle_end(&self) -> Option<Timestamp> {
        let is_open = self.end.is_none() && !self.is_kept_alive && self.overdue.is_none();
        self.observed.idle_end().filter(|_| is_open)
    }

    /// Whether it is not kept alive though it was to be, or a drill is being played on it.
    fn is_paused(&self) -> bool {
        let was_to_be_kept = self.ownership == Ownership::Own || self.loss.is_some();
        was_to_be_kept && !self.is_kept_alive || self.drill().is_some()
    }

    /// Whether it was refilled a moment ago.
    pub fn was_just_refilled(&self, now: Timestamp) -> bool {
        self.refilled.is_some_and(|at| now - at < BADGE)
    }

    /// Applies a status of the engine. A new answer sets the deadline: it lies a TTL after the sending at the earliest, and a
    /// TTL after the answer at the latest.
    pub(super) fn apply_engine_status(&mut self, status: LeaseStatus) {
        if status.last_answer > self.last_answer()
            && let (Some(at), Some(ttl), Some(earliest)) = (status.last_answer, status.granted_ttl, status.deadline)
        {
            let latest = at + Duration::from_secs(ttl.unsigned_abs());
            self.set_deadline(TimeRange { earliest, latest: latest.max(earliest) }, ttl);
        }
        self.engine = Some(Box::new(status));
    }

    /// Applies a TTL reply. A reply that was on its way while a renewal from here was answered may be older than the renewal:
    /// it narrows the deadline and never contradicts it.
    pub(super) fn apply_ttl_reply(
        &mut self,
        answer: &TimeToLive,
        sent: Timestamp,
        received: Timestamp,
    ) -> ReplyOutcome {
        let (state, ttl) = (self.state(received), self.granted_ttl);
        let change = self.observed.apply_reply(answer, sent, received);
        self.last_ttl_reply = Some(LastTtlReply { sent, received, ttl: answer.ttl, reading: answer.ttl_status() });
        if matches!(change.inferred, Inferred::Missing | Inferred::Invalid) {
            return ReplyOutcome { change, is_visible: self.state(received) != state };
        }
        self.granted_ttl = Some(answer.granted_ttl);
        let is_past = self.observed.bounds().is_some_and(|end| end.latest < received);
        if !is_past || self.overdue == Some(Overdue::Unseen) {
            self.overdue = None;
        }
        if change.inferred == Inferred::Refilled {
            self.refilled = Some(received);
        }
        let has_moved = self.update_countdown(change.deadline, received);
        let is_renewed = matches!(change.inferred, Inferred::Renewed(_));
        let is_visible = has_moved || is_renewed || self.granted_ttl != ttl || self.state(received) != state;
        ReplyOutcome { change, is_visible }
    }

    /// A key left it; the last few are remembered.
    pub(super) fn record_detached(&mut self, parted: DetachedKey) {
        if self.detached_keys.len() == LeaseKeys::FIRST {
            self.detached_keys.remove(0);
        }
        self.detached_keys.push(parted);
    }

    /// Its deadline is not known any more, and it is unseen until the next answer.
    pub(super) fn forget_time(&mut self) {
        self.observed.forget();
        self.countdown = None;
        self.poll.awaited = None;
        self.overdue = None;
    }

    /// When it can have been removed, if it was seen to be gone at `by` and `listed` was the last list that had it.
    pub(super) fn removal(&self, by: Timestamp, listed: Option<Timestamp>) -> RemovalWindow {
        let told = self.pending_deletion.as_ref();
        let signs = [
            self.observed.seen_at(),
            listed.filter(|_| self.is_listed),
            told.and_then(|pending_deletion| pending_deletion.alive),
        ];
        let by = told.map_or(by, |pending_deletion| pending_deletion.received.min(by));
        RemovalWindow { after: signs.into_iter().flatten().max().unwrap_or_default().min(by), by }
    }
}
