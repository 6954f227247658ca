//! What polls show of a lease that other clients renew.
//!
//! etcd does not report renewals: they have no revision and no watch event. A LeaseTimeToLive reply has the whole seconds
//! left, so each poll gives a range of possible deadlines. Two ranges without a common moment prove a renewal between the
//! polls:
//!
//! ```text
//! poll 1  t=8 of 10   deadline in |-------|
//! poll 2  t=8                         |-------|        common to both: |---|, more precise than either
//! poll 3  t=9                                        |-------|   nothing in common: renewed, TTL before its deadline
//! ```
//!
//! [`LeaseInference`] takes the replies in the order of the queries, never two in flight, and returns what each one changed
//! ([`Change`]). The range that it shows always contains the true deadline, whatever clients do: where a renewal may have
//! stayed hidden, it keeps both possibilities until a poll rules one out. A refill by a leader change or a restart comes
//! with a new raft term and is not a renewal. A grant or a renewal from here sets the deadline without a poll
//! ([`LeaseInference::set_known`]).

mod deadline_tracker;
mod interleaving;
mod key_detach_reason;
mod poll_timing;
mod removal;
mod renewal_pattern;
#[cfg(test)]
mod tests;

pub use key_detach_reason::KeyDetachReason;
pub use removal::{CohortHint, ExpiryBacklog, RemovalCause, RemovalDelay, RemovalWindow};
pub use renewal_pattern::{Certainty, MeanInterval, ObservedRenewals, RenewalPattern};

use std::time::Duration;

use etcd_lease::{TimeToLive, TtlStatus};
use simkit::Timestamp;

use super::{Renewal, TimeRange};
use deadline_tracker::{DeadlineTracker, TrackerStep};
use renewal_pattern::Estimate;

/// What a reply showed that was not known before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Inferred {
    /// Nothing new; the deadline may be known more precisely.
    Nothing,
    /// The lease was renewed.
    Renewed(Renewal),
    /// An election or a restart reset its time left to the full TTL or more.
    Refilled,
    /// It has expired; etcd has not removed it yet.
    Dying,
    /// The server does not know it.
    Missing,
    /// A former leader's reply, which has no information.
    Invalid,
    /// The reply does not fit what was known, and no renewal explains it: the server was stopped, or a clock was set.
    Contradiction,
}

/// What changed in the deadline of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeadlineChange {
    /// Nothing.
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
    /// Another deadline: a renewal, a refill, a contradiction or a renewal from here.
    Replaced {
        /// The deadline before.
        before: TimeRange,
        /// The deadline now.
        after: TimeRange,
    },
}

/// What a reply, or a renewal from here, changed in what is known of a lease.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// What a reply showed; [`Inferred::Nothing`] for a renewal from here.
    pub inferred: Inferred,
    /// What changed in the deadline.
    pub deadline: DeadlineChange,
    /// When the query behind the previous deadline was sent; `None` where no deadline was known.
    pub previous_query: Option<Timestamp>,
}

/// What is known of one lease by its polls and by renewals from here: the only owner of its deadline.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LeaseInference {
    known: Option<Known>,
    renewals: ObservedRenewals,
    refills: u64,
    contradictions: u64,
}

/// The deadline by the last reply that had one, or by a renewal from here.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Known {
    ttl: Duration,
    track: DeadlineTracker,
    /// When the last query that was answered was sent.
    sent: Timestamp,
    /// Since when the deadline is known: a hidden renewal came later.
    since: Timestamp,
    /// The raft term of the reply; none after a renewal from here.
    term: Option<u64>,
    dying: bool,
    /// When the renewal from here was answered that set this deadline: replies to earlier queries may be older than it.
    fixed: Option<Timestamp>,
    /// Whether the last observed renewal set this deadline, so that a more precise deadline gives its time more precisely.
    is_renewed: bool,
}

