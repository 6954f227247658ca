//! The clock. It is the only place that reads the time.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::Timestamp;

/// A clock that starts at 0 and may run faster than real time.
///
/// It follows tokio's clock, so it is virtual while tokio's clock is paused. Parts of a program that share a clock use
/// the same time: at speed 60, a 3600 s lease that is renewed every 1200 s is renewed every 20 s of real time.
#[derive(Clone, Debug)]
pub struct Clock {
    origin: Instant,
    wall: SystemTime,
    speed: u32,
}

impl Clock {
    /// Creates a clock that runs in real time.
    pub fn real() -> Self {
        Clock::with_speed(1)
    }

    /// Creates a clock that runs `speed` times as fast as real time; 0 counts as 1.
    #[expect(clippy::disallowed_methods, reason = "this is the place that reads the time")]
    pub fn with_speed(speed: u32) -> Self {
        Clock { origin: Instant::now(), wall: SystemTime::now(), speed: speed.max(1) }
    }

    /// The speed as a multiple of real time.
    pub fn speed(&self) -> u32 {
        self.speed
    }

    /// The current time.
    #[expect(clippy::disallowed_methods, reason = "this is the place that reads the time")]
    pub fn now(&self) -> Timestamp {
        self.timestamp(Instant::now())
    }

    /// The timestamp of a tokio instant.
    pub fn timestamp(&self, instant: Instant) -> Timestamp {
        Timestamp::at(instant.saturating_duration_since(self.origin) * self.speed)
    }

    /// The tokio instant of a timestamp, at most ten years after the start.
    pub fn instant(&self, time: Timestamp) -> Instant {
        const TEN_YEARS: Duration = Duration::from_secs(315_360_000);
        self.origin + (time.since_start() / self.speed).min(TEN_YEARS)
    }

    /// The system time of a timestamp: the system time at the start plus the time of this clock.
    pub fn wall(&self, time: Timestamp) -> SystemTime {
        self.wall + time.since_start()
    }

    /// The current system time. If it advanced more than this clock, the machine was suspended.
    #[expect(clippy::disallowed_methods, reason = "this is the place that reads the time")]
    pub fn wall_now(&self) -> SystemTime {
        SystemTime::now()
    }

    /// Sleeps until a time of this clock.
    pub async fn sleep_until(&self, time: Timestamp) {
        tokio::time::sleep_until(self.instant(time)).await;
    }

    /// Sleeps for a duration of this clock.
    pub async fn sleep(&self, duration: Duration) {
        self.sleep_until(self.now() + duration).await;
    }
}

/// Measures real time, such as the round trip of a call, regardless of clock speed.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts the stopwatch.
    #[expect(clippy::disallowed_methods, reason = "this is the place that reads the time")]
    pub fn start() -> Self {
        Stopwatch(Instant::now())
    }

    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
