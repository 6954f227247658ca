use std::collections::BTreeMap;

use super::*;

/// Advances time as the runtime does, answering every poll after a round trip; returns when each lease was polled.
fn poll(
    story: &mut Story,
    seconds: f64,
    answer: impl Fn(LeaseId, Timestamp) -> Option<(i64, i64)>,
) -> Vec<(Timestamp, LeaseId)> {
    let (end, mut asked) = (story.now + Duration::from_secs_f64(seconds), Vec::new());
    loop {
        story.now = next_wake(&story.app, story.now).max(story.now);
        if story.now > end {
            story.now = end;
            return asked;
        }
        for effect in story.send(Msg::Tick) {
            if let Effect::Poll(ids) = effect {
                asked.extend(ids.iter().map(|id| (story.now, *id)));
                for id in ids {
                    if let Some((ttl, granted)) = answer(id, story.now) {
                        story.poll(id.0, ttl, granted, &[]);
                    }
                }
            }
        }
    }
}

fn per_second(asked: &[(Timestamp, LeaseId)]) -> BTreeMap<u64, usize> {
    let mut seconds = BTreeMap::new();
    asked.iter().for_each(|(at, _)| *seconds.entry(at.since_start().as_secs()).or_default() += 1);
    seconds
}

fn times_asked(asked: &[(Timestamp, LeaseId)], id: i64) -> usize {
    asked.iter().filter(|(_, asked)| asked.0 == id).count()
}

/// Lease n was granted for 1,300 s and expires at n + 200 s.
fn seconds_left(id: LeaseId, now: Timestamp) -> Option<(i64, i64)> {
    Some((id.0 + 200 - now.since_start().as_secs() as i64, 1_300))
}

#[test]
fn the_poll_limit_is_kept_every_second_and_every_lease_is_polled() {
    let mut story = Story::start(AppConfig::default());
    story.list(&(1..=1_000).collect::<Vec<_>>(), &[]);
    let asked = poll(&mut story, 9.9, seconds_left);
    assert!(per_second(&asked).values().all(|calls| *calls <= 200), "{:?}", per_second(&asked));
    assert!((1..=1_000).all(|id| times_asked(&asked, id) > 0));
    let (seen, hidden) = (times_asked(&asked, 1), times_asked(&asked, 900));
    assert!((4..=12).contains(&seen) && hidden == 1, "seen {seen}, hidden {hidden} times in 9.9 s");
    assert_eq!(story.app.polls.rate(at(9.9)), *per_second(&asked).get(&8).unwrap_or(&0) as u32);
}

#[test]
fn a_poll_limit_below_one_per_slot_is_kept() {
    let mut story = Story::start(AppConfig { budget: 3, ..AppConfig::default() });
    story.list(&(1..=100).collect::<Vec<_>>(), &[]);
    let asked = poll(&mut story, 9.9, seconds_left);
    assert!(per_second(&asked).values().all(|calls| *calls <= 4) && (27..=31).contains(&asked.len()), "{asked:?}");
}

#[test]
fn a_lease_is_polled_six_times_per_interval_and_a_visible_one_more_often() {
    let mut story = Story::start(AppConfig::default());
    story.list(&(1..=30).collect::<Vec<_>>(), &[]);
    let left = |id: LeaseId, now: Timestamp| {
        let whole = if id.0 <= 29 { 3_000 + id.0 } else { 3_590 };
        Some((whole - now.since_start().as_secs() as i64, 3_600))
    };
    poll(&mut story, 1.0, left);
    let asked = poll(&mut story, 1_000.0, left);
    let (seen, hidden) = (times_asked(&asked, 1), times_asked(&asked, 30));
    assert!((4..=8).contains(&hidden) && (150..=220).contains(&seen), "seen {seen}, hidden {hidden} times");
}

#[test]
fn beyond_the_poll_limit_the_soonest_leases_stay_accurate_and_others_are_unseen() {
    let mut story = Story::start(AppConfig { budget: 100, ..AppConfig::default() });
    let (born, head) = ((1..=2_000).map(LeaseId).collect(), Some(vec![LeaseId(7)]));
    story.send(Msg::Listed(Listing { born, soonest: head, ..Listing::default() }));
    let left = |id: LeaseId, now: Timestamp| {
        let whole = if id.0 == 7 { 19 } else { 100 };
        Some((whole - now.since_start().as_secs() as i64, if id.0 == 7 { 20 } else { 100 }))
    };
    poll(&mut story, 13.0, left);
    story.press(&[Key::End]);
    let asked = poll(&mut story, 3.9, left);
    assert!(!story.app.visible().any(|lease| lease.id.0 == 7));
    assert!((3..=5).contains(&times_asked(&asked, 7)), "{}", times_asked(&asked, 7));
    let unseen = story.app.leases.values().filter(|lease| lease.state(story.now) == LeaseState::Unseen).count();
    assert!(unseen > 500 && story.state(7) != "unseen", "{unseen}");
}

#[test]
fn no_lease_has_two_polls_in_flight_and_two_missed_polls_mean_unseen() {
    let mut story = Story::start(AppConfig::default());
    story.list(&[1], &[]);
    let asked = poll(&mut story, 2.9, |_, _| None);
    assert_eq!(asked.len(), 1);
    assert_eq!(story.state(1), "ok");
    poll(&mut story, 0.2, |_, _| None);
    assert_eq!(story.state(1), "unseen");
    story.poll(1, 50, 100, &[]);
    assert_eq!(story.state(1), "ok");
}

