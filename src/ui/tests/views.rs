//! Views, detail and frozen display at every size.

use super::palettes::styled;
use super::*;
use crate::app::{Keymap, ReadValue};
use etcd_lease::Ended;

const SIZES: [(u16, u16); 3] = [(40, 12), (80, 24), (140, 40)];

fn engine(when: f64, kind: EngineEventKind) -> (f64, Msg) {
    (when, Msg::Engine(EngineEvent { at: at(when), lease: Some(LeaseId(OWN)), kind }))
}

/// The scene with more history: renewals, a miss, drops, and a lease with every kind of key value.
fn past() -> Vec<(f64, Msg)> {
    let renewed = |when, interval: Option<f64>| {
        let interval = interval.map(seconds);
        engine(when, EngineEventKind::Renewed { ttl: 10, interval, left: None, round_trip: seconds(0.0006) })
    };
    let dropped = |when| engine(when, EngineEventKind::Dropped { queue_size: 16, queue_capacity: 16 });
    let mut messages = scene_messages();
    messages.extend([
        renewed(77.2, None),
        renewed(80.7, Some(3.5)),
        engine(83.2, EngineEventKind::Missed { waited: seconds(1.0) }),
        renewed(84.7, Some(4.0)),
        dropped(84.7),
        dropped(88.2),
    ]);
    let keys: [&[u8]; 6] = [b"/a/10", b"/b/\x1b]0;x\x07", b"/c", b"/d", b"/e", "/日本".as_bytes()];
    let answer = TimeToLive {
        id: LeaseId(OWN),
        ttl: 8,
        granted_ttl: 10,
        keys: keys.iter().map(|key| key.to_vec()).collect(),
        header: Header::default(),
    };
    messages.push((89.6, Msg::Polled { sent: at(89.6), received: at(89.6), answer, has_keys: true }));
    messages.sort_by(|one, two| one.0.total_cmp(&two.0));
    messages
}

fn values() -> Msg {
    let known = |text: &str| ReadValue::of(text.as_bytes().to_vec());
    let pairs = [
        ("/a/10", known("127.0.0.1:8080")),
        ("/b/\x1b]0;x\x07", known("\x1b[2J\u{202e}boo")),
        ("/c", ReadValue::Forbidden),
        ("/d", ReadValue::of(vec![b'x'; 4096])),
        ("/e", ReadValue::Absent),
        ("/日本", known("語")),
    ];
    Msg::Values { id: LeaseId(OWN), pairs: pairs.map(|(key, value)| (key.as_bytes().to_vec(), value)).to_vec() }
}

/// The columns at which the spans of the strip start.
fn spans(messages: Vec<(f64, Msg)>, size: (u16, u16)) -> Vec<usize> {
    let app = app(AppConfig::default(), messages, size);
    let picture = text(&paint(&app, size, Theme::default()));
    let line = picture.lines().find(|line| line.contains("expires in")).unwrap_or_else(|| panic!("{picture}"));
    crate::app::SPANS.iter().map(|name| line[..line.find(name).expect(name)].chars().count()).collect()
}

#[test]
fn the_spans_of_the_strip_keep_their_place_when_deadlines_are_unknown() {
    for size in [(80, 40), (140, 40), (200, 50)] {
        let mut unknown = scene_messages();
        let (sent, received) = (at(89.9), at(89.9));
        let born = (0x700..0x720).map(LeaseId).collect();
        unknown.push((89.9, Msg::Listed(Listing { sent, received, born, ..Listing::default() })));
        assert_eq!(spans(scene_messages(), size), spans(unknown, size), "{size:?}");
    }
}

/// Selects the own lease, loads its values, then presses `keys`.
fn stage(messages: Vec<(f64, Msg)>, size: (u16, u16), keys: &[Key]) -> AppState {
    let mut app = app(AppConfig::default(), messages, size);
    app.view.cursor = Some(LeaseId(OWN));
    let press = |app: &mut AppState, key| {
        update(app, Msg::Key(key), at(90.0));
        refresh_rows(app, at(90.0));
    };
    press(&mut app, Key::Enter);
    update(&mut app, Msg::Tick, at(90.0));
    update(&mut app, values(), at(90.0));
    press(&mut app, Key::Esc);
    keys.iter().for_each(|key| press(&mut app, *key));
    app
}

fn picture(size: (u16, u16), keys: &[Key]) -> String {
    text(&paint(&stage(past(), size, keys), size, Theme::default()))
}

/// Every view by name, with the keys that open it.
const VIEWS: [(&str, &[Key]); 4] =
    [("leases", &[]), ("detail", &[Key::Enter]), ("cadence", &[Key::Char('2')]), ("events", &[Key::Char('3')])];

