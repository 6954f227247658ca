//! The JSON object of `list`.

use std::time::SystemTime;

use serde::Serialize;

use super::{LeaseListing, ListedLease};
use crate::app::Ownership;
use crate::inference::lease_inference::Certainty;
use crate::inference::lints::Finding;
use crate::inference::{RenewalStyle, TimeRange};
use crate::report::events::{EventObject, event_object};
use crate::report::json::line;
#[cfg(test)]
use crate::report::schema;
use crate::report::text::{base64, json_key, rfc3339, seconds};
use etcd_lease::Header;

/// All leases, read once or watched for a while (--for).
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::report) struct ListingObject<'a> {
    /// The time that all values refer to: RFC 3339 with milliseconds.
    #[cfg_attr(test, schemars(regex(pattern = schema::TIME)))]
    at: String,
    /// The cluster, and the member that replied.
    cluster: ClusterObject<'a>,
    /// Seconds of watching. Left out if the leases were read once.
    #[cfg_attr(test, schemars(range(min = 0)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    watched: Option<f64>,
    /// The leases.
    leases: Vec<LeaseObject<'a>>,
    /// The ends of other leases while these were watched, as `events` prints them. Left out without --for.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<Vec<EventObject>>,
}

/// The cluster, and the member that replied.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ClusterObject<'a> {
    /// Cluster id in hex.
    #[cfg_attr(test, schemars(regex(pattern = "^[0-9a-f]+$")))]
    id: String,
    /// Version of etcd.
    version: Option<&'a str>,
    /// Member id in hex. This and what follows from its reply is null if no member replies any more.
    #[cfg_attr(test, schemars(regex(pattern = "^[0-9a-f]+$")))]
    member: Option<String>,
    /// Member id of the leader in hex, if one of the endpoints is the leader.
    leader: Option<String>,
    /// Raft term.
    raft_term: Option<u64>,
    /// Revision of the key space.
    revision: Option<i64>,
}

/// A lease.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct LeaseObject<'a> {
    /// Lease id in hex, as etcdctl prints it.
    #[cfg_attr(test, schemars(regex(pattern = schema::ID)))]
    id: String,
    /// Granted seconds.
    granted_ttl: Option<i64>,
    /// Seconds left, 0 or more: the middle of the known range. Null if unknown, as for an unseen lease.
    #[cfg_attr(test, schemars(range(min = 0)))]
    left: Option<f64>,
    /// Maximum error of `left`, in seconds.
    left_error: Option<f64>,
    /// Unseen lease: minimum seconds left. It may have been renewed since.
    #[cfg_attr(test, schemars(range(min = 0)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    left_at_least: Option<f64>,
    /// State, as on the screen. Leases that are read once are `ok`, `dying` or `unseen`.
    #[cfg_attr(test, schemars(extend("enum" = ["ok", "paused", "stalled", "unrenewed", "late", "risk", "unseen", "dying"])))]
    state: &'static str,
    /// The owner.
    #[cfg_attr(test, schemars(extend("enum" = ["own", "adopted", "other"])))]
    who: &'static str,
    /// Attached keys, escaped if they are not UTF-8. Null if the user may not read them.
    keys: Option<Vec<String>>,
    /// The same keys in base64, if one is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    keys_base64: Option<Vec<String>>,
    /// Number of attached keys.
    key_count: Option<usize>,
    #[serde(flatten)]
    seen: Option<SeenObject<'a>>,
}

/// What watching has shown; the rest is left out.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct SeenObject<'a> {
    /// Renewals while it was watched.
    renewals: u64,
    /// `at_least`: polling was too slow to see all renewals.
    #[cfg_attr(test, schemars(extend("enum" = ["about", "at_least"])))]
    renewals_sureness: &'static str,
    /// Mean seconds between renewals. Left out before the second renewal.
    #[cfg_attr(test, schemars(range(min = 0)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    every: Option<f64>,
    /// `at_most`: missed renewals make it shorter.
    #[cfg_attr(test, schemars(extend("enum" = ["about", "at_most"])))]
    #[serde(skip_serializing_if = "Option::is_none")]
    every_sureness: Option<&'static str>,
    /// Mean seconds between new leases, if the client grants a new lease instead of renewing and moves its keys to it.
    /// Left out before two of these moves were seen.
    #[cfg_attr(test, schemars(range(min = 0)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    new_lease_every: Option<f64>,
    /// A hint which clients renew at such a share of the TTL: `clientv3`, as Go's client, or the share. Left out if the
    /// interval is not steady or is none of these.
    #[cfg_attr(test, schemars(extend("enum" = RenewalStyle::words())))]
    #[serde(skip_serializing_if = "Option::is_none")]
    every_like: Option<String>,
    /// Last renewal, as far as known: RFC 3339 with milliseconds.
    #[cfg_attr(test, schemars(regex(pattern = schema::TIME)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    last_renewed: Option<String>,
    /// Maximum error of `last_renewed`, in seconds.
    #[cfg_attr(test, schemars(range(min = 0)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    last_renewed_error: Option<f64>,
    /// Lowest time left at a renewal, in seconds.
    #[cfg_attr(test, schemars(range(min = 0)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    margin: Option<f64>,
    /// `at_least`: a missed renewal left more.
    #[cfg_attr(test, schemars(extend("enum" = ["about", "at_least"])))]
    #[serde(skip_serializing_if = "Option::is_none")]
    margin_sureness: Option<&'static str>,
    /// Problems, the most urgent first.
    warnings: Vec<WarningObject<'a>>,
}