#[test]
fn a_poll_without_a_reply_is_repeated_within_a_second_unless_it_was_denied() {
    for (is_forbidden, polls) in [(false, 1), (true, 0)] {
        let mut story = Story::start(AppConfig::default());
        story.list(&(1..=30).collect::<Vec<_>>(), &[]);
        let left = |_: LeaseId, now: Timestamp| Some((3_590 - now.since_start().as_secs() as i64, 3_600));
        poll(&mut story, 150.0, left);
        let unanswered = poll(&mut story, 100.0, |id, now| if id.0 == 30 { None } else { left(id, now) });
        assert_eq!(times_asked(&unanswered, 30), 1, "a lease of an hour is polled every 200 s");
        story.send(Msg::PollFailed { id: LeaseId(30), failure: CallFailure { is_forbidden, ..trouble("no reply") } });
        assert_eq!(times_asked(&poll(&mut story, 1.0, left), 30), polls);
    }
}

#[test]
fn polls_narrow_the_time_left() {
    let mut story = Story::start(AppConfig::default());
    story.list(&[1], &[]);
    let deadline = 47.777;
    poll(&mut story, 9.0, |_, now| Some(((deadline - now.since_start().as_secs_f64()) as i64, 100)));
    let lease = story.app.leases.get(LeaseId(1)).unwrap();
    assert!(lease.left_error(story.now).unwrap() <= 0.05, "{:?}", lease.left_error(story.now));
    assert!((lease.left(story.now).unwrap() - (deadline - 9.0)).abs() <= 0.05);
}

#[test]
fn a_failing_list_is_reported_once_and_r_lists_at_once() {
    let mut story = Story::start(AppConfig::default());
    assert_eq!(story.press(&[Key::Char('r')]), [Effect::List]);
    story.send(Msg::ListFailed(trouble("denied")));
    story.send(Msg::ListFailed(trouble("denied")));
    assert_eq!(story.words(), ["connection", "error"], "the same error is reported once");
    assert!(story.app.cluster.list_failure.is_some());
    story.send(Msg::ListedAgain { sent: story.now, received: story.now, revision: 0 });
    assert!(story.app.cluster.list_failure.is_none());
}

#[test]
fn without_a_member_nothing_is_polled_and_rows_become_unseen() {
    let mut story = Story::start(AppConfig::default());
    story.list(&[1], &[]);
    story.poll(1, 50, 100, &[]);
    story.send(Msg::Cluster(down()));
    assert_eq!(poll(&mut story, 12.0, |_, _| None), []);
    assert_eq!(story.state(1), "ok", "a lease of 100 s is asked each 5.6 s");
    poll(&mut story, 0.2, |_, _| None);
    assert_eq!(story.state(1), "unseen");
}

#[test]
fn an_idle_state_requests_nothing() {
    let story = Story { app: AppState::new(AppConfig::default(), Timestamp::START), now: Timestamp::START };
    assert_eq!(next_wake(&story.app, story.now), Timestamp::NEVER);
}

#[test]
fn the_time_left_never_rises_between_renewals_and_converges() {
    for fraction in [0.05, 0.377, 0.6, 0.95] {
        let mut story = Story::start(AppConfig::default());
        story.list(&[1], &[]);
        let deadline = 90.0 + fraction;
        let left_at = |now: Timestamp| deadline - now.since_start().as_secs_f64();
        let mut before = f64::INFINITY;
        for _ in 0..150 {
            poll(&mut story, 0.1, |_, now| Some((left_at(now) as i64, 100)));
            let Some(left) = story.left(1) else { continue };
            assert!(left <= before + 1e-9, "{before} rose to {left} at {:?}", story.now);
            before = left;
        }
        assert!((before - left_at(story.now)).abs() < 0.11, "{before} instead of {}", left_at(story.now));
    }
}

#[test]
fn the_count_of_dying_leases_is_a_minimum_if_not_all_were_polled() {
    let mut story = Story::start(AppConfig::default());
    let ids: Vec<i64> = (1..=5).collect();
    let born = ids.iter().copied().map(LeaseId).collect();
    let head = Some([4, 3, 2, 1, 5].map(LeaseId).to_vec());
    story.send(Msg::Listed(Listing { born, soonest: head, ..Listing::default() }));
    ids.iter().for_each(|id| story.poll(*id, 9, 10, &[]));
    assert_eq!((story.app.leases.counts.dying, story.app.leases.counts.perhaps_dying), (0, 0));
    story.wait(8.0);
    story.send(Msg::ListedAgain { sent: story.now, received: story.now, revision: 0 });
    assert_eq!(story.app.leases.counts.perhaps_dying, 0, "none can have expired yet");
    story.wait(3.5);
    // One of five expired leases is polled, and the leader lists two of the others before it.
    story.poll(2, -1, 10, &[]);
    assert_eq!((story.app.leases.counts.dying, story.app.leases.counts.perhaps_dying), (3, 2));
    story.poll(1, -1, 10, &[]);
    story.poll(5, 9, 10, &[]);
    assert_eq!((story.app.leases.counts.dying, story.app.leases.counts.perhaps_dying), (4, 0));
    // One of those was renewed after all.
    story.poll(3, 8, 10, &[]);
    assert_eq!((story.app.leases.counts.dying, story.app.leases.counts.perhaps_dying), (3, 0));
}
