//! Time as a number: every rule of the domain takes the time as an argument.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

/// A point in time: nanoseconds since the start of the [`Clock`](crate::clock::Clock) that made it.
///
/// Reaches 584 years from the start; arithmetic saturates at both ends, so that the
/// longest TTL that etcd grants (9,000,000,000 s) can be added to any moment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Moment(u64);

impl Moment {
    /// The clock's start.
    pub const START: Moment = Moment(0);
    /// Later than anything that happens.
    pub const FAR: Moment = Moment(u64::MAX);

    /// The moment `since_start` after the clock's start.
    pub fn at(since_start: Duration) -> Self {
        Moment(u64::try_from(since_start.as_nanos()).unwrap_or(u64::MAX))
    }

    /// The moment `nanos` nanoseconds after the clock's start.
    pub const fn from_nanos(nanos: u64) -> Self {
        Moment(nanos)
    }

    /// Nanoseconds since the clock's start.
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// The time since the clock's start.
    pub const fn since_start(self) -> Duration {
        Duration::from_nanos(self.0)
    }

    /// The time from `earlier` to this moment; zero if `earlier` is later.
    pub const fn since(self, earlier: Moment) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// Seconds from `other` to this moment, negative if `other` is later.
    pub fn signed_since(self, other: Moment) -> f64 {
        (self.0 as f64 - other.0 as f64) / 1e9
    }

    /// This moment moved earlier by `by`, not past the clock's start.
    pub fn before(self, by: Duration) -> Self {
        Moment(self.0.saturating_sub(Moment::at(by).0))
    }
}

impl Add<Duration> for Moment {
    type Output = Moment;

    fn add(self, after: Duration) -> Moment {
        Moment(self.0.saturating_add(Moment::at(after).0))
    }
}

impl Sub<Moment> for Moment {
    type Output = Duration;

    fn sub(self, earlier: Moment) -> Duration {
        self.since(earlier)
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{:.6}", self.0 as f64 / 1e9)
    }
}
