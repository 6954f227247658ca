//! Times of day in a recording or in the last minutes.

use std::time::SystemTime;

use jiff::tz::TimeZone;
use simkit::Timestamp;

/// The time of day at a time, such as `10:04:31`, in the time zone of this machine. `start` is the wall-clock time of
/// the clock's start.
pub(super) fn time_text(start: SystemTime, at: Timestamp) -> String {
    zoned(start, at).strftime("%H:%M:%S").to_string()
}

/// The first time within a span at which it is this time of day, in seconds since midnight. `None` if there is none.
pub(super) fn find(seconds: u32, start: SystemTime, (from, until): (Timestamp, Timestamp)) -> Option<Timestamp> {
    let first = zoned(start, from).with().subsec_nanosecond(0).build().ok()?;
    let [hour, minute, second] = [seconds / 3_600, seconds / 60 % 60, seconds % 60].map(|part| part as i8);
    let today = first.with().hour(hour).minute(minute).second(second).build().ok()?;
    let at = if today < first { today.tomorrow().ok()? } else { today };
    let at = SystemTime::from(at.timestamp()).duration_since(start).unwrap_or_default();
    // The time can be in the second in which the span starts.
    Some(Timestamp::at(at).max(from)).filter(|at| *at <= until)
}

fn zoned(start: SystemTime, at: Timestamp) -> jiff::Zoned {
    jiff::Timestamp::try_from(start + at.since_start()).unwrap_or_default().to_zoned(TimeZone::system())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_time_of_day_is_found_today_or_tomorrow() {
        let at = |seconds: f64| Timestamp::at(Duration::from_secs_f64(seconds));
        // Noon or so, wherever the test runs, and half a second.
        let start = SystemTime::UNIX_EPOCH + Duration::from_millis(1_764_417_600_500);
        let time = zoned(start, Timestamp::START).time();
        let noon = [time.hour(), time.minute(), time.second()].into_iter().fold(0, |sum, part| sum * 60 + part as u32);
        let span = (at(60.0), at(660.0));
        assert_eq!(find(noon + 90, start, span), Some(at(89.5)));
        assert_eq!(find(noon + 60, start, span), Some(at(60.0)), "the second in which it starts");
        assert_eq!(find(noon + 59, start, span), None);
        assert_eq!(find(noon + 661, start, span), None);
        assert_eq!(find(noon + 59, start, (at(60.0), at(100_000.0))), Some(at(86_458.5)), "tomorrow");
        assert_eq!(time_text(start, at(0.0)), zoned(start, Timestamp::START).strftime("%H:%M:%S").to_string());
    }
}
