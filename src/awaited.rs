//! What one can wait for of a lease, and when answers say that it has come.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use etcd_lease::{Reading, TimeToLive};
use simkit::Moment;

use crate::inference::Bounds;

/// How often a lease is asked while nothing else is known.
const STEP: Duration = Duration::from_millis(500);

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// That it is gone.
    Gone,
    /// That it is renewed.
    Renewed,
    /// That less than so much is left.
    LeftBelow(Duration),
}

/// A text that is nothing to wait for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "what is waited for is gone, renewed, or left<5s with a number of seconds or one with its unit: ms, s, m, h or d"
)]
pub struct UnknownAwaited;

impl FromStr for Awaited {
    type Err = UnknownAwaited;

    fn from_str(text: &str) -> Result<Self, UnknownAwaited> {
        match text {
            "gone" => Ok(Awaited::Gone),
            "renewed" => Ok(Awaited::Renewed),
            text => {
                let seconds = text.strip_prefix("left<").and_then(super::filter::seconds).ok_or(UnknownAwaited)?;
                Duration::try_from_secs_f64(seconds).map(Awaited::LeftBelow).map_err(|_| UnknownAwaited)
            }
        }
    }
}

impl fmt::Display for Awaited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Awaited::Gone => f.write_str("gone"),
            Awaited::Renewed => f.write_str("renewed"),
            Awaited::LeftBelow(left) => write!(f, "left<{}s", left.as_secs_f64()),
        }
    }
}

/// What an answer has told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It has come.
    Happened,
    /// It will not come any more: the lease is gone.
    TooLate,
    /// Not yet: ask again at that moment.
    NotYet(Moment),
}

/// Waiting for one thing of one lease: answers go in, in their order.
#[derive(Clone, Copy, Debug)]
pub struct Wait {
    awaited: Awaited,
    /// Where its deadline lies by all answers since it was last seen renewed.
    bounds: Option<Bounds>,
    /// Whether any answer told of it as of a lease that is there.
    was_there: bool,
}

impl Wait {
    /// Nothing is known yet.
    pub fn new(awaited: Awaited) -> Self {
        Wait { awaited, bounds: None, was_there: false }
    }

    /// Whether the lease was there at any time since waiting began.
    pub fn was_there(&self) -> bool {
        self.was_there
    }

    /// Where the deadline lies, as far as known.
    pub fn bounds(&self) -> Option<Bounds> {
        self.bounds
    }

    /// Takes in an answer that was asked for at `sent` and came at `received`.
    pub fn hear(&mut self, answer: &TimeToLive, sent: Moment, received: Moment) -> Seen {
        if answer.reading() == Reading::Missing {
            return self.is_missing(received);
        }
        self.was_there = true;
        let heard = answer.deadline(sent, received).map(Bounds::new);
        let narrowed = self.bounds.zip(heard).map(|(known, heard)| known.narrowed(heard));
        let is_renewed =
            matches!((narrowed, self.bounds, heard), (Some(None), Some(old), Some(new)) if new.latest > old.latest);
        self.bounds = narrowed.flatten().or(heard).or(self.bounds);
        match self.awaited {
            Awaited::Renewed if is_renewed => Seen::Happened,
            Awaited::LeftBelow(left) => self.left_below(left, received),
            Awaited::Gone | Awaited::Renewed => Seen::NotYet(received + STEP),
        }
    }

    /// A lease that went at its deadline has had less left before, if only for the moment between two answers.
    fn is_missing(self, received: Moment) -> Seen {
        let ran_out = self.bounds.is_some_and(|bounds| bounds.earliest <= received);
        match self.awaited {
            Awaited::Gone => Seen::Happened,
            Awaited::LeftBelow(_) if ran_out => Seen::Happened,
            Awaited::LeftBelow(_) | Awaited::Renewed => Seen::TooLate,
        }
    }

