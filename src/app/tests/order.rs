//! The default order, and rows that stay where they are.

use super::*;

const LEASES: i64 = 300;

pub(super) fn note(story: &Story) -> &str {
    story.app.view.status.as_ref().map_or("", |note| &note.text)
}

fn visible(story: &Story) -> Vec<LeaseId> {
    story.app.visible().map(|lease| lease.id).collect()
}

/// Leases of other clients with these keys. The ids start at 1.
pub(super) fn named(config: AppConfig, keys: &[&str]) -> Story {
    let mut story = Story::start(config);
    for (id, key) in (1..).zip(keys) {
        story.list(&[id], &[]);
        story.poll(id, 60, 60, if key.is_empty() { &[] } else { std::slice::from_ref(key) });
    }
    story.app.view.motion.is_hasty = true;
    story.app.view.motion.settle();
    story
}

/// Etcd as other clients use it: each lease is renewed regularly, and polls show it.
struct OtherClients {
    /// TTL and renewal interval in milliseconds, and the time of the first renewal.
    habits: Vec<(u64, u64, u64)>,
}

impl OtherClients {
    fn new(number: i64, is_careless: impl Fn(u64) -> bool) -> Self {
        let ttls = [10_000, 20_000, 30_000, 60_000, 120_000];
        let habit = |n: u64| {
            let ttl = ttls[n as usize % ttls.len()];
            let interval = if is_careless(n) { ttl * 4 / 5 } else { ttl / 3 };
            (ttl, interval, n * 377 % interval)
        };
        OtherClients { habits: (0..number.unsigned_abs()).map(habit).collect() }
    }

    /// The reply to a poll of a lease now.
    fn poll(&self, story: &mut Story, id: i64) {
        let (ttl, interval, first) = self.habits[id as usize - 1];
        let now = story.now.since_start().as_millis() as u64 + 1_000_000;
        let since = (now - first) % interval;
        let key = format!("/svc/{}/10.0.0.{}:8000", id % 10, id);
        story.poll(id, ((ttl - since) / 1_000) as i64, (ttl / 1_000) as i64, &[&key]);
    }

    /// Lists all leases and polls each of them every second for a while.
    fn run(&self, story: &mut Story, seconds: usize, mut each_second: impl FnMut(&mut Story)) {
        for _ in 0..seconds {
            for tenth in 0..10_i64 {
                for id in (1..=self.habits.len() as i64).filter(|id| id % 10 == tenth) {
                    self.poll(story, id);
                }
                story.wait(0.1);
                story.send(Msg::Tick);
            }
            each_second(story);
        }
    }
}

fn crowd(clients: &OtherClients, config: AppConfig) -> Story {
    let mut story = Story::start(config);
    story.app.view.motion.is_hasty = true;
    story.list(&(1..=clients.habits.len() as i64).collect::<Vec<_>>(), &[]);
    clients.run(&mut story, 130, |_| ());
    story
}

#[test]
fn problems_come_first_then_names_in_natural_order() {
    let keys = ["/svc/10", "", "/svc/9", "/svc/9/a", "/cron", "/svc/010"];
    let mut story = named(AppConfig::default(), &keys);
    assert_eq!(story.rows(), [5, 3, 4, 1, 6, 2]);
    story.app.leases.get_mut(LeaseId(4)).expect("it is there").warnings = vec!["thin-margin"].into();
    refresh_rows(&mut story.app, story.now);
    assert_eq!(story.rows(), [4, 5, 3, 1, 6, 2]);
    // Its deadline passed, and etcd has not removed it yet.
    story.wait(1.0);
    story.poll(2, -1, 60, &[]);
    assert_eq!((story.state(2), story.rows()), ("dying", vec![2, 4, 5, 3, 1, 6]));
    story.list(&[], &[2]);
    assert_eq!(story.rows(), [4, 5, 3, 1, 6, 2], "ended leases come last");
    story.press(&[Key::Char('I')]);
    assert_eq!(story.rows(), [6, 1, 3, 5, 4, 2], "and the least urgent first, in the reverse order");
}

