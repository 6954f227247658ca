use std::time::Duration;

use super::*;
use crate::app::{Column, GroupBy, MuteRule, MuteTarget};

fn listing() -> LeaseListing {
    let now = Timestamp::from_nanos(20_000_000_000);
    let lease = |id, ttl, granted_ttl, keys: &[&[u8]]| {
        let keys = keys.iter().map(|key| key.to_vec()).collect();
        let answer = TimeToLive { id: LeaseId(id), ttl, granted_ttl, keys, header: Header::default() };
        let deadline = answer.deadline(now, now);
        ListedLease::read_once(answer, true, deadline)
    };
    let leases = vec![lease(1, 7, 10, &[b"/b", b"/a\x1b"]), lease(2, -3, 10, &[]), lease(3, 0, 5, &[b"\xff"])];
    let header = Header { cluster_id: 0xabc, member_id: 0xdef, revision: 9, raft_term: 2 };
    let member = MemberView {
        endpoint: "127.0.0.1:2379".to_owned(),
        member_id: 0xdef,
        is_leader: true,
        reachability: etcd_lease::Reachability::Up,
        version: "3.5.30".to_owned(),
        round_trip: Some(Duration::from_micros(400)),
        ..MemberView::default()
    };
    let view = ClusterView { members: vec![member], ..ClusterView::default() };
    LeaseListing {
        view,
        header,
        now,
        start: SystemTime::UNIX_EPOCH,
        watched: None,
        leases,
        ended: None,
        availability: None,
        is_filtered: false,
        unmatched: None,
        shows_hex: false,
    }
}

/// A lease of 30 s that was polled each second from `from` to `to`, and renewed each 10 s; its keys may not be all.
fn polled(id: i64, from: u64, to: u64) -> ListedLease {
    let mut lease = Lease::new(LeaseId(id));
    for second in from..=to {
        let at = Timestamp::at(Duration::from_millis(second * 1_000));
        let ttl = 29 - i64::try_from(second % 10).unwrap_or(0);
        let answer = TimeToLive { id: LeaseId(id), ttl, granted_ttl: 30, keys: Vec::new(), header: Header::default() };
        lease.observed.apply_reply(&answer, at, at);
    }
    lease.granted_ttl = Some(30);
    ListedLease { lease, state: LeaseState::Ok, keys: None, warnings: Vec::new() }
}

/// Leases as 60 s of watching may show them: renewed and at a loss, asked too seldom and unseen, never asked.
fn watched() -> LeaseListing {
    let mut steady = polled(1, 0, 59);
    let key = b"/svc/a".to_vec();
    (steady.lease.keys, steady.keys) = (Some(LeaseKeys::of(vec![key.clone()])), Some(vec![key]));
    let finding = |lint, what: &str| Finding {
        lint,
        leases: vec![LeaseId(1)],
        what: what.to_owned(),
        why: "It matters.",
        advice: "Look.",
    };
    steady.warnings = vec![finding("two-renewers", "Two renew it."), finding("short-ttl", "Its TTL is 30 s.")];
    steady.lease.warnings = vec!["two-renewers", "short-ttl"].into();
    let mut unseen = polled(2, 0, 42);
    unseen.state = LeaseState::Unseen;
    let some = LeaseKeys { count: 3, is_all: false, first: vec![b"/p/1".to_vec()].into() };
    (unseen.lease.keys, unseen.keys) = (Some(some), Some(vec![b"/p/1".to_vec()]));
    let never =
        ListedLease { lease: Lease::new(LeaseId(3)), state: LeaseState::Unseen, keys: None, warnings: Vec::new() };
    let now = Timestamp::at(Duration::from_millis(60_000));
    let watched = Some(Duration::from_secs(60));
    LeaseListing { leases: vec![steady, unseen, never], now, watched, ..listing() }
}

#[test]
fn the_table_tells_what_one_reading_can_tell() {
    insta::assert_snapshot!(listing_table(&listing(), &LISTED));
}

#[test]
fn the_table_tells_what_watching_has_shown() {
    insta::assert_snapshot!(listing_table(&watched(), &WATCHED));
}

#[test]
fn json_tells_it_with_how_sure_it_is_and_what_the_warnings_mean() {
    insta::assert_snapshot!(listing_json(&watched()));
}

