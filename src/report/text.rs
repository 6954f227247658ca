//! Formatting of numbers, times and keys.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

pub(super) use crate::app::cadence::human;
use crate::escape::printable;

/// A key for JSON: unchanged if it is UTF-8, else escaped.
pub(super) fn json_key(key: &[u8]) -> String {
    std::str::from_utf8(key).map_or_else(|_| printable(key), str::to_owned)
}

/// Base64 in the standard alphabet, padded.
pub(super) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// A time as RFC 3339 in UTC with milliseconds: `2026-11-22T10:04:31.250Z`.
pub fn rfc3339(time: SystemTime) -> String {
    // A certificate without an end has one that is too late for jiff (RFC 5280, 4.1.2.5).
    let time = Timestamp::try_from(time).unwrap_or(Timestamp::MAX);
    format!("{time:.3}")
}

/// The day of a time in UTC: `2026-11-22`.
pub(super) fn date(time: SystemTime) -> String {
    rfc3339(time)[..10].to_owned()
}

/// Seconds, rounded to the microsecond.
pub(super) fn seconds(duration: Duration) -> f64 {
    let micros = duration.as_nanos().saturating_add(500) / 1000;
    micros as f64 / 1e6
}

/// A round trip: `0.52 ms`.
pub(super) fn millis(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1e3)
}

/// The value as `show` formats it, or `-` if it is unknown.
pub(super) fn or_dash<T>(value: Option<T>, show: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| "-".to_owned(), show)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_milliseconds() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_500_000_000_007);
        assert_eq!(rfc3339(time), "2017-07-14T02:40:00.007Z");
        assert_eq!(rfc3339(SystemTime::UNIX_EPOCH), "1970-01-01T00:00:00.000Z");
        let never = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_799);
        assert_eq!(date(never), "9999-12-30", "9999-12-31T23:59:59Z of a certificate without an end");
    }

    #[test]
    fn durations_are_rounded_and_carry_a_unit() {
        assert_eq!(seconds(Duration::from_nanos(3_500_000_499)), 3.5);
        assert_eq!(human(Duration::from_millis(3_504)), "3.50 s");
        assert_eq!(human(Duration::from_millis(1_200_490)), "1200.5 s");
        assert_eq!(millis(Duration::from_micros(523)), "0.52 ms");
    }
}
