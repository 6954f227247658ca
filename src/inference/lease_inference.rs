//! Infers the state of a lease that other clients renew from polls.
//!
//! etcd does not report renewals: they have no revision and no watch event. A LeaseTimeToLive reply contains the time
//! left in whole seconds, so each poll gives a range of possible deadlines. Two ranges that do not overlap prove a
//! renewal between the polls:
//!
//! ```text
//! poll 1  t=8 of 10   deadline in |-------|
//! poll 2  t=8                         |-------|        common to both: |---|, more precise than either
//! poll 3  t=9                                        |-------|   nothing in common: renewed, TTL before its deadline
//! ```
//!
//! [`LeaseInference`] takes replies in the order of the queries, with at most one query in flight, and returns what
//! each reply changed ([`Change`]). Its range always contains the true deadline: if polls may have missed a renewal, it
//! keeps both possibilities until a poll rules one out. A leader change or a restart resets the time left with a new
//! raft term and is not a renewal: to the full TTL, or to what the lease's last checkpoint says (etcd 3.6 and later with
//! the feature gate `LeaseCheckpoint`). A grant or a renewal by leasetop sets the deadline without a poll
//! ([`LeaseInference::set_known`]).

mod deadline_tracker;
mod interleaving;
mod key_detach_reason;
mod poll_timing;
mod removal;
mod renewal_pattern;
mod seen_renewals;
#[cfg(test)]
mod tests;
mod usual_interval;

pub use key_detach_reason::KeyDetachReason;
pub use removal::{CohortHint, ExpiryBacklog, RemovalCause, RemovalDelay, RemovalWindow};
pub use renewal_pattern::{Certainty, ObservedRenewals, RenewalPattern};
pub use usual_interval::{UsualInterval, late_after, late_after_by_ttl};

use std::num::NonZeroU64;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use etcd_lease::{TimeToLive, TtlStatus};
use simkit::Timestamp;

use super::{Renewal, TimeRange};
use deadline_tracker::{DeadlineTracker, TrackerStep};
use usual_interval::Estimate;

/// What was inferred from a reply.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Inferred {
    /// Nothing new. The deadline may be more precise.
    Nothing,
    /// The lease was renewed.
    Renewed(Renewal),
    /// An election or a restart reset its time left.
    Refilled {
        /// Whether it was reset to at least the full TTL. Otherwise it was reset to less, or to an unknown time.
        is_full: bool,
    },
    /// The lease has expired but etcd has not removed it yet.
    Dying,
    /// The lease does not exist.
    Missing,
    /// The reply came from a former leader and has no information.
    Invalid,
    /// The reply contradicts the known state and no renewal explains it: the server was suspended, or its clock was
    /// changed.
    Contradiction,
}

/// How the deadline of a lease changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeadlineChange {
    /// The deadline did not change, or is still unknown.
    Unchanged,
    /// The deadline was unknown before.
    First(TimeRange),
    /// The same deadline as before, known more or less precisely.
    Refined {
        /// The range before.
        before: TimeRange,
        /// The range now.
        after: TimeRange,
    },
    /// A different deadline, after a renewal, a refill or a contradiction.
    Replaced {
        /// The deadline before.
        before: TimeRange,
        /// The deadline now.
        after: TimeRange,
    },
}

/// How a reply or a renewal by leasetop changed the state of a lease.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// What was inferred from the reply; [`Inferred::Nothing`] for a renewal by leasetop.
    pub inferred: Inferred,
    /// How the deadline changed.
    pub deadline: DeadlineChange,
    /// When the query behind the previous deadline was sent; `None` if no deadline was known.
    pub previous_query: Option<Timestamp>,
}

/// How often etcd checkpoints a lease: `defaultLeaseCheckpointInterval` in its `lessor.go`. A refill from a checkpoint sets
/// the time left to at most the TTL minus this.
const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(300);

/// The state of one lease from polls and renewals by leasetop. It is the only place that stores the deadline.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LeaseInference {
    known: Option<Known>,
    renewals: ObservedRenewals,
    refills: u32,
    contradictions: u32,
}

/// The deadline from the last reply that had one, or from a renewal by leasetop.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Known {
    /// The TTL in nanoseconds: a duration takes twice the memory.
    ttl: u64,
    track: DeadlineTracker,
    /// When the last query that got a reply was sent.
    sent: Timestamp,
    /// When the deadline became known. Any missed renewal is later.
    since: Timestamp,
    /// The raft term of the reply; `None` after a renewal by leasetop, or if the reply had none.
    term: Option<NonZeroU64>,
    dying: bool,
    /// When the reply to leasetop's renewal arrived, if that set the deadline. A reply to a query that was sent before may
    /// not show the renewal.
    fixed: Option<Timestamp>,
    /// Whether the last observed renewal set this deadline. If so, a more precise deadline also makes the time of the
    /// renewal more precise.
    is_renewed: bool,
    /// The latest possible time of the last renewal by a client, if the user renewed the lease once since then.
    before_manual: Option<Timestamp>,
}