#[test]
fn every_view_at_three_sizes() {
    for ((name, keys), size) in VIEWS.into_iter().flat_map(|view| SIZES.map(|size| (view, size))) {
        insta::assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), picture(size, keys));
    }
}

/// Uses one palette. `palettes::each_role_has_its_style_in_each_palette` covers the others.
#[test]
fn every_view_with_its_colours() {
    for (view, keys) in VIEWS {
        let painted = paint(&stage(past(), (100, 30), keys), (100, 30), Theme::default());
        insta::assert_snapshot!(format!("{view}_dark"), styled(&painted));
    }
}

#[test]
fn a_kill_from_a_frozen_display_says_first_what_changed() {
    let size = (80, 24);
    let mut app = stage(past(), size, &[Key::Char('p')]);
    let renewed =
        EngineEventKind::Renewed { ttl: 10, interval: Some(seconds(3.5)), left: None, round_trip: seconds(0.0006) };
    update(&mut app, engine(89.9, renewed).1, at(89.9));
    update(&mut app, Msg::Statuses(vec![status(OWN, 10, 3.5, 89.9, 7)]), at(89.9));
    refresh_rows(&mut app, at(89.9));
    update(&mut app, Msg::Key(Key::Char('x')), at(89.95));
    insta::assert_snapshot!("revoke_from_a_freeze_80x24", text(&paint(&app, size, Theme::default())));
}

#[test]
fn the_events_of_a_kind() {
    let keys = [Key::Char('3')];
    let picture = picture((80, 24), &keys);
    assert!(picture.contains("problems · f: all · newest last"), "{picture}");
    assert!(picture.contains("▢ dropped") && !picture.contains("● renewed"), "{picture}");
}

#[test]
fn a_lost_lease_says_what_a_program_would_have_known() {
    let mut messages = past();
    let why = Ended::Unanswered { trouble: Some("no \x1b route".into()) };
    messages.push(engine(89.9, EngineEventKind::Ended(why)));
    let size = (80, 24);
    insta::assert_snapshot!("lost_80x24", text(&paint(&stage(messages, size, &[Key::Enter]), size, Theme::default())));
}

#[test]
fn a_frozen_display_stands_still_under_its_banner() {
    let size = (80, 24);
    let mut app = stage(past(), size, &[Key::Char('p')]);
    let before = text(&paint(&app, size, Theme::default()));
    update(&mut app, Msg::Statuses(vec![status(OWN, 10, 3.5, 99.0, 9)]), at(99.0));
    refresh_rows(&mut app, at(99.0));
    let wall = WallClock { start: SystemTime::UNIX_EPOCH, zone: TimeZone::UTC };
    let area = Rect::new(0, 0, size.0, size.1);
    let mut buf = Buffer::empty(area);
    draw(RenderContext { app: &app, now: at(102.0), wall: &wall, theme: Theme::default() }, area, &mut buf);
    let after = text(&buf);
    assert!(before.contains("‖ FROZEN 0 s") && after.contains("‖ FROZEN 12 s"), "{after}");
    let table = |picture: &str| picture.lines().skip(1).take(14).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(table(&before), table(&after));
    assert!(after.contains("p resume"), "{after}");
}

#[test]
fn the_detail_scrolls_to_its_last_line_and_no_further() {
    let size = (80, 24);
    let mut app = stage(past(), size, &[Key::Enter]);
    let wall = WallClock { start: SystemTime::UNIX_EPOCH, zone: TimeZone::UTC };
    let ctx = RenderContext { app: &app, now: at(90.0), wall: &wall, theme: Theme::default() };
    let spare = spare_lines(ctx, size).expect("it is open");
    assert!(spare > 0);
    update(&mut app, Msg::Key(Key::End), at(90.0));
    let picture = text(&paint(&app, size, Theme::default()));
    assert!(!picture.contains("\n lease ") && picture.matches("▢ dropped").count() > 2, "{picture}");
}

#[test]
fn the_cadence_view_scrolls_where_it_has_no_room() {
    let size = (40, 12);
    let mut app = stage(past(), size, &[Key::Char('2')]);
    let wall = WallClock { start: SystemTime::UNIX_EPOCH, zone: TimeZone::UTC };
    let ctx = RenderContext { app: &app, now: at(90.0), wall: &wall, theme: Theme::default() };
    let spare = spare_lines(ctx, size).expect("it is shown");
    update(&mut app, Msg::Key(Key::End), at(90.0));
    let end = text(&paint(&app, size, Theme::default()));
    assert!(end.contains("500 ms later.") && !end.contains("more below") && !end.contains("RENEWALS"), "{end}");
    update(&mut app, Msg::Key(Key::Home), at(90.0));
    let top = text(&paint(&app, size, Theme::default()));
    assert!(top.contains("RENEWALS") && top.contains(&format!("{spare} lines more below")), "{top}");
}

