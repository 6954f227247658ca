//! The conditions of `leasetop wait`, and when replies show that one is met.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use etcd_lease::{TimeToLive, TtlStatus};
use simkit::Timestamp;

use crate::inference::TimeRange;

/// The poll interval while no better moment is known.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

mod count;

pub use count::CountCondition;

/// What to wait for: of one lease, or of all.
#[derive(Clone, Debug, PartialEq)]
pub enum WaitTarget {
    /// A condition of one lease.
    Lease(WaitCondition),
    /// A condition of all leases.
    Leases(CountCondition),
}

/// A text that is not a condition, with the reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadWaitTarget(String);

impl FromStr for WaitTarget {
    type Err = BadWaitTarget;

    fn from_str(text: &str) -> Result<Self, BadWaitTarget> {
        if let Some(condition) = CountCondition::parse(text) {
            return condition.map(WaitTarget::Leases).map_err(BadWaitTarget);
        }
        let condition = text.parse().map(WaitTarget::Lease);
        let or_of_all = "; or of all leases: count(FILTER)>=3, any(FILTER), none(FILTER)";
        condition.map_err(|error: UnknownWaitCondition| BadWaitTarget(format!("{error}{or_of_all}")))
    }
}

/// What to wait for on one lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitCondition {
    /// The lease has ended.
    Gone,
    /// The lease is renewed.
    Renewed,
    /// Less than this is left.
    LeftBelow(Duration),
}

/// A text that is not a wait condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected gone, renewed, or left< with a duration: left<5s, left<500ms, left<2m")]
pub struct UnknownWaitCondition;

impl FromStr for WaitCondition {
    type Err = UnknownWaitCondition;

    fn from_str(text: &str) -> Result<Self, UnknownWaitCondition> {
        match text {
            "gone" => Ok(WaitCondition::Gone),
            "renewed" => Ok(WaitCondition::Renewed),
            text => {
                let seconds =
                    text.strip_prefix("left<").and_then(super::filter::seconds).ok_or(UnknownWaitCondition)?;
                Duration::try_from_secs_f64(seconds).map(WaitCondition::LeftBelow).map_err(|_| UnknownWaitCondition)
            }
        }
    }
}

impl fmt::Display for WaitCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WaitCondition::Gone => f.write_str("gone"),
            WaitCondition::Renewed => f.write_str("renewed"),
            WaitCondition::LeftBelow(left) => write!(f, "left<{}s", left.as_secs_f64()),
        }
    }
}

/// What a reply showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitStatus {
    /// The condition is met.
    Happened,
    /// The lease has ended, so the condition cannot be met any more.
    TooLate,
    /// Not yet; query again at this moment.
    NotYet(Timestamp),
}

/// Waits for a condition of one lease; takes TTL replies in order.
#[derive(Clone, Copy, Debug)]
pub struct Wait {
    condition: WaitCondition,
    /// The range of its deadline by all replies since the last observed renewal.
    bounds: Option<TimeRange>,
    /// Whether any reply showed that the lease exists.
    was_there: bool,
}

impl Wait {
    /// Starts without any reply.
    pub fn new(condition: WaitCondition) -> Self {
        Wait { condition, bounds: None, was_there: false }
    }

    /// Whether the lease has existed at any time since waiting began.
    pub fn was_there(&self) -> bool {
        self.was_there
    }

    /// The range of the deadline; `None` before the first reply with one.
    pub fn bounds(&self) -> Option<TimeRange> {
        self.bounds
    }

    /// Applies a reply to a query that was sent at `sent`. `is_renewed` is whether it shows a renewal.
    pub fn on_reply(
        &mut self,
        answer: &TimeToLive,
        is_renewed: bool,
        (sent, received): (Timestamp, Timestamp),
    ) -> WaitStatus {
        if answer.ttl_status() == TtlStatus::Missing {
            return self.on_missing(received);
        }
        self.was_there = true;
        let reported = answer.deadline(sent, received).map(TimeRange::new);
        let narrowed = self.bounds.zip(reported).map(|(known, reported)| known.intersect(reported));
        self.bounds = narrowed.flatten().or(reported).or(self.bounds);
        match self.condition {
            WaitCondition::Renewed if is_renewed => WaitStatus::Happened,
            WaitCondition::LeftBelow(left) => self.left_below(left, received),
            WaitCondition::Gone | WaitCondition::Renewed => WaitStatus::NotYet(self.next_poll(received)),
        }
    }

    /// The time of the next query: after the usual interval, or just before the earliest deadline. A lease that exists then
    /// and is gone afterwards has expired.
    fn next_poll(self, now: Timestamp) -> Timestamp {
        const BRINK: Duration = Duration::from_millis(5);
        let regular = now + POLL_INTERVAL;
        let brink = self.bounds.map_or(regular, |bounds| bounds.earliest.before(BRINK));
        if brink > now { regular.min(brink) } else { regular }
    }