impl LeaseInference {
    /// Applies a reply to a query sent at `sent`. Replies must come in the order of the queries.
    pub fn apply_reply(&mut self, answer: &TimeToLive, sent: Timestamp, received: Timestamp) -> Change {
        let before = self.known;
        let inferred = self.infer(answer, sent, received);
        let deadline = match (before, self.bounds()) {
            (_, None) => DeadlineChange::Unchanged,
            (None, Some(after)) => DeadlineChange::First(after),
            (Some(before), Some(after)) => inferred.deadline_change(before.track.bounds(), after),
        };
        Change { inferred, deadline, previous_query: before.map(|before| before.sent) }
    }

    fn infer(&mut self, answer: &TimeToLive, sent: Timestamp, received: Timestamp) -> Inferred {
        let status = answer.ttl_status();
        let Some(reported) = answer.deadline(sent, received).map(TimeRange::new) else {
            return if status == TtlStatus::Missing { Inferred::Missing } else { Inferred::Invalid };
        };
        if self.known.as_mut().is_some_and(|known| known.narrow_fixed_deadline(answer, reported, sent)) {
            if self.known.is_some_and(|known| known.before_manual.is_some()) {
                self.renewals.on_poll_after_manual(answer, sent);
            }
            return Inferred::Nothing;
        }
        let now = Known {
            ttl: nanos(Duration::from_secs(answer.granted_ttl.unsigned_abs())),
            track: DeadlineTracker::new(reported),
            sent,
            since: sent,
            term: NonZeroU64::new(answer.header.raft_term),
            dying: status == TtlStatus::Dying,
            fixed: None,
            is_renewed: false,
            before_manual: None,
        };
        self.renewals.on_poll(answer, sent);
        let inferred = match self.known.replace(now) {
            Some(before) if is_refill(&before, answer, reported) => {
                self.refilled(before.may_be_full(reported, now.ttl(), received))
            }
            Some(before) => self.compare(before, now, reported, received),
            None => Inferred::Nothing,
        };
        match inferred {
            Inferred::Nothing if status == TtlStatus::Dying => Inferred::Dying,
            other => other,
        }
    }

    /// Sets the deadline after a grant or a renewal by leasetop. It ranges from `ttl` after the request to `ttl` after the
    /// reply.
    pub fn set_known(&mut self, deadline: TimeRange, ttl: Duration) -> Change {
        let TimeRange { earliest: sent, latest: answered } = deadline.earlier(ttl);
        let before = self.known.replace(Known {
            ttl: nanos(ttl),
            track: DeadlineTracker::new(deadline),
            sent,
            since: sent,
            term: self.known.and_then(|known| known.term),
            dying: false,
            fixed: Some(answered),
            is_renewed: false,
            before_manual: None,
        });
        let change = match before {
            Some(before) => DeadlineChange::Replaced { before: before.track.bounds(), after: deadline },
            None => DeadlineChange::First(deadline),
        };
        Change { inferred: Inferred::Nothing, deadline: change, previous_query: before.map(|before| before.sent) }
    }

    /// Sets the deadline after the user renewed the lease once. That is not a renewal by its client, so it changes
    /// neither the interval nor the time since the last renewal. See [`set_known`](LeaseInference::set_known).
    pub fn set_renewed_manually(&mut self, deadline: TimeRange, ttl: Duration) -> Change {
        let last = self.last_possible();
        let change = self.set_known(deadline, ttl);
        if let Some(known) = &mut self.known {
            known.before_manual = last;
        }
        change
    }

    /// Clears the deadline. Renewals before the next poll may be missed.
    pub fn forget(&mut self) {
        self.known = None;
        self.renewals.forget();
    }

    /// When the query or renewal behind the known deadline was sent.
    pub fn seen_at(&self) -> Option<Timestamp> {
        self.known.map(|known| known.sent)
    }

    /// The raft term of the last reply; `None` if it is not known.
    pub fn term(&self) -> Option<u64> {
        Some(self.known?.term?.get())
    }

    /// Whether the last reply said that the lease has expired but etcd has not removed it yet.
    pub fn is_dying(&self) -> bool {
        self.known.is_some_and(|known| known.dying)
    }

    /// The range of the deadline; `None` before the first reply with one.
    pub fn bounds(&self) -> Option<TimeRange> {
        self.known.map(|known| known.track.bounds())
    }

    /// The granted TTL, as of the last reply.
    pub fn granted_ttl(&self) -> Option<Duration> {
        self.known.map(|known| known.ttl())
    }

    /// The renewals that polls have shown.
    pub fn renewals(&self) -> &ObservedRenewals {
        &self.renewals
    }

    /// How often an election or a restart reset the TTL.
    pub fn refills(&self) -> u64 {
        self.refills.into()
    }

    /// Number of replies that contradicted what was known.
    pub fn contradictions(&self) -> u64 {
        self.contradictions.into()
    }

    /// How clients renew it.
    pub fn pattern(&self) -> RenewalPattern {
        self.renewals.pattern()
    }