#[test]
fn no_size_panics_in_any_view_and_the_smallest_say_id_and_time_left() {
    let views: [&[Key]; 7] = [
        &[],
        &[Key::Char('2')],
        &[Key::Enter],
        &[Key::Char('3')],
        &[Key::Char('3'), Key::Char('f'), Key::Char('f')],
        &[Key::Char('p'), Key::Enter],
        &[Key::Enter, Key::Char('p'), Key::Tab],
    ];
    for keys in views {
        let mut app = stage(past(), (80, 24), keys);
        for (width, height) in (0..=60).flat_map(|height| (0..=200).step_by(7).map(move |width| (width, height))) {
            update(&mut app, Msg::Resized(viewport(width, height)), at(90.0));
            refresh_rows(&mut app, at(90.0));
            paint(
                &app,
                (width, height),
                Theme { palette: Palette::Dark, is_ascii: width % 2 == 0, ..Theme::default() },
            );
        }
        let small = (20, 5);
        update(&mut app, Msg::Resized(viewport(small.0, small.1)), at(90.0));
        refresh_rows(&mut app, at(90.0));
        let picture = text(&paint(&app, small, Theme::default()));
        assert!(picture.contains("f304") && picture.contains("8.2 s"), "{keys:?}\n{picture}");
    }
}

