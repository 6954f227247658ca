//! The clock. It is the only place that reads the time.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::Timestamp;
use crate::sleep_watch::MIN_MOVE;
use crate::tasks::{Task, spawn};

/// Real time between two beats of a clock that waits.
const BEAT: Duration = Duration::from_millis(5);
/// Maximum real time by which a clock that waits advances from one beat to the next. At speed 60 this is 0.9 s: less than
/// any sensible lease has left at its renewal.
const MAX_STEP: Duration = Duration::from_millis(15);

/// A clock that starts at 0 and may run faster than real time.
///
/// It follows tokio's clock, so it is virtual while tokio's clock is paused. Parts of a program that share a clock use
/// the same time: at speed 60, a 3600 s lease that is renewed every 1200 s is renewed every 20 s of real time.
#[derive(Clone, Debug)]
pub struct Clock {
    origin: Instant,
    system: Arc<SystemTimeAtStart>,
    speed: u32,
    /// Only of a clock that waits.
    beats: Option<Arc<Mutex<Beats>>>,
}

/// The system time when the clock started, and how it has moved since.
#[derive(Debug)]
struct SystemTimeAtStart {
    wall: SystemTime,
    /// The monotonic time at the same moment. It is never virtual.
    monotonic: std::time::Instant,
    /// By how many nanoseconds [`Clock::wall`] follows the system time.
    followed: AtomicI64,
    /// By how many nanoseconds a test has moved the system time.
    simulated: AtomicI64,
}

/// The last beat of a clock that waits. All times are real.
#[derive(Clone, Copy, Debug, Default)]
struct Beats {
    /// When the last beat was, counted from the origin.
    last: Duration,
    /// How long the clock has waited so far.
    waited: Duration,
}

impl Beats {
    /// The real time that counts, `elapsed` after the origin.
    fn counted(self, elapsed: Duration) -> Duration {
        elapsed.min(self.last + MAX_STEP).saturating_sub(self.waited)
    }

    fn beat(&mut self, elapsed: Duration) {
        self.waited += elapsed.saturating_sub(self.last + MAX_STEP);
        self.last = elapsed;
    }
}

impl Clock {
    /// Creates a clock that runs in real time.
    pub fn real() -> Self {
        Clock::with_speed(1)
    }

    /// Creates a clock that runs `speed` times as fast as real time; 0 counts as 1.
    #[expect(clippy::disallowed_methods, reason = "this is the place that reads the time")]
    pub fn with_speed(speed: u32) -> Self {
        let system = SystemTimeAtStart {
            wall: SystemTime::now(),
            monotonic: std::time::Instant::now(),
            followed: AtomicI64::new(0),
            simulated: AtomicI64::new(0),
        };
        Clock { origin: Instant::now(), system: Arc::new(system), speed: speed.max(1), beats: None }
    }

