//! One lease that is kept alive: its state machine.
//!
//! ```text
//!            due                  a stream takes it             answered
//! Waiting ----------> Due ------------------------> InFlight -----------> Waiting
//!                      |  ^                            |
//!     deadline passed  |  | alive                      | no answer: the first in its stream
//!                      v  |                            v
//!                     Suspect <------------------------'
//!                      |
//!                      '--> ended: expired, not found, unanswered
//! ```
//!
//! A suspect's time left is asked before anything is sent: renewing a lease that is expired and not removed yet would
//! block every renewal behind it. An adopted lease begins as a suspect, since nothing is known of it.

use std::time::Duration;

use super::Limits;
use crate::{Cadence, Drill, Ended, LeaseId, Pace, Phase, Reading, TimeToLive};
use simkit::Moment;

/// What is to be done with a lease next.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    /// Nothing before that moment.
    Wait(Moment),
    /// Send a renewal as soon as a stream can take it.
    Send,
    /// Send a renewal on the stream for suspects: it may block.
    SendApart,
    /// Ask for its time left.
    Ask,
    /// It is over.
    End(Ended),
}

/// One lease that is kept alive.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) id: LeaseId,
    pub(super) pace: Pace,
    pub(super) phase: Phase,
    /// Seconds, as the server gave it last.
    pub(super) ttl: Option<i64>,
    /// When it expires at the earliest if nothing more is answered; for a lease of which nothing is known, when to
    /// stop waiting for a first answer.
    pub(super) deadline: Moment,
    /// When the timer is set for.
    pub(super) timer: Moment,
    pub(super) due: Moment,
    pub(super) sent: Moment,
    pub(super) last_answer: Option<Moment>,
    pub(super) round_trip: Option<Duration>,
    pub(super) revision: Option<i64>,
    pub(super) cadence: Cadence,
    pub(super) drill: Option<Drill>,
    /// The lane that it was sent on last.
    pub(super) lane: Option<usize>,
}

/// What an answer told: for the subscribers and the events.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Renewal {
    /// Full TTL in seconds.
    pub ttl: i64,
    /// When the answer arrived.
    pub at: Moment,
    /// Since the answer before; none for the first.
    pub interval: Option<Duration>,
    /// From sending to the answer.
    pub round_trip: Duration,
    /// The header's revision.
    pub revision: i64,
}

impl Kept {
    /// A lease of which nothing is known.
    pub(super) fn adopted(id: LeaseId, pace: Pace, now: Moment, limits: &Limits) -> Self {
        Kept {
            id,
            pace,
            phase: Phase::Suspect,
            ttl: None,
            deadline: now + limits.first_answer,
            timer: now,
            due: now,
            sent: now,
            last_answer: None,
            round_trip: None,
            revision: None,
            cadence: Cadence::default(),
            drill: None,
            lane: None,
        }
    }

    /// A lease that was granted `ttl` seconds at `granted` (when the grant was sent), first due at `due`.
    pub(super) fn granted(id: LeaseId, pace: Pace, ttl: i64, granted: Moment, due: Moment) -> Self {
        Kept {
            id,
            pace,
            phase: Phase::Waiting,
            ttl: Some(ttl),
            deadline: granted + seconds(ttl),
            timer: due,
            due,
            sent: granted,
            last_answer: None,
            round_trip: None,
            revision: None,
            cadence: Cadence::default(),
            drill: None,
            lane: None,
        }
    }

    /// Its time has come.
    pub(super) fn due(&mut self, now: Moment) -> Step {
        if now >= self.deadline { Step::Ask } else { Step::Send }
    }

    /// A stream has taken its renewal.
    pub(super) fn sent(&mut self, now: Moment) {
        self.phase = Phase::InFlight;
        self.sent = now;
    }

    /// Its renewal was answered.
    pub(super) fn answered(&mut self, now: Moment, ttl: i64, revision: i64) -> (Step, Option<Renewal>) {
        if ttl <= 0 {
            return (Step::End(self.gone(now)), None);
        }
        let interval = self.last_answer.map(|last| now.since(last));
        let left = self.ttl.map(|_| self.deadline.since(now));
        self.cadence.answered(interval, left);
        self.ttl = Some(ttl);
        self.deadline = self.sent + seconds(ttl);
        self.last_answer = Some(now);
        let round_trip = now.since(self.sent);
        self.round_trip = Some(round_trip);
        self.revision = Some(revision);
        self.due = self.pace.next(self.due, now, seconds(ttl));
        (Step::Wait(self.due), Some(Renewal { ttl, at: now, interval, round_trip, revision }))
    }

    /// Its stream is gone and the answer with it; the fault is not its own.
    pub(super) fn unanswered(&mut self, now: Moment) -> Step {
        self.due(now)
    }

    /// Its time left was asked at `sent` and answered now.
    pub(super) fn probed(&mut self, sent: Moment, now: Moment, answer: &TimeToLive, limits: &Limits) -> Step {
        match answer.reading() {
            Reading::Missing => return Step::End(self.gone(now)),
            Reading::Dying => return Step::End(Ended::Expired),
            Reading::Nonsense => return self.ask_again(now, None, limits),
            Reading::Alive | Reading::AtDeadline => (),
        }
        let known = self.ttl.replace(answer.granted_ttl).is_some();
        if let Some((earliest, latest)) = answer.deadline(sent, now) {
            // What is known already is sharper, if the answer does not contradict it.
            if !known || !(earliest..=latest).contains(&self.deadline) {
                self.deadline = earliest;
            }
        }
        match answer.reading() {
            Reading::AtDeadline => {
                self.deadline = self.deadline.min(now);
                Step::SendApart
            }
            _ => Step::Send,
        }
    }

    /// Its time left could not be asked: again soon, until its TTL has passed without any answer.
    pub(super) fn ask_again(&mut self, now: Moment, trouble: Option<String>, limits: &Limits) -> Step {
        if now >= self.give_up(limits) {
            Step::End(Ended::Unanswered { trouble })
        } else {
            Step::Wait((now + limits.ask_again).min(self.give_up(limits)))
        }
    }

    /// When to stop waiting for any answer.
    pub(super) fn give_up(&self, limits: &Limits) -> Moment {
        if self.ttl.is_some() { self.deadline + limits.grace } else { self.deadline }
    }

    /// The server does not know it: its deadline tells whether it expired or somebody revoked it.
    fn gone(&self, now: Moment) -> Ended {
        if self.ttl.is_some() && now >= self.deadline { Ended::Expired } else { Ended::NotFound }
    }
}

pub(super) fn seconds(ttl: i64) -> Duration {
    Duration::from_secs(u64::try_from(ttl).unwrap_or(0))
}
