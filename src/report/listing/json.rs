//! The JSON object of `list`.

use std::time::SystemTime;

use serde::Serialize;

use super::{LeaseListing, ListedLease};
use crate::app::Ownership;
use crate::inference::TimeRange;
use crate::inference::lease_inference::Certainty;
use crate::inference::lints::Finding;
use crate::report::json::line;
use crate::report::text::{base64, json_key, rfc3339, seconds};
use etcd_lease::Header;

#[derive(Serialize)]
struct ListingObject<'a> {
    cluster: ClusterObject<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    watched: Option<f64>,
    leases: Vec<LeaseObject<'a>>,
}

#[derive(Serialize)]
struct ClusterObject<'a> {
    id: String,
    version: Option<&'a str>,
    member: Option<String>,
    leader: Option<String>,
    raft_term: Option<u64>,
    revision: Option<i64>,
}

#[derive(Serialize)]
struct LeaseObject<'a> {
    id: String,
    granted_ttl: Option<i64>,
    left: Option<f64>,
    left_error: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_at_least: Option<f64>,
    state: &'static str,
    who: &'static str,
    keys: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keys_base64: Option<Vec<String>>,
    key_count: Option<usize>,
    #[serde(flatten)]
    seen: Option<SeenObject<'a>>,
}

/// What watching has shown; what it has not is left out.
#[derive(Serialize)]
struct SeenObject<'a> {
    renewals: u64,
    renewals_sureness: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    every: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    every_sureness: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_renewed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_renewed_error: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    margin: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    margin_sureness: Option<&'static str>,
    warnings: Vec<WarningObject<'a>>,
}

#[derive(Serialize)]
struct WarningObject<'a> {
    name: &'static str,
    what: &'a str,
    why: &'static str,
    advice: &'static str,
}

/// Everything, in one object.
pub fn listing_json(listing: &LeaseListing) -> String {
    let (cluster_id, header) = (listing.header.cluster_id, listing.known_header());
    let version = listing.member().map(|member| member.version.as_str()).filter(|version| !version.is_empty());
    line(&ListingObject {
        cluster: ClusterObject {
            id: format!("{cluster_id:x}"),
            version,
            member: header.map(|Header { member_id, .. }| format!("{member_id:x}")),
            leader: listing.leader().map(|id| format!("{id:x}")),
            raft_term: header.map(|header| header.raft_term),
            revision: header.map(|header| header.revision),
        },
        watched: listing.watched.map(seconds),
        leases: listing.leases.iter().map(|lease| lease_object(lease, listing)).collect(),
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
        keys_base64: keys(base64).filter(|_| any_raw),
        key_count: listed.key_count(),
        seen: listing.watched.map(|_| seen_object(listed, listing.start)),
    }
}

fn seen_object(listed: &ListedLease, start: SystemTime) -> SeenObject<'_> {
    let (lease, renewals) = (&listed.lease, listed.lease.observed.renewals());
    let (every, margin, last) = (lease.others_mean_interval(), lease.margin(), renewals.last());
    let wall = |at: TimeRange| rfc3339(start + at.middle().since_start());
    SeenObject {
        renewals: renewals.cadence().answers,
        renewals_sureness: if listed.may_hide_renewals() { "at_least" } else { "about" },
        every: every.map(|rhythm| seconds(rhythm.every)),
        every_sureness: every.map(|rhythm| sureness(rhythm.certainty, "at_most")),
        last_renewed: last.map(wall),
        last_renewed_error: last.map(|at| seconds(at.half_width())),
        margin: margin.map(|(least, _)| seconds(least)),
        margin_sureness: margin.map(|(_, sure)| sureness(sure, "at_least")),
        warnings: listed.warnings.iter().map(warning_object).collect(),
    }
}

fn warning_object(finding: &Finding) -> WarningObject<'_> {
    WarningObject { name: finding.lint, what: &finding.what, why: finding.why, advice: finding.advice }
}

/// How much a figure says: renewals that stayed hidden make it a bound.
fn sureness(sureness: Certainty, bound: &'static str) -> &'static str {
    if sureness == Certainty::About { "about" } else { bound }
}

fn thousandth(seconds: f64) -> f64 {
    (seconds * 1e3).round() / 1e3
}