#[test]
fn what_etcd_says_is_escaped_in_every_view() {
    let mut messages = past();
    messages.push(engine(89.9, EngineEventKind::Ended(Ended::Forbidden { message: "\x1b]0;x\x07\u{202e}".into() })));
    for keys in [&[][..], &[Key::Enter], &[Key::Char('2')], &[Key::Char('3')]] {
        let picture = text(&paint(&stage(messages.clone(), (200, 60), keys), (200, 60), Theme::default()));
        assert!(picture.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'), "{picture}");
    }
}

#[test]
fn chosen_keys_stand_wherever_keys_are_named() {
    let mut keymap = Keymap::default();
    for (name, key) in
        [("new", Key::F(2)), ("show-events", Key::Char('e')), ("help", Key::Char('h')), ("command-line", Key::F(3))]
    {
        assert!(keymap.rebind(name, vec![key]));
    }
    let size = (140, 60);
    let config = AppConfig { keymap, ..AppConfig::default() };
    let mut app = app(config, vec![(0.0, Msg::Cluster(cluster()))], size);
    let picture = text(&paint(&app, size, Theme::default()));
    for words in ["Press F2 to grant one: F2 1 Enter grants", "F2 new", " e Events ", "h help", "F3 command"] {
        assert!(picture.contains(words), "{words}:\n{picture}");
    }
    update(&mut app, Msg::Key(Key::Char('h')), at(90.0));
    let help = text(&paint(&app, (140, 120), Theme::default()));
    assert!(help.contains("F2           grant leases") && help.contains("e            show the events"), "{help}");
}

#[test]
fn the_answers_of_dialogs_are_told_by_the_keys_in_force() {
    let mut keymap = Keymap::default();
    let chosen = [
        ("dialog-close", Key::Char('c')),
        ("dialog-confirm", Key::F(7)),
        ("dialog-accept", Key::F(4)),
        ("quit-revoke", Key::F(8)),
        ("quit-stay", Key::Char('s')),
        ("form-next", Key::PageDown),
        ("drill-more", Key::Char('m')),
    ];
    chosen.into_iter().for_each(|(name, key)| assert!(keymap.rebind(name, vec![key]), "{name}"));
    let config = AppConfig { keymap, ..AppConfig::default() };
    let shown = |size, keys: &[Key]| {
        let mut app = app(config.clone(), scene_messages(), size);
        for key in keys {
            update(&mut app, Msg::Key(*key), at(90.0));
            refresh_rows(&mut app, at(90.0));
        }
        text(&paint(&app, size, Theme::default()))
    };
    let on = |rows: usize, key| [vec![Key::Char('g')], vec![Key::Down; rows], vec![Key::Char(key)]].concat();
    for (keys, full, tiny) in [
        (on(1, 'x'), "F7 revoke", "c F7"),
        (on(2, 'x'), "F4 revoke", "1 F4 c"),
        (on(1, 'q'), "F8 Revoke mine and quit", "q F8 s"),
        (on(1, 'n'), "PgDn next field", "Esc"),
        (on(1, '!'), "(m - adjust)", "c"),
        (on(1, 's'), "F4 sort", "F4 I c"),
    ] {
        let [full_size, tiny_size] =
            [((80, 24), full), ((10, 3), tiny)].map(|(size, words)| (shown(size, &keys), words));
        assert!(full_size.0.contains(full_size.1), "{full}:\n{}", full_size.0);
        assert!(tiny_size.0.contains(tiny_size.1), "{tiny}:\n{}", tiny_size.0);
    }
}

#[test]
fn events_that_were_known_late_stand_where_they_happened() {
    let size = (140, 40);
    let event = |when: f64, kind| (when, Msg::Engine(EngineEvent { at: at(when), lease: Some(LeaseId(OWN)), kind }));
    let mut messages = scene_messages();
    messages.push((89.8, event(89.6, EngineEventKind::Missed { waited: seconds(1.0) }).1));
    messages.push((89.9, event(80.0, EngineEventKind::FaultEnded).1));
    messages.sort_by(|one, two| one.0.total_cmp(&two.0));
    let app = app(AppConfig::default(), messages, size);
    let known: Vec<Timestamp> = app.events.lines().map(|event| event.at).collect();
    assert!(!known.is_sorted(), "{known:?}");
    let picture = text(&paint(&app, size, Theme::default()));
    let over = picture.lines().position(|line| line.contains(" drill ")).expect("a drill");
    let missed = picture.lines().position(|line| line.contains(" missed ")).expect("a miss");
    assert!(over < missed, "{picture}");
}

#[test]
fn without_a_connection_the_events_say_what_is_tried() {
    let config = AppConfig { target: "10.0.0.1:2379".to_owned(), ..AppConfig::default() };
    let picture = |first: Vec<(f64, Msg)>| {
        let keys = ["3", "f", "f", "f", "f"].map(|key| (89.0, Msg::Key(key.parse().expect("a key"))));
        let messages = first.into_iter().chain(keys).collect();
        text(&paint(&app(config.clone(), messages, (100, 24)), (100, 24), Theme::default()))
    };
    let told = "Not connected yet. leasetop goes on trying 10.0.0.1:2379; the connection will be reported here.";
    let before = picture(Vec::new());
    assert!(before.contains(told), "{before}");
}

#[test]
fn the_events_view_counts_the_events_that_are_newer_than_the_selected_one() {
    let up = [Key::Char('3'), Key::Char('f'), Key::Up, Key::Up, Key::Up];
    let picture = screen((120, 24), &up);
    assert!(picture.contains("2 newer; G jumps to newest"), "{picture}");
}

#[test]
fn the_results_of_a_bulk_revoke_name_the_key_that_undoes_it() {
    let listing =
        Listing { sent: at(1.0), received: at(1.0), born: vec![LeaseId(1), LeaseId(2)], ..Listing::default() };
    let polled = |id| {
        let answer = TimeToLive { id, ttl: 50, granted_ttl: 60, keys: Vec::new(), header: Header::default() };
        (80.0, Msg::Polled { sent: at(80.0), received: at(80.0), answer, has_keys: true })
    };
    let pressed = |(when, key)| (when, Msg::Key(Key::Char(key)));
    let mut messages = vec![(0.0, Msg::Cluster(cluster())), (1.0, Msg::Listed(listing))];
    messages.extend([LeaseId(1), LeaseId(2)].map(polled));
    messages.extend([(81.0, ' '), (81.0, 'j'), (81.5, ' '), (82.0, 'x'), (82.0, '2')].map(pressed));
    messages.push((82.5, Msg::Key(Key::Enter)));
    let picture = |messages: &[(f64, Msg)]| {
        text(&paint(&app(AppConfig::default(), messages.to_vec(), (80, 24)), (80, 24), Theme::default()))
    };
    assert!(!picture(&messages).contains("undo the revoke"));
    for id in [LeaseId(1), LeaseId(2)] {
        messages.push((83.0, Msg::BackedUp { id, backup: Ok(crate::app::LeaseBackup::default()) }));
        messages.push((83.0, Msg::Revoked { id, revision: 9, keys_deleted: Some(0) }));
    }
    let after = picture(&messages);
    assert!(after.contains("Revoking 2 leases") && after.contains("u undo the revoke"), "{after}");
}

#[test]
fn the_tiny_events_view_shows_the_lease_of_the_selected_event() {
    let size = (39, 12);
    let mut app = stage(past(), size, &[Key::Char('3'), Key::Up]);
    app.view.cursor = Some(LeaseId(0x22));
    let id = app.view.id_format.short(app.subject().expect("an event about a lease"));
    let picture = text(&paint(&app, size, Theme::default()));
    assert!(id != "00000022" && picture.lines().next().is_some_and(|line| line.contains(&id)), "{id}: {picture}");
}
