//! The cadence view: what it knows of other clients' leases, its cursor, and its export.

use super::*;
use crate::app::cadence::{CohortKey, CohortOwner, ShareMark};

/// Another client's lease as etcd sees it.
struct OtherLease {
    id: i64,
    ttl: i64,
    /// Seconds from one renewal to the next.
    every: f64,
    /// When renewals stop.
    until: f64,
}

const FOREVER: f64 = 1e9;

/// The seconds left at `now`, as etcd reports them: whole seconds, rounded down, never the whole TTL.
fn left(lease: &OtherLease, now: f64) -> i64 {
    let last = (now.min(lease.until) / lease.every).floor() * lease.every;
    (last + lease.ttl as f64 - now - 0.01).floor() as i64
}

/// Polls the leases twice a second for `seconds`.
fn watch(story: &mut Story, leases: &[OtherLease], seconds: u32) {
    for _ in 0..2 * seconds {
        story.wait(0.5);
        for lease in leases {
            let now = story.now.since_start().as_secs_f64();
            story.poll(lease.id, left(lease, now), lease.ttl, &["/svc/a"]);
        }
    }
}

fn others() -> [OtherLease; 3] {
    [
        OtherLease { id: 0x21, ttl: 10, every: 3.4, until: FOREVER },
        OtherLease { id: 0x22, ttl: 10, every: 8.2, until: FOREVER },
        OtherLease { id: 0x23, ttl: 30, every: 10.3, until: FOREVER },
    ]
}

fn story() -> Story {
    let mut story = Story::start(AppConfig::default());
    story.list(&[0x21, 0x22, 0x23, 0x24], &[]);
    story.poll(0x24, 600, 600, &[]);
    story.press(&[Key::Char('2')]);
    watch(&mut story, &others(), 90);
    story
}

fn key(owner: CohortOwner, ttl: u32) -> CohortKey {
    CohortKey { owner, ttl, asked: ttl }
}

const OTHERS: CohortOwner = CohortOwner::Others;

#[test]
fn leases_of_other_clients_are_counted_by_ttl_and_the_late_ones_come_first() {
    let mut story = story();
    let index = &story.app.leases.cadence_index;
    assert_eq!(index.rows(), [key(OTHERS, 10), key(OTHERS, 30), key(OTHERS, 600)]);
    let ten = index.cohort(&key(OTHERS, 10)).unwrap();
    assert_eq!((ten.leases, ten.measured(), ten.too_late()), (2, 2, 1));
    let (intervals, is_bound) = ten.intervals();
    let [min, max] = [intervals.min, intervals.max].map(|span| span.unwrap().as_secs_f64());
    assert!((3.2..3.6).contains(&min) && (8.0..8.4).contains(&max) && !is_bound, "{intervals:?}");
    let marks: Vec<ShareMark> = index.grid().points().map(|point| point.mark).collect();
    assert_eq!(marks, [ShareMark::Others, ShareMark::TooLate, ShareMark::Others]);
    let known = index.others();
    assert_eq!((known.leases, known.at_a_third), (3, 2));
    assert!((0.32..0.36).contains(&known.lowest) && (0.80..0.84).contains(&known.highest), "{known:?}");
    story.list(&[], &[0x21, 0x22, 0x23, 0x24]);
    story.grant(1, 10);
    story.renewed(1, 10, 3.5);
    let index = &story.app.leases.cadence_index;
    assert_eq!(index.rows(), [key(CohortOwner::Own, 10)], "the others are gone");
    assert_eq!((index.others().leases, index.grid().points().count()), (0, 1));
}

#[test]
fn the_row_shows_the_median_lease_or_the_one_that_was_chosen() {
    let mut story = story();
    let shown = |story: &Story| {
        let cursor = &story.app.view.cadence_cursor;
        let key = cursor.selected().unwrap();
        (key, cursor.lease(&story.app.leases.cadence_index, &key).unwrap().0)
    };
    assert_eq!(shown(&story), (key(OTHERS, 10), 0x21), "not the one that is renewed too late");
    story.press(&[Key::Right]);
    assert_eq!(shown(&story), (key(OTHERS, 10), 0x22));
    story.press(&[Key::Right]);
    assert_eq!(shown(&story), (key(OTHERS, 10), 0x21), "around");
    story.press(&[Key::Left, Key::Down]);
    assert_eq!(shown(&story), (key(OTHERS, 30), 0x23));
    story.press(&[Key::Up]);
    assert_eq!(shown(&story), (key(OTHERS, 10), 0x22), "the choice stays");
    story.list(&[], &[0x22]);
    assert_eq!(shown(&story), (key(OTHERS, 10), 0x21));
    let polled = story.app.view.on_screen(&story.app.leases, &story.app.keys.locks);
    assert!([0x21, 0x23, 0x24].iter().all(|id| polled.contains(&LeaseId(*id))), "{polled:?}");
}

#[test]
fn the_lease_in_a_row_has_a_history_that_is_longer_than_what_polls_keep() {
    let story = story();
    let times = |id| {
        let lease = story.app.leases.get(LeaseId(id)).unwrap();
        cadence::renewal_times(lease, at(0.0))
    };
    let late = times(0x22);
    assert!(late.len() >= 9 && late.is_sorted_by(|one, two| one > two), "{late:?}");
    for pair in late.windows(2) {
        assert!((7.5..8.9).contains(&(pair[0] - pair[1]).as_secs_f64()), "{late:?}");
    }
    assert!(times(0x21).len() >= 17, "{:?}", times(0x21));
    assert!(story.app.leases.get(LeaseId(0x23)).unwrap().history.is_some());
}

