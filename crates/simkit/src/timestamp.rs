//! A point in time as a number, so that functions can take the time as an argument.

use std::fmt;
use std::num::NonZeroU64;
use std::ops::{Add, Sub};
use std::time::Duration;

/// A point in time: nanoseconds since the start of the [`Clock`](crate::Clock) that made it.
///
/// The range is 584 years from the start. Arithmetic saturates at both ends, so any duration can be added.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(
    /// Nanoseconds plus one, so that `Option<Timestamp>` takes 8 bytes. Each of 100,000 leases may store a dozen of
    /// them.
    NonZeroU64,
);

impl Timestamp {
    /// The clock's start.
    pub const START: Timestamp = Timestamp(NonZeroU64::MIN);
    /// A time that is never reached.
    pub const NEVER: Timestamp = Timestamp(NonZeroU64::MAX);

    /// Creates the time `since_start` after the clock's start.
    pub fn at(since_start: Duration) -> Self {
        Timestamp::from_nanos(saturated(since_start))
    }

    /// Creates the time `nanos` nanoseconds after the clock's start.
    pub const fn from_nanos(nanos: u64) -> Self {
        Timestamp(NonZeroU64::MIN.saturating_add(nanos))
    }

    /// Nanoseconds since the clock's start.
    pub const fn nanos(self) -> u64 {
        self.0.get() - 1
    }

    /// The time since the clock's start.
    pub const fn since_start(self) -> Duration {
        Duration::from_nanos(self.nanos())
    }

    /// The duration from `earlier` to this time; zero if `earlier` is later.
    pub const fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_nanos(self.nanos().saturating_sub(earlier.nanos()))
    }

    /// Seconds from `other` to this time, negative if `other` is later.
    pub fn signed_since(self, other: Timestamp) -> f64 {
        (self.nanos() as f64 - other.nanos() as f64) / 1e9
    }

    /// This time minus `by`, but not before the clock's start.
    pub fn before(self, by: Duration) -> Self {
        Timestamp::from_nanos(self.nanos().saturating_sub(saturated(by)))
    }
}

/// The nanoseconds, limited to what 64 bits can hold.
fn saturated(span: Duration) -> u64 {
    span.as_secs().saturating_mul(1_000_000_000).saturating_add(u64::from(span.subsec_nanos()))
}

impl Default for Timestamp {
    fn default() -> Self {
        Timestamp::START
    }
}

impl Add<Duration> for Timestamp {
    type Output = Timestamp;

    fn add(self, after: Duration) -> Timestamp {
        Timestamp(self.0.saturating_add(saturated(after)))
    }
}

impl Sub<Timestamp> for Timestamp {
    type Output = Duration;

    fn sub(self, earlier: Timestamp) -> Duration {
        self.since(earlier)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{:.6}", self.nanos() as f64 / 1e9)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.nanos())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u64::deserialize(deserializer).map(Timestamp::from_nanos)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_saturates_at_both_ends_and_an_option_is_no_larger() {
        let second = Duration::from_secs(1);
        assert_eq!((Timestamp::START.nanos(), Timestamp::START.before(second)), (0, Timestamp::START));
        assert_eq!(
            [Timestamp::from_nanos(u64::MAX), Timestamp::at(Duration::MAX), Timestamp::NEVER + second],
            [Timestamp::NEVER; 3]
        );
        assert_eq!((Timestamp::START + second).nanos(), 1_000_000_000);
        assert!(Timestamp::NEVER.before(second) < Timestamp::NEVER);
        assert_eq!(size_of::<Option<Timestamp>>(), 8);
    }
}