#[test]
fn own_leases_that_are_deliberately_not_renewed_come_last() {
    let mut story = named(AppConfig::default(), &["/b"]);
    story.grant(9, 10);
    story.app.leases.get_mut(LeaseId(9)).expect("it is there").keys = Some(LeaseKeys::of(vec![b"/a".to_vec()]));
    refresh_rows(&mut story.app, story.now);
    assert_eq!(story.rows(), [9, 1]);
    story.app.leases.get_mut(LeaseId(9)).expect("it is there").is_kept_alive = false;
    refresh_rows(&mut story.app, story.now);
    assert_eq!((story.state(9), story.rows()), ("paused", vec![1, 9]));
}

#[test]
fn without_a_key_the_visible_rows_change_only_where_a_state_class_changes() {
    let clients = OtherClients::new(LEASES, |_| false);
    let mut story = crowd(&clients, AppConfig::default());
    let first = visible(&story);
    clients.run(&mut story, 60, |story| assert_eq!(visible(story), first, "healthy leases do not move"));

    let clients = OtherClients::new(LEASES, |n| n % 9 == 0);
    let mut story = crowd(&clients, AppConfig::default());
    let mut before = (visible(&story), classes(&story));
    let (mut changes, mut moves) = (0, 0);
    clients.run(&mut story, 60, |story| {
        let now = (visible(story), classes(story));
        changes += usize::from(now.1 != before.1);
        moves += usize::from(now.0 != before.0);
        assert!(now.0 == before.0 || now.1 != before.1, "only a new class moves a row");
        before = now;
    });
    assert!(moves <= changes && moves <= 10, "{moves} moves, {changes} changes");
}

/// Which leases are in trouble, whether or not they have been in trouble before.
fn classes(story: &Story) -> Vec<(LeaseId, u8)> {
    let class = |lease: &Lease| match lease.state(story.now) {
        LeaseState::Risk => 0,
        LeaseState::Late => 1,
        LeaseState::Dying => 2,
        _ if !lease.warnings.is_empty() => 3,
        _ => 4,
    };
    story.app.leases.values().map(|lease| (lease.id, class(lease))).collect()
}

#[test]
fn a_changing_figure_reorders_rows_at_most_once_a_second() {
    let clients = OtherClients::new(50, |_| false);
    let mut story = crowd(&clients, by_left());
    let mut orders = 0;
    let mut before = story.rows();
    for tick in 0..100_i64 {
        (1..=50).filter(|id| (id + tick) % 5 == 0).for_each(|id| clients.poll(&mut story, id));
        story.wait(0.1);
        story.send(Msg::Tick);
        orders += usize::from(story.rows() != before);
        before = story.rows();
    }
    assert!((5..=11).contains(&orders), "{orders} in 10 s");
}

#[test]
fn the_order_is_held_after_a_key_and_while_leases_are_marked() {
    let mut story = named(by_left(), &["/a", "/b", "/c"]);
    story.wait(5.0);
    story.send(Msg::Tick);
    let before = story.rows();
    story.press(&[Key::Down]);
    story.app.view.motion.on_input(story.now);
    story.poll(before[0], 59, 60, &["/a"]);
    story.poll(before[1], 30, 60, &["/b"]);
    assert_eq!(story.rows(), before);
    assert!(story.app.view.is_order_held(story.now));
    story.wait(2.9);
    story.send(Msg::Tick);
    assert_eq!(story.rows(), before);
    story.wait(0.2);
    story.send(Msg::Tick);
    assert!(story.rows() != before && !story.app.view.is_order_held(story.now));
    let before = story.rows();
    story.press(&[Key::Char(' ')]);
    story.wait(5.0);
    story.poll(before[0], 59, 60, &["/a"]);
    story.poll(before[2], 10, 60, &["/c"]);
    assert_eq!(story.rows(), before, "a marked lease holds the order");
    story.list(&[9], &[]);
    assert_eq!(story.rows().len(), 4, "a new lease is shown at once");
    story.press(&[Key::Char('U')]);
    story.wait(4.0);
    story.send(Msg::Tick);
    assert_eq!(story.rows()[0], before[2]);
}

#[test]
fn the_next_wake_is_when_rows_may_move_again() {
    let mut story = named(by_left(), &["/a", "/b"]);
    story.wait(5.0);
    story.send(Msg::Tick);
    story.press(&[Key::Down]);
    story.app.view.motion.on_input(story.now);
    story.poll(2, 10, 60, &["/b"]);
    let due = story.now + Duration::from_secs(3);
    story.app.view.reset_redraw();
    assert_eq!(story.app.view.reorder_wake(), Some(due));
    assert!(next_wake(&story.app, story.now) <= due);
    story.now = due;
    update(&mut story.app, Msg::Tick, story.now);
    assert_eq!(story.app.view.reorder_wake(), None, "it asks for one frame, not for many");
    assert_eq!(story.app.view.reset_redraw(), Redraw::Soon);
}

