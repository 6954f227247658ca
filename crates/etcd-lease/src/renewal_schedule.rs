//! When a lease is renewed.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::Timestamp;

/// The interval at which Go's clientv3 checks for due renewals (`retryConnWait` in its `lease.go`).
pub const CLIENTV3_TICK: Duration = Duration::from_millis(500);

/// When the next renewal of a lease is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum RenewalSchedule {
    /// As Go's clientv3: TTL/3 after the reply, at the next tick of a 500 ms grid.
    #[default]
    Clientv3,
    /// TTL/3 after the previous renewal was due, or after its reply if that took longer than TTL/3.
    Exact,
}

impl RenewalSchedule {
    /// When the next renewal is due, after one that was due at `due` and answered at `answered`.
    pub fn next(self, due: Timestamp, answered: Timestamp, ttl: Duration) -> Timestamp {
        match self {
            RenewalSchedule::Clientv3 => tick_after(answered + ttl / 3),
            RenewalSchedule::Exact => {
                let in_step = due + ttl / 3;
                if in_step > answered { in_step } else { answered + ttl / 3 }
            }
        }
    }

    /// The interval between replies that this schedule aims at. On the grid a reply arrives shortly after its tick. So if
    /// TTL/3 is a multiple of 500 ms, the next renewal misses that tick: a TTL of 120 s is renewed every 40.5 s.
    pub fn expected(self, ttl: Duration) -> Duration {
        match self {
            RenewalSchedule::Clientv3 => tick_after(Timestamp::START + ttl / 3).since_start(),
            RenewalSchedule::Exact => ttl / 3,
        }
    }

    /// The first time from `wanted` on at which this schedule sends a renewal.
    pub(super) fn align(self, wanted: Timestamp) -> Timestamp {
        match self {
            RenewalSchedule::Clientv3 => tick_after(wanted.before(Duration::from_nanos(1))),
            RenewalSchedule::Exact => wanted,
        }
    }
}

/// The first tick of the grid strictly after `time`.
fn tick_after(time: Timestamp) -> Timestamp {
    let grid = Timestamp::at(CLIENTV3_TICK).nanos();
    Timestamp::from_nanos((time.nanos() / grid).saturating_add(1).saturating_mul(grid))
}

/// The text is not a renewal schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown pace \"{0}\": expected clientv3 (TTL/3 on 500 ms ticks, as Go) or exact (TTL/3)")]
pub struct UnknownSchedule(String);

impl FromStr for RenewalSchedule {
    type Err = UnknownSchedule;

    fn from_str(text: &str) -> Result<Self, UnknownSchedule> {
        match text {
            "clientv3" => Ok(RenewalSchedule::Clientv3),
            "exact" => Ok(RenewalSchedule::Exact),
            _ => Err(UnknownSchedule(text.to_owned())),
        }
    }
}

impl fmt::Display for RenewalSchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RenewalSchedule::Clientv3 => "clientv3",
            RenewalSchedule::Exact => "exact",
        })
    }
}

/// Spreads the first renewals of leases that are granted together.
///
/// A new lease has its full TTL, so in a mass start the first renewals can wait and do not compete with the grants. While
/// few leases start together, the first renewal goes out at once, as in Go's clientv3.
#[derive(Debug, Default)]
pub(super) struct StartJitter {
    /// Number of leases that started together: each within [`CLIENTV3_TICK`] after the one before.
    together: u32,
    /// When the last of them started.
    last: Timestamp,
}

/// How many leases that start together are renewed at once with [`RenewalSchedule::Clientv3`]. Go's clientv3 renews
/// every new lease at once; the limit keeps the renewals of a mass start out of the way of its grants.
const AT_ONCE_CLIENTV3: u32 = 64;
/// How many leases that start together are renewed at once with [`RenewalSchedule::Exact`]. All others are spread over
/// their interval.
const AT_ONCE_EXACT: u32 = 1;

impl StartJitter {
    /// Counts a lease that starts now and was granted at `granted`. Returns when its first renewal is due: now, or
    /// within TTL/3 of the grant if many leases start together.
    pub(super) fn first_due(
        &mut self,
        pace: RenewalSchedule,
        granted: Timestamp,
        now: Timestamp,
        ttl: Duration,
    ) -> Timestamp {
        const GOLDEN_RATIO: f64 = 0.618_033_988_749_894_9;
        if now.since(self.last) > CLIENTV3_TICK {
            self.together = 0;
        }
        self.last = now;
        self.together += 1;
        let at_once = match pace {
            RenewalSchedule::Clientv3 => AT_ONCE_CLIENTV3,
            RenewalSchedule::Exact => AT_ONCE_EXACT,
        };
        match self.together.checked_sub(at_once + 1) {
            None => now,
            Some(index) => {
                // Multiples of the golden ratio fill the interval evenly, however many come.
                let share = (f64::from(index + 1) * GOLDEN_RATIO).fract();
                pace.align((granted + (ttl / 3).mul_f64(share)).max(now))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Timestamp {
        Timestamp::from_nanos(millis * 1_000_000)
    }

    #[test]
    fn clientv3_renews_on_the_grid_as_go_was_measured() {
        for (ttl, millis) in
            [(2, 1_000), (3, 1_500), (5, 2_000), (10, 3_500), (30, 10_500), (120, 40_500), (3600, 1_200_500)]
        {
            let ttl = Duration::from_secs(ttl);
            assert_eq!(RenewalSchedule::Clientv3.expected(ttl), Duration::from_millis(millis));
            // Sent on a tick, answered 2 ms later, and so on for a while: the interval stays.
            let mut due = ms(5_000);
            for _ in 0..10 {
                let next = RenewalSchedule::Clientv3.next(due, due + Duration::from_millis(2), ttl);
                assert_eq!(next.since(due), Duration::from_millis(millis));
                due = next;
            }
        }
    }

    #[test]
    fn exact_keeps_its_interval_unless_the_reply_was_too_late() {
        let ttl = Duration::from_secs(9);
        assert_eq!(RenewalSchedule::Exact.next(ms(1_000), ms(1_005), ttl), ms(4_000));
        assert_eq!(RenewalSchedule::Exact.next(ms(1_000), ms(4_500), ttl), ms(7_500));
    }

    #[test]
    fn leases_granted_together_are_spread() {
        let ttl = Duration::from_secs(10);
        let mut jitter = StartJitter::default();
        let mut windows = [0_u32; 40];
        for n in 0..1_000_u64 {
            let now = Timestamp::from_nanos(n * 200_000);
            let first = jitter.first_due(RenewalSchedule::Exact, now, now, ttl);
            windows[usize::try_from(first.nanos() / 100_000_000).unwrap()] += 1;
        }
        assert!(windows.iter().all(|count| *count <= 50), "no 100 ms renews more than 5 %: {windows:?}");
        let later = ms(60_000);
        assert_eq!(
            jitter.first_due(RenewalSchedule::Exact, later, later, ttl),
            later,
            "a single lease is renewed at once"
        );
    }
}
