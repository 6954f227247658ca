//! `wait`: whether the condition was met, or why not.

use std::time::SystemTime;

use serde::Serialize;

use super::json::line;
#[cfg(test)]
use super::schema;
use super::text::rfc3339;
use crate::app::{EndCause, LeaseState, MatchCount};
use crate::escape::printable;
use crate::inference::TimeRange;
use crate::plural::plural;
use crate::wait_condition::{CountCondition, WaitCondition};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Why the condition was not met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The lease does not exist, so the condition can no longer be met.
    Gone,
    /// The time-out passed.
    TimedOut,
    /// A signal arrived.
    Stopped,
}

/// The result of waiting.
#[derive(Clone, Debug)]
pub struct Waited {
    /// Real time of the end.
    pub at: SystemTime,
    /// The end by the program's clock.
    pub now: Timestamp,
    /// The lease.
    pub id: LeaseId,
    /// The condition.
    pub until: WaitCondition,
    /// Why the condition was not met. None if it was.
    pub reason: Option<Reason>,
    /// Whether the lease existed at any time during the wait.
    pub was_there: bool,
    /// Why the lease ended. None if it did not end during the wait.
    pub end: Option<EndCause>,
    /// One of its keys that is on another lease now, raw, and that lease.
    pub moved: Option<(Vec<u8>, LeaseId)>,
    /// The known range of the deadline.
    pub bounds: Option<TimeRange>,
}

impl Waited {
    /// Seconds left, 0 or more, and their maximum error. None if the lease is gone or nothing is known.
    fn left(&self) -> Option<(f64, f64)> {
        let is_gone = self.reason == Some(Reason::Gone) || self.reason.is_none() && self.until == WaitCondition::Gone;
        let bounds = self.bounds.filter(|_| !is_gone)?;
        Some((bounds.middle().signed_since(self.now).max(0.0), bounds.half_width().as_secs_f64()))
    }

    /// The reason in a word. `not found` points at a mistyped id, `gone` at a lease that ended.
    fn word(&self) -> Option<&'static str> {
        Some(match self.reason? {
            Reason::Gone if !self.was_there => "not found",
            Reason::Gone => "gone",
            Reason::TimedOut => "timeout",
            Reason::Stopped => "stopped",
        })
    }
}

/// The result of waiting for a lease.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct WaitedObject {
    /// End of the wait: RFC 3339 with milliseconds.
    #[cfg_attr(test, schemars(regex(pattern = schema::TIME)))]
    at: String,
    /// Lease id in hex, as etcdctl prints it.
    #[cfg_attr(test, schemars(regex(pattern = schema::ID)))]
    id: String,
    /// The condition.
    #[cfg_attr(test, schemars(regex(pattern = r"^(gone|renewed|left<[0-9.]+s)$")))]
    until: String,
    /// Whether the condition was met.
    happened: bool,
    /// Whether the lease existed at any time during the wait. False for a mistyped id.
    was_there: bool,
    /// Why the condition was not met. Null if it was. `not found`: the lease never existed during the wait.
    #[cfg_attr(test, schemars(extend("enum" = [null, "timeout", "gone", "not found", "stopped"])))]
    reason: Option<&'static str>,
    /// How the lease ended. Left out if it did not end during the wait. `ran out`: no renewal was seen. `replaced`: its keys
    /// moved to another lease before. `gone`: it expired or was revoked. `absent`: etcd was restored or wiped.
    #[cfg_attr(test, schemars(extend("enum" = ["expired", "ran out", "revoked", "replaced", "gone", "absent"])))]
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<&'static str>,
    /// Seconds left, 0 or more: the middle of the known range. Null if the lease is gone or nothing is known.
    #[cfg_attr(test, schemars(range(min = 0)))]
    left: Option<f64>,
    /// Maximum error of `left`, in seconds.
    left_error: Option<f64>,
}

/// The result of waiting for a number of leases.
#[derive(Clone, Copy, Debug)]
pub struct WaitedForCount<'a> {
    /// Real time of the end.
    pub at: SystemTime,
    /// The condition.
    pub condition: &'a CountCondition,
    /// The last count.
    pub count: MatchCount,
    /// Why the condition was not met. None if it was.
    pub reason: Option<Reason>,
}

/// The result of waiting for a number of leases.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct WaitedForCountObject {
    /// End of the wait: RFC 3339 with milliseconds.
    #[cfg_attr(test, schemars(regex(pattern = schema::TIME)))]
    at: String,
    /// The condition.
    #[cfg_attr(test, schemars(regex(pattern = r"^(count|any|none)\(.*\)")))]
    until: String,
    /// Whether the condition was met.
    happened: bool,
    /// Number of leases that match the filter.
    count: usize,
    /// Number of leases that may match: it depends on a value that is not known.
    unknown: usize,
    /// Why the condition was not met. Left out if it was.
    #[cfg_attr(test, schemars(extend("enum" = ["timeout", "stopped"])))]
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

