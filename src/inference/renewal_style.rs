//! Which clients renew at an interval like an observed one. It is a hint: other clients may use the same interval.

use std::fmt;
use std::time::Duration;

/// A known way to choose the renewal interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenewalStyle {
    /// Go's clientv3, and jetcd: after a third of the TTL, at the next of their checks every 500 ms (clientv3/lease.go,
    /// `sendKeepAliveLoop`).
    Clientv3,
    /// This part of the TTL: a half in tooz; a third in Node's etcd3 and Patroni (10 s of 30 s); a quarter in Python's
    /// etcd3-py (etcd3/stateful/lease.py); a tenth in lablup's etcd lock.
    Fraction(u32),
}

/// The parts of the TTL that known clients use.
const FRACTIONS: [u32; 4] = [2, 3, 4, 10];
/// How often clientv3 and jetcd check which leases are due.
const TICK: Duration = Duration::from_millis(500);
/// The maximum difference between an observed mean interval and the interval of a known client.
const TOLERANCE: Duration = Duration::from_millis(75);
/// The part of the TTL that etcd3-py waits from the reply to a renewal to the next one, and by which share of that the
/// interval is longer at most, because the request takes time too. No other known client has an interval in between.
const WAIT: (u32, f64) = (4, 0.12);
/// Observed intervals are steady if they differ by no more than this part of their mean.
const STEADY: u32 = 5;

impl RenewalStyle {
    /// The style of steady renewals with this mean, shortest and longest interval. `None` if they are not steady, or no
    /// known client renews like this. With a TTL such as 30 s, clientv3 may renew just after TTL/3; that counts as
    /// `TTL/3`.
    pub fn of(ttl: Duration, every: Duration, (shortest, longest): (Duration, Duration)) -> Option<Self> {
        if ttl.is_zero() || longest - shortest > every / STEADY {
            return None;
        }
        let is_near = |interval: Duration| every.abs_diff(interval) <= TOLERANCE;
        if let Some(parts) = FRACTIONS.into_iter().find(|parts| is_near(ttl / *parts)) {
            return Some(RenewalStyle::Fraction(parts));
        }
        let wait = ttl / WAIT.0;
        if (wait..=wait.mul_f64(1.0 + WAIT.1)).contains(&every) {
            return Some(RenewalStyle::Fraction(WAIT.0));
        }
        if is_near(next_tick(ttl / 3)) { Some(RenewalStyle::Clientv3) } else { None }
    }

    /// All words in tables and in JSON.
    pub fn words() -> Vec<String> {
        let fractions = FRACTIONS.into_iter().map(RenewalStyle::Fraction);
        std::iter::once(RenewalStyle::Clientv3).chain(fractions).map(RenewalStyle::word).collect()
    }

    /// The word in tables and in JSON.
    pub fn word(self) -> String {
        match self {
            RenewalStyle::Clientv3 => "clientv3".to_owned(),
            RenewalStyle::Fraction(parts) => format!("TTL/{parts}"),
        }
    }
}

/// The first tick after a time. clientv3 renews after a third of the TTL, so exactly a third is too early.
fn next_tick(time: Duration) -> Duration {
    TICK * u32::try_from(time.as_millis() / TICK.as_millis() + 1).unwrap_or(u32::MAX)
}

/// The hint beside an interval.
impl fmt::Display for RenewalStyle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RenewalStyle::Clientv3 => f.write_str("as Go's clientv3"),
            RenewalStyle::Fraction(parts) => write!(f, "TTL/{parts}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    fn hint(ttl: f64, every: f64) -> Option<String> {
        RenewalStyle::of(seconds(ttl), seconds(every), (seconds(every), seconds(every))).map(|style| style.to_string())
    }

    #[test]
    fn known_clients_are_recognised_by_their_interval() {
        let (go, third, half, tenth) = (Some("as Go's clientv3"), Some("TTL/3"), Some("TTL/2"), Some("TTL/10"));
        for (ttl, every, expected) in [
            // clientv3 as measured, then Node, tooz, lablup, Patroni, and etcd3-py.
            (5.0, 2.006, go),
            (10.0, 3.516, go),
            (10.0, 3.333, third),
            (15.0, 5.5, go),
            (15.0, 5.0, third),
            (20.0, 7.0, go),
            (30.0, 10.5, go),
            (30.0, 10.02, third),
            (60.0, 20.03, third),
            (30.0, 15.0, half),
            (10.0, 5.0, half),
            (60.0, 6.0, tenth),
            (30.0, 10.0, third),
            (12.0, 3.05, Some("TTL/4")),
            (12.0, 3.3, Some("TTL/4")),
            (12.0, 3.4, None),
            // Neither.
            (10.0, 3.42, None),
            (10.0, 2.0, None),
            (10.0, 7.0, None),
            (10.0, 4.0, None),
        ] {
            assert_eq!(hint(ttl, every).as_deref(), expected, "{every} of {ttl}");
        }
    }

    #[test]
    fn an_interval_that_is_not_steady_has_no_hint() {
        let of =
            |shortest, longest| RenewalStyle::of(seconds(10.0), seconds(3.5), (seconds(shortest), seconds(longest)));
        assert_eq!(of(3.3, 3.8), Some(RenewalStyle::Clientv3));
        assert_eq!(of(2.0, 5.0), None);
        assert_eq!(RenewalStyle::of(Duration::ZERO, seconds(1.0), (seconds(1.0), seconds(1.0))), None);
    }
}
