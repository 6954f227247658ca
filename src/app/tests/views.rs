use super::*;
use crate::app::cadence::Series;

fn roomy(story: &mut Story) {
    story.send(Msg::Resized(Viewport { rows: 10, events: 20, has_detail: true, ..Viewport::default() }));
}

fn value_reads(effects: Vec<Effect>) -> Vec<LeaseId> {
    let asked = effects.into_iter().filter_map(|effect| match effect {
        Effect::ReadValues { id, .. } => Some(id),
        _ => None,
    });
    asked.collect()
}

fn answer(story: &mut Story, id: i64, value: &str) {
    let pairs = vec![(b"/a".to_vec(), ReadValue::of(value.as_bytes().to_vec()))];
    story.send(Msg::Values { id: LeaseId(id), pairs });
}

#[test]
fn tab_and_digits_switch_views_and_esc_returns() {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 10);
    for view in [View::Cadence, View::Events, View::Locks, View::Members] {
        story.press(&[Key::Tab]);
        assert_eq!(story.app.view.active, view);
    }
    story.press(&[Key::Tab]);
    assert_eq!(story.app.view.active, View::Leases);
    story.press(&[Key::BackTab, Key::BackTab, Key::Char('3'), Key::Char('f')]);
    assert_eq!((story.app.view.active, story.app.view.events_view.category), (View::Events, None));
    story.press(&[Key::Esc]);
    assert_eq!(
        (story.app.view.active, story.app.view.events_view.category),
        (View::Events, Some(EventCategory::Problems))
    );
    story.press(&[Key::Esc]);
    assert_eq!(story.app.view.active, View::Leases);
    story.press(&[Key::Enter]);
    assert!(story.app.view.is_open);
    story.press(&[Key::Esc, Key::Esc]);
    assert!(!story.app.view.is_open && story.app.view.active == View::Leases);
}

#[test]
fn lease_commands_do_nothing_in_views_without_the_lease() {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 10);
    let keys = [Key::Char('3'), Key::Char('x'), Key::Char('a'), Key::Char('o'), Key::Enter];
    assert_eq!(story.press(&keys), []);
    assert!(story.app.view.dialog.is_none() && story.app.view.active == View::Events);
    assert!(story.app.leases.get(LeaseId(1)).unwrap().is_kept_alive);
}

#[test]
fn the_detail_scrolls_to_its_end() {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 10);
    story.press(&[Key::Enter]);
    story.press(&[Key::Down; 9]);
    story.app.clamp_scroll(3);
    assert_eq!(story.app.view.scroll, 3);
    story.press(&[Key::Up]);
    assert_eq!(story.app.view.scroll, 2);
    story.press(&[Key::Home]);
    assert_eq!((story.app.view.scroll, story.app.view.cursor), (0, Some(LeaseId(1))));
}

#[test]
fn values_are_read_on_selection_on_changes_and_every_five_seconds() {
    let mut story = Story::start(AppConfig::default());
    roomy(&mut story);
    story.grant(1, 100);
    assert_eq!(value_reads(story.send(Msg::Tick)), [], "there are no keys yet");
    story.poll(1, 90, 100, &["/a"]);
    assert_eq!(next_wake(&story.app, story.now), story.now);
    assert_eq!(value_reads(story.send(Msg::Tick)), [LeaseId(1)]);
    story.wait(9.0);
    assert_eq!(value_reads(story.send(Msg::Tick)), [], "one question at a time");
    answer(&mut story, 1, "old");
    assert_eq!(value_reads(story.send(Msg::Tick)), [LeaseId(1)]);
    answer(&mut story, 1, "new");
    assert_eq!(story.app.keys.values(LeaseId(1)).unwrap()[0].1.text(), Some("new"));
    story.wait(1.0);
    assert_eq!(value_reads(story.send(Msg::Tick)), []);
    story.poll(1, 90, 100, &["/a", "/b"]);
    assert_eq!(value_reads(story.send(Msg::Tick)), [LeaseId(1)]);
    story.wait(5.0);
    answer(&mut story, 1, "new");
    story.press(&[Key::Char('3')]);
    assert_eq!(value_reads(story.send(Msg::Tick)), [], "the view is closed");
}

#[test]
fn moving_quickly_through_rows_reads_few_values() {
    let mut story = Story::start(AppConfig::default());
    roomy(&mut story);
    for id in 1..=20 {
        story.grant(id, 100);
        story.poll(id, 100, 100, &["/a"]);
    }
    let mut count = 0;
    for _ in 0..19 {
        story.press(&[Key::Down]);
        count += value_reads(story.send(Msg::Tick)).len();
        story.wait(0.033);
    }
    assert!((1..=3).contains(&count), "{count}");
    answer(&mut story, 1, "of another lease");
    assert!(story.app.keys.values(LeaseId(1)).is_none());
    story.wait(0.3);
    assert_eq!(value_reads(story.send(Msg::Tick)), [LeaseId(20)]);
}

#[test]
fn without_a_visible_detail_values_are_read_when_it_opens() {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 100);
    story.poll(1, 90, 100, &["/a"]);
    assert_eq!(value_reads(story.send(Msg::Tick)), []);
    story.press(&[Key::Enter]);
    assert_eq!(value_reads(story.send(Msg::Tick)), [LeaseId(1)]);
    story.send(Msg::Cluster(down()));
    answer(&mut story, 1, "x");
    story.wait(9.0);
    assert_eq!(value_reads(story.send(Msg::Tick)), [], "no member is reachable");
}

