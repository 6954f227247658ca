//! What one can wait for of a lease, and when answers say that it has come.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use etcd_lease::{TimeToLive, TtlStatus};
use simkit::Timestamp;

use crate::inference::TimeRange;

/// How often a lease is asked while nothing else is known.
const STEP: Duration = Duration::from_millis(500);

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitCondition {
    /// That it is gone.
    Gone,
    /// That it is renewed.
    Renewed,
    /// That less than so much is left.
    LeftBelow(Duration),
}

/// A text that is nothing to wait for.
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

/// What an answer has told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitStatus {
    /// It has come.
    Happened,
    /// It will not come any more: the lease is gone.
    TooLate,
    /// Not yet: ask again at that moment.
    NotYet(Timestamp),
}

/// Waiting for one thing of one lease: answers go in, in their order.
#[derive(Clone, Copy, Debug)]
pub struct Wait {
    condition: WaitCondition,
    /// Where its deadline lies by all answers since it was last seen renewed.
    bounds: Option<TimeRange>,
    /// Whether any answer told of it as of a lease that is there.
    was_there: bool,
}

impl Wait {
    /// Nothing is known yet.
    pub fn new(condition: WaitCondition) -> Self {
        Wait { condition, bounds: None, was_there: false }
    }

    /// Whether the lease was there at any time since waiting began.
    pub fn was_there(&self) -> bool {
        self.was_there
    }

    /// Where the deadline lies, as far as known.
    pub fn bounds(&self) -> Option<TimeRange> {
        self.bounds
    }

    /// Takes in an answer that was asked for at `sent` and came at `received`.
    pub fn on_reply(&mut self, answer: &TimeToLive, sent: Timestamp, received: Timestamp) -> WaitStatus {
        if answer.ttl_status() == TtlStatus::Missing {
            return self.is_missing(received);
        }
        self.was_there = true;
        let heard = answer.deadline(sent, received).map(TimeRange::new);
        let narrowed = self.bounds.zip(heard).map(|(known, heard)| known.intersect(heard));
        let is_renewed =
            matches!((narrowed, self.bounds, heard), (Some(None), Some(old), Some(new)) if new.latest > old.latest);
        self.bounds = narrowed.flatten().or(heard).or(self.bounds);
        match self.condition {
            WaitCondition::Renewed if is_renewed => WaitStatus::Happened,
            WaitCondition::LeftBelow(left) => self.left_below(left, received),
            WaitCondition::Gone | WaitCondition::Renewed => WaitStatus::NotYet(received + STEP),
        }
    }

    /// A lease that went at its deadline has had less left before, if only for the moment between two answers.
    fn is_missing(self, received: Timestamp) -> WaitStatus {
        let ran_out = self.bounds.is_some_and(|bounds| bounds.earliest <= received);
        match self.condition {
            WaitCondition::Gone => WaitStatus::Happened,
            WaitCondition::LeftBelow(_) if ran_out => WaitStatus::Happened,
            WaitCondition::LeftBelow(_) | WaitCondition::Renewed => WaitStatus::TooLate,
        }
    }

    /// Surely less, or the next moment at which it may be.
    fn left_below(self, left: Duration, now: Timestamp) -> WaitStatus {
        let Some(bounds) = self.bounds else { return WaitStatus::NotYet(now + STEP) };
        if bounds.latest < now + left {
            return WaitStatus::Happened;
        }
        let surely = bounds.latest.before(left) + Duration::from_millis(1);
        WaitStatus::NotYet(surely.min(now + STEP))
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
        wait.on_reply(&answer, at(now), at(now))
    }

    const MISSING: i64 = i64::MIN;

    #[test]
    fn what_is_waited_for_is_read_and_printed() {
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
    fn gone_is_what_the_server_does_not_know() {
        let mut wait = Wait::new(WaitCondition::Gone);
        assert_eq!(reply(&mut wait, 1, 0.0), WaitStatus::NotYet(at(0.5)));
        assert_eq!(reply(&mut wait, -1, 2.5), WaitStatus::NotYet(at(3.0)), "expired is not gone");
        assert_eq!((reply(&mut wait, MISSING, 3.0), wait.was_there()), (WaitStatus::Happened, true));
        let mut wait = Wait::new(WaitCondition::Gone);
        assert_eq!(
            (reply(&mut wait, MISSING, 0.0), wait.was_there()),
            (WaitStatus::Happened, false),
            "as it was before"
        );
    }

    #[test]
    fn renewed_is_a_deadline_that_lies_later_than_it_could() {
        let mut wait = Wait::new(WaitCondition::Renewed);
        assert!(matches!(reply(&mut wait, 9, 0.0), WaitStatus::NotYet(_)));
        assert!(matches!(reply(&mut wait, 8, 0.5), WaitStatus::NotYet(_)));
        assert!(matches!(reply(&mut wait, 8, 1.2), WaitStatus::NotYet(_)), "within the doubt");
        assert_eq!(reply(&mut wait, 9, 1.7), WaitStatus::Happened);
        let mut wait = Wait::new(WaitCondition::Renewed);
        reply(&mut wait, 9, 0.0);
        assert!(matches!(reply(&mut wait, 5, 0.5), WaitStatus::NotYet(_)), "an earlier deadline is no renewal");
        assert_eq!(reply(&mut wait, MISSING, 0.6), WaitStatus::TooLate);
    }

    #[test]
    fn less_is_left_when_it_surely_is_and_it_is_asked_then() {
        let mut wait = Wait::new(WaitCondition::LeftBelow(Duration::from_secs(5)));
        assert_eq!(reply(&mut wait, 9, 0.0), WaitStatus::NotYet(at(0.5)));
        assert_eq!(reply(&mut wait, 5, 4.3), WaitStatus::NotYet(at(4.8)), "5 to 6 s");
        assert_eq!(reply(&mut wait, 5, 4.8), WaitStatus::NotYet(at(5.001)), "the deadline lies from 9.8 to 10 s");
        assert_eq!(reply(&mut wait, 4, 5.001), WaitStatus::Happened);
    }

    #[test]
    fn a_lease_that_ran_out_between_two_answers_had_less_left() {
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
