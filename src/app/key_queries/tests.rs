use super::*;

const ID: LeaseId = LeaseId(1);

fn at(seconds: f64) -> Timestamp {
    Timestamp::at(Duration::from_secs_f64(seconds))
}

fn keys(count: usize) -> Vec<Vec<u8>> {
    vec![vec![b'k'; 36]; count]
}

#[test]
fn a_new_lease_is_queried_at_growing_intervals_and_an_old_one_once_a_minute() {
    let mut queries = KeyQueries::new(1_000_000);
    queries.add(ID, Some(at(0.0)), true, at(0.0));
    queries.add(LeaseId(2), None, false, at(0.0));
    let mut sent = Vec::new();
    for tenth in 0..1_300 {
        let now = at(f64::from(tenth) / 10.0);
        let due: Vec<LeaseId> = queries.due(now).collect();
        for id in due {
            queries.asked(id, Shown::No, now);
            queries.answered(id, &keys(1), now);
            sent.push((id.0, f64::from(tenth) / 10.0));
        }
    }
    let of = |id| sent.iter().filter(|(of, _)| *of == id).map(|(_, when)| *when).collect::<Vec<f64>>();
    assert_eq!(of(1), [0.0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5, 63.5, 123.5]);
    assert_eq!(of(2), [0.0, 60.0, 120.0]);
}

#[test]
fn a_lease_without_a_reply_does_not_wait_for_those_that_have_replied() {
    let mut queries = KeyQueries::new(60_000);
    for id in 1..=2_000 {
        queries.add(LeaseId(id), None, false, at(0.0));
        queries.answered(LeaseId(id), &[], at(0.0));
    }
    queries.count(40_000, at(300.0));
    queries.add(LeaseId(9_999), None, true, at(300.0));
    assert_eq!(queries.due(at(300.0)).collect::<Vec<_>>(), [LeaseId(9_999)], "the rest of the budget is kept for it");
}

#[test]
fn a_lease_of_many_keys_is_queried_less_often() {
    let mut queries = KeyQueries::new(1_000_000);
    queries.add(ID, None, false, at(0.0));
    queries.asked(ID, Shown::No, at(0.0));
    queries.answered(ID, &keys(6_000), at(0.0));
    let shown = |seconds| queries.wants(ID, Shown::Detail, at(seconds));
    assert!(!shown(100.0) && shown(116.0), "240 kB every 115 s are an eighth of the budget");
}

/// Runs for some seconds: every due lease has `count` keys of 36 bytes. Returns the times of the queries of `ID`.
fn run(queries: &mut KeyQueries, seconds: u32, count: usize, shown: Shown) -> Vec<f64> {
    let mut sent = Vec::new();
    for tenth in 0..seconds * 10 {
        let now = at(f64::from(tenth) / 10.0);
        if queries.wants(ID, shown, now) {
            queries.asked(ID, shown, now);
            queries.answered(ID, &keys(count), now);
            sent.push(f64::from(tenth) / 10.0);
        }
    }
    sent
}

#[test]
fn a_new_lease_of_many_keys_takes_no_more_than_its_share() {
    let mut queries = KeyQueries::new(8_000_000);
    queries.add(ID, Some(at(0.0)), true, at(0.0));
    let sent = run(&mut queries, 120, 20_000, Shown::No);
    assert!((2..=3).contains(&sent.len()), "800 kB are a tenth of the budget of a minute: {sent:?}");
    assert!(queries.received(at(59.0)) <= 2_000_000);
}

#[test]
fn an_open_detail_of_a_new_lease_does_not_query_it_at_every_poll() {
    let mut queries = KeyQueries::new(8_000_000);
    queries.add(ID, Some(at(0.0)), true, at(0.0));
    let sent = run(&mut queries, 60, 2_000, Shown::Detail);
    assert!((8..=14).contains(&sent.len()), "every 5 s: {sent:?}");
}

