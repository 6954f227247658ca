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
//! [`Observed`] takes in the answers in the order of asking, never two in flight, and says what follows. The interval
//! that it shows always holds the truth, whoever renews when: where a renewal may have stayed hidden both possibilities
//! are kept until a poll rules one out. A refill by a leader change or a restart comes with a new raft term and is no
//! renewal. A grant or a renewal of our own says where the deadline lies without a poll ([`Observed::fix`]).

mod death;
mod habit;
mod key_fate;
mod plan;
mod renewers;
#[cfg(test)]
mod tests;
mod track;

pub use death::{Backlog, Cause, Kind, Lag, Removal};
pub use habit::{Habit, Measured, Renewal, Renewals, Rhythm, Sureness};
pub use key_fate::KeyFate;

use std::time::Duration;

use etcd_lease::{Reading, TimeToLive};
use simkit::Moment;

use super::Bounds;
use track::{Step, Track};

/// What an answer showed that was not known before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Noticed {
    /// Nothing new, but perhaps a deadline known better.
    Nothing,
    /// It was renewed.
    Renewed(Renewal),
    /// It has its full TTL again because of an election or a restart, or even more than that.
    Refilled,
    /// It has expired, and is not removed yet.
    Dying,
    /// The server does not know it (any more).
    Missing,
    /// A demoted leader's answer, which says nothing.
    Nonsense,
    /// It does not fit what was known, and no renewal explains it: a server that was stopped, a clock that was set.
    Contradiction,
}

/// What the polls of one lease come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    known: Option<Known>,
    renewals: Renewals,
    refills: u64,
    contradictions: u64,
}

/// What the last answer that told a deadline left behind.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Known {
    ttl: Duration,
    track: Track,
    /// The last question that it answered.
    sent: Moment,
    /// What is known holds from here on: a renewal that stayed hidden came later.
    since: Moment,
    /// The term of the answer; none where it told none.
    term: Option<u64>,
    dying: bool,
    /// When a renewal of our own was answered, where its deadline comes from that: what was asked for before may be older.
    fixed: Option<Moment>,
    /// Whether its deadline comes from the last renewal of others that was seen: who knows it better knows that better.
    is_renewed: bool,
}

impl Observed {
    /// Takes in an answer: sent and received when, in the order of asking.
    pub fn hear(&mut self, answer: &TimeToLive, sent: Moment, received: Moment) -> Noticed {
        let reading = answer.reading();
        let Some(heard) = answer.deadline(sent, received).map(Bounds::new) else {
            return if reading == Reading::Missing { Noticed::Missing } else { Noticed::Nonsense };
        };
        if self.known.as_mut().is_some_and(|known| known.stays(answer, heard, sent)) {
            return Noticed::Nothing;
        }
        let now = Known {
            ttl: Duration::from_secs(answer.granted_ttl.unsigned_abs()),
            track: Track::new(heard),
            sent,
            since: sent,
            term: Some(answer.header.raft_term),
            dying: reading == Reading::Dying,
            fixed: None,
            is_renewed: false,
        };
        self.renewals.polled(answer, sent);
        let noticed = match self.known.replace(now) {
            Some(before) if is_refill(&before, answer, heard) => self.refilled(),
            Some(before) => self.compare(before, now, heard, received),
            None => Noticed::Nothing,
        };
        match noticed {
            Noticed::Nothing if reading == Reading::Dying => Noticed::Dying,
            other => other,
        }
    }

    /// It was granted or renewed from here: the deadline lies in these bounds, a TTL after the sending and the answer.
    pub fn fix(&mut self, deadline: Bounds, ttl: Duration) {
        let Bounds { earliest: sent, latest: answered } = deadline.earlier(ttl);
        let term = self.known.and_then(|known| known.term);
        self.known = Some(Known {
            ttl,
            track: Track::new(deadline),
            sent,
            since: sent,
            term,
            dying: false,
            fixed: Some(answered),
            is_renewed: false,
        });
    }

    /// Its deadline is not known any more, and a renewal may have stayed hidden.
    pub fn forget(&mut self) {
        self.known = None;
        self.renewals.interrupted();
    }

