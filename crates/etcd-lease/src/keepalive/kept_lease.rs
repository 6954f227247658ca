//! The record of one lease that is kept alive, and its state machine.
//!
//! ```text
//!            due                  sent on a stream              reply
//! Waiting ----------> Due ------------------------> InFlight -----------> Waiting
//!                      |  ^                            |
//!     deadline passed  |  | alive                      | no reply, and first in its stream
//!                      v  |                            v
//!                     Suspect <------------------------'
//!                      |
//!                      '--> ended: expired, not found, unanswered
//! ```
//!
//! The time left of a suspect is read before another renewal is sent, because renewing a lease that has expired and is
//! not removed yet blocks every renewal behind it. An adopted lease starts as a suspect, because its state is unknown.

use std::hint::black_box;
use std::time::Duration;

use super::io::{AnsweredRenewal, Timeouts};
use super::renewal_stats::RenewalStats;
use super::timers::{NO_TIMER, Place};
use crate::wire::{CallError, ErrorCause};
use crate::{Ended, Fault, LeaseId, LeaseStatus, Phase, RenewalSchedule, TimeToLive, TtlStatus};
use simkit::Timestamp;

/// What to do with a lease next.
#[derive(Debug, PartialEq)]
pub(super) enum NextStep {
    /// Do nothing before this time.
    Wait(Timestamp),
    /// Send a renewal as soon as a stream can accept it.
    Send,
    /// Send a renewal on the stream for suspects, because it may block.
    SendAsSuspect,
    /// Read its time left.
    QueryTtl,
    /// End the keepalive.
    End(Ended),
}

/// One lease that is kept alive. It is the only record of its renewals and of its deadline; a [`LeaseStatus`] is a
/// snapshot of it. There may be a million of them, so it is small.
///
/// Reading a record from memory is most of the work of a renewal among a million. What is needed until the reply comes
/// first, so that it is in one or two cache lines.
#[derive(Clone, Debug)]
#[repr(C)]
pub(super) struct KeptLease {
    pub(super) id: LeaseId,
    /// The TTL in seconds that etcd returned last; 0 before that.
    known_ttl: i64,
    /// The earliest time at which it expires without another renewal. Before the first reply about an adopted lease it is
    /// the time at which to stop waiting for that reply.
    pub(super) deadline: Timestamp,
    /// The time of its timer, if it is set.
    pub(super) timer: Timestamp,
    pub(super) due: Timestamp,
    pub(super) sent: Timestamp,
    /// Its place among the timers of the same time.
    pub(super) place: Place,
    pub(super) pace: RenewalSchedule,
    pub(super) phase: Phase,
    /// The lane of its last renewal; [`NO_LANE`] before that.
    lane: u8,
    /// Whether its status changed since the last turn.
    pub(super) is_changed: bool,
    /// The drill that runs on it.
    pub(super) drill: Option<Box<Fault>>,
    /// The last reply to a renewal: its time, its round trip and its revision.
    last_answer: Option<Timestamp>,
    round_trip: Option<Timestamp>,
    revision: i64,
    stats: RenewalStats,
    /// The number of replies with a TTL above 0.
    answers: u32,
    /// Whether it was first in a stream that did not reply in time, since its last reply.
    pub(super) is_stuck: bool,
    /// Whether etcd was asked about it. An adopted lease waits for its turn first.
    is_asked: bool,
    /// Whether it waits for its turn to be asked about.
    pub(super) is_queued: bool,
    /// Whether somebody else granted it.
    is_adopted: bool,
}

const NO_LANE: u8 = u8::MAX;

impl KeptLease {
    /// Creates the record of a lease of which only the id is known. `deadline` is for the reply to its first query.
    pub(super) fn adopted(id: LeaseId, pace: RenewalSchedule, now: Timestamp, deadline: Timestamp) -> Self {
        KeptLease {
            id,
            known_ttl: 0,
            deadline,
            timer: now,
            due: now,
            sent: now,
            last_answer: None,
            round_trip: None,
            revision: 0,
            stats: RenewalStats::default(),
            answers: 0,
            place: NO_TIMER,
            pace,
            phase: Phase::Suspect,
            lane: NO_LANE,
            is_stuck: false,
            is_asked: false,
            is_queued: false,
            is_adopted: true,
            is_changed: false,
            drill: None,
        }
    }