#[test]
fn the_cursor_stays_on_its_screen_line() {
    let mut story = named(AppConfig::default(), &["/a", "/b", "/c", "/d"]);
    story.press(&[Key::Down, Key::Down]);
    assert_eq!(story.app.view.cursor, Some(LeaseId(3)));
    // The last row becomes the first.
    story.poll(4, -1, 60, &["/d"]);
    assert_eq!((story.rows(), story.app.view.cursor), (vec![4, 1, 2, 3], Some(LeaseId(2))));
    // With F it follows its lease.
    story.press(&[Key::Char('F')]);
    assert!(story.app.view.is_following());
    story.poll(3, -1, 60, &["/c"]);
    assert_eq!((story.rows(), story.app.view.cursor), (vec![3, 4, 1, 2], Some(LeaseId(2))));
    story.press(&[Key::Char('F')]);
    story.list(&[], &[3]);
    assert_eq!(story.app.view.cursor, Some(LeaseId(3)), "the last line stays the last line");
}

#[test]
fn rows_above_the_window_come_and_go_without_moving_it() {
    let keys: Vec<String> = (1..=40).map(|n| format!("/{n}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let mut story = named(AppConfig::default(), &keys);
    story.press(&[Key::PageDown, Key::PageDown, Key::Up]);
    let (before, cursor) = (visible(&story), story.app.view.cursor);
    assert!(before[0].0 > 5);
    story.list(&[], &[1]);
    assert_eq!((visible(&story), story.app.view.cursor), (before.clone(), cursor));
    story.poll(40, -1, 60, &["/40"]);
    story.poll(39, -1, 60, &["/39"]);
    assert_eq!((visible(&story), story.app.view.cursor), (before, cursor));
}

#[test]
fn a_range_marks_the_highlighted_rows_although_leases_are_renewed_and_end() {
    for config in [AppConfig::default(), by_left()] {
        let clients = OtherClients::new(LEASES, |n| n % 5 == 0);
        let mut story = crowd(&clients, config);
        story.list(&[LEASES + 1], &[]);
        story.app.view.motion.settle();
        story.press(&[Key::Char('j'), Key::Char('v')]);
        let order = story.rows();
        for _ in 0..3 {
            clients.run(&mut story, 5, |_| ());
            story.list(&[], &[LEASES + 1]);
            story.press(&[Key::Char('j')]);
            assert_eq!(story.rows(), order);
        }
        assert!(story.app.view.is_order_held(story.now));
        story.press(&[Key::Char('v')]);
        let marked: Vec<i64> = story.app.view.selection.ids().map(|id| id.0).collect();
        let mut expected = order[1..5].to_vec();
        expected.sort_unstable();
        assert_eq!(marked, expected);
    }
}

#[test]
fn at_most_20_ended_leases_have_a_row_for_at_most_30_seconds() {
    let keys: Vec<String> = (1..=60).map(|n| format!("/{n}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let mut story = named(AppConfig::default(), &keys);
    for id in 1..=50 {
        story.list(&[], &[id]);
        story.wait(0.1);
    }
    let ended = (31..=50).rev().collect::<Vec<_>>();
    assert_eq!(story.rows()[..10], (51..=60).collect::<Vec<_>>());
    assert_eq!(story.rows()[10..], ended, "the last one to end is the first of them");
    assert_eq!((story.app.view.living_rows(), story.app.leases.living_count()), (10, 10));
    story.wait(31.0);
    story.send(Msg::Tick);
    assert_eq!((story.rows().len(), story.app.leases.len()), (10, 10));
}

#[test]
fn at_a_higher_clock_speed_ended_rows_disappear_after_30_seconds_of_lease_time() {
    let mut story = named(AppConfig { backend: Backend::Sandbox { warp: 60 }, ..AppConfig::default() }, &["/a", "/b"]);
    story.list(&[], &[1]);
    story.wait(29.0);
    story.send(Msg::Tick);
    assert_eq!(story.rows(), [2, 1]);
    story.wait(2.0);
    story.send(Msg::Tick);
    assert_eq!(story.rows(), [2]);
}
