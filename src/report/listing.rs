//! `list`: one reading of every lease, as a table, as bare ids, as JSON.

use serde::Serialize;

use super::json::line;
use super::table::{Align, table};
use super::text::{base64, json_key, millis, or_dash, plural};
use crate::app::{Column, Lease, Rank, Sort, Who};
use crate::domain::{ClusterView, Facts, Filter, Header, LeaseId, MemberView, Moment, Reading, TimeToLive, printable};

/// The columns of the table where no others are asked for.
pub const LISTED: [Column; 6] = [Column::Id, Column::State, Column::Ttl, Column::Left, Column::Keys, Column::FirstKey];

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

    fn granted_ttl(&self) -> Option<i64> {
        Some(self.answer.granted_ttl).filter(|ttl| *ttl > 0)
    }

    fn key_count(&self) -> Option<usize> {
        self.keys_known.then_some(self.answer.keys.len())
    }

    /// Where it stands in an order; what is not known stands last.
    fn rank(&self, sort: Sort, now: Moment) -> Rank {
        let mut lease = Lease::read_once(&self.answer, self.deadline);
        lease.keys = lease.keys.filter(|_| self.keys_known);
        Rank::of(&lease, sort, now)
    }
}

/// What one reading tells a filter.
struct Read<'a> {
    lease: &'a ListedLease,
    now: Moment,
}

impl Facts for Read<'_> {
    fn id(&self) -> LeaseId {
        self.lease.answer.id
    }

    fn who(&self) -> &str {
        Who::Other.word()
    }

    fn state(&self) -> &str {
        self.lease.state()
    }

    fn ttl(&self) -> Option<i64> {
        self.lease.granted_ttl()
    }

    fn left(&self) -> Option<f64> {
        self.lease.left(self.now).map(|(middle, _)| middle)
    }

    fn key_count(&self) -> Option<usize> {
        self.lease.key_count()
    }

    fn keys(&self) -> &[Vec<u8>] {
        &self.lease.answer.keys
    }

    /// One reading knows of none.
    fn drops(&self) -> Option<u64> {
        None
    }
}

impl Listing {
    /// Keeps the leases that a filter means.
    pub fn retain(&mut self, filter: &Filter) {
        let now = self.now;
        self.leases.retain(|lease| filter.matches(&Read { lease, now }));
    }

    /// Puts them in order.
    pub fn sort(&mut self, sort: Sort) {
        let now = self.now;
        self.leases.sort_by_cached_key(|lease| lease.rank(sort, now));
    }

    /// Their ids.
    pub fn ids(&self) -> Vec<LeaseId> {
        self.leases.iter().map(|lease| lease.answer.id).collect()
    }

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

/// A line on the cluster, then the table with these columns.
pub fn listing_table(listing: &Listing, columns: &[Column]) -> String {
    if listing.leases.is_empty() {
        return title(listing);
    }
    let header: Vec<_> = columns.iter().map(|column| (column.title(), align(*column))).collect();
    let row = |lease: &ListedLease| columns.iter().map(|column| cell(lease, *column, listing.now)).collect::<Vec<_>>();
    format!("{}{}", title(listing), table(&header, &listing.leases.iter().map(row).collect::<Vec<_>>()))
}

fn align(column: Column) -> Align {
    match column {
        Column::Id | Column::Who | Column::State | Column::FirstKey => Align::Left,
        _ => Align::Right,
    }
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

/// What one reading tells; a dash for what takes more than one.
fn cell(lease: &ListedLease, column: Column, now: Moment) -> String {
    match column {
        Column::Id => lease.answer.id.to_string(),
        Column::Who => Who::Other.word().to_owned(),
        Column::State => lease.state().to_owned(),
        Column::Left => or_dash(lease.left(now), left),
        Column::Ttl => or_dash(lease.granted_ttl(), |ttl| format!("{ttl} s")),
        Column::Keys => or_dash(lease.key_count(), |count| count.to_string()),
        Column::FirstKey => or_dash(lease.answer.keys.iter().min(), |key| printable(key)),
        Column::Every
        | Column::Last
        | Column::Next
        | Column::Margin
        | Column::Queue
        | Column::Drop
        | Column::RoundTrip
        | Column::Warn => or_dash(None::<u64>, |never| never.to_string()),
    }
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
        granted_ttl: lease.granted_ttl(),
        left: left.map(|(middle, _)| thousandth(middle)),
        left_error: left.map(|(_, half_width)| thousandth(half_width)),
        state: lease.state(),
        who: Who::Other.word(),
        keys: lease.keys_known.then(|| keys(json_key)),
        keys_base64: any_raw.then(|| keys(base64)),
        key_count: lease.key_count(),
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
        insta::assert_snapshot!(listing_table(&listing(), &LISTED));
    }

    #[test]
    fn an_unknown_value_is_a_dash_or_null_and_never_0() {
        let mut listing = listing();
        listing.leases[1].keys_known = false;
        listing.leases[1].deadline = None;
        assert!(listing_table(&listing, &LISTED).contains("0000000000000002  dying  10 s           -     -  -\n"));
        let json = listing_json(&listing);
        assert!(
            json.contains(
                r#""left":null,"left_error":null,"state":"dying","who":"other","keys":null,"key_count":null"#
            )
        );
    }

    #[test]
    fn columns_are_chosen_and_what_takes_more_than_one_reading_is_a_dash() {
        insta::assert_snapshot!(listing_table(&listing(), &Column::ALL));
        let keys_first = listing_table(&listing(), &[Column::FirstKey, Column::Id]);
        assert!(keys_first.lines().nth(1).is_some_and(|line| line == "FIRST KEY  ID"), "{keys_first}");
    }

    #[test]
    fn a_filter_and_a_sort_make_the_rows() {
        let ids = |filter: &str, sort: &str| {
            let mut listing = listing();
            (listing.leases[2].keys_known, listing.leases[1].deadline) = (false, None);
            listing.retain(&filter.parse().expect("a filter"));
            listing.sort(sort.parse().expect("a sort"));
            listing.ids().iter().map(|id| id.0).collect::<Vec<_>>()
        };
        assert_eq!(ids("", "left"), [3, 1, 2], "what has no deadline stands last");
        assert_eq!(ids("", "keys"), [1, 2, 3], "the most keys first, unknown ones last");
        assert_eq!(ids("", "ttl:desc"), [1, 2, 3]);
        assert_eq!(ids("state:ok left>5s", "id"), [1]);
        assert_eq!(ids("keys=0 or key:/a", "id:desc"), [2, 1]);
        assert!(ids("who:own or drops=0", "id").is_empty());
    }

    #[test]
    fn json_names_cluster_and_keys() {
        insta::assert_snapshot!(listing_json(&listing()));
    }
}