/// `wait` for a number of leases: one object.
pub fn waited_for_count_json(waited: &WaitedForCount<'_>) -> String {
    line(&WaitedForCountObject {
        at: rfc3339(waited.at),
        until: waited.condition.to_string(),
        happened: waited.reason.is_none(),
        count: waited.count.matching,
        unknown: waited.count.unknown,
        reason: waited.reason.map(|reason| if reason == Reason::TimedOut { "timeout" } else { "stopped" }),
    })
}

/// `wait` for a number of leases: one line.
pub fn waited_for_count(waited: &WaitedForCount<'_>) -> String {
    let MatchCount { matching, unknown } = waited.count;
    let verb = if matching == 1 { "matches" } else { "match" };
    let others = if unknown == 0 { String::new() } else { format!(", {unknown} more may") };
    let count = format!("{} {verb}{others}", plural(matching, "lease"));
    let condition = waited.condition;
    match waited.reason {
        None => format!("{condition}: {count}\n"),
        Some(Reason::TimedOut) => format!("timed out before {condition}: {count}\n"),
        Some(_) => format!("interrupted before {condition}: {count}\n"),
    }
}

/// `wait`: one object.
pub fn waited_json(waited: &Waited) -> String {
    let thousandth = |seconds: f64| (seconds * 1e3).round() / 1e3;
    line(&WaitedObject {
        at: rfc3339(waited.at),
        id: waited.id.to_string(),
        until: waited.until.to_string(),
        happened: waited.reason.is_none(),
        was_there: waited.was_there,
        reason: waited.word(),
        end: waited.end.map(|cause| LeaseState::Ended(cause).word()),
        left: waited.left().map(|(middle, _)| thousandth(middle)),
        left_error: waited.left().map(|(_, error)| thousandth(error)),
    })
}

/// `wait`: one line.
pub fn waited(waited: &Waited) -> String {
    let Waited { id, until, was_there, .. } = *waited;
    match waited.reason {
        None => success_line(waited),
        Some(Reason::Gone) if was_there => {
            format!("lease {id} {} before it {}{}\n", ended(waited.end), past(until), explanation(waited))
        }
        Some(Reason::Gone) => format!("lease {id} not found, so it cannot {}\n", infinitive(until)),
        Some(Reason::TimedOut) => format!("timed out before lease {id} {}\n", past(until)),
        Some(Reason::Stopped) => format!("interrupted before lease {id} {}\n", past(until)),
    }
}

/// How a lease ended, after `lease ID`.
fn ended(cause: Option<EndCause>) -> &'static str {
    match cause {
        Some(EndCause::Expired) => "expired",
        Some(EndCause::RanOut) => "ran out",
        Some(EndCause::Revoked) => "was revoked",
        Some(EndCause::Replaced) => "was replaced",
        Some(EndCause::Unknown | EndCause::NotRestored) | None => "ended",
    }
}

/// What is known beyond the verb: `: its key /svc/a is on lease ID now`.
fn explanation(waited: &Waited) -> String {
    match (waited.end, &waited.moved) {
        (Some(EndCause::Replaced), Some((key, lease))) => {
            format!(": its key {} is on lease {lease} now", printable(key))
        }
        (Some(EndCause::RanOut), _) => ": no renewal was seen".to_owned(),
        (Some(EndCause::Unknown), _) => ": it expired or was revoked".to_owned(),
        (Some(EndCause::NotRestored), _) => ": etcd was restored or wiped".to_owned(),
        _ => String::new(),
    }
}

fn past(condition: WaitCondition) -> String {
    match condition {
        WaitCondition::Gone => "was gone".to_owned(),
        WaitCondition::Renewed => "was renewed".to_owned(),
        WaitCondition::LeftBelow(_) => format!("reached {condition}"),
    }
}

fn infinitive(condition: WaitCondition) -> String {
    match condition {
        WaitCondition::Gone => "end".to_owned(),
        WaitCondition::Renewed => "be renewed".to_owned(),
        WaitCondition::LeftBelow(_) => format!("reach {condition}"),
    }
}