#[test]
fn an_unknown_value_is_a_dash_or_null_and_never_0() {
    let mut listing = listing();
    let mut unknown = ListedLease { lease: Lease::new(LeaseId(2)), ..listing.leases[1].clone() };
    (unknown.lease.granted_ttl, unknown.keys) = (Some(10), None);
    listing.leases[1] = unknown;
    assert!(listing_table(&listing, &LISTED).contains("0000000000000002  dying  10 s           -     -  -\n"));
    let json = listing_json(&listing);
    assert!(
        json.contains(r#""left":null,"left_error":null,"state":"dying","who":"other","keys":null,"key_count":null"#)
    );
}

#[test]
fn columns_are_chosen_and_what_takes_more_than_one_reading_is_a_dash() {
    insta::assert_snapshot!(listing_table(&listing(), &Column::ALL));
    let keys_first = listing_table(&listing(), &[Column::FirstKey, Column::Id]);
    assert!(
        keys_first.lines().nth(1).is_some_and(|line| line.starts_with("KEY ") && line.ends_with(" ID")),
        "{keys_first}"
    );
}

fn chosen(mut listing: LeaseListing, filter: &str, sort: &str) -> Vec<i64> {
    listing.retain(&filter.parse().expect("a filter"));
    listing.sort(sort.parse().expect("a sort"));
    listing.ids().iter().map(|id| id.0).collect()
}

#[test]
fn a_filter_and_a_sort_make_the_rows() {
    let ids = |filter: &str, sort: &str| {
        let mut listing = listing();
        listing.leases[1].lease = Lease::new(LeaseId(2));
        (listing.leases[1].lease.granted_ttl, listing.leases[1].lease.keys) =
            (Some(10), Some(LeaseKeys::of(Vec::new())));
        (listing.leases[2].lease.keys, listing.leases[2].keys) = (None, None);
        chosen(listing, filter, sort)
    };
    assert_eq!(ids("", "left"), [3, 1, 2], "what has no deadline stands last");
    assert_eq!(ids("", "keys"), [1, 2, 3], "the most keys first, unknown ones last");
    assert_eq!(ids("", "ttl:desc"), [1, 2, 3]);
    assert_eq!(ids("state:ok left>5s", "id"), [1]);
    assert_eq!(ids("keys=0 or key:/a", "id:desc"), [2, 1]);
    assert!(ids("who:own or drops=0", "id").is_empty());
}

#[test]
fn what_watching_has_shown_can_be_filtered_and_sorted_by() {
    assert_eq!(chosen(watched(), "", "every"), [1, 2, 3]);
    assert_eq!(chosen(watched(), "", "warn"), [1, 2, 3]);
    assert_eq!(chosen(watched(), "state:unseen", "id:desc"), [3, 2]);
    assert_eq!(chosen(watched(), "left<60s", "id"), [1], "of an unseen lease the time left is not known");
    assert_eq!(chosen(watched(), "key:/p/", "id"), [2]);
    let mut one = watched();
    one.keep_only(LeaseId(3));
    assert_eq!(one.ids(), [LeaseId(3)]);
}

#[test]
fn json_names_cluster_and_keys() {
    insta::assert_snapshot!(listing_json(&listing()));
}

#[test]
fn groups_have_the_worst_state_and_the_median_interval() {
    let table = |listing: &LeaseListing, follows_rows| groups_table(listing, GroupBy::Service, follows_rows);
    insta::assert_snapshot!(
        [table(&watched(), false), table(&listing(), false), groups_json(&watched(), GroupBy::Ttl, false),].concat()
    );
    let mut by_key = watched();
    by_key.sort(Sort::by(Column::FirstKey));
    let names: Vec<String> =
        table(&by_key, true).lines().skip(2).filter_map(|line| Some(line.split("  ").next()?.to_owned())).collect();
    assert_eq!(names, ["/p", "/svc", "(unknown)"]);
}

#[test]
fn a_group_counts_its_healthy_leases_with_or_without_a_warning() {
    let mut listing = watched();
    listing.leases.truncate(1);
    listing.leases.extend([polled(4, 0, 59), polled(5, 0, 59)]);
    let json = groups_json(&listing, GroupBy::Ttl, false);
    assert!(json.contains(r#""leases":3,"state":"ok","state_leases":3"#), "{json}");
    let table = groups_table(&listing, GroupBy::Ttl, false);
    assert!(table.contains("  ok  ") && !table.contains("ok ("), "{table}");
}

#[test]
fn muted_warnings_are_marked_and_come_last() {
    let mut listing = watched();
    let mutes = vec![MuteRule { warning: "two-renewers", target: MuteTarget::Id(LeaseId(1)) }];
    listing.leases[0].lease.mute(&mutes);
    let table = listing_table(&listing, &[Column::Id, Column::Warn]);
    assert!(table.contains("short-ttl +1"), "{table}");
    assert!(listing_json(&listing).contains(r#""advice":"Look.","muted":true}"#));
    listing.leases[0].lease.warnings = vec!["two-renewers"].into();
    assert!(listing_table(&listing, &[Column::Warn]).contains("(two-renewers)"));
}

#[test]
fn a_filter_that_no_lease_matches_is_named() {
    let mut listing = listing();
    listing.retain(&"key:/nothing or ttl>1h".parse().unwrap());
    let end = ": none of 3 leases match key:/nothing or ttl>1h\n";
    for table in [listing_table(&listing, &LISTED), groups_table(&listing, GroupBy::Service, false)] {
        assert!(table.ends_with(end), "{table}");
    }
    assert_eq!(listing_ids(&listing.ids()), "");
    assert!(listing_json(&listing).contains(r#""leases":[]"#));
    listing.retain(&"who:own".parse().unwrap());
    assert!(listing_table(&listing, &LISTED).ends_with(end), "it names the filter that left none");
    let mut one = watched();
    one.keep_only(LeaseId(1));
    one.retain(&"who:own".parse().unwrap());
    assert!(listing_table(&one, &LISTED).contains(": the only lease does not match who:own, watched for 60.0 s\n"));
    let mut none = watched();
    none.leases.clear();
    none.retain(&"who:own".parse().unwrap());
    assert!(listing_table(&none, &LISTED).contains(": no leases, watched"), "there is none to match");
}

#[test]
fn csv_has_no_renewals_of_leases_that_were_read_once() {
    let renewals = |listing: &LeaseListing| -> Vec<String> {
        let csv = listing_csv(listing);
        let place = csv.lines().next().and_then(|titles| titles.split(',').position(|title| title == "renewals"));
        let cell = |line: &str| line.split(',').nth(place.expect("a title")).expect("a cell").to_owned();
        csv.lines().skip(1).map(cell).collect()
    };
    assert_eq!(renewals(&listing()), ["", "", ""]);
    assert_eq!(renewals(&watched()), ["5", "4", "0"]);
}