    /// The start of the time without a renewal, counting only time in which polls were frequent enough to show every
    /// renewal. The lease may have been renewed just before. `None` if unknown.
    pub fn unrenewed_since(&self) -> Option<Timestamp> {
        Some(self.last_possible()?.max(self.renewals.watched_since()?))
    }

    /// Time since the last renewal, as of the last poll. It follows from the deadline, so it needs only one poll. After
    /// a refill it counts from the refill. `None` if unknown.
    pub fn unrenewed(&self) -> Option<Duration> {
        let known = self.known?;
        if known.before_manual.is_some() {
            return Some(known.sent - self.last_possible()?);
        }
        Some(known.ttl().saturating_sub(known.track.bounds().latest - known.sent))
    }

    /// When the lease becomes late; `None` before the first renewal.
    pub fn late_from(&self) -> Option<Timestamp> {
        Some(self.unrenewed_since()? + self.renewals.late_after()?)
    }

    /// The latest possible time of a renewal by a client before the last poll. `None` before the first reply.
    pub fn last_possible(&self) -> Option<Timestamp> {
        let known = self.known?;
        Some(known.before_manual.unwrap_or(known.track.bounds().latest.before(known.ttl())))
    }

    fn refilled(&mut self, is_full: bool) -> Inferred {
        self.refills += 1;
        self.renewals.mark_gap();
        Inferred::Refilled { is_full }
    }

    fn compare(&mut self, before: Known, now: Known, reported: TimeRange, received: Timestamp) -> Inferred {
        // The range of deadlines that a renewal after `before.since` would have set.
        let possible = TimeRange { earliest: before.since + now.ttl(), latest: received + now.ttl() };
        let (track, step) = before.track.apply(reported, possible);
        let is_renewed = matches!(step, TrackerStep::Renewed(_)) || step == TrackerStep::Unproven && before.is_renewed;
        self.known = Some(Known { track, is_renewed, ..now });
        match step {
            TrackerStep::Unproven => {
                if track.is_settled() {
                    self.renewals.confirm_no_renewal();
                }
                if is_renewed && track.is_settled() {
                    self.renewals.refine_last(track.bounds().earlier(now.ttl()));
                }
                Inferred::Nothing
            }
            TrackerStep::Renewed(deadline) => {
                let (old, at) = (before.deadline_without_manual(), deadline.earlier(now.ttl()));
                let left =
                    Estimate { value: old.middle() - at.middle(), half_width: old.half_width() + at.half_width() };
                Inferred::Renewed(self.renewals.on_renewal(at, left))
            }
            TrackerStep::Contradiction => {
                self.contradictions += 1;
                self.renewals.mark_gap();
                Inferred::Contradiction
            }
        }
    }
}

impl Inferred {
    fn deadline_change(&self, before: TimeRange, after: TimeRange) -> DeadlineChange {
        match self {
            Inferred::Renewed(_) | Inferred::Refilled { .. } | Inferred::Contradiction => {
                DeadlineChange::Replaced { before, after }
            }
            _ if before == after => DeadlineChange::Unchanged,
            _ => DeadlineChange::Refined { before, after },
        }
    }
}

impl Known {
    fn ttl(&self) -> Duration {
        Duration::from_nanos(self.ttl)
    }

    /// The deadline that the renewals by clients alone would have set.
    fn deadline_without_manual(&self) -> TimeRange {
        let Some(last) = self.before_manual else { return self.track.bounds() };
        TimeRange { earliest: last + self.ttl(), latest: last + self.ttl() }
    }

    /// Whether a refill since the last query gave the full TTL: the deadline is then at least the TTL after that query.
    /// False if the query was a checkpoint interval ago, because a refill from a checkpoint can give that deadline too.
    fn may_be_full(&self, reported: TimeRange, ttl: Duration, received: Timestamp) -> bool {
        reported.latest >= self.sent + ttl && received < self.sent + CHECKPOINT_INTERVAL
    }

    /// Narrows the deadline that leasetop's renewal set, if a reply agrees with it or may be older than the renewal. Returns
    /// whether the deadline stays. If not, nothing changes.
    fn narrow_fixed_deadline(&mut self, answer: &TimeToLive, reported: TimeRange, sent: Timestamp) -> bool {
        let Some(answered) = self.fixed else { return false };
        let fits = answer.ttl_status() != TtlStatus::Dying && self.track.fits(reported);
        let stays = fits || sent < answered;
        if stays {
            self.track = self.track.narrow_to(reported);
            self.sent = self.sent.max(sent);
        }
        if fits {
            self.term = NonZeroU64::new(answer.header.raft_term);
        }
        stays
    }
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

/// Whether a new leader reset the time left: the raft term changed, or the deadline changed and at least the granted TTL
/// is left, which a renewal never shows.
fn is_refill(before: &Known, answer: &TimeToLive, reported: TimeRange) -> bool {
    let is_full = answer.ttl >= answer.granted_ttl && before.track.bounds().intersect(reported).is_none();
    before.term.is_some_and(|term| term.get() != answer.header.raft_term) || is_full
}
