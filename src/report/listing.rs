//! `list`: one reading of every lease, as a table, as bare ids, as JSON.

use serde::Serialize;

use super::json::line;
use super::table::{Align, table};
use super::text::{base64, json_key, millis, or_dash, plural};
use crate::domain::{ClusterView, Header, LeaseId, MemberView, Moment, Reading, TimeToLive, printable};

/// One lease as it was read.
#[derive(Clone, Debug)]
pub struct ListedLease {
    /// What the server said.
    pub answer: TimeToLive,
    /// Whether its keys could be read; a user without the right gets the time alone.
    pub keys_known: bool,
    /// The earliest and the latest moment of its deadline, where the answer tells one.
    pub deadline: Option<(Moment, Moment)>,
}

/// All leases, at one moment.
#[derive(Clone, Debug)]
pub struct Listing {
    /// The cluster, as far as its members have said who they are.
    pub view: ClusterView,
    /// The header of the list's answer.
    pub header: Header,
    /// The moment that the time left is told for.
    pub now: Moment,
    /// The leases.
    pub leases: Vec<ListedLease>,
}

impl ListedLease {
    /// The time left: the middle of what is known and the half-width of it.
    fn left(&self, now: Moment) -> Option<(f64, f64)> {
        let (earliest, latest) = self.deadline?;
        let (least, most) = (earliest.signed_since(now), latest.signed_since(now));
        Some(((least + most) / 2.0, (most - least) / 2.0))
    }

    /// The state in the words of the screen: one reading tells these and no more.
    fn state(&self) -> &'static str {
        match self.answer.reading() {
            Reading::Alive | Reading::AtDeadline => "ok",
            Reading::Dying => "dying",
            Reading::Missing => "gone",
            Reading::Nonsense => "unseen",
        }
    }
}

impl Listing {
    fn member(&self) -> Option<&MemberView> {
        self.view.members.iter().find(|member| member.member_id == self.header.member_id && member.member_id != 0)
    }

    fn leader(&self) -> Option<u64> {
        self.view.members.iter().find(|member| member.is_leader).map(|member| member.member_id)
    }
}

/// The ids alone, a line each.
pub fn listing_ids(ids: &[LeaseId]) -> String {
    ids.iter().map(|id| format!("{id}\n")).collect()
}

/// A line on the cluster, then the table.
pub fn listing_table(listing: &Listing) -> String {
    if listing.leases.is_empty() {
        return title(listing);
    }
    let header = [
        ("ID", Align::Left),
        ("STATE", Align::Left),
        ("TTL", Align::Right),
        ("LEFT", Align::Right),
        ("KEYS", Align::Right),
        ("FIRST KEY", Align::Left),
    ];
    let rows: Vec<_> = listing.leases.iter().map(|lease| row(lease, listing.now)).collect();
    format!("{}{}", title(listing), table(header, &rows))
}

fn title(listing: &Listing) -> String {
    let count = plural(listing.leases.len() as u64, "lease");
    let Header { raft_term, revision, .. } = listing.header;
    let member = listing.member().map_or_else(String::new, |member| {
        let leader = if member.is_leader { " (leader)" } else { "" };
        let round_trip = member.round_trip.map_or_else(String::new, |time| format!(", rtt {}", millis(time)));
        format!("{}{leader}, etcd {}{round_trip}, ", member.endpoint, printable(member.version.as_bytes()))
    });
    format!("{member}term {raft_term}, revision {revision}: {count}\n")
}

fn row(lease: &ListedLease, now: Moment) -> [String; 6] {
    let answer = &lease.answer;
    let first = answer.keys.iter().min();
    let granted = (answer.granted_ttl > 0).then_some(answer.granted_ttl);
    [
        answer.id.to_string(),
        lease.state().to_owned(),
        or_dash(granted, |ttl| format!("{ttl} s")),
        or_dash(lease.left(now), left),
        or_dash(lease.keys_known.then_some(answer.keys.len()), |count| count.to_string()),
        or_dash(first, |key| printable(key)),
    ]
}

/// A server tells whole seconds: a tenth is all that one reading can be good for.
fn left((middle, half_width): (f64, f64)) -> String {
    format!("{middle:.1} s ±{half_width:.1}")
}

