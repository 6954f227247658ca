//! `wait`: what has come, or why it did not.

use std::time::SystemTime;

use serde::Serialize;

use super::json::line;
use super::text::rfc3339;
use crate::domain::{Awaited, Bounds, LeaseId, Moment};

/// How waiting ended.
#[derive(Clone, Copy, Debug)]
pub struct Waited {
    /// When, on the wall.
    pub at: SystemTime,
    /// The same moment.
    pub now: Moment,
    /// Which lease.
    pub id: LeaseId,
    /// What was waited for.
    pub until: Awaited,
    /// Why it did not come, in a word; none where it did.
    pub reason: Option<&'static str>,
    /// Where the deadline lies, as far as known.
    pub bounds: Option<Bounds>,
}

impl Waited {
    /// Seconds left, and how far the truth can lie from that; none where the lease is gone or nothing is known.
    fn left(&self) -> Option<(f64, f64)> {
        let is_gone = self.reason == Some("gone") || self.reason.is_none() && self.until == Awaited::Gone;
        let bounds = self.bounds.filter(|_| !is_gone)?;
        Some((bounds.middle().signed_since(self.now), bounds.doubt().as_secs_f64()))
    }
}

#[derive(Serialize)]
struct WaitedObject {
    at: String,
    id: String,
    until: String,
    happened: bool,
    reason: Option<&'static str>,
    left: Option<f64>,
    left_error: Option<f64>,
}

/// `wait`: one object.
pub fn waited_json(waited: &Waited) -> String {
    let thousandth = |seconds: f64| (seconds * 1e3).round() / 1e3;
    line(&WaitedObject {
        at: rfc3339(waited.at),
        id: waited.id.to_string(),
        until: waited.until.to_string(),
        happened: waited.reason.is_none(),
        reason: waited.reason,
        left: waited.left().map(|(middle, _)| thousandth(middle)),
        left_error: waited.left().map(|(_, error)| thousandth(error)),
    })
}

/// `wait`: that it has come, a line.
pub fn waited(waited: &Waited) -> String {
    let left = waited.left().map_or(String::new(), |(middle, error)| format!(", {middle:.1} s ±{error:.1} left"));
    let id = waited.id;
    match waited.until {
        Awaited::Gone => format!("lease {id} is gone\n"),
        Awaited::Renewed => format!("lease {id} was renewed{left}\n"),
        Awaited::LeftBelow(_) => format!("lease {id} has {}{left}\n", waited.until),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn ended(until: &str, reason: Option<&'static str>) -> Waited {
        let at = |seconds| Moment::at(Duration::from_millis(seconds));
        let bounds = Some(Bounds { earliest: at(14_500), latest: at(15_000) });
        let until = until.parse().expect("something to wait for");
        Waited { at: SystemTime::UNIX_EPOCH, now: at(10_000), id: LeaseId(7), until, reason, bounds }
    }

    #[test]
    fn a_line_says_what_has_come() {
        let line = |until| waited(&ended(until, None));
        assert_eq!(line("gone"), "lease 0000000000000007 is gone\n");
        assert_eq!(line("renewed"), "lease 0000000000000007 was renewed, 4.8 s ±0.2 left\n");
        assert_eq!(line("left<5s"), "lease 0000000000000007 has left<5s, 4.8 s ±0.2 left\n");
    }

    #[test]
    fn an_object_says_whether_it_has_and_why_not() {
        let start = "{\"at\":\"1970-01-01T00:00:00.000Z\",\"id\":\"0000000000000007\",";
        assert_eq!(
            waited_json(&ended("left<5s", Some("timeout"))),
            format!(
                "{start}\"until\":\"left<5s\",\"happened\":false,\"reason\":\"timeout\",\"left\":4.75,\"left_error\":0.25}}\n"
            )
        );
        assert_eq!(
            waited_json(&ended("gone", None)),
            format!(
                "{start}\"until\":\"gone\",\"happened\":true,\"reason\":null,\"left\":null,\"left_error\":null}}\n"
            )
        );
    }
}