fn success_line(waited: &Waited) -> String {
    let left = waited.left().map_or(String::new(), |(middle, error)| format!(" ({middle:.1} s ±{error:.1} left)"));
    let id = waited.id;
    match waited.until {
        WaitCondition::Gone if waited.was_there => {
            let verb = if waited.end == Some(EndCause::Unknown) { "is gone" } else { ended(waited.end) };
            format!("lease {id} {verb}{}\n", explanation(waited))
        }
        WaitCondition::Gone => format!("lease {id} not found\n"),
        WaitCondition::Renewed => format!("lease {id} was renewed{left}\n"),
        WaitCondition::LeftBelow(_) => format!("lease {id} reached {}{left}\n", waited.until),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn ended_by(until: &str, reason: Option<Reason>) -> Waited {
        let at = |seconds| Timestamp::at(Duration::from_millis(seconds));
        let bounds = Some(TimeRange { earliest: at(14_500), latest: at(15_000) });
        let until = until.parse().expect("something to wait for");
        Waited {
            at: SystemTime::UNIX_EPOCH,
            now: at(10_000),
            id: LeaseId(7),
            until,
            reason,
            was_there: true,
            end: None,
            moved: None,
            bounds,
        }
    }

    /// The lease ended in this way while a condition was waited for.
    fn gone(until: &str, end: EndCause) -> Waited {
        let reason = if until == "gone" { None } else { Some(Reason::Gone) };
        let moved = if end == EndCause::Replaced { Some((b"/svc/a\x1b".to_vec(), LeaseId(8))) } else { None };
        Waited { end: Some(end), moved, ..ended_by(until, reason) }
    }

    const ENDS: [EndCause; 6] = [
        EndCause::Expired,
        EndCause::RanOut,
        EndCause::Revoked,
        EndCause::Replaced,
        EndCause::Unknown,
        EndCause::NotRestored,
    ];

    #[test]
    fn a_line_says_how_the_lease_ended() {
        let of =
            |until: &str| ENDS.map(|end| waited(&gone(until, end)).replace("lease 0000000000000007 ", "")).concat();
        let moved = r"its key /svc/a\x1b is on lease 0000000000000008 now";
        let lines = format!(
            "expired\nran out: no renewal was seen\nwas revoked\nwas replaced: {moved}\n\
             is gone: it expired or was revoked\nended: etcd was restored or wiped\n"
        );
        assert_eq!(of("gone"), lines);
        let lines = format!(
            "expired before it was renewed\nran out before it was renewed: no renewal was seen\n\
             was revoked before it was renewed\nwas replaced before it was renewed: {moved}\n\
             ended before it was renewed: it expired or was revoked\n\
             ended before it was renewed: etcd was restored or wiped\n"
        );
        assert_eq!(of("renewed"), lines);
        let json = ENDS.map(|end| waited_json(&gone("gone", end))).concat();
        for word in ["expired", "ran out", "revoked", "replaced", "gone", "absent"] {
            assert!(json.contains(&format!(r#","end":"{word}","left":null"#)), "{json}");
        }
    }

    #[test]
    fn a_line_says_what_happened() {
        let line = |until| waited(&ended_by(until, None));
        assert_eq!(line("renewed"), "lease 0000000000000007 was renewed (4.8 s ±0.2 left)\n");
        assert_eq!(line("left<5s"), "lease 0000000000000007 reached left<5s (4.8 s ±0.2 left)\n");
        let never = Waited { was_there: false, bounds: None, ..ended_by("gone", None) };
        assert_eq!(waited(&never), "lease 0000000000000007 not found\n");
    }

    #[test]
    fn a_line_says_why_it_did_not_happen() {
        let line = |reason| waited(&ended_by("renewed", Some(reason)));
        assert_eq!(line(Reason::Gone), "lease 0000000000000007 ended before it was renewed\n");
        assert_eq!(line(Reason::TimedOut), "timed out before lease 0000000000000007 was renewed\n");
        assert_eq!(line(Reason::Stopped), "interrupted before lease 0000000000000007 was renewed\n");
        let never = Waited { was_there: false, bounds: None, ..ended_by("renewed", Some(Reason::Gone)) };
        assert_eq!(waited(&never), "lease 0000000000000007 not found, so it cannot be renewed\n");
    }

    #[test]
    fn an_object_has_the_outcome_and_the_reason() {
        let start = "{\"at\":\"1970-01-01T00:00:00.000Z\",\"id\":\"0000000000000007\",";
        assert_eq!(
            waited_json(&ended_by("left<5s", Some(Reason::TimedOut))),
            format!(
                "{start}\"until\":\"left<5s\",\"happened\":false,\"was_there\":true,\"reason\":\"timeout\",\"left\":4.75,\"left_error\":0.25}}\n"
            )
        );
        assert_eq!(
            waited_json(&ended_by("gone", None)),
            format!(
                "{start}\"until\":\"gone\",\"happened\":true,\"was_there\":true,\"reason\":null,\"left\":null,\"left_error\":null}}\n"
            )
        );
        let never = Waited { was_there: false, bounds: None, ..ended_by("renewed", Some(Reason::Gone)) };
        let object = waited_json(&never);
        assert!(object.contains("\"happened\":false,\"was_there\":false,\"reason\":\"not found\""), "{object}");
    }
}
