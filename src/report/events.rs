//! `events`: one line or JSON object per event.

#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::json::line;
#[cfg(test)]
use super::schema;
use super::text::{base64, json_key, rfc3339, seconds};
use crate::app::{EndCause, Event, EventKind, LastRenewal, LeaseEnded, LeaseKeys, Ownership, Renewal, RenewalSource};
use crate::inference::lease_inference::RemovalDelay;
use simkit::Timestamp;

/// `2026-11-22T10:04:31.250Z   ±0.1  renewed     694d9aa8d4d4f304  after ~3.5 s (TTL 10 s)`: time, its maximum error in
/// seconds, kind, lease, description. Every line has the first three. `start` is the real time at the start of the clock.
pub fn event_line(event: &Event, start: SystemTime) -> String {
    let lease = event.lease.map_or(String::new(), |id| id.to_string());
    let at = rfc3339(wall(event.at, start));
    let doubt = format!("±{:.1}", event.doubt.as_secs_f64());
    format!("{at} {doubt:>6}  {:<10}  {lease:<16}  {}\n", event.name().as_str(), event.text())
}

/// An event as a JSON object on one line, without unknown values. `start` is the real time at the start of the clock.
pub fn event_json(event: &Event, start: SystemTime) -> String {
    line(&event_object(event, start))
}

pub(super) fn event_object(event: &Event, start: SystemTime) -> EventObject {
    EventObject {
        at: rfc3339(wall(event.at, start)),
        at_error: if event.doubt.is_zero() { None } else { Some(seconds(event.doubt)) },
        seen_at: rfc3339(wall(event.seen_at, start)),
        event: event.name().as_str(),
        lease: event.lease.map(|id| id.to_string()),
        facts: EventFields::of(&event.kind),
    }
}

fn wall(moment: Timestamp, start: SystemTime) -> SystemTime {
    start + moment.since_start()
}

/// A lease event. Unknown values are left out.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct EventObject {
    /// When it happened, as far as known: RFC 3339 with milliseconds.
    #[cfg_attr(test, schemars(regex(pattern = schema::TIME)))]
    at: String,
    /// Maximum error of `at`, in seconds. Left out if it was reported as it happened.
    #[cfg_attr(test, schemars(range(min = 0)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    at_error: Option<f64>,
    /// When it was detected.
    #[cfg_attr(test, schemars(regex(pattern = schema::TIME)))]
    seen_at: String,
    /// The kind. `late`: the renewal is overdue. `risk`: it is overdue, and less time is left than one interval
    /// and than usual at a renewal. `unrenewed`: two thirds of the TTL have passed
    /// without a renewal, which may be intended. `missed`: a renewal got no reply; without a lease, a time about which nothing is known. `refilled`:
    /// the time left was reset by an election or a restart, which is not a renewal. `gone`: ended for an unknown reason.
    /// `replaced`: ran out after a newer lease (`to`) had taken its last key.
    /// `absent`: not in the cluster that was restored or that replaced the known one. `cluster`: etcd was restored or
    /// replaced, two clusters answer in turn, a member was added or removed, or an alarm was disarmed. `down`: a key that a client keeps is gone. `back`: such a key exists again,
    /// or any key that was deleted with its lease is back without a lease. `kept`, `paused`, `drill` and `lost`, only in the
    /// monitor: a keep-alive by leasetop started, was stopped, its drill began or ended, and it lost its lease.
    #[cfg_attr(test, schemars(extend("enum" = ["granted", "attached", "renewed", "dropped", "late", "risk", "unrenewed", "missed", "refilled", "expired", "revoked", "replaced", "detached", "moved", "down", "back", "gone", "absent", "cluster", "connection", "leader", "term", "error", "kept", "paused", "drill", "lost"])))]
    event: &'static str,
    /// Lease id in hex. Null for an event of the connection. Of a key that is back without a lease: the lease that it had.
    #[cfg_attr(test, schemars(regex(pattern = schema::ID)))]
    lease: Option<String>,
    #[serde(flatten)]
    facts: EventFields,
}