#[derive(Serialize)]
struct ListingObject<'a> {
    cluster: ClusterObject<'a>,
    leases: Vec<LeaseObject>,
}

#[derive(Serialize)]
struct ClusterObject<'a> {
    id: String,
    version: Option<&'a str>,
    member: String,
    leader: Option<String>,
    raft_term: u64,
    revision: i64,
}

#[derive(Serialize)]
struct LeaseObject {
    id: String,
    granted_ttl: Option<i64>,
    left: Option<f64>,
    left_error: Option<f64>,
    state: &'static str,
    who: &'static str,
    keys: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keys_base64: Option<Vec<String>>,
    key_count: Option<usize>,
}

/// Everything, in one object.
pub fn listing_json(listing: &Listing) -> String {
    let Header { cluster_id, member_id, revision, raft_term } = listing.header;
    let version = listing.member().map(|member| member.version.as_str()).filter(|version| !version.is_empty());
    line(&ListingObject {
        cluster: ClusterObject {
            id: format!("{cluster_id:x}"),
            version,
            member: format!("{member_id:x}"),
            leader: listing.leader().map(|id| format!("{id:x}")),
            raft_term,
            revision,
        },
        leases: listing.leases.iter().map(|lease| lease_object(lease, listing.now)).collect(),
    })
}

fn lease_object(lease: &ListedLease, now: Moment) -> LeaseObject {
    let answer = &lease.answer;
    let left = lease.left(now);
    let keys = |show: fn(&[u8]) -> String| answer.keys.iter().map(|key| show(key)).collect();
    let any_raw = answer.keys.iter().any(|key| std::str::from_utf8(key).is_err());
    LeaseObject {
        id: answer.id.to_string(),
        granted_ttl: (answer.granted_ttl > 0).then_some(answer.granted_ttl),
        left: left.map(|(middle, _)| thousandth(middle)),
        left_error: left.map(|(_, half_width)| thousandth(half_width)),
        state: lease.state(),
        who: "other",
        keys: lease.keys_known.then(|| keys(json_key)),
        keys_base64: any_raw.then(|| keys(base64)),
        key_count: lease.keys_known.then_some(answer.keys.len()),
    }
}

fn thousandth(seconds: f64) -> f64 {
    (seconds * 1e3).round() / 1e3
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn listing() -> Listing {
        let now = Moment::from_nanos(20_000_000_000);
        let lease = |id, ttl, granted_ttl, keys: &[&[u8]]| {
            let keys = keys.iter().map(|key| key.to_vec()).collect();
            let answer = TimeToLive { id: LeaseId(id), ttl, granted_ttl, keys, header: Header::default() };
            ListedLease { deadline: answer.deadline(now, now), answer, keys_known: true }
        };
        let leases = vec![lease(1, 7, 10, &[b"/b", b"/a\x1b"]), lease(2, -3, 10, &[]), lease(3, 0, 5, &[b"\xff"])];
        let header = Header { cluster_id: 0xabc, member_id: 0xdef, revision: 9, raft_term: 2 };
        let member = MemberView {
            endpoint: "127.0.0.1:2379".to_owned(),
            member_id: 0xdef,
            is_leader: true,
            version: "3.5.30".to_owned(),
            round_trip: Some(Duration::from_micros(400)),
            ..MemberView::default()
        };
        Listing { view: ClusterView { members: vec![member], ..ClusterView::default() }, header, now, leases }
    }

    #[test]
    fn the_table_tells_what_one_reading_can_tell() {
        insta::assert_snapshot!(listing_table(&listing()));
    }

    #[test]
    fn an_unknown_value_is_a_dash_or_null_and_never_0() {
        let mut listing = listing();
        listing.leases[1].keys_known = false;
        listing.leases[1].deadline = None;
        assert!(listing_table(&listing).contains("0000000000000002  dying  10 s           -     -  -\n"));
        let json = listing_json(&listing);
        assert!(
            json.contains(
                r#""left":null,"left_error":null,"state":"dying","who":"other","keys":null,"key_count":null"#
            )
        );
    }

    #[test]
    fn json_names_cluster_and_keys() {
        insta::assert_snapshot!(listing_json(&listing()));
    }
}