    /// Creates a clock that runs `speed` times as fast as real time, but waits while the tokio runtime is too busy to
    /// run a task every 15 ms, and while the process is stopped. So a slow machine makes time pass more slowly and does
    /// not make leases expire. The task beats until the returned handle is dropped; then the clock stands still.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn that_waits(speed: u32) -> (Self, Task) {
        let clock = Clock { beats: Some(Arc::default()), ..Clock::with_speed(speed) };
        let beating = clock.clone();
        let task = spawn(async move {
            loop {
                beating.beat();
                tokio::time::sleep(BEAT).await;
            }
        });
        (clock, task)
    }

    /// The speed as a multiple of real time.
    pub fn speed(&self) -> u32 {
        self.speed
    }

    /// The current time.
    pub fn now(&self) -> Timestamp {
        let elapsed = self.elapsed();
        Timestamp::at(self.beats().map_or(elapsed, |beats| beats.counted(elapsed)) * self.speed)
    }

    /// How long the clock has waited so far, in real time. Zero if it does not wait.
    pub fn waited(&self) -> Duration {
        self.beats().unwrap_or_default().waited
    }

    /// The tokio instant of a timestamp, at most ten years after the start. If the clock waits before then, the time
    /// comes later.
    pub fn instant(&self, time: Timestamp) -> Instant {
        const TEN_YEARS: Duration = Duration::from_secs(315_360_000);
        self.origin + (time.since_start() / self.speed).min(TEN_YEARS) + self.waited()
    }

    /// Real time since the start.
    #[expect(clippy::disallowed_methods, reason = "this is the place that reads the time")]
    fn elapsed(&self) -> Duration {
        Instant::now().saturating_duration_since(self.origin)
    }

    fn beats(&self) -> Option<Beats> {
        let beats = self.beats.as_ref()?;
        Some(*beats.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn beat(&self) {
        let elapsed = self.elapsed();
        if let Some(beats) = &self.beats {
            beats.lock().unwrap_or_else(PoisonError::into_inner).beat(elapsed);
        }
    }

    /// The system time of a timestamp: the system time at the start plus the time of this clock, and plus the time for
    /// which the machine slept, once [`sleeps`](crate::sleeps) has noticed that.
    pub fn wall(&self, time: Timestamp) -> SystemTime {
        let followed = self.system.followed.load(Ordering::Relaxed);
        let distance = Duration::from_nanos(followed.unsigned_abs());
        let start = if followed < 0 { self.system.wall - distance } else { self.system.wall + distance };
        start + time.since_start()
    }

    /// By how many nanoseconds the system time has moved against the monotonic clock since the start.
    #[expect(clippy::disallowed_methods, reason = "this is the place that reads the time")]
    pub(crate) fn moved(&self) -> i64 {
        let nanos = |span: Duration| i64::try_from(span.as_nanos()).unwrap_or(i64::MAX);
        let wall = match SystemTime::now().duration_since(self.system.wall) {
            Ok(after) => nanos(after),
            Err(before) => -nanos(before.duration()),
        };
        let moved = wall.saturating_sub(nanos(self.system.monotonic.elapsed()));
        moved.saturating_add(self.system.simulated.load(Ordering::Relaxed))
    }

    /// Corrects [`wall`](Self::wall) if the system time has moved by more than small corrections.
    pub(crate) fn follow_system_time(&self) {
        let moved = self.moved();
        if (moved - self.system.followed.load(Ordering::Relaxed)).abs() > MIN_MOVE {
            self.system.followed.store(moved, Ordering::Relaxed);
        }
    }

    /// Moves the system time that this clock and its clones read, as a sleep of the machine does. For tests.
    pub fn move_system_time(&self, nanos: i64) {
        self.system.simulated.fetch_add(nanos, Ordering::Relaxed);
    }

    /// Sleeps until a time of this clock.
    pub async fn sleep_until(&self, time: Timestamp) {
        tokio::time::sleep_until(self.instant(time)).await;
        // A clock that waits may have waited meanwhile.
        while self.beats.is_some() && self.now() < time {
            tokio::time::sleep_until(self.instant(time)).await;
            tokio::time::sleep(BEAT).await;
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_waits_never_advances_more_than_a_step_between_beats() {
        let [second, long] = [1_000, 60_000].map(Duration::from_millis);
        let mut beats = Beats::default();
        beats.beat(MAX_STEP);
        assert_eq!((beats.counted(MAX_STEP), beats.waited), (MAX_STEP, Duration::ZERO));
        // No beat for a minute: the clock stands still after one step, and continues from there.
        assert_eq!([second, long].map(|elapsed| beats.counted(elapsed)), [MAX_STEP * 2; 2]);
        beats.beat(long);
        assert_eq!((beats.counted(long), beats.waited), (MAX_STEP * 2, long - MAX_STEP * 2));
        assert_eq!(beats.counted(long + BEAT), MAX_STEP * 2 + BEAT);
    }

    #[tokio::test(start_paused = true)]
    async fn a_sleep_lasts_as_long_as_the_clock_says_while_it_waits() {
        let (clock, task) = Clock::that_waits(60);
        let sleeper = spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_secs(60)).await }
        });
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(clock.now(), Timestamp::at(Duration::from_secs(30)));
        // Time passes without a beat, as on a machine that is too slow.
        tokio::time::advance(Duration::from_secs(20)).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(clock.now() < Timestamp::at(Duration::from_secs(45)) && !sleeper.is_finished());
        assert!(clock.waited() > Duration::from_secs(19));
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(sleeper.is_finished());
        drop(task);
        tokio::time::sleep(Duration::from_secs(1)).await;
        let stopped = clock.now();
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(clock.now(), stopped);
    }
}
