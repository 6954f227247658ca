//! The JSON objects of the single calls, a line each; their schemas lie in `assets/schema`.

use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::text::{base64, json_key, rfc3339, seconds};
use etcd_lease::{Ended, Granted, Header, LeaseId, TimeToLive};

/// One object on a line of its own.
pub(super) fn line(object: &impl Serialize) -> String {
    // Our objects have string keys and finite numbers: they always are JSON.
    let mut line = serde_json::to_string(object).unwrap_or_default();
    line.push('\n');
    line
}

#[derive(Serialize)]
struct GrantedObject {
    id: String,
    ttl: i64,
    requested_ttl: i64,
    revision: i64,
}

/// `grant`: the TTL as granted and as asked for.
pub fn granted_json(granted: &Granted) -> String {
    let Granted { id, ttl, requested_ttl, header } = *granted;
    line(&GrantedObject { id: id.to_string(), ttl, requested_ttl, revision: header.revision })
}

#[derive(Serialize)]
struct RevokedObject {
    id: String,
    revision: i64,
    keys_deleted: Option<usize>,
}

/// `revoke`: the revision of the deletion, and how many keys went; null where the user may not know.
pub fn revoked_json(id: LeaseId, header: Header, keys_deleted: Option<usize>) -> String {
    line(&RevokedObject { id: id.to_string(), revision: header.revision, keys_deleted })
}

#[derive(Serialize)]
struct TimeToLiveObject {
    id: String,
    granted_ttl: i64,
    ttl: i64,
    keys: Option<Vec<String>>,
    keys_base64: Option<Vec<String>>,
}

/// `timetolive`: as the server said; the keys are null where they were not asked for.
pub fn time_to_live_json(answer: &TimeToLive, with_keys: bool) -> String {
    let TimeToLive { id, ttl, granted_ttl, .. } = *answer;
    let keys = |show: fn(&[u8]) -> String| with_keys.then(|| answer.keys.iter().map(|key| show(key)).collect());
    line(&TimeToLiveObject { id: id.to_string(), granted_ttl, ttl, keys: keys(json_key), keys_base64: keys(base64) })
}

#[derive(Serialize)]
struct KeptObject {
    at: String,
    id: String,
    ttl: i64,
    round_trip: f64,
}

/// `keep-alive`: one answer.
pub fn kept_json(at: SystemTime, id: LeaseId, ttl: i64, round_trip: Duration) -> String {
    line(&KeptObject { at: rfc3339(at), id: id.to_string(), ttl, round_trip: seconds(round_trip) })
}

#[derive(Serialize)]
struct EndedObject<'a> {
    at: String,
    id: String,
    ended: &'a str,
}

/// `keep-alive`: why it ended, in a word.
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
    fn keys_that_are_no_text_stand_in_base64_too() {
        let keys = vec![b"/a\n".to_vec(), b"\xff".to_vec()];
        let answer = TimeToLive { id: LeaseId(1), ttl: 4, granted_ttl: 5, keys, header: Header::default() };
        let with = time_to_live_json(&answer, true);
        assert!(with.contains(r#""keys":["/a\n","\\xff"],"keys_base64":["L2EK","/w=="]"#), "{with}");
        let without = time_to_live_json(&answer, false);
        assert!(without.contains(r#""keys":null,"keys_base64":null"#), "{without}");
    }
}