#[test]
fn a_lease_at_risk_is_silent_since_its_last_renewal() {
    let mut story = story();
    let stopped = OtherLease { id: 0x23, ttl: 30, every: 10.3, until: 90.0 };
    watch(&mut story, &[stopped], 22);
    let lease = story.app.leases.get(LeaseId(0x23)).unwrap();
    let silent = cadence::silent_for(lease, story.now).map(|span| span.as_secs_f64());
    assert!(silent.is_some_and(|span| (28.0..30.0).contains(&span)), "{silent:?}");
    let index = &story.app.leases.cadence_index;
    assert_eq!(index.cohort(&key(OTHERS, 30)).unwrap().silent(), 1);
    assert_eq!(index.rows()[0], key(OTHERS, 30), "the most urgent row");
}

#[test]
fn the_filter_takes_the_owners_of_the_leases_view() {
    let mut story = story();
    story.grant(7, 10);
    refresh_rows(&mut story.app, story.now);
    let mut owners = |filter: &str| {
        story.app.view.cadence_cursor.filter.set(filter);
        let rows = story.app.view.cadence_cursor.rows(&story.app.leases.cadence_index);
        let mut owners: Vec<CohortOwner> = rows.iter().map(|key| key.owner).collect();
        owners.dedup();
        owners
    };
    for filter in ["who:own", "who:adopted", "!who:other"] {
        assert_eq!(owners(filter), [CohortOwner::Own], "{filter}");
    }
    for filter in ["who:other", "who:others", "!who:own"] {
        assert_eq!(owners(filter), [OTHERS], "{filter}");
    }
}

#[test]
fn enter_lists_the_leases_of_the_ttl() {
    let mut story = story();
    story.press(&[Key::Down, Key::Enter]);
    assert_eq!((story.app.view.active, story.rows()), (View::Leases, vec![0x23]));
    assert_eq!(story.app.view.row_filter.typed.text(), "ttl=30 who:other");
    assert_eq!(story.app.view.cursor, Some(LeaseId(0x23)));
}

#[test]
fn brackets_change_the_span_and_a_click_selects() {
    let mut story = story();
    let span = |story: &Story| story.app.view.cadence_cursor.span().as_secs();
    assert_eq!(span(&story), 120);
    story.press(&[Key::Char(']')]);
    assert_eq!(span(&story), 300);
    story.press(&[Key::Char('['); 9]);
    assert_eq!(span(&story), 30);
    story.send(Msg::Clicked(ClickTarget::Cohort(key(OTHERS, 600))));
    assert_eq!(story.app.view.cadence_cursor.selected(), Some(key(OTHERS, 600)));
}

#[test]
fn the_export_has_a_line_per_row() {
    let mut story = story();
    story.grant(1, 120);
    story.renewed(1, 120, 40.5);
    let effects = story.press(&[Key::Char('e')]);
    let [Effect::Export { name: "leasetop-cadence.csv", text }] = &effects[..] else { panic!("{effects:?}") };
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 5);
    assert!(lines[1].starts_with("own,120,1,1,40.500,40.500,40.500,40.500,40.500,0.3375,false,0,0,0"), "{text}");
    assert!(lines[2].starts_with("others,10,2,2,") && lines[2].ends_with(",false,1,0,0"), "{text}");
    assert_eq!(lines[4], "others,600,1,0,,,,,200.500,,false,0,0,0", "an unknown value is empty");
    let columns = lines.iter().map(|line| line.matches(',').count());
    assert!(columns.clone().all(|count| count == 13), "{text}");
    assert_eq!(story.press(&[Key::Char('1'), Key::Char('e')]), [], "not in the lease table");
    story.send(Msg::Exported { leases: None, path: "/tmp/leasetop-cadence-2.csv".to_owned() });
    assert_eq!(story.app.view.status.as_ref().unwrap().text, "Exported /tmp/leasetop-cadence-2.csv");
}

#[test]
fn beyond_the_limit_ttls_are_counted_together() {
    let mut story = Story::start(AppConfig::default());
    let ids: Vec<i64> = (1..=300).collect();
    story.list(&ids, &[]);
    for id in &ids {
        story.poll(*id, 60 + id, 60 + id, &[]);
    }
    let index = &story.app.leases.cadence_index;
    let rows = index.rows();
    assert_eq!(rows.len(), cadence::index::MAX_COHORTS + 1);
    let rest = rows.last().unwrap();
    assert!(rest.is_rest());
    assert_eq!(index.cohort(rest).unwrap().leases, 300 - cadence::index::MAX_COHORTS);
    assert_eq!((index.others().leases, index.others().is_partial), (0, false));
    // The last lease, which is in none of the rows, is renewed twice.
    for _ in 0..3 {
        for since_renewal in (0..120).step_by(20) {
            story.poll(300, 359 - since_renewal, 360, &[]);
            story.wait(20.0);
        }
    }
    let others = story.app.leases.cadence_index.others();
    assert_eq!((others.leases, others.means.len(), others.is_partial), (1, 0, true));
    let index = &story.app.leases.cadence_index;
    assert_eq!(index.rows().len(), cadence::index::MAX_COHORTS + 1);
    story.list(&[], &ids);
    assert_eq!(story.app.leases.cadence_index.rows(), []);
}