/// Further facts; which of them depends on the kind.
#[derive(Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct EventFields {
    /// The owner.
    #[cfg_attr(test, schemars(extend("enum" = ["own", "adopted", "other"])))]
    #[serde(skip_serializing_if = "Option::is_none")]
    who: Option<&'static str>,
    /// Granted seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<i64>,
    /// Requested seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    requested_ttl: Option<i64>,
    /// renewed: seconds left when it was renewed. risk and unrenewed: seconds left at `at`. refilled: seconds left if it was not reset to the
    /// full TTL.
    #[cfg_attr(test, schemars(range(min = 0)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<f64>,
    /// renewed, by other clients, and refilled: maximum error of `left`, in seconds.
    #[cfg_attr(test, schemars(range(min = 0)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    left_error: Option<f64>,
    /// Seconds since the previous renewal, which may be known better now than when its own line was written.
    /// late: seconds since the last renewal, at `at`. missed: seconds without a reply. expired: seconds from the last renewal to
    /// the end.
    #[cfg_attr(test, schemars(range(min = 0)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<f64>,
    /// renewed, by other clients: maximum error of `interval`, in seconds.
    #[cfg_attr(test, schemars(range(min = 0)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    interval_error: Option<f64>,
    /// renewed, by other clients: `at_most` if renewals in between may be missing.
    #[cfg_attr(test, schemars(extend("enum" = ["about", "at_most"])))]
    #[serde(skip_serializing_if = "Option::is_none")]
    interval_sureness: Option<&'static str>,
    /// unrenewed and expired: true if the lease was not renewed after its grant, as a cache entry. False if renewals were
    /// seen. Left out if it was granted before it was watched.
    #[serde(skip_serializing_if = "Option::is_none")]
    never_renewed: Option<bool>,
    /// Own renewals: seconds from the request to the reply.
    #[cfg_attr(test, schemars(range(min = 0)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    round_trip: Option<f64>,
    /// Usual interval, in seconds. expired: until the last renewal.
    #[cfg_attr(test, schemars(range(min = 0)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<f64>,
    /// The key, or the first eight keys that were deleted with the lease; escaped if they are not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    keys: Option<Vec<String>>,
    /// The same keys in base64, if one is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    keys_base64: Option<Vec<String>>,
    /// Number of keys deleted with the lease.
    #[serde(skip_serializing_if = "Option::is_none")]
    key_count: Option<usize>,
    /// Seconds from the deadline to the removal: the middle of the known range.
    #[cfg_attr(test, schemars(range(min = 0)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    lag: Option<f64>,
    /// Maximum error of `lag`, in seconds.
    #[cfg_attr(test, schemars(range(min = 0)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    lag_error: Option<f64>,
    /// back: seconds for which the key was gone.
    #[cfg_attr(test, schemars(range(min = 0)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    gone: Option<f64>,
    /// back: maximum error of `gone`, in seconds.
    #[cfg_attr(test, schemars(range(min = 0)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    gone_error: Option<f64>,
    /// Revision of the change.
    #[cfg_attr(test, schemars(range(min = 0)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<i64>,
    /// detached: `deleted`, or `put` without a lease. down: how the lease ended, or `deleted` if it still exists. back: `put`
    /// if the key is back without a lease. revoked: from `here` or `elsewhere`. connection: `up`, `down`,
    /// `refused` or `renewals`. leader: `none` if there is no leader. cluster: `restored`, `replaced` or `mixed`, a member was
    /// `added` or `removed`, or an alarm was `disarmed`. lost: why leasetop cannot renew it any more.
    #[cfg_attr(test, schemars(extend("enum" = ["deleted", "put", "expired", "revoked", "gone", "here", "elsewhere", "up", "down", "refused", "replaced", "restored", "mixed", "added", "removed", "disarmed", "renewals", "none", "not found", "unanswered", "not started", "forbidden", "cancelled", "closed"])))]
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'static str>,
    /// back: the lease to which the key was attached before.
    #[cfg_attr(test, schemars(regex(pattern = schema::ID)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    /// moved: the lease that the key is attached to now. replaced: the newer lease.
    #[cfg_attr(test, schemars(regex(pattern = schema::ID)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    /// Raft term.
    #[serde(skip_serializing_if = "Option::is_none")]
    term: Option<u64>,
    /// dropped: the response queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<QueueDepthObject>,
    /// The endpoint as given by the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<String>,
    /// A description.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