#[test]
fn a_shown_lease_in_doubt_waits_before_the_next_query() {
    let mut queries = KeyQueries::new(8_000_000);
    queries.add(ID, None, false, at(0.0));
    queries.asked(ID, Shown::Detail, at(0.0));
    queries.answered(ID, &keys(1), at(0.0));
    queries.doubt(ID, at(20.0));
    let wants = |queries: &KeyQueries, seconds| queries.wants(ID, Shown::Detail, at(seconds));
    assert!(!wants(&queries, 21.0) && wants(&queries, 21.2));
    queries.asked(ID, Shown::Detail, at(21.2));
    queries.failed(ID, at(30.0));
    assert!(!wants(&queries, 31.0) && wants(&queries, 31.2), "a query that failed after a while");
}

#[test]
fn without_budget_nothing_is_queried_until_the_minute_has_passed() {
    let mut queries = KeyQueries::new(60_000);
    (1..=100).for_each(|id| queries.add(LeaseId(id), None, false, at(0.0)));
    let mut asked = 0;
    loop {
        let next = queries.due(at(0.0)).next();
        let Some(id) = next else { break };
        queries.asked(id, Shown::No, at(0.0));
        asked += 1;
    }
    assert_eq!(asked, 52, "each may have keys of 1 kB, and an eighth is kept for leases on the screen");
    for id in 1..=52 {
        queries.answered(LeaseId(id), &keys(25), at(0.0));
    }
    assert!(queries.due(at(0.0)).next().is_none(), "they had");
    assert!(queries.is_waiting(at(59.0)) && queries.due(at(59.0)).next().is_none());
    assert!(queries.due(at(61.0)).next().is_some_and(|id| id.0 > 52));
    assert_eq!((queries.received(at(0.0)), queries.received(at(70.0))), (52 * (60 + 25 * 40), 0));
    assert!(!queries.is_waiting(at(61.0)));
}

#[test]
fn a_reply_beyond_the_budget_blocks_for_a_minute_and_never_leases_on_the_screen() {
    let mut queries = KeyQueries::new(60_000);
    for id in 1..=3 {
        queries.add(LeaseId(id), None, false, at(0.0));
    }
    queries.count(1_000_000, at(0.0));
    assert_eq!((queries.take_excess(at(0.0)), queries.take_excess(at(1.0))), (Some(1_000_000), None), "once");
    assert!(queries.is_waiting(at(1.0)) && queries.due(at(1.0)).next().is_none());
    for (id, shown, is_asked) in [(1, Shown::Row, true), (2, Shown::Detail, true), (3, Shown::No, false)] {
        assert_eq!(queries.wants(LeaseId(id), shown, at(1.0)), is_asked);
    }
    queries.asked(LeaseId(1), Shown::Row, at(1.0));
    queries.answered(LeaseId(1), &keys(1_000), at(1.0));
    assert!(!queries.wants(LeaseId(2), Shown::Detail, at(1.0)), "what they may cost is limited too");
    assert!(queries.due(at(61.0)).eq([LeaseId(2), LeaseId(3)]) && !queries.is_waiting(at(62.0)));
    assert_eq!(queries.take_excess(at(62.0)), None);
}

#[test]
fn the_queries_of_any_minute_stay_within_the_budget() {
    let mut queries = KeyQueries::new(100_000);
    (1..=3_000).for_each(|id| queries.add(LeaseId(id), None, false, at(0.0)));
    for second in 0..600 {
        let now = at(f64::from(second));
        let due: Vec<LeaseId> = queries.due(now).take(200).collect();
        for id in due {
            if queries.wants(id, Shown::No, now) {
                queries.asked(id, Shown::No, now);
                queries.answered(id, &keys(1), now);
            }
        }
        assert!(queries.received(now) <= queries.limit(), "{} at {second} s", queries.received(now));
    }
    assert!(queries.is_complete());
}

#[test]
fn a_query_that_the_budget_does_not_allow_causes_no_wakeup_at_once() {
    let mut queries = KeyQueries::new(60_000);
    queries.add(ID, None, false, at(0.0));
    queries.asked(ID, Shown::No, at(0.0));
    queries.answered(ID, &keys(1), at(0.0));
    queries.count(40_000, at(70.0));
    assert_eq!((queries.due(at(70.0)).next(), queries.next_due(at(70.0))), (None, Some(at(71.0))));
}
