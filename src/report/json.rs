//! JSON objects of etcdctl's commands, one per line. Their schemas are in `assets/schema`.

use std::time::{Duration, SystemTime};

use serde::Serialize;

#[cfg(test)]
use super::schema;
use super::text::{base64, json_key, rfc3339, seconds};
use etcd_lease::{Ended, Granted, Header, LeaseId, TimeToLive};

/// One object on one line.
pub(super) fn line(object: &impl Serialize) -> String {
    // Cannot fail: our objects have string keys and finite numbers.
    let mut line = serde_json::to_string(object).unwrap_or_default();
    line.push('\n');
    line
}

/// A granted lease.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct GrantedObject {
    /// Lease id in hex, as etcdctl prints it.
    #[cfg_attr(test, schemars(regex(pattern = schema::ID)))]
    id: String,
    /// Granted seconds.
    #[cfg_attr(test, schemars(range(min = 1)))]
    ttl: i64,
    /// Requested seconds.
    #[cfg_attr(test, schemars(range(min = 1)))]
    requested_ttl: i64,
    /// Revision of the key space.
    revision: i64,
}

/// `grant`: with the TTL as granted and as requested.
pub fn granted_json(granted: &Granted) -> String {
    let Granted { id, ttl, requested_ttl, header } = *granted;
    line(&GrantedObject { id: id.to_string(), ttl, requested_ttl, revision: header.revision })
}

/// A revoked lease.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct RevokedObject {
    /// Lease id in hex, as etcdctl prints it.
    #[cfg_attr(test, schemars(regex(pattern = schema::ID)))]
    id: String,
    /// Revision of the deletion.
    revision: i64,
    /// Number of keys attached just before. Null if the user may not read them.
    keys_deleted: Option<usize>,
}

/// `revoke`: with the revision of the deletion and the number of deleted keys, null if the user may not read them.
pub fn revoked_json(id: LeaseId, header: Header, keys_deleted: Option<usize>) -> String {
    line(&RevokedObject { id: id.to_string(), revision: header.revision, keys_deleted })
}

/// The time that a lease has left.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct TimeToLiveObject {
    /// Lease id in hex, as etcdctl prints it.
    #[cfg_attr(test, schemars(regex(pattern = schema::ID)))]
    id: String,
    /// Granted seconds, 0 for a lease that does not exist.
    granted_ttl: i64,
    /// Whole seconds left. -1 for a lease that does not exist; negative for one that has expired and is not removed yet.
    ttl: i64,
    /// Attached keys, escaped if they are not UTF-8. Left out without --keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    keys: Option<Vec<String>>,
    /// The same keys in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    keys_base64: Option<Vec<String>>,
}

/// `timetolive`: the reply of the server. Keys are left out without `--keys`.
pub fn time_to_live_json(answer: &TimeToLive, with_keys: bool) -> String {
    let TimeToLive { id, ttl, granted_ttl, .. } = *answer;
    let keys = |show: fn(&[u8]) -> String| {
        if with_keys { Some(answer.keys.iter().map(|key| show(key)).collect()) } else { None }
    };
    line(&TimeToLiveObject { id: id.to_string(), granted_ttl, ttl, keys: keys(json_key), keys_base64: keys(base64) })
}

/// A reply to a renewal.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct KeptObject {
    /// Time of the reply: RFC 3339 with milliseconds.
    #[cfg_attr(test, schemars(regex(pattern = schema::TIME)))]
    at: String,
    /// Lease id in hex, as etcdctl prints it.
    #[cfg_attr(test, schemars(regex(pattern = schema::ID)))]
    id: String,
    /// Granted seconds.
    #[cfg_attr(test, schemars(range(min = 1)))]
    ttl: i64,
    /// Seconds from the request to the reply.
    #[cfg_attr(test, schemars(range(min = 0)))]
    round_trip: f64,
}

/// `keep-alive`: one reply.
pub fn kept_json(at: SystemTime, id: LeaseId, ttl: i64, round_trip: Duration) -> String {
    line(&KeptObject { at: rfc3339(at), id: id.to_string(), ttl, round_trip: seconds(round_trip) })
}

/// The end of keeping a lease alive.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct EndedObject<'a> {
    /// Time of the end: RFC 3339 with milliseconds.
    #[cfg_attr(test, schemars(regex(pattern = schema::TIME)))]
    at: String,
    /// Lease id in hex, as etcdctl prints it.
    #[cfg_attr(test, schemars(regex(pattern = schema::ID)))]
    id: String,
    /// The reason.
    #[cfg_attr(test, schemars(extend("enum" = ["expired", "not found", "unanswered", "not started", "forbidden", "cancelled", "closed"])))]
    ended: &'a str,
}

/// `keep-alive`: the reason of the end, in a word.
pub fn ended_json(at: SystemTime, id: LeaseId, ended: &Ended) -> String {
    line(&EndedObject { at: rfc3339(at), id: id.to_string(), ended: ended.word() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_strings_in_etcdctls_hex() {
        let granted =
            Granted { id: LeaseId(-5), requested_ttl: 1, ttl: 2, header: Header { revision: 7, ..Header::default() } };
        let expected = "{\"id\":\"-000000000000005\",\"ttl\":2,\"requested_ttl\":1,\"revision\":7}\n";
        assert_eq!(granted_json(&granted), expected);
    }

    #[test]
    fn keys_are_also_in_base64() {
        let keys = vec![b"/a\n".to_vec(), b"\xff".to_vec()];
        let answer = TimeToLive { id: LeaseId(1), ttl: 4, granted_ttl: 5, keys, header: Header::default() };
        let with = time_to_live_json(&answer, true);
        assert!(with.contains(r#""keys":["/a\n","\\xff"],"keys_base64":["L2EK","/w=="]"#), "{with}");
        let without = time_to_live_json(&answer, false);
        assert_eq!(without, "{\"id\":\"0000000000000001\",\"granted_ttl\":5,\"ttl\":4}\n");
    }
}