/// A problem of a lease.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct WarningObject<'a> {
    /// Name of the problem.
    name: &'static str,
    /// What was found, with figures.
    what: &'a str,
    /// Why it matters.
    why: &'static str,
    /// What to do next.
    advice: &'static str,
    /// Whether the config file mutes it. Left out if not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    muted: bool,
}

/// All leases in one JSON object.
pub fn listing_json(listing: &LeaseListing) -> String {
    let header = listing.known_header();
    let version = listing.member().map(|member| member.version.as_str()).filter(|version| !version.is_empty());
    line(&ListingObject {
        at: rfc3339(listing.start + listing.now.since_start()),
        cluster: ClusterObject {
            id: format!("{:x}", listing.header.cluster_id),
            version,
            member: header.map(|Header { member_id, .. }| format!("{member_id:x}")),
            leader: listing.leader().map(|id| format!("{id:x}")),
            raft_term: header.map(|header| header.raft_term),
            revision: header.map(|header| header.revision),
        },
        watched: listing.watched.map(seconds),
        leases: listing.leases.iter().map(|lease| lease_object(lease, listing)).collect(),
        ended: listing
            .ended
            .as_ref()
            .map(|ended| ended.iter().map(|event| event_object(event, listing.start)).collect()),
    })
}

fn lease_object<'a>(listed: &'a ListedLease, listing: &LeaseListing) -> LeaseObject<'a> {
    let left = listed.left(listing.now);
    let keys = |show: fn(&[u8]) -> String| listed.keys.as_ref().map(|keys| keys.iter().map(|key| show(key)).collect());
    let any_raw = listed.keys.iter().flatten().any(|key| std::str::from_utf8(key).is_err());
    LeaseObject {
        id: listed.lease.id.to_string(),
        granted_ttl: listed.lease.granted_ttl,
        left: left.map(|(middle, _)| thousandth(middle)),
        left_error: left.map(|(_, half_width)| thousandth(half_width)),
        left_at_least: listed.left_at_least(listing.now).map(thousandth),
        state: listed.state.word(),
        who: Ownership::word(listed.lease.ownership),
        keys: keys(json_key),
        keys_base64: if any_raw { keys(base64) } else { None },
        key_count: listed.key_count(),
        seen: listing.watched.map(|_| seen_object(listed, listing.start)),
    }
}

fn seen_object(listed: &ListedLease, start: SystemTime) -> SeenObject<'_> {
    let renewals = listed.lease.observed.renewals();
    let every = listed.lease.others_usual_interval();
    let margin = listed.lease.margin();
    let last = renewals.last();
    let wall = |at: TimeRange| rfc3339(start + at.middle().since_start());
    SeenObject {
        renewals: renewals.cadence().answers,
        renewals_sureness: if listed.may_hide_renewals() { "at_least" } else { "about" },
        every: every.map(|usual| seconds(usual.every)),
        every_sureness: every.map(|usual| sureness(usual.certainty, "at_most")),
        new_lease_every: listed.lease.new_lease_every().map(seconds),
        every_like: listed.lease.renewal_style().map(RenewalStyle::word),
        last_renewed: last.map(wall),
        last_renewed_error: last.map(|at| seconds(at.half_width())),
        margin: margin.map(|(least, _)| seconds(least)),
        margin_sureness: margin.map(|(_, sure)| sureness(sure, "at_least")),
        warnings: listed.warnings.iter().map(|finding| warning_object(listed, finding)).collect(),
    }
}

fn warning_object<'a>(listed: &ListedLease, finding: &'a Finding) -> WarningObject<'a> {
    let muted = listed.lease.muted_warnings().any(|name| name == finding.lint);
    WarningObject { name: finding.lint, what: &finding.what, why: finding.why, advice: finding.advice, muted }
}

/// `about`, or `bound` if missed renewals make a figure a bound.
fn sureness(certainty: Certainty, bound: &'static str) -> &'static str {
    if certainty == Certainty::About { "about" } else { bound }
}

fn thousandth(seconds: f64) -> f64 {
    (seconds * 1e3).round() / 1e3
}
