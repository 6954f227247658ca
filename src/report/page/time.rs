//! The time axis: seconds since the start of a clock, and the time of day.

use std::time::{Duration, SystemTime};

use crate::report::text::rfc3339;

/// The times of a page, in seconds since the start of a clock.
#[derive(Clone, Debug, Default)]
pub(super) struct TimeScale {
    /// The first time.
    pub(super) from: f64,
    /// The last time.
    pub(super) until: f64,
    /// The wall-clock time at 0. `None` if it is not known.
    pub(super) start: Option<SystemTime>,
    /// When the machine slept, and for how long, which the clock did not count.
    pub(super) sleeps: Vec<(f64, Duration)>,
}

impl TimeScale {
    /// The length in seconds.
    pub(super) fn span(&self) -> f64 {
        self.until - self.from
    }

    /// The wall-clock time at `at`, with the time that the machine slept before. `None` if it is not known.
    pub(super) fn wall(&self, at: f64) -> Option<SystemTime> {
        let slept: Duration = self.sleeps.iter().filter(|(slept, _)| *slept <= at).map(|(_, span)| *span).sum();
        self.start?.checked_add(slept)?.checked_add(Duration::try_from_secs_f64(at).ok()?)
    }

    /// The time of day in UTC, `03:12:07`, or the time since the start, `0:07`.
    pub(super) fn label(&self, at: f64) -> String {
        self.wall(at).map_or_else(|| clock(at - self.from), time_of_day)
    }

    /// Round times from `from` to `until`, at most `most`, with their labels.
    pub(super) fn ticks(&self, from: f64, until: f64, most: usize) -> Vec<(f64, String)> {
        const STEPS: [u32; 20] = [
            1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800,
            604_800,
        ];
        let least = (until - from) / most as f64;
        let step = STEPS.into_iter().map(f64::from).find(|step| *step >= least).unwrap_or(least).max(1e-3);
        // Full seconds of the wall clock.
        let offset = self.wall(from).and_then(|wall| wall.duration_since(SystemTime::UNIX_EPOCH).ok());
        let offset = offset.map_or(from - self.from, |wall| wall.as_secs_f64());
        let first = (offset / step).ceil() * step - offset + from;
        let count = ((until - first) / step).floor().max(-1.0) as usize;
        let ticks = (0..=count).map(|number| first + number as f64 * step);
        ticks.filter(|at| *at <= until).map(|at| (at, self.label(at + 1e-6))).collect()
    }
}

/// `03:12:07` in UTC.
pub(super) fn time_of_day(at: SystemTime) -> String {
    rfc3339(at).get(11..19).unwrap_or_default().to_owned()
}

/// `03:12:07.120` in UTC.
pub(super) fn precise(at: SystemTime) -> String {
    rfc3339(at).get(11..23).unwrap_or_default().to_owned()
}

/// `2026-11-29 03:12:07` in UTC.
pub(super) fn date_and_time(at: SystemTime) -> String {
    let text = rfc3339(at);
    format!("{} {}", text.get(..10).unwrap_or_default(), text.get(11..19).unwrap_or_default())
}

/// `1:02:03` or `2:03`.
fn clock(seconds: f64) -> String {
    let seconds = seconds.max(0.0).round() as u64;
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// `1 h 2 min`, `2 min 3 s` or `3.2 s`.
pub(super) fn span(seconds: f64) -> String {
    if seconds < 59.95 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds.round() as u64;
    let (hours, minutes, seconds) = (whole / 3_600, whole / 60 % 60, whole % 60);
    match (hours, minutes, seconds) {
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, 0, _) => format!("{hours} h"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_at_round_times_of_day() {
        let start = SystemTime::UNIX_EPOCH + Duration::from_millis(3_500);
        let scale =
            TimeScale { from: 1.0, until: 31.0, start: Some(start), sleeps: vec![(20.0, Duration::from_secs(60))] };
        let ticks = scale.ticks(1.0, 16.0, 5);
        assert_eq!(ticks, [(1.5, "00:00:05".to_owned()), (6.5, "00:00:10".to_owned()), (11.5, "00:00:15".to_owned())]);
        assert_eq!((scale.label(10.0).as_str(), scale.label(20.5).as_str()), ("00:00:13", "00:01:24"));
        let relative = TimeScale { from: 0.0, until: 120.0, ..TimeScale::default() };
        assert_eq!(relative.ticks(0.0, 120.0, 4).last(), Some(&(120.0, "2:00".to_owned())));
        assert_eq!(relative.ticks(5.0, 5.0, 4).len(), 1);
    }

    #[test]
    fn spans_have_two_units_at_most() {
        assert_eq!(
            [3.21, 59.96, 123.0, 3_600.0, 7_380.4].map(span),
            ["3.2 s", "1 min", "2 min 3 s", "1 h", "2 h 3 min"]
        );
    }
}
