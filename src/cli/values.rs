//! Parsers of option values.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use jiff::SignedDuration;

use crate::app::check_ttl;
use etcd_lease::wire::Address;

/// Parses a TTL in whole seconds: `10`, `10s` or `2m`.
///
/// Refuses 0 and less, for which etcd would silently grant its minimum.
///
/// # Errors
/// What is expected.
pub fn ttl(text: &str) -> Result<i64, String> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = if is_number(text.strip_prefix('-').unwrap_or(text)) {
        let beyond = if text.starts_with('-') { i64::MIN } else { i64::MAX };
        text.parse().unwrap_or(beyond)
    } else {
        let duration: SignedDuration =
            text.parse().map_err(|_| "expected seconds or a duration such as 10s or 2m".to_owned())?;
        if duration.subsec_nanos() != 0 {
            return Err("TTL must be in whole seconds".to_owned());
        }
        duration.as_secs()
    };
    check_ttl(seconds).map_err(|error| error.to_string())
}

/// Parses a duration greater than 0: seconds, or Go's notation (`500ms`, `2s`, `1m30s`).
///
/// # Errors
/// What is expected.
pub fn duration(text: &str) -> Result<Duration, String> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || b"-.".contains(&byte));
    let duration: Result<SignedDuration, _> = if is_number { format!("{text}s").parse() } else { text.parse() };
    let duration = duration.map_err(|_| "expected seconds or a duration: 3, 500ms, 2s, 1m30s".to_owned())?;
    match Duration::try_from(duration) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("duration must be greater than 0".to_owned()),
    }
}

/// Parses an address to listen on: `127.0.0.1:9709`, `[::1]:9709`, or a port on this machine's loopback.
pub(super) fn listen_address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(port) = text.strip_prefix(':').unwrap_or(text).parse() {
        return Ok((Ipv4Addr::LOCALHOST, port).into());
    }
    text.parse().map_err(|_| "expected HOST:PORT with an IP address, such as 127.0.0.1:9709".to_owned())
}

/// Parses a number of bytes: `500kB`, `8MB`, `1GB` or bytes without a unit.
///
/// # Errors
/// What is expected.
pub fn size(text: &str) -> Result<u64, String> {
    /// The smallest size that is accepted. A smaller number probably lacks its unit.
    const LEAST: u64 = 100_000;
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let factor = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => Some(1),
        "k" | "kb" => Some(1_000),
        "m" | "mb" => Some(1_000_000),
        "g" | "gb" => Some(1_000_000_000),
        _ => None,
    };
    let bytes = number.parse::<u64>().ok().zip(factor).and_then(|(number, factor)| number.checked_mul(factor));
    match bytes {
        Some(bytes) if bytes < LEAST => Err("size must be at least 100kB".to_owned()),
        Some(bytes) => Ok(bytes),
        None => Err("expected a size: 500kB, 8MB, 1GB".to_owned()),
    }
}

/// Parses a size in memory. 0 is none.
///
/// # Errors
/// What is expected.
pub(super) fn size_or_none(text: &str) -> Result<usize, String> {
    if text == "0" {
        return Ok(0);
    }
    usize::try_from(size(text)?).map_err(|_| "the size is larger than any memory".to_owned())
}

/// Parses a boolean as etcdctl does. An empty variable counts as unset.
pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "t" | "true" => Ok(true),
        "" | "0" | "f" | "false" => Ok(false),
        _ => Err("expected true or false".to_owned()),
    }
}

/// Checks an endpoint but returns it unchanged: whether a bare `host:port` means TLS depends on other options. An empty one
/// comes from a trailing comma and is ignored later.
pub(super) fn endpoint(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(String::new());
    }
    Address::parse(text).map(|_| text.to_owned()).map_err(|error| error.to_string())
}

pub(super) fn key(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("key must not be empty".to_owned()) } else { Ok(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ttl_is_whole_seconds_within_etcds_bounds() {
        for (text, seconds) in [("10", 10), ("10s", 10), ("2m", 120), ("1h1s", 3601), ("9000000000", 9_000_000_000)] {
            assert_eq!(ttl(text), Ok(seconds), "{text}");
        }
        for text in ["0", "-1", "-99999999999999999999", "0s", "9000000001", "99999999999999999999", "1.5s", "", "ten"]
        {
            assert!(ttl(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_switch_is_on_by_its_word_alone() {
        for (text, value) in [("true", true), ("1", true), ("T", true), ("false", false), ("0", false), ("", false)] {
            assert_eq!(switch(text), Ok(value), "{text}");
        }
        assert!(["maybe", "flase", "yes"].into_iter().all(|text| switch(text).is_err()));
    }

    #[test]
    fn a_size_has_a_decimal_unit() {
        for (text, bytes) in [("500kB", 500_000), ("8MB", 8_000_000), ("1g", 1_000_000_000), ("100000", 100_000)] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "MB", "1", "99kB", "1.5MB", "8MiB", "-8MB", "99999999999999GB"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_duration_is_seconds_or_gos_notation() {
        for (text, millis) in [
            ("2s", 2_000),
            ("500ms", 500),
            ("1m30s", 90_000),
            ("1.5s", 1_500),
            ("1h", 3_600_000),
            ("5", 5_000),
            ("0.5", 500),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["0", "0s", "-1s", "-1", "", "soon", ".", "1-2"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
