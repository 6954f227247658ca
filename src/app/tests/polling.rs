use std::collections::BTreeMap;

use super::*;

/// Lets time go by as the runtime does, answering every poll after a round trip; hands back who was asked when.
fn poll(story: &mut Story, seconds: f64, answer: impl Fn(LeaseId, Moment) -> Option<i64>) -> Vec<(Moment, LeaseId)> {
    let (end, mut asked) = (story.now + Duration::from_secs_f64(seconds), Vec::new());
    loop {
        story.now = next_wake(&story.model, story.now).max(story.now);
        if story.now > end {
            story.now = end;
            return asked;
        }
        for effect in story.tell(Msg::Tick) {
            if let Effect::Probe(ids) = effect {
                asked.extend(ids.iter().map(|id| (story.now, *id)));
                for id in ids {
                    if let Some(ttl) = answer(id, story.now) {
                        story.probe(id.0, ttl, 100, &[]);
                    }
                }
            }
        }
    }
}

fn per_second(asked: &[(Moment, LeaseId)]) -> BTreeMap<u64, usize> {
    let mut seconds = BTreeMap::new();
    asked.iter().for_each(|(at, _)| *seconds.entry(at.since_start().as_secs()).or_default() += 1);
    seconds
}

fn times_asked(asked: &[(Moment, LeaseId)], id: i64) -> usize {
    asked.iter().filter(|(_, asked)| asked.0 == id).count()
}

/// Lease n expires at n + 200 s.
fn seconds_left(id: LeaseId, now: Moment) -> Option<i64> {
    Some(id.0 + 200 - now.since_start().as_secs() as i64)
}

#[test]
fn the_budget_holds_in_every_second_and_everybody_is_asked() {
    let mut story = Story::begin(Setup::default());
    story.list(&(1..=1_000).collect::<Vec<_>>(), &[]);
    let asked = poll(&mut story, 9.9, seconds_left);
    assert!(per_second(&asked).values().all(|calls| *calls <= 200), "{:?}", per_second(&asked));
    assert!((1..=1_000).all(|id| times_asked(&asked, id) > 0));
    let (seen, hidden) = (times_asked(&asked, 1), times_asked(&asked, 900));
    assert!((6..=12).contains(&seen) && hidden < 4, "seen {seen}, hidden {hidden} times in 9.9 s");
}

#[test]
fn out_of_sight_much_time_left_is_asked_seldom_and_little_each_second() {
    let mut story = Story::begin(Setup::default());
    story.list(&(1..=30).collect::<Vec<_>>(), &[]);
    let left = |id: LeaseId, now: Moment| {
        let whole = if id.0 <= 29 { 3_600 + id.0 } else { 7_200 };
        Some(whole - now.since_start().as_secs() as i64)
    };
    poll(&mut story, 5.0, left);
    let asked = poll(&mut story, 40.0, left);
    let hidden = times_asked(&asked, 30);
    assert!((3..=5).contains(&hidden), "{hidden} times in 40 s");
    assert!(times_asked(&asked, 1) >= 30, "a row that is seen");
}

#[test]
fn the_endangered_out_of_sight_come_before_the_rest() {
    let mut story = Story::begin(Setup { budget: 100, ..Setup::default() });
    story.list(&(1..=1_000).collect::<Vec<_>>(), &[]);
    let dying_at_19 = |id: LeaseId, now: Moment| {
        if id.0 == 7 { Some(19 - now.since_start().as_secs() as i64) } else { seconds_left(id, now) }
    };
    poll(&mut story, 15.0, dying_at_19);
    story.press(&[Key::End]);
    let asked = poll(&mut story, 3.9, dying_at_19);
    assert!(!story.model.visible().any(|lease| lease.id.0 == 7));
    assert!((3..=4).contains(&times_asked(&asked, 7)), "{}", times_asked(&asked, 7));
    assert!(times_asked(&asked, 500) <= 1);
}

#[test]
fn nobody_is_asked_twice_at_a_time_and_two_missed_polls_are_unseen() {
    let mut story = Story::begin(Setup::default());
    story.list(&[1], &[]);
    let asked = poll(&mut story, 1.5, |_, _| None);
    assert_eq!(asked.len(), 1);
    assert_eq!(story.state(1), "ok");
    poll(&mut story, 1.0, |_, _| None);
    assert_eq!(story.state(1), "unseen");
    story.probe(1, 50, 100, &[]);
    assert_eq!(story.state(1), "ok");
}

#[test]
fn polls_sharpen_the_time_left() {
    let mut story = Story::begin(Setup::default());
    story.list(&[1], &[]);
    let deadline = 47.777;
    poll(&mut story, 9.0, |_, now| Some((deadline - now.since_start().as_secs_f64()) as i64));
    let lease = story.model.lease(LeaseId(1)).unwrap();
    assert!(lease.left_error().unwrap() <= 0.05, "{:?}", lease.left_error());
    assert!((lease.left(story.now).unwrap() - (deadline - 9.0)).abs() <= 0.05);
}

#[test]
fn a_list_that_fails_is_told_once_and_r_lists_at_once() {
    let mut story = Story::begin(Setup::default());
    assert_eq!(story.press(&[Key::Char('r')]), [Effect::List]);
    story.tell(Msg::ListFailed(trouble("denied")));
    story.tell(Msg::ListFailed(trouble("denied")));
    assert_eq!(story.words(), ["connection", "error"], "the same trouble is told once");
    assert!(story.model.list_trouble.is_some());
    story.tell(Msg::ListedAgain { sent: story.now, received: story.now });
    assert!(story.model.list_trouble.is_none());
}

#[test]
fn without_a_member_nothing_is_asked_and_rows_become_unseen() {
    let mut story = Story::begin(Setup::default());
    story.list(&[1], &[]);
    story.probe(1, 50, 100, &[]);
    story.tell(Msg::Cluster(down()));
    assert_eq!(poll(&mut story, 3.0, |_, _| None), []);
    assert_eq!(story.state(1), "unseen");
}

#[test]
fn a_model_at_rest_wants_nothing() {
    let story = Story { model: Model::new(Setup::default(), Moment::START), now: Moment::START };
    assert_eq!(next_wake(&story.model, story.now), Moment::FAR);
}

#[test]
fn the_time_left_never_rises_between_renewals_and_comes_to_be_right() {
    for fraction in [0.05, 0.377, 0.6, 0.95] {
        let mut story = Story::begin(Setup::default());
        story.list(&[1], &[]);
        let deadline = 90.0 + fraction;
        let left_at = |now: Moment| deadline - now.since_start().as_secs_f64();
        let mut before = f64::INFINITY;
        for _ in 0..150 {
            poll(&mut story, 0.1, |_, now| Some(left_at(now) as i64));
            let Some(left) = story.left(1) else { continue };
            assert!(left <= before + 1e-9, "{before} rose to {left} at {:?}", story.now);
            before = left;
        }
        assert!((before - left_at(story.now)).abs() < 0.11, "{before} instead of {}", left_at(story.now));
    }
}