    /// When it was asked for what is known of its deadline, or renewed from here.
    pub fn seen_at(&self) -> Option<Moment> {
        self.known.map(|known| known.sent)
    }

    /// Whether it had expired when it was last asked for, and was not removed yet.
    pub fn is_dying(&self) -> bool {
        self.known.is_some_and(|known| known.dying)
    }

    /// Where its deadline lies; none before the first answer that told one.
    pub fn bounds(&self) -> Option<Bounds> {
        self.known.map(|known| known.track.bounds())
    }

    /// The TTL that was granted.
    pub fn granted_ttl(&self) -> Option<Duration> {
        self.known.map(|known| known.ttl)
    }

    /// The renewals that were seen.
    pub fn renewals(&self) -> &Renewals {
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
    pub fn habit(&self) -> Habit {
        self.renewals.habit()
    }

    /// Since when nobody has renewed it, as far as somebody could watch: it may have been renewed just before, and what
    /// came before polls were close enough to see any renewal is not counted. None where nothing is known.
    pub fn unrenewed_since(&self) -> Option<Moment> {
        Some(self.last_possible()?.max(self.renewals.watched_since()?))
    }

    /// For how long nobody had renewed it when it was last asked: its deadline tells, whoever watched. None where nothing is
    /// known; after a refill that is counted from there.
    pub fn unrenewed(&self) -> Option<Duration> {
        let known = self.known?;
        Some(known.ttl.saturating_sub(known.track.bounds().latest - known.sent))
    }

    /// When its own habit says that it should have been renewed; none before there is one.
    pub fn late_from(&self) -> Option<Moment> {
        Some(self.unrenewed_since()? + self.renewals.patience()?)
    }

    /// No renewal of others came later than this, up to the last poll.
    fn last_possible(&self) -> Option<Moment> {
        let known = self.known?;
        Some(known.track.bounds().latest.before(known.ttl))
    }

    fn refilled(&mut self) -> Noticed {
        self.refills += 1;
        self.renewals.interrupted();
        Noticed::Refilled
    }

    fn compare(&mut self, before: Known, now: Known, heard: Bounds, received: Moment) -> Noticed {
        // A renewal since then would have put the deadline here.
        let possible = Bounds { earliest: before.since + now.ttl, latest: received + now.ttl };
        let (track, step) = before.track.hear(heard, possible);
        let is_renewed = matches!(step, Step::Renewed(_)) || step == Step::Onward && before.is_renewed;
        self.known = Some(Known { track, is_renewed, ..now });
        match step {
            Step::Onward => {
                if track.is_settled() {
                    self.renewals.was_quiet();
                }
                if is_renewed && track.is_settled() {
                    self.renewals.last_was(track.bounds().earlier(now.ttl));
                }
                Noticed::Nothing
            }
            Step::Renewed(deadline) => {
                let (old, at) = (before.track.bounds(), deadline.earlier(now.ttl));
                let left = Measured { about: old.middle() - at.middle(), doubt: old.doubt() + at.doubt() };
                Noticed::Renewed(self.renewals.renewed(at, left))
            }
            Step::Contradiction => {
                self.contradictions += 1;
                self.renewals.interrupted();
                Noticed::Contradiction
            }
        }
    }
}

impl Known {
    /// Whether a deadline that our own renewal fixed stays: it does while the answers fit it, and where they may be older.
    fn stays(&mut self, answer: &TimeToLive, heard: Bounds, sent: Moment) -> bool {
        let Some(answered) = self.fixed else { return false };
        let fits = answer.reading() != Reading::Dying && self.track.fits(heard);
        let stays = fits || sent < answered;
        if stays {
            self.track = self.track.narrowed(heard);
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
fn is_refill(before: &Known, answer: &TimeToLive, heard: Bounds) -> bool {
    let is_full = answer.ttl >= answer.granted_ttl && before.track.bounds().narrowed(heard).is_none();
    before.term.is_some_and(|term| term != answer.header.raft_term) || is_full
}