impl LeaseInference {
    /// Applies a reply to a query that was sent at `sent`; replies come in the order of the queries.
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
        if self.known.as_mut().is_some_and(|known| known.keeps_fixed_deadline(answer, reported, sent)) {
            return Inferred::Nothing;
        }
        let now = Known {
            ttl: Duration::from_secs(answer.granted_ttl.unsigned_abs()),
            track: DeadlineTracker::new(reported),
            sent,
            since: sent,
            term: Some(answer.header.raft_term),
            dying: status == TtlStatus::Dying,
            fixed: None,
            is_renewed: false,
        };
        self.renewals.on_poll(answer, sent);
        let inferred = match self.known.replace(now) {
            Some(before) if is_refill(&before, answer, reported) => self.refilled(),
            Some(before) => self.compare(before, now, reported, received),
            None => Inferred::Nothing,
        };
        match inferred {
            Inferred::Nothing if status == TtlStatus::Dying => Inferred::Dying,
            other => other,
        }
    }

    /// Sets the deadline that a grant or a renewal from here gave: `ttl` after the sending at the earliest, and `ttl` after
    /// the answer at the latest.
    pub fn set_known(&mut self, deadline: TimeRange, ttl: Duration) -> Change {
        let TimeRange { earliest: sent, latest: answered } = deadline.earlier(ttl);
        let before = self.known.replace(Known {
            ttl,
            track: DeadlineTracker::new(deadline),
            sent,
            since: sent,
            term: self.known.and_then(|known| known.term),
            dying: false,
            fixed: Some(answered),
            is_renewed: false,
        });
        let change = match before {
            Some(before) => DeadlineChange::Replaced { before: before.track.bounds(), after: deadline },
            None => DeadlineChange::First(deadline),
        };
        Change { inferred: Inferred::Nothing, deadline: change, previous_query: before.map(|before| before.sent) }
    }

    /// Forgets the deadline; a renewal may stay hidden until the next poll.
    pub fn forget(&mut self) {
        self.known = None;
        self.renewals.mark_gap();
    }

    /// When the query or the renewal was sent that the known deadline comes from.
    pub fn seen_at(&self) -> Option<Timestamp> {
        self.known.map(|known| known.sent)
    }

    /// Whether the last reply said that it has expired; etcd has not removed it yet.
    pub fn is_dying(&self) -> bool {
        self.known.is_some_and(|known| known.dying)
    }

    /// The range of its deadline; none before the first reply with one.
    pub fn bounds(&self) -> Option<TimeRange> {
        self.known.map(|known| known.track.bounds())
    }

    /// The granted TTL, as of the last reply.
    pub fn granted_ttl(&self) -> Option<Duration> {
        self.known.map(|known| known.ttl)
    }

    /// The renewals that polls have shown.
    pub fn renewals(&self) -> &ObservedRenewals {
        &self.renewals
    }

    /// How often an election or a restart refilled it.
    pub fn refills(&self) -> u64 {
        self.refills
    }

    /// Number of replies that contradicted what was known.
    pub fn contradictions(&self) -> u64 {
        self.contradictions
    }

    /// How clients renew it.
    pub fn pattern(&self) -> RenewalPattern {
        self.renewals.pattern()
    }

    /// Since when nobody has renewed it, counting only the time in which polls were frequent enough to show every renewal;
    /// it may have been renewed just before. None where nothing is known.
    pub fn unrenewed_since(&self) -> Option<Timestamp> {
        Some(self.last_possible()?.max(self.renewals.watched_since()?))
    }

    /// Time since its last renewal as of the last poll, by its deadline, so that it does not need watching. After a refill it
    /// counts from the refill. None where nothing is known.
    pub fn unrenewed(&self) -> Option<Duration> {
        let known = self.known?;
        Some(known.ttl.saturating_sub(known.track.bounds().latest - known.sent))
    }

    /// From when on it is late compared with its usual interval; none before it has one.
    pub fn late_from(&self) -> Option<Timestamp> {
        Some(self.unrenewed_since()? + self.renewals.late_after()?)
    }

    /// No renewal came later than this, up to the last poll.
    fn last_possible(&self) -> Option<Timestamp> {
        let known = self.known?;
        Some(known.track.bounds().latest.before(known.ttl))
    }

    fn refilled(&mut self) -> Inferred {
        self.refills += 1;
        self.renewals.mark_gap();
        Inferred::Refilled
    }

    fn compare(&mut self, before: Known, now: Known, reported: TimeRange, received: Timestamp) -> Inferred {
        // The deadlines that a renewal since then would have set.
        let possible = TimeRange { earliest: before.since + now.ttl, latest: received + now.ttl };
        let (track, step) = before.track.apply(reported, possible);
        let is_renewed = matches!(step, TrackerStep::Renewed(_)) || step == TrackerStep::Unproven && before.is_renewed;
        self.known = Some(Known { track, is_renewed, ..now });
        match step {
            TrackerStep::Unproven => {
                if track.is_settled() {
                    self.renewals.confirm_no_renewal();
                }
                if is_renewed && track.is_settled() {
                    self.renewals.refine_last(track.bounds().earlier(now.ttl));
                }
                Inferred::Nothing
            }
            TrackerStep::Renewed(deadline) => {
                let (old, at) = (before.track.bounds(), deadline.earlier(now.ttl));
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
            Inferred::Renewed(_) | Inferred::Refilled | Inferred::Contradiction => {
                DeadlineChange::Replaced { before, after }
            }
            _ if before == after => DeadlineChange::Unchanged,
            _ => DeadlineChange::Refined { before, after },
        }
    }
}

impl Known {
    /// Whether the deadline that a renewal from here set stays: it does while replies fit it, and while they may be older.
    fn keeps_fixed_deadline(&mut self, answer: &TimeToLive, reported: TimeRange, sent: Timestamp) -> bool {
        let Some(answered) = self.fixed else { return false };
        let fits = answer.ttl_status() != TtlStatus::Dying && self.track.fits(reported);
        let stays = fits || sent < answered;
        if stays {
            self.track = self.track.narrow_to(reported);
            self.sent = self.sent.max(sent);
        }
        if fits {
            self.term = Some(answer.header.raft_term);
        }
        stays
    }
}

/// Whether a new leader refilled it: the term is another, or at least the granted TTL is left, which a renewal never
/// shows, and the deadline is a new one.
fn is_refill(before: &Known, answer: &TimeToLive, reported: TimeRange) -> bool {
    let is_full = answer.ttl >= answer.granted_ttl && before.track.bounds().intersect(reported).is_none();
    before.term.is_some_and(|term| term != answer.header.raft_term) || is_full
}
