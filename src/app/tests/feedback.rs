//! Keys that do nothing say why, in every view.

use super::*;
use crate::app::dialog::Dialog;
use crate::app::keymap::{Action, KEYMAP};

fn note(story: &Story) -> &str {
    story.app.view.status.as_ref().map_or("", |note| &note.text)
}

/// A state with own and other leases, a lock and events, and the keys that show one of its views.
const PLACES: [&[Key]; 10] = [
    &[],
    &[Key::Enter],
    &[Key::Char('2')],
    &[Key::Char('3')],
    &[Key::Char('3'), Key::Up],
    &[Key::Char('3'), Key::Char('f'), Key::Up],
    &[Key::Char('4')],
    &[Key::Char('p')],
    &[Key::Char('t')],
    &[Key::Char('t'), Key::Enter, Key::Down],
];

fn story(place: &[Key], is_empty: bool) -> Story {
    let mut story = Story::start(AppConfig { ..AppConfig::default() });
    if !is_empty {
        story.grant(1, 10);
        story.list(&[2, 3], &[]);
        story.poll(2, 5, 10, &["/locks/a/0000000000000002"]);
        story.poll(3, 5, 10, &[]);
        story.app.events.push(
            story.now,
            Some(LeaseId(2)),
            EventKind::Late { awaited: crate::app::Awaited::Renewal, interval: None, expected: None },
        );
    }
    story.press(place);
    story
}

/// What a person can see of the state, as text.
fn seen(story: &Story) -> String {
    let view = &story.app.active_view().view;
    let live = &story.app.view;
    format!(
        "{:?}",
        (
            (view.active, view.is_open, view.is_zoomed, view.is_wide, view.pan, view.scroll, view.span, view.cursor),
            (&view.events_view, &view.locks_view, &view.cadence_cursor, view.sort, &view.row_filter),
            (&live.selection, &live.dialog, live.has_mouse, live.id_format, story.app.frozen.is_some()),
            (story.app.polls.limit, view.group_by, view.is_following(), view.grouped_cursor(), view.grouped_len()),
        )
    )
}

#[test]
fn every_key_in_every_view_changes_the_screen_or_says_why_not() {
    let keys = KEYMAP.iter().filter(|row| !matches!(row.action, Action::Dialog(_)));
    for (key, action) in keys.flat_map(|row| row.keys.iter().map(|key| (*key, row.action))) {
        for (place, is_empty) in PLACES.into_iter().flat_map(|place| [(place, false), (place, true)]) {
            let mut story = story(place, is_empty);
            for _ in 0..3 {
                story.app.view.dialog = None;
                let (before, was_redrawn) = (seen(&story), action == Action::Redraw);
                let effects = story.press(&[key]);
                let is_over = effects
                    .iter()
                    .any(|effect| matches!(effect, Effect::Quit { .. } | Effect::Suspend | Effect::Play(_)));
                let is_seen = seen(&story) != before || !note(&story).is_empty() || is_over || was_redrawn;
                assert!(is_seen, "{key} ({}) in {place:?}, empty: {is_empty}, does nothing", action.name());
            }
        }
    }
}

#[test]
fn a_key_without_a_binding_names_the_help() {
    for place in PLACES {
        let mut story = story(place, false);
        story.press(&[Key::Char('Z')]);
        assert_eq!(note(&story), "Z is not bound; ? lists the keys");
    }
}

#[test]
fn feedback_disappears_after_three_seconds_and_other_messages_after_five() {
    let mut story = story(&[Key::Char('2')], false);
    story.press(&[Key::Char('<')]);
    assert_eq!(note(&story), "<: not in this view");
    story.wait(2.9);
    story.send(Msg::Tick);
    assert_eq!(note(&story), "<: not in this view");
    story.wait(0.1);
    story.send(Msg::Tick);
    assert_eq!(note(&story), "");
    story.press(&[Key::Char('+')]);
    story.wait(4.9);
    story.send(Msg::Tick);
    assert_eq!(note(&story), "Poll limit 500/s");
    assert_eq!(next_wake(&story.app, story.now).min(at(8.1)), at(8.0).min(next_wake(&story.app, story.now)));
    story.wait(0.1);
    story.send(Msg::Tick);
    assert_eq!(note(&story), "");
}

#[test]
fn text_typed_for_a_filter_never_runs_as_commands() {
    for number in ['1', '2', '3', '4'] {
        let mut story = story(&[Key::Char(number)], false);
        story.press(&[Key::Char('/')]);
        let effects = story.type_in("state:expired xaoKnpq!W");
        assert_eq!(effects, [], "in view {number}");
        assert!(story.app.view.dialog.is_none() && story.app.frozen.is_none(), "in view {number}");
        assert_eq!(story.app.view.active.tab().number, number);
        story.press(&[Key::Esc]);
        assert!(!story.app.view.is_filter_open() && !story.app.view.is_filtered());
    }
}

