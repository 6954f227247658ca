//! Numbers with units, in few columns. An unknown value is `-`, never 0.

use std::time::Duration;

use crate::app::{LeaseCounts, least_rate_in_words, rate_in_words};

/// Shown for an unknown value.
pub(super) const UNKNOWN: &str = "-";
/// Shown in a table for a value that the program is waiting for.
pub(super) const WAITING: &str = "?";

const HOUR: f64 = 3600.0;
const DAY: f64 = 24.0 * HOUR;
const YEAR: f64 = 365.25 * DAY;

/// A count, or its lower bound with `>=`.
pub(super) fn at_least(is_least: bool, count: usize) -> String {
    format!("{}{count}", if is_least { ">=" } else { "" })
}

/// A time span in at most seven columns: `8.2 s`, `118 s`, `3411 s`, `27.8 h`, `104 d`, `285 y`.
pub(super) fn span(seconds: f64) -> String {
    // The unit changes where rounding would give the number one digit more.
    match seconds {
        s if s < 99.95 => format!("{s:.1} s"),
        s if s < 9_999.5 => format!("{s:.0} s"),
        s if s < 100.0 * HOUR => format!("{:.1} h", s / HOUR),
        s if s < 1_000.0 * DAY => format!("{:.0} d", s / DAY),
        s => format!("{:.0} y", s / YEAR),
    }
}

/// A lower bound of a time span in at most seven columns, rounded down: `>=8.2 s`, `>=118 s`, `>=3411s`, `>=27 h`.
pub(super) fn at_least_span(seconds: f64) -> String {
    /// More than the error of a float, less than anything that is displayed.
    const ROUNDING: f64 = 1e-9;
    let down = f64::floor;
    match seconds + ROUNDING {
        s if s < 10.0 => format!(">={:.1} s", down(s * 10.0) / 10.0),
        s if s < 1_000.0 => format!(">={:.0} s", down(s)),
        s if s < 10_000.0 => format!(">={:.0}s", down(s)),
        s if s < 100.0 * HOUR => format!(">={:.0} h", down(s / HOUR)),
        s if s < 1_000.0 * DAY => format!(">={:.0} d", down(s / DAY)),
        s => format!(">={:.0} y", down(s / YEAR)),
    }
}

/// A TTL, in whole seconds if it is short.
pub(super) fn ttl(seconds: i64) -> String {
    if seconds < 10_000 { format!("{seconds} s") } else { span(seconds as f64) }
}

/// A round-trip time: `0.6 ms`, `12.3 ms`, `123 ms`, `1.2 s`.
pub(super) fn round_trip(time: Duration) -> String {
    match time.as_secs_f64() * 1e3 {
        ms if ms < 99.95 => format!("{ms:.1} ms"),
        ms if ms < 999.5 => format!("{ms:.0} ms"),
        ms => span(ms / 1e3),
    }
}

/// A short time span in seconds, without the unit: `3.50`, `1200.5`.
pub(super) fn seconds(span: Duration) -> String {
    digits(span.as_secs_f64(), 2)
}

/// Renewals per second of all leases: `41/s` or `0.37/s`. While the intervals of some leases are unknown, a lower bound:
/// `>=41/s`, or `?` if that would be 0.
pub(super) fn renewals(counts: &LeaseCounts) -> String {
    /// From this rate on, decimals would only make the number restless.
    const WHOLE: f64 = 9.95;
    match (counts.unmeasured > 0, counts.renewals) {
        (false, rate) if rate >= WHOLE => format!("{rate:.0}/s"),
        (false, rate) => format!("{}/s", rate_in_words(rate)),
        (true, rate) if rate >= WHOLE => format!(">={}/s", rate as u64),
        (true, rate) => least_rate_in_words(rate).map_or(WAITING.to_owned(), |rate| format!(">={rate}/s")),
    }
}

/// `once`, `3 times`.
pub(super) fn times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

/// Seconds with `decimals` decimals below 100, with one decimal below 10,000, and with none above.
fn digits(seconds: f64, decimals: usize) -> String {
    let decimals = match seconds {
        s if s < 100.0 => decimals,
        s if s < 10_000.0 => 1,
        _ => 0,
    };
    format!("{seconds:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_stay_in_seven_columns() {
        let spans = [
            (0.0, "0.0 s"),
            (8.24, "8.2 s"),
            (99.96, "100 s"),
            (3411.4, "3411 s"),
            (9_999.7, "2.8 h"),
            (100_000.0, "27.8 h"),
            (9e6, "104 d"),
            (9e9, "285 y"),
        ];
        for (seconds, text) in spans {
            assert_eq!(span(seconds), text);
            assert!(span(seconds).len() <= 7);
        }
        assert_eq!((ttl(10), ttl(3600), ttl(9_000_000_000)), ("10 s".into(), "3600 s".into(), "285 y".into()));
    }

    #[test]
    fn the_least_of_a_span_stays_in_seven_columns_too() {
        let spans = [
            (0.0, ">=0.0 s"),
            (8.24, ">=8.2 s"),
            (0.3, ">=0.3 s"),
            (9.999_999_999_9, ">=10 s"),
            (39.9, ">=39 s"),
            (118.2, ">=118 s"),
            (3411.4, ">=3411s"),
            (20_000.0, ">=5 h"),
            (100_000.0, ">=27 h"),
            (400_000.0, ">=4 d"),
            (9e9, ">=285 y"),
        ];
        for (seconds, text) in spans {
            assert_eq!(at_least_span(seconds), text);
            assert!(at_least_span(seconds).len() <= 7);
        }
    }

    #[test]
    fn round_trips_change_their_unit() {
        let trips = [
            (600, "0.6 ms"),
            (12_345, "12.3 ms"),
            (99_960, "100 ms"),
            (123_400, "123 ms"),
            (999_600, "1.0 s"),
            (1_234_000, "1.2 s"),
            (1_000_000_000, "1000 s"),
        ];
        for (micros, text) in trips {
            assert_eq!(round_trip(Duration::from_micros(micros)), text);
        }
    }
}