/// A response queue.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct QueueDepthObject {
    /// Unread responses.
    depth: usize,
    /// Maximum number of unread responses.
    capacity: usize,
}

impl EventFields {
    fn of(kind: &EventKind) -> EventFields {
        match kind {
            EventKind::Granted { ownership: who, ttl, asked, .. } => {
                EventFields { who: Some(who.word()), ttl: *ttl, requested_ttl: *asked, ..EventFields::default() }
            }
            EventKind::Attached { key, revision } => EventFields { revision: *revision, ..EventFields::of_key(key) },
            EventKind::Detached { key, is_deleted, revision } => {
                let cause = if *is_deleted { "deleted" } else { "put" };
                EventFields { cause: Some(cause), revision: *revision, ..EventFields::of_key(key) }
            }
            EventKind::Moved { key, to, revision } => {
                EventFields { to: Some(to.to_string()), revision: *revision, ..EventFields::of_key(key) }
            }
            EventKind::Down { key, end, revision } => {
                let cause = end.map_or("deleted", cause_of_end);
                EventFields { cause: Some(cause), revision: *revision, ..EventFields::of_key(key) }
            }
            EventKind::Back { key, from, is_leased, gone, gone_doubt, revision } => EventFields {
                from: Some(from.to_string()),
                cause: if *is_leased { None } else { Some("put") },
                gone: Some(seconds(*gone)),
                gone_error: if gone_doubt.is_zero() { None } else { Some(seconds(*gone_doubt)) },
                revision: *revision,
                ..EventFields::of_key(key)
            },
            EventKind::Renewed(renewed) => EventFields::of_renewal(renewed),
            EventKind::Refilled { ttl, term, left } => {
                let (left, left_error) = left.map(|(left, error)| (seconds(left), seconds(error))).unzip();
                EventFields { ttl: *ttl, term: *term, left, left_error, ..EventFields::default() }
            }
            EventKind::Dropped { depth, capacity } => EventFields {
                queue: Some(QueueDepthObject { depth: *depth, capacity: *capacity }),
                ..EventFields::default()
            },
            EventKind::Late { interval, expected, .. } => EventFields::of_times(None, *interval, *expected),
            EventKind::Risk { left, expected, .. } => EventFields::of_times(Some(*left), None, *expected),
            EventKind::Unrenewed { left, ttl, is_never_renewed } => EventFields {
                ttl: *ttl,
                never_renewed: if *is_never_renewed { Some(true) } else { None },
                ..EventFields::of_times(Some(*left), None, None)
            },
            EventKind::Missed { waited } => EventFields::of_times(None, Some(*waited), None),
            EventKind::ProcessStalled { span, .. } => {
                EventFields { message: Some(kind.text()), ..EventFields::of_times(None, Some(*span), None) }
            }
            EventKind::Lost { loss, ttl } => {
                EventFields { cause: Some(loss.why.word()), ttl: *ttl, ..EventFields::default() }
            }
            EventKind::LeaseEnded(ended) => EventFields::of_end(ended),
            EventKind::ClusterChanged { cause, message } => EventFields::of_link(cause, None, Some(message)),
            EventKind::Connected { endpoint, .. } => EventFields::of_link("up", Some(endpoint), None),
            EventKind::RenewsAt { endpoint } => EventFields::of_link("renewals", Some(endpoint), None),
            EventKind::Disconnected { endpoint, message } => {
                EventFields::of_link("down", endpoint.as_ref(), Some(message))
            }
            EventKind::Unreached { endpoint, message } => EventFields::of_link("down", Some(endpoint), Some(message)),
            EventKind::Refused { endpoint, message, .. } => {
                EventFields::of_link("refused", Some(endpoint), Some(message))
            }
            EventKind::Leader { endpoint, term } => {
                EventFields { endpoint: Some(endpoint.clone()), term: Some(*term), ..EventFields::default() }
            }
            EventKind::NoLeader { endpoint } => {
                EventFields { cause: Some("none"), endpoint: Some(endpoint.clone()), ..EventFields::default() }
            }
            EventKind::Term { new, .. } => EventFields { term: Some(*new), ..EventFields::default() },
            EventKind::Error { message } => EventFields { message: Some(message.clone()), ..EventFields::default() },
            EventKind::Kept | EventKind::Paused | EventKind::Drill(_) | EventKind::More { .. } => {
                EventFields { message: Some(kind.text()), ..EventFields::default() }
            }
        }
    }

