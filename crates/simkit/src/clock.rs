//! The clock: the one place that reads the time, with a speed.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::Timestamp;

/// A clock that starts at 0 and may run faster than the wall.
///
/// Engine, sandbox and screen share one, so that at speed 60 a lease of 3600 s is
/// renewed every 20 s of real time. It follows tokio's clock: under a paused tokio
/// clock it is virtual. Time-outs of calls, frames and keys stay real and do not use it.
#[derive(Clone, Debug)]
pub struct Clock {
    origin: Instant,
    wall: SystemTime,
    speed: u32,
}

impl Clock {
    /// A clock that runs as fast as the wall.
    pub fn real() -> Self {
        Clock::with_speed(1)
    }

    /// A clock that runs `speed` times as fast as the wall; 0 is taken as 1.
    #[expect(clippy::disallowed_methods, reason = "this is where the time comes in")]
    pub fn with_speed(speed: u32) -> Self {
        Clock { origin: Instant::now(), wall: SystemTime::now(), speed: speed.max(1) }
    }

    /// How many times as fast as the wall this clock runs.
    pub fn speed(&self) -> u32 {
        self.speed
    }

    /// The present moment.
    #[expect(clippy::disallowed_methods, reason = "this is where the time comes in")]
    pub fn now(&self) -> Timestamp {
        self.timestamp(Instant::now())
    }

    /// The moment of a tokio instant.
    pub fn timestamp(&self, instant: Instant) -> Timestamp {
        Timestamp::at(instant.saturating_duration_since(self.origin) * self.speed)
    }

    /// The tokio instant of a moment (capped at ten years from the start).
    pub fn instant(&self, time: Timestamp) -> Instant {
        const TEN_YEARS: Duration = Duration::from_secs(315_360_000);
        self.origin + (time.since_start() / self.speed).min(TEN_YEARS)
    }

    /// The wall's time at a moment: the wall's time at the start plus the clock's own time.
    pub fn wall(&self, time: Timestamp) -> SystemTime {
        self.wall + time.since_start()
    }

    /// What the wall says now. Where it went on by more than this clock, the machine slept: see [`SleepWatch`].
    #[expect(clippy::disallowed_methods, reason = "this is where the time comes in")]
    pub fn wall_now(&self) -> SystemTime {
        SystemTime::now()
    }

    /// Sleeps until a moment.
    pub async fn sleep_until(&self, time: Timestamp) {
        tokio::time::sleep_until(self.instant(time)).await;
    }

    /// Sleeps for a duration of this clock's time.
    pub async fn sleep(&self, duration: Duration) {
        self.sleep_until(self.now() + duration).await;
    }
}

/// Notices that a machine slept: our clock does not count that on Linux, the wall does.
#[derive(Clone, Copy, Debug)]
pub struct SleepWatch {
    wall: SystemTime,
    ran: Duration,
}

impl SleepWatch {
    /// From a look at both clocks: the wall, and how long ours ran in real time.
    pub fn start(wall: SystemTime, ran: Duration) -> Self {
        SleepWatch { wall, ran }
    }

    /// By how much the wall went ahead of ours since the last look; none for little, and for a wall that was set back.
    pub fn check(&mut self, wall: SystemTime, ran: Duration) -> Option<Duration> {
        /// A wall that is being corrected by some seconds is no sleep that matters.
        const LITTLE: Duration = Duration::from_secs(2);
        let before = std::mem::replace(self, SleepWatch { wall, ran });
        let passed = wall.duration_since(before.wall).unwrap_or_default();
        let slept = passed.saturating_sub(ran.saturating_sub(before.ran));
        (slept > LITTLE).then_some(slept)
    }
}

/// Measures real time, whatever the speed of a clock: round trips of calls, time-outs, CPU.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts it.
    #[expect(clippy::disallowed_methods, reason = "this is where the time comes in")]
    pub fn start() -> Self {
        Stopwatch(Instant::now())
    }

    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wall_that_went_ahead_tells_a_sleep() {
        let (start, at) = (SystemTime::UNIX_EPOCH + Duration::from_secs(1_000), Duration::from_secs);
        let mut watch = SleepWatch::start(start, at(0));
        assert_eq!(watch.check(start + at(60), at(60)), None);
        assert_eq!(watch.check(start + at(3_661), at(61)), Some(at(3_600)));
        assert_eq!(watch.check(start + at(3_663), at(62)), None, "corrected by a second");
        assert_eq!(watch.check(start, at(63)), None, "set back");
        assert_eq!(watch.check(start + at(10), at(64)), Some(at(9)));
    }
}
