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

use super::Timeouts;
use crate::{Cadence, Ended, Fault, LeaseId, LeaseStatus, Phase, RenewalSchedule, TimeToLive, TtlStatus};
use simkit::Timestamp;

/// What is to be done with a lease next.
#[derive(Debug, PartialEq)]
pub(super) enum NextStep {
    /// Nothing before that moment.
    Wait(Timestamp),
    /// Send a renewal as soon as a stream can take it.
    Send,
    /// Send a renewal on the stream for suspects: it may block.
    SendAsSuspect,
    /// Ask for its time left.
    QueryTtl,
    /// It is over.
    End(Ended),
}

/// One lease that is kept alive.
#[derive(Clone, Debug)]
pub(super) struct KeptLease {
    pub(super) id: LeaseId,
    pub(super) pace: RenewalSchedule,
    pub(super) phase: Phase,
    /// Seconds, as the server gave it last.
    pub(super) ttl: Option<i64>,
    /// When it expires at the earliest if nothing more is answered; for a lease of which nothing is known, when to
    /// stop waiting for a first answer.
    pub(super) deadline: Timestamp,
    /// When the timer is set for.
    pub(super) timer: Timestamp,
    pub(super) due: Timestamp,
    pub(super) sent: Timestamp,
    pub(super) last_answer: Option<Timestamp>,
    pub(super) round_trip: Option<Duration>,
    pub(super) revision: Option<i64>,
    pub(super) cadence: Cadence,
    pub(super) drill: Option<Fault>,
    /// The lane that it was sent on last.
    pub(super) lane: Option<usize>,
    /// Whether its status changed since the last turn.
    pub(super) is_changed: bool,
}

/// What an answer told: for the subscribers and the events.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AnsweredRenewal {
    /// Full TTL in seconds.
    pub ttl: i64,
    /// When the answer arrived.
    pub at: Timestamp,
    /// Since the answer before; none for the first.
    pub interval: Option<Duration>,
    /// Time left when the answer arrived, by the deadline known until then; `None` where none was known.
    pub left: Option<Duration>,
    /// From sending to the answer.
    pub round_trip: Duration,
    /// The header's revision.
    pub revision: i64,
}

impl KeptLease {
    /// A lease of which nothing is known.
    pub(super) fn adopted(id: LeaseId, pace: RenewalSchedule, now: Timestamp, timeouts: &Timeouts) -> Self {
        KeptLease {
            id,
            pace,
            phase: Phase::Suspect,
            ttl: None,
            deadline: now + timeouts.first_answer,
            timer: now,
            due: now,
            sent: now,
            last_answer: None,
            round_trip: None,
            revision: None,
            cadence: Cadence::default(),
            drill: None,
            lane: None,
            is_changed: false,
        }
    }

    /// A lease that was granted `ttl` seconds at `granted` (when the grant was sent), first due at `due`.
    pub(super) fn granted(id: LeaseId, pace: RenewalSchedule, ttl: i64, granted: Timestamp, due: Timestamp) -> Self {
        KeptLease {
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
            is_changed: false,
        }
    }

    /// Its time has come.
    pub(super) fn due(&mut self, now: Timestamp) -> NextStep {
        if now >= self.deadline { NextStep::QueryTtl } else { NextStep::Send }
    }

    /// A stream has taken its renewal.
    pub(super) fn sent(&mut self, now: Timestamp) {
        self.phase = Phase::InFlight;
        self.sent = now;
    }

    /// Its renewal was answered.
    pub(super) fn on_renewal_reply(
        &mut self,
        now: Timestamp,
        ttl: i64,
        revision: i64,
    ) -> (NextStep, Option<AnsweredRenewal>) {
        if ttl <= 0 {
            return (NextStep::End(self.end_reason(now)), None);
        }
        let interval = self.last_answer.map(|last| now.since(last));
        let left = self.ttl.map(|_| self.deadline.since(now));
        self.cadence.record(interval, left);
        self.ttl = Some(ttl);
        self.deadline = self.sent + seconds(ttl);
        self.last_answer = Some(now);
        let round_trip = now.since(self.sent);
        self.round_trip = Some(round_trip);
        self.revision = Some(revision);
        self.due = self.pace.next(self.due, now, seconds(ttl));
        (NextStep::Wait(self.due), Some(AnsweredRenewal { ttl, at: now, interval, left, round_trip, revision }))
    }

    /// Its stream is gone and the answer with it; the fault is not its own.
    pub(super) fn on_stream_lost(&mut self, now: Timestamp) -> NextStep {
        self.due(now)
    }

    /// Its time left was asked at `sent` and answered now.
    pub(super) fn on_ttl_reply(
        &mut self,
        sent: Timestamp,
        now: Timestamp,
        answer: &TimeToLive,
        timeouts: &Timeouts,
    ) -> NextStep {
        match answer.ttl_status() {
            TtlStatus::Missing => return NextStep::End(self.end_reason(now)),
            TtlStatus::Dying => return NextStep::End(Ended::Expired),
            TtlStatus::Invalid => return self.retry_query(now, None, timeouts),
            TtlStatus::Alive | TtlStatus::AtDeadline => (),
        }
        let known = self.ttl.replace(answer.granted_ttl).is_some();
        if let Some((earliest, latest)) = answer.deadline(sent, now) {
            // What is known already is sharper, if the answer does not contradict it.
            if !known || !(earliest..=latest).contains(&self.deadline) {
                self.deadline = earliest;
            }
        }
        match answer.ttl_status() {
            TtlStatus::AtDeadline => {
                self.deadline = self.deadline.min(now);
                NextStep::SendAsSuspect
            }
            _ => NextStep::Send,
        }
    }

    /// Its time left could not be asked: again soon, until its TTL has passed without any answer.
    pub(super) fn retry_query(&mut self, now: Timestamp, trouble: Option<String>, timeouts: &Timeouts) -> NextStep {
        if now >= self.give_up(timeouts) {
            NextStep::End(Ended::Unanswered { trouble })
        } else {
            NextStep::Wait((now + timeouts.query_retry_interval).min(self.give_up(timeouts)))
        }
    }

    /// When to stop waiting for any answer.
    pub(super) fn give_up(&self, timeouts: &Timeouts) -> Timestamp {
        if self.ttl.is_some() { self.deadline + timeouts.grace } else { self.deadline }
    }

    /// Writes what its status says of it.
    pub(super) fn write(&self, status: &mut LeaseStatus) {
        if status.granted_ttl != self.ttl {
            status.granted_ttl = self.ttl;
            status.expected = self.ttl.map(|ttl| self.pace.expected(seconds(ttl)));
        }
        status.phase = self.phase;
        status.deadline = self.ttl.map(|_| self.deadline);
        status.next_due = if self.phase == Phase::Waiting { Some(self.due) } else { None };
        status.drill = self.drill;
        if status.cadence.answers != self.cadence.answers {
            status.last_answer = self.last_answer;
            status.cadence = self.cadence;
            status.round_trip = self.round_trip;
            status.revision = self.revision;
        }
    }

    /// The server does not know it: its deadline tells whether it expired or somebody revoked it.
    fn end_reason(&self, now: Timestamp) -> Ended {
        if self.ttl.is_some() && now >= self.deadline { Ended::Expired } else { Ended::NotFound }
    }
}

pub(super) fn seconds(ttl: i64) -> Duration {
    Duration::from_secs(u64::try_from(ttl).unwrap_or(0))
}