    /// Surely less, or the next moment at which it may be.
    fn left_below(self, left: Duration, now: Moment) -> Seen {
        let Some(bounds) = self.bounds else { return Seen::NotYet(now + STEP) };
        if bounds.latest < now + left {
            return Seen::Happened;
        }
        let surely = bounds.latest.before(left) + Duration::from_millis(1);
        Seen::NotYet(surely.min(now + STEP))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use etcd_lease::{Header, LeaseId};

    fn at(seconds: f64) -> Moment {
        Moment::at(Duration::from_secs_f64(seconds))
    }

    fn hear(wait: &mut Wait, ttl: i64, now: f64) -> Seen {
        let granted_ttl = if ttl == i64::MIN { 0 } else { 10 };
        let answer = TimeToLive { id: LeaseId(1), ttl, granted_ttl, keys: Vec::new(), header: Header::default() };
        wait.hear(&answer, at(now), at(now))
    }

    const MISSING: i64 = i64::MIN;

    #[test]
    fn what_is_waited_for_is_read_and_printed() {
        for (text, awaited) in [
            ("gone", Awaited::Gone),
            ("renewed", Awaited::Renewed),
            ("left<5s", Awaited::LeftBelow(Duration::from_secs(5))),
            ("left<0.5s", Awaited::LeftBelow(Duration::from_millis(500))),
        ] {
            assert_eq!(text.parse(), Ok(awaited));
            assert_eq!(awaited.to_string(), text);
        }
        assert_eq!("left<2m".parse(), Ok(Awaited::LeftBelow(Duration::from_secs(120))));
        for bad in ["", "left", "left<", "left<5x", "left<-1", "left>5s", "left<1e400", "dead", "left<nan"] {
            assert_eq!(bad.parse::<Awaited>(), Err(UnknownAwaited), "{bad}");
        }
    }

    #[test]
    fn gone_is_what_the_server_does_not_know() {
        let mut wait = Wait::new(Awaited::Gone);
        assert_eq!(hear(&mut wait, 1, 0.0), Seen::NotYet(at(0.5)));
        assert_eq!(hear(&mut wait, -1, 2.5), Seen::NotYet(at(3.0)), "expired is not gone");
        assert_eq!((hear(&mut wait, MISSING, 3.0), wait.was_there()), (Seen::Happened, true));
        let mut wait = Wait::new(Awaited::Gone);
        assert_eq!((hear(&mut wait, MISSING, 0.0), wait.was_there()), (Seen::Happened, false), "as it was before");
    }

    #[test]
    fn renewed_is_a_deadline_that_lies_later_than_it_could() {
        let mut wait = Wait::new(Awaited::Renewed);
        assert!(matches!(hear(&mut wait, 9, 0.0), Seen::NotYet(_)));
        assert!(matches!(hear(&mut wait, 8, 0.5), Seen::NotYet(_)));
        assert!(matches!(hear(&mut wait, 8, 1.2), Seen::NotYet(_)), "within the doubt");
        assert_eq!(hear(&mut wait, 9, 1.7), Seen::Happened);
        let mut wait = Wait::new(Awaited::Renewed);
        hear(&mut wait, 9, 0.0);
        assert!(matches!(hear(&mut wait, 5, 0.5), Seen::NotYet(_)), "an earlier deadline is no renewal");
        assert_eq!(hear(&mut wait, MISSING, 0.6), Seen::TooLate);
    }

    #[test]
    fn less_is_left_when_it_surely_is_and_it_is_asked_then() {
        let mut wait = Wait::new(Awaited::LeftBelow(Duration::from_secs(5)));
        assert_eq!(hear(&mut wait, 9, 0.0), Seen::NotYet(at(0.5)));
        assert_eq!(hear(&mut wait, 5, 4.3), Seen::NotYet(at(4.8)), "5 to 6 s");
        assert_eq!(hear(&mut wait, 5, 4.8), Seen::NotYet(at(5.001)), "the deadline lies from 9.8 to 10 s");
        assert_eq!(hear(&mut wait, 4, 5.001), Seen::Happened);
    }

    #[test]
    fn a_lease_that_ran_out_between_two_answers_had_less_left() {
        let left = Awaited::LeftBelow(Duration::from_secs(1));
        let mut wait = Wait::new(left);
        hear(&mut wait, 1, 0.0);
        assert_eq!(hear(&mut wait, MISSING, 3.0), Seen::Happened);
        let mut wait = Wait::new(left);
        hear(&mut wait, 9, 0.0);
        assert_eq!(hear(&mut wait, MISSING, 3.0), Seen::TooLate, "it was revoked");
        assert_eq!(hear(&mut Wait::new(left), MISSING, 3.0), Seen::TooLate);
    }
}