    /// Applies a reply that the lease does not exist. If it may have expired, less than any time was left before; otherwise
    /// it was revoked.
    fn on_missing(self, received: Timestamp) -> WaitStatus {
        let may_have_expired = self.bounds.is_some_and(|bounds| bounds.earliest <= received);
        match self.condition {
            WaitCondition::Gone => WaitStatus::Happened,
            WaitCondition::LeftBelow(_) if may_have_expired => WaitStatus::Happened,
            WaitCondition::LeftBelow(_) | WaitCondition::Renewed => WaitStatus::TooLate,
        }
    }

    /// Checks whether less than `left` is certainly left. If not, returns when to query again.
    fn left_below(self, left: Duration, now: Timestamp) -> WaitStatus {
        let Some(bounds) = self.bounds else { return WaitStatus::NotYet(now + POLL_INTERVAL) };
        if bounds.latest < now + left {
            return WaitStatus::Happened;
        }
        // Exactly `left` is not less, so the query comes a little later.
        let certain_at = bounds.latest.before(left) + Duration::from_millis(1);
        WaitStatus::NotYet(certain_at.min(now + POLL_INTERVAL))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use etcd_lease::{Header, LeaseId};

    fn at(seconds: f64) -> Timestamp {
        Timestamp::at(Duration::from_secs_f64(seconds))
    }

    fn reply(wait: &mut Wait, ttl: i64, now: f64) -> WaitStatus {
        let granted_ttl = if ttl == i64::MIN { 0 } else { 10 };
        let answer = TimeToLive { id: LeaseId(1), ttl, granted_ttl, keys: Vec::new(), header: Header::default() };
        wait.on_reply(&answer, false, (at(now), at(now)))
    }

    const MISSING: i64 = i64::MIN;

    #[test]
    fn conditions_are_parsed_and_printed() {
        for (text, condition) in [
            ("gone", WaitCondition::Gone),
            ("renewed", WaitCondition::Renewed),
            ("left<5s", WaitCondition::LeftBelow(Duration::from_secs(5))),
            ("left<0.5s", WaitCondition::LeftBelow(Duration::from_millis(500))),
        ] {
            assert_eq!(text.parse(), Ok(condition));
            assert_eq!(condition.to_string(), text);
        }
        assert_eq!("left<2m".parse(), Ok(WaitCondition::LeftBelow(Duration::from_secs(120))));
        for bad in ["", "left", "left<", "left<5x", "left<-1", "left>5s", "left<1e400", "dead", "left<nan"] {
            assert_eq!(bad.parse::<WaitCondition>(), Err(UnknownWaitCondition), "{bad}");
        }
    }

    #[test]
    fn a_lease_is_gone_when_the_server_does_not_know_it() {
        let mut wait = Wait::new(WaitCondition::Gone);
        assert_eq!(reply(&mut wait, 1, 0.0), WaitStatus::NotYet(at(0.5)));
        assert_eq!(reply(&mut wait, -1, 2.5), WaitStatus::NotYet(at(3.0)), "expired, but not removed");
        assert_eq!((reply(&mut wait, MISSING, 3.0), wait.was_there()), (WaitStatus::Happened, true));
        let mut wait = Wait::new(WaitCondition::Gone);
        assert_eq!(
            (reply(&mut wait, MISSING, 0.0), wait.was_there()),
            (WaitStatus::Happened, false),
            "gone before waiting began"
        );
    }

    #[test]
    fn a_renewal_is_too_late_once_the_lease_is_gone() {
        let mut wait = Wait::new(WaitCondition::Renewed);
        assert_eq!(reply(&mut wait, 9, 0.0), WaitStatus::NotYet(at(0.5)));
        let answer =
            TimeToLive { id: LeaseId(1), ttl: 9, granted_ttl: 10, keys: Vec::new(), header: Header::default() };
        assert_eq!(wait.on_reply(&answer, true, (at(0.5), at(0.5))), WaitStatus::Happened);
        assert_eq!(reply(&mut wait, MISSING, 0.6), WaitStatus::TooLate);
    }

    #[test]
    fn left_below_is_met_when_it_is_certain() {
        let mut wait = Wait::new(WaitCondition::LeftBelow(Duration::from_secs(5)));
        assert_eq!(reply(&mut wait, 9, 0.0), WaitStatus::NotYet(at(0.5)));
        assert_eq!(reply(&mut wait, 5, 4.3), WaitStatus::NotYet(at(4.8)), "5 to 6 s");
        assert_eq!(reply(&mut wait, 5, 4.8), WaitStatus::NotYet(at(5.001)), "the deadline is between 9.8 and 10 s");
        assert_eq!(reply(&mut wait, 4, 5.001), WaitStatus::Happened);
    }

    #[test]
    fn a_lease_that_expired_between_two_replies_had_less_left() {
        let left = WaitCondition::LeftBelow(Duration::from_secs(1));
        let mut wait = Wait::new(left);
        reply(&mut wait, 1, 0.0);
        assert_eq!(reply(&mut wait, MISSING, 3.0), WaitStatus::Happened);
        let mut wait = Wait::new(left);
        reply(&mut wait, 9, 0.0);
        assert_eq!(reply(&mut wait, MISSING, 3.0), WaitStatus::TooLate, "it was revoked");
        assert_eq!(reply(&mut Wait::new(left), MISSING, 3.0), WaitStatus::TooLate);
    }
}
