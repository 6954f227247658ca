//! Notices that the machine slept, or that the system time was set.

use std::time::Duration;

use futures_util::stream::{self, Stream};

use crate::Clock;

/// Interval between checks of the system time.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Yields each sleep of the machine that is longer than 2 s, at most a second after it. On Linux the monotonic clock, and
/// so every timer, does not advance while the machine sleeps, but the system time does. A system time that is set ahead
/// looks the same.
///
/// [`Clock::wall`] follows the system time from then on, and if it was set back.
pub fn sleeps(clock: Clock) -> impl Stream<Item = Duration> {
    stream::unfold((clock.moved(), clock), |(mut before, clock)| async move {
        loop {
            tokio::time::sleep(POLL_INTERVAL).await;
            clock.follow_system_time();
            let slept = clock.moved() - std::mem::replace(&mut before, clock.moved());
            if slept > MIN_MOVE {
                return Some((Duration::from_nanos(slept.unsigned_abs()), (before, clock)));
            }
        }
    })
}

/// Smaller corrections of the system time are not a sleep. In nanoseconds.
pub(crate) const MIN_MOVE: i64 = 2_000_000_000;

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::StreamExt;

    use super::*;
    use crate::Timestamp;

    #[tokio::test(start_paused = true)]
    async fn a_jump_of_the_system_time_is_a_sleep_and_the_wall_clock_follows() {
        let clock = Clock::real();
        let start = clock.wall(Timestamp::START);
        let mut sleeps = pin!(sleeps(clock.clone()));
        let mut pass = async |moved: i64| {
            clock.move_system_time(moved * 1_000_000_000);
            tokio::time::timeout(Duration::from_millis(1_500), sleeps.next())
                .await
                .ok()
                .flatten()
                .map(|slept| slept.as_secs_f64().round())
        };
        assert_eq!(pass(0).await, None);
        assert_eq!(pass(3_600).await, Some(3_600.0));
        assert!(clock.wall(Timestamp::START) > start + Duration::from_secs(3_599));
        assert_eq!(pass(1).await, None, "a correction by one second");
        assert_eq!(pass(-7_200).await, None, "the system time was set back");
        assert!(clock.wall(Timestamp::START) < start - Duration::from_secs(3_590));
        assert_eq!(pass(9).await, Some(9.0));
    }
}