#[test]
fn enter_opens_the_lease_of_an_event_and_esc_returns() {
    let mut story = story(&[Key::Char('3')], false);
    story.press(&[Key::Enter]);
    assert_eq!((story.app.view.active, story.app.subject()), (View::Events, Some(LeaseId(2))));
    story.press(&[Key::Enter]);
    assert_eq!((story.app.view.active, story.app.view.cursor), (View::Leases, Some(LeaseId(2))));
    assert!(story.app.view.is_open);
    story.press(&[Key::Esc]);
    assert_eq!((story.app.view.active, story.app.subject()), (View::Events, Some(LeaseId(2))));
}

#[test]
fn actions_apply_to_the_lease_of_the_selected_event() {
    let mut story = story(&[Key::Char('3'), Key::Char('x')], false);
    assert!(story.app.view.dialog.is_none());
    assert_eq!(note(&story), "x: no event is selected; Up selects the newest");
    story.press(&[Key::Up, Key::Char('x')]);
    assert_eq!(story.app.view.dialog.as_ref().and_then(Dialog::lease), Some(LeaseId(2)));
    story.press(&[Key::Esc, Key::Char(' ')]);
    assert_eq!(story.app.view.selection.ids().collect::<Vec<_>>(), [LeaseId(2)]);
    assert_eq!(story.app.view.active, View::Events);
}

#[test]
fn braces_go_through_the_leases_in_the_open_detail() {
    let mut story = story(&[Key::Home, Key::Enter], false);
    let order = story.app.view.order().to_vec();
    for (key, row) in [('}', 1), ('}', 2), ('}', 2), ('{', 1), ('{', 0), ('{', 0)] {
        story.press(&[Key::Char(key)]);
        assert_eq!((story.app.view.is_open, story.app.view.cursor), (true, Some(order[row])), "{key}");
    }
    assert_eq!(note(&story), "{: this is the first lease");
}

#[test]
fn the_message_of_a_drill_ends_with_the_drill() {
    use etcd_lease::Fault;
    let mut story = story(&[], false);
    story.renewed(1, 10, 3.5);
    story.app.view.cursor = Some(LeaseId(1));
    story.press(&[Key::Char('!'), Key::Char('1')]);
    assert!(note(&story).starts_with("Drill: "), "{}", note(&story));
    let drill = |story: &mut Story, drill| {
        let mut status = *story.app.leases.get(LeaseId(1)).unwrap().engine.clone().unwrap();
        status.drill = drill;
        story.send(Msg::Statuses(vec![status]));
    };
    drill(&mut story, None);
    assert!(note(&story).starts_with("Drill: "), "it has not started yet");
    drill(&mut story, Some(Fault::StallConsumer));
    assert!(note(&story).starts_with("Drill: "));
    drill(&mut story, None);
    assert_eq!(note(&story), "");
}

#[test]
fn a_lease_that_is_always_renewed_late_in_its_ttl_is_at_risk_only_if_the_renewal_does_not_come() {
    let mut story = Story::start(AppConfig::default());
    story.list(&[1], &[]);
    let mut words = Vec::new();
    for tick in 0..420 {
        // Renewed every 8 s on a TTL of 10 s, for the last time at 96 s.
        let seconds = f64::from(tick) / 4.0;
        let renewed = (seconds / 8.0).floor().min(12.0) * 8.0;
        story.poll(1, (9.99 - (seconds - renewed)).floor() as i64, 10, &[]);
        story.send(Msg::Tick);
        words.push((seconds, story.state(1)));
        story.wait(0.25);
    }
    let alarming = |word: &str| word == "risk" || word == "late";
    let first = words.iter().find(|(_, word)| alarming(word)).expect("it is reported before it expires");
    assert!((104.0..105.5).contains(&first.0), "{first:?}");
}

#[test]
fn any_other_key_takes_back_the_question_whether_to_probe() {
    let probe = Key::Char('R');
    for other in [Key::Esc, Key::Down, Key::F(12)] {
        let mut story = Story::start(AppConfig::default());
        story.press(&[Key::Char('5'), probe, other, Key::Char('5')]);
        assert_eq!(story.press(&[probe]), [], "{other}");
    }
    let mut story = Story::start(AppConfig::default());
    story.press(&[Key::Char('5'), probe]);
    story.send(Msg::Clicked(ClickTarget::Tab(View::Leases)));
    story.send(Msg::Clicked(ClickTarget::Tab(View::Members)));
    assert_eq!(story.press(&[probe]), []);
    story.app.view.clock_speed = 60;
    story.wait(300.0);
    assert!(matches!(story.press(&[probe])[..], [Effect::ProbeMembers(_)]), "the user has ten seconds of real time");
}

#[test]
fn a_group_has_no_chart_whose_span_could_change() {
    let mut story = Story::start(AppConfig::default());
    story.send(Msg::Resized(Viewport { rows: 20, has_detail: true, ..Viewport::default() }));
    story.list(&[2], &[]);
    story.press(&[Key::Char('t'), Key::Char(']')]);
    assert!(note(&story).contains("no chart is shown"), "{}", note(&story));
}
