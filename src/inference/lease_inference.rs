//! A lease that others renew, known from polls alone.
//!
//! etcd tells nobody of a renewal: it is in no revision and in no watch. A LeaseTimeToLive answer says how many whole
//! seconds are left, so that each poll gives an interval in which the deadline lies, and intervals that do not fit
//! together tell of a renewal between them:
//!
//! ```text
//! poll 1  t=8 of 10   deadline in |-------|
//! poll 2  t=8                         |-------|        both: |---|, known better than from either
//! poll 3  t=9                                        |-------|   nothing in common: renewed, TTL before its deadline
//! ```
//!
//! [`LeaseInference`] takes in the answers in the order of asking, never two in flight, and says what follows. The interval
//! that it shows always holds the truth, whoever renews when: where a renewal may have stayed hidden both possibilities
//! are kept until a poll rules one out. A refill by a leader change or a restart comes with a new raft term and is no
//! renewal. A grant or a renewal of our own says where the deadline lies without a poll ([`LeaseInference::set_known`]).

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

/// What the polls of one lease come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LeaseInference {
    known: Option<Known>,
    renewals: ObservedRenewals,
    refills: u64,
    contradictions: u64,
}

/// What the last answer that told a deadline left behind.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Known {
    ttl: Duration,
    track: DeadlineTracker,
    /// The last question that it answered.
    sent: Timestamp,
    /// What is known holds from here on: a renewal that stayed hidden came later.
    since: Timestamp,
    /// The term of the answer; none where it told none.
    term: Option<u64>,
    dying: bool,
    /// When a renewal of our own was answered, where its deadline comes from that: what was asked for before may be older.
    fixed: Option<Timestamp>,
    /// Whether its deadline comes from the last renewal of others that was seen: who knows it better knows that better.
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
        let reading = answer.ttl_status();
        let Some(heard) = answer.deadline(sent, received).map(TimeRange::new) else {
            return if reading == TtlStatus::Missing { Inferred::Missing } else { Inferred::Invalid };
        };
        if self.known.as_mut().is_some_and(|known| known.keeps_fixed_deadline(answer, heard, sent)) {
            return Inferred::Nothing;
        }
        let now = Known {
            ttl: Duration::from_secs(answer.granted_ttl.unsigned_abs()),
            track: DeadlineTracker::new(heard),
            sent,
            since: sent,
            term: Some(answer.header.raft_term),
            dying: reading == TtlStatus::Dying,
            fixed: None,
            is_renewed: false,
        };
        self.renewals.on_poll(answer, sent);
        let noticed = match self.known.replace(now) {
            Some(before) if is_refill(&before, answer, heard) => self.refilled(),
            Some(before) => self.compare(before, now, heard, received),
            None => Inferred::Nothing,
        };
        match noticed {
            Inferred::Nothing if reading == TtlStatus::Dying => Inferred::Dying,
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

    /// Its deadline is not known any more, and a renewal may have stayed hidden.
    pub fn forget(&mut self) {
        self.known = None;
        self.renewals.mark_gap();
    }

    /// When it was asked for what is known of its deadline, or renewed from here.
    pub fn seen_at(&self) -> Option<Timestamp> {
        self.known.map(|known| known.sent)
    }

    /// Whether it had expired when it was last asked for, and was not removed yet.
    pub fn is_dying(&self) -> bool {
        self.known.is_some_and(|known| known.dying)
    }

    /// Where its deadline lies; none before the first answer that told one.
    pub fn bounds(&self) -> Option<TimeRange> {
        self.known.map(|known| known.track.bounds())
    }

    /// The TTL that was granted.
    pub fn granted_ttl(&self) -> Option<Duration> {
        self.known.map(|known| known.ttl)
    }

    /// The renewals that were seen.
    pub fn renewals(&self) -> &ObservedRenewals {
        &self.renewals
    }

    /// How often it was refilled by an election or a restart.
    pub fn refills(&self) -> u64 {
        self.refills
    }

    /// Answers that fitted nothing that was known.
    pub fn contradictions(&self) -> u64 {
        self.contradictions
    }

    /// How it is renewed.
    pub fn pattern(&self) -> RenewalPattern {
        self.renewals.pattern()
    }

    /// Since when nobody has renewed it, as far as somebody could watch: it may have been renewed just before, and what
    /// came before polls were close enough to see any renewal is not counted. None where nothing is known.
    pub fn unrenewed_since(&self) -> Option<Timestamp> {
        Some(self.last_possible()?.max(self.renewals.watched_since()?))
    }

    /// For how long nobody had renewed it when it was last asked: its deadline tells, whoever watched. None where nothing is
    /// known; after a refill that is counted from there.
    pub fn unrenewed(&self) -> Option<Duration> {
        let known = self.known?;
        Some(known.ttl.saturating_sub(known.track.bounds().latest - known.sent))
    }

    /// When its own habit says that it should have been renewed; none before there is one.
    pub fn late_from(&self) -> Option<Timestamp> {
        Some(self.unrenewed_since()? + self.renewals.late_after()?)
    }

    /// No renewal of others came later than this, up to the last poll.
    fn last_possible(&self) -> Option<Timestamp> {
        let known = self.known?;
        Some(known.track.bounds().latest.before(known.ttl))
    }

    fn refilled(&mut self) -> Inferred {
        self.refills += 1;
        self.renewals.mark_gap();
        Inferred::Refilled
    }

    fn compare(&mut self, before: Known, now: Known, heard: TimeRange, received: Timestamp) -> Inferred {
        // A renewal since then would have put the deadline here.
        let possible = TimeRange { earliest: before.since + now.ttl, latest: received + now.ttl };
        let (track, step) = before.track.apply(heard, possible);
        let is_renewed = matches!(step, TrackerStep::Renewed(_)) || step == TrackerStep::Onward && before.is_renewed;
        self.known = Some(Known { track, is_renewed, ..now });
        match step {
            TrackerStep::Onward => {
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
    /// Whether a deadline that our own renewal fixed stays: it does while the answers fit it, and where they may be older.
    fn keeps_fixed_deadline(&mut self, answer: &TimeToLive, heard: TimeRange, sent: Timestamp) -> bool {
        let Some(answered) = self.fixed else { return false };
        let fits = answer.ttl_status() != TtlStatus::Dying && self.track.fits(heard);
        let stays = fits || sent < answered;
        if stays {
            self.track = self.track.narrow_to(heard);
            self.sent = self.sent.max(sent);
        }
        if fits {
            self.term = Some(answer.header.raft_term);
        }
        stays
    }
}

/// Whether it got its time from a new leader: the term is another, or no less is left than was granted, which no
/// renewal leaves behind, and that is news.
fn is_refill(before: &Known, answer: &TimeToLive, heard: TimeRange) -> bool {
    let is_full = answer.ttl >= answer.granted_ttl && before.track.bounds().intersect(heard).is_none();
    before.term.is_some_and(|term| term != answer.header.raft_term) || is_full
}