    fn of_key(key: &[u8]) -> EventFields {
        EventFields::of_keys(std::iter::once(key))
    }

    fn of_keys<'a>(keys: impl Iterator<Item = &'a [u8]> + Clone) -> EventFields {
        let any_raw = keys.clone().any(|key| std::str::from_utf8(key).is_err());
        let all = |show: fn(&[u8]) -> String| keys.clone().map(show).collect();
        let keys_base64 = if any_raw { Some(all(base64)) } else { None };
        EventFields { keys: Some(all(json_key)), keys_base64, ..EventFields::default() }
    }

    fn of_times(left: Option<Duration>, interval: Option<Duration>, expected: Option<Duration>) -> EventFields {
        let [left, interval, expected] = [left, interval, expected].map(|span| span.map(seconds));
        EventFields { left, interval, expected, ..EventFields::default() }
    }

    fn of_renewal(renewed: &Renewal) -> EventFields {
        let Renewal { ttl, interval, interval_doubt, expected, left, left_doubt, round_trip, .. } = *renewed;
        let [interval_error, left_error, round_trip] =
            [interval_doubt, left_doubt, round_trip].map(|span| span.map(seconds));
        let interval_sureness = match (renewed.source, interval) {
            (RenewalSource::Inferred, Some(_)) if renewed.is_bound => Some("at_most"),
            (RenewalSource::Inferred, Some(_)) => Some("about"),
            _ => None,
        };
        let times = EventFields::of_times(left, interval, expected);
        EventFields { ttl, interval_error, interval_sureness, left_error, round_trip, ..times }
    }

    fn of_end(ended: &LeaseEnded) -> EventFields {
        let LeaseEnded { ownership: who, ttl, keys, lag, revision, .. } = ended;
        let cause = match (ended.cause, ended.is_ours) {
            (EndCause::Revoked, true) => Some("here"),
            (EndCause::Revoked, false) => Some("elsewhere"),
            _ => None,
        };
        let (lag, lag_error) = lag.map(middle).unzip();
        let (never_renewed, interval, expected) = match ended.last_renewal {
            Some(LastRenewal::Never) => (Some(true), None, None),
            Some(LastRenewal::Seen { before_end, every }) => {
                (Some(false), Some(seconds(before_end)), every.map(seconds))
            }
            Some(LastRenewal::NewLease { before_end, every }) => {
                (None, Some(seconds(before_end)), Some(seconds(every)))
            }
            Some(LastRenewal::NotSeen) | None => (None, None, None),
        };
        let of_keys = |keys: &LeaseKeys| EventFields {
            key_count: if keys.is_all { Some(keys.count) } else { None },
            ..EventFields::of_keys(keys.names())
        };
        let of_keys = keys.as_ref().map(of_keys).unwrap_or_default();
        EventFields {
            who: Some(Ownership::word(*who)),
            ttl: *ttl,
            cause,
            lag,
            lag_error,
            revision: *revision,
            to: ended.replaced_by.filter(|_| ended.cause == EndCause::Replaced).map(|id| id.to_string()),
            never_renewed,
            interval,
            expected,
            ..of_keys
        }
    }

    fn of_link(cause: &'static str, endpoint: Option<&String>, message: Option<&String>) -> EventFields {
        EventFields {
            cause: Some(cause),
            endpoint: endpoint.cloned(),
            message: message.cloned(),
            ..EventFields::default()
        }
    }
}

fn cause_of_end(cause: EndCause) -> &'static str {
    match cause {
        EndCause::Expired | EndCause::RanOut => "expired",
        EndCause::Revoked => "revoked",
        EndCause::Replaced => "replaced",
        EndCause::Unknown | EndCause::NotRestored => "gone",
    }
}

/// The middle of the known range, and half of its width, in seconds.
fn middle(lag: RemovalDelay) -> (f64, f64) {
    (seconds((lag.least + lag.most) / 2), seconds((lag.most.saturating_sub(lag.least)) / 2))
}