#[test]
fn long_values_are_cut_and_marked_as_cut() {
    let long = ReadValue::of(vec![b'x'; 4096]);
    assert!(matches!(&long, ReadValue::Known { start, length: 4096 } if start.len() == ReadValue::MOST));
    assert_eq!((long.text(), ReadValue::of(b"\xff".to_vec()).text()), (None, None));
}

#[test]
fn the_tolerated_missed_renewals_follow_the_schedule() {
    for (ttl, every, renewals_to_spare) in [(10, 3.5, 1), (2, 1.0, 0), (120, 40.5, 1), (100, 10.0, 8)] {
        let mut story = Story::start(AppConfig::default());
        story.grant(1, ttl);
        story.renewed(1, ttl, every);
        assert_eq!(
            story.app.leases.get(LeaseId(1)).unwrap().renewals_to_spare(story.now),
            Some(renewals_to_spare),
            "{ttl} s"
        );
        story.wait(ttl as f64);
        assert_eq!(story.app.leases.get(LeaseId(1)).unwrap().renewals_to_spare(story.now), Some(0));
    }
}

/// The living leases of a series, by the cadence index.
fn kept_alive_in(story: &Story, series: &Series) -> usize {
    let index = &story.app.leases.cadence_index;
    let key = index.rows().into_iter().find(|key| key.is_of(series)).expect("a row");
    index.cohort(&key).expect("a cohort").leases
}

#[test]
fn the_cadence_counts_engine_events_and_esc_keeps_the_events_filter() {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 10);
    story.press(&[Key::Char('3'), Key::Char('f'), Key::Char('2'), Key::Down, Key::Esc]);
    assert_eq!((story.app.view.active, story.app.view.events_view.category), (View::Leases, None));
    assert!(story.app.leases.cadence_report(RenewalSchedule::default()).series.is_empty());
    story.renewed(1, 10, 3.5);
    let exercise = story.app.leases.cadence_report(RenewalSchedule::default());
    assert_eq!(exercise.series.iter().map(|one| (one.ttl, one.count)).collect::<Vec<_>>(), [(10, 1)]);
    assert_eq!(kept_alive_in(&story, &exercise.series[0]), 1);
}

#[test]
fn a_lease_with_a_raised_ttl_has_its_own_cadence_row() {
    let mut story = Story::start(AppConfig::default());
    story.renewed(1, 2, 1.0);
    assert!(
        story.app.leases.cadence_report(RenewalSchedule::default()).series.is_empty(),
        "the reply does not exist yet"
    );
    for (id, asked) in [(1, 1), (2, 2)] {
        let answer = Granted { id: LeaseId(id), requested_ttl: asked, ttl: 2, header: Header::default() };
        story.send(Msg::Granted { sent: story.now, received: story.now, answer, keep_alive: true, job: None });
    }
    story.renewed(2, 2, 1.0);
    let exercise = story.app.leases.cadence_report(RenewalSchedule::default());
    let rows = exercise.series.iter().map(|one| (one.ttl_in_words(), kept_alive_in(&story, one)));
    assert_eq!(rows.collect::<Vec<_>>(), [("1 -> 2 s".to_owned(), 1), ("2 s".to_owned(), 1)]);
}

#[test]
fn an_events_view_whose_lines_are_gone_follows_the_newest_again() {
    let mut story = Story::start(AppConfig::default());
    roomy(&mut story);
    story.list(&[9_999], &[]);
    story.wait(60.0);
    story.list(&[], &[9_999]);
    story.press(&[Key::Char('3'), Key::Up]);
    assert!(!story.app.view.events_view.follows(), "the cursor is on the end of a lease");
    // Grants are no problems. The log has room for 2,000 events, and combines more than four in a second.
    for second in 0..600 {
        story.wait(1.0);
        story.list(&[1, 2, 3, 4].map(|number| second * 4 + number), &[]);
    }
    story.press(&[Key::Char('g')]);
    assert!(story.app.view.events_view.follows());
}

#[test]
fn a_pasted_view_filter_moves_the_cursor_as_a_typed_one_does() {
    let mut story = Story::start(AppConfig::default());
    roomy(&mut story);
    story.send(Msg::OutputFailed("disk full".to_owned()));
    story.press(&[Key::Char('3'), Key::Up, Key::Char('/')]);
    assert!(!story.app.view.events_view.follows());
    story.send(Msg::Pasted("renewed".to_owned()));
    assert!(story.app.view.events_view.follows());
}

#[test]
fn closing_the_filter_line_keeps_the_selected_event() {
    let mut story = Story::start(AppConfig::default());
    roomy(&mut story);
    for text in ["disk full", "disk full again", "disk still full"] {
        story.wait(1.0);
        story.send(Msg::OutputFailed(text.to_owned()));
    }
    story.press(&[Key::Char('3'), Key::Char('/')]);
    story.type_in("disk");
    story.press(&[Key::Up, Key::Up, Key::Enter]);
    assert!(!story.app.view.is_filter_open() && !story.app.view.events_view.follows());
    story.press(&[Key::Char('/'), Key::Left, Key::Enter]);
    assert!(!story.app.view.events_view.follows());
}