    /// Creates the record of a lease of `ttl` seconds whose grant was sent at `granted`, first due at `due`.
    pub(super) fn granted(id: LeaseId, pace: RenewalSchedule, ttl: i64, granted: Timestamp, due: Timestamp) -> Self {
        KeptLease {
            known_ttl: ttl,
            phase: Phase::Waiting,
            timer: due,
            due,
            is_adopted: false,
            ..KeptLease::adopted(id, pace, granted, granted + seconds(ttl))
        }
    }

    /// Reads fields at the start, in the middle and at the end, so that the processor has the whole record.
    pub(super) fn read(&self) {
        black_box((self.id, self.is_changed, self.answers));
    }

    /// The TTL in seconds that etcd returned last; `None` before that.
    pub(super) fn ttl(&self) -> Option<i64> {
        if self.known_ttl > 0 { Some(self.known_ttl) } else { None }
    }

    /// The lane of its last renewal; `None` before that.
    pub(super) fn lane(&self) -> Option<usize> {
        if self.lane == NO_LANE { None } else { Some(usize::from(self.lane)) }
    }

    /// The step when it is due.
    pub(super) fn step_when_due(&self, now: Timestamp) -> NextStep {
        if now >= self.deadline { NextStep::QueryTtl } else { NextStep::Send }
    }

    /// Notes that its renewal was sent on a lane.
    pub(super) fn on_sent(&mut self, now: Timestamp, lane: usize) {
        self.phase = Phase::InFlight;
        self.sent = now;
        self.lane = u8::try_from(lane).unwrap_or(NO_LANE);
    }

    /// Handles the reply to a renewal that was sent at `sent`, and perhaps again later. Returns the next step, and the
    /// answered renewal if the lease exists.
    pub(super) fn on_renewal_reply(
        &mut self,
        sent: Timestamp,
        now: Timestamp,
        ttl: i64,
        revision: i64,
    ) -> (NextStep, Option<AnsweredRenewal>) {
        if ttl <= 0 {
            // The reply to an older renewal may be about an earlier lease with this id.
            let is_about_this = sent == self.sent;
            return (if is_about_this { NextStep::End(self.end_reason(now)) } else { NextStep::QueryTtl }, None);
        }
        let interval = self.last_answer.map(|last| now.since(last));
        let left = self.ttl().map(|_| self.deadline.since(now));
        // How long another client let an adopted lease run down says nothing about the renewals here.
        let is_first_of_adopted = self.answers == 0 && self.is_adopted;
        self.stats.record(interval, left.filter(|_| !is_first_of_adopted));
        self.answers = self.answers.saturating_add(1);
        // The reply settles what a TTL query was to find out.
        self.phase = Phase::Waiting;
        let is_newest = sent == self.sent || self.ttl().is_none();
        self.known_ttl = ttl;
        let deadline = sent + seconds(ttl);
        self.deadline = if is_newest { deadline } else { deadline.max(self.deadline) };
        self.last_answer = Some(now);
        self.is_stuck = false;
        let round_trip = now.since(sent);
        self.round_trip = Some(Timestamp::at(round_trip));
        self.revision = revision;
        // etcd may have renewed it as early as it was sent. After a late reply, a third of the TTL must still be left.
        let latest = sent + seconds(ttl) * 2 / 3;
        self.due = self.pace.next(self.due, now, seconds(ttl)).min(latest.max(now));
        (NextStep::Wait(self.due), Some(AnsweredRenewal { ttl, at: now, interval, left, round_trip, revision }))
    }

    /// Notes that its time left is asked for. Returns until when to wait for the reply.
    pub(super) fn on_asked(&mut self, now: Timestamp, timeouts: &Timeouts) -> Timestamp {
        if !std::mem::replace(&mut self.is_asked, true) && self.ttl().is_none() {
            self.deadline = now + timeouts.first_answer;
        }
        self.give_up_at(timeouts).max(now + timeouts.grace)
    }

    /// Handles the reply to a TTL query that was sent at `sent`. Returns the next step.
    pub(super) fn on_ttl_reply(
        &mut self,
        sent: Timestamp,
        now: Timestamp,
        answer: &TimeToLive,
        timeouts: &Timeouts,
    ) -> NextStep {
        match answer.ttl_status() {
            TtlStatus::Missing => NextStep::End(self.end_reason(now)),
            TtlStatus::Dying => NextStep::End(Ended::Expired),
            TtlStatus::Invalid => self.on_failed_query(now, &invalid_time_left(), timeouts),
            TtlStatus::Alive => {
                self.record_time_left(sent, now, answer);
                NextStep::Send
            }
            TtlStatus::AtDeadline => {
                self.record_time_left(sent, now, answer);
                self.deadline = self.deadline.min(now);
                NextStep::SendAsSuspect
            }
        }
    }

    /// Records the granted TTL and the deadline of a lease that exists, from the reply to a TTL query sent at `sent`.
    fn record_time_left(&mut self, sent: Timestamp, now: Timestamp, answer: &TimeToLive) {
        let is_known = self.ttl().is_some();
        self.known_ttl = answer.granted_ttl;
        if let Some((earliest, latest)) = answer.deadline(sent, now) {
            // The known deadline is more precise, unless the reply contradicts it.
            if !is_known || !(earliest..=latest).contains(&self.deadline) {
                self.deadline = earliest;
            }
        }
    }

    /// Handles a failed TTL query: it is repeated until the TTL has passed without a reply. A refusal is final for a
    /// lease that etcd has never answered about.
    pub(super) fn on_failed_query(&self, now: Timestamp, error: &CallError, timeouts: &Timeouts) -> NextStep {
        let is_refused = self.ttl().is_none() && error.is_refusal();
        let retry = if is_refused { None } else { self.retry_query(now, timeouts) };
        retry.unwrap_or_else(|| self.end_unanswered(Some(error.to_string()), Some(error)))
    }

    /// The pause before a TTL query is repeated; `None` once the TTL has passed without a reply.
    fn retry_query(&self, now: Timestamp, timeouts: &Timeouts) -> Option<NextStep> {
        let end = self.give_up_at(timeouts);
        if now >= end { None } else { Some(NextStep::Wait((now + timeouts.query_retry_interval).min(end))) }
    }

    /// The step that ends a keepalive without a usable reply. A lease of unknown TTL has no deadline that can have passed, so
    /// its keepalive has not started. `error` is why its time left could not be read, and `trouble` the last error of any
    /// stream or query.
    pub(super) fn end_unanswered(&self, trouble: Option<String>, error: Option<&CallError>) -> NextStep {
        if self.ttl().is_some() {
            return NextStep::End(Ended::Unanswered { trouble });
        }
        let unanswered = |trouble| CallError::new(ErrorCause::NoReply, "", "", trouble);
        let error = error.cloned().or_else(|| trouble.map(unanswered));
        NextStep::End(Ended::NotStarted { error: error.map(Box::new) })
    }

    /// When to stop waiting for any reply.
    pub(super) fn give_up_at(&self, timeouts: &Timeouts) -> Timestamp {
        if self.ttl().is_some() { self.deadline + timeouts.grace } else { self.deadline }
    }

    /// Updates the status of this lease, except its queue.
    pub(super) fn write(&self, status: &mut LeaseStatus) {
        let ttl = self.ttl();
        if status.granted_ttl != ttl {
            status.granted_ttl = ttl;
            status.expected = ttl.map(|ttl| self.pace.expected(seconds(ttl)));
        }
        status.phase = self.phase;
        status.deadline = ttl.map(|_| self.deadline);
        status.next_due = if self.phase == Phase::Waiting { Some(self.due) } else { None };
        status.drill = self.drill.as_deref().copied();
        if status.cadence.answers != u64::from(self.answers) {
            status.last_answer = self.last_answer;
            status.cadence = self.stats.cadence(self.answers);
            status.round_trip = self.round_trip.map(Timestamp::since_start);
            status.revision = Some(self.revision);
        }
    }

    /// Whether a reply to a TTL query that was sent at `sent` can be about this lease. After an election, it may show a later
    /// deadline than the known one. Nothing contradicts an older reply, or a lease of which nothing is known.
    pub(super) fn agrees_with(&self, answer: &TimeToLive, sent: Timestamp, now: Timestamp) -> bool {
        let Some(ttl) = self.ttl() else { return true };
        let is_older = self.last_answer.is_some_and(|at| at >= sent);
        let is_in_time = answer.deadline(sent, now).is_some_and(|(_, latest)| self.deadline <= latest);
        is_older || ttl == answer.granted_ttl && is_in_time
    }

    /// Why the lease does not exist in etcd: the deadline decides whether it expired or was revoked.
    pub(super) fn end_reason(&self, now: Timestamp) -> Ended {
        if self.ttl().is_some() && now >= self.deadline { Ended::Expired } else { Ended::NotFound }
    }
}

/// The error of a TTL query whose reply is [`TtlStatus::Invalid`].
pub(super) fn invalid_time_left() -> CallError {
    CallError::new(ErrorCause::Other, "", "", "got a time left that etcd cannot grant")
}

pub(super) fn seconds(ttl: i64) -> Duration {
    Duration::from_secs(u64::try_from(ttl).unwrap_or(0))
}
