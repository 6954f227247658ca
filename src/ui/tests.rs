mod cadence;
mod charts;
mod clicks;
mod command_line;
mod glyphs;
mod key_budget;
mod locks;
mod members;
mod palettes;
mod rows;
mod table;
mod views;

use std::time::{Duration, SystemTime};

use super::*;
use crate::app::{AppConfig, AppState, Backend, CallFailure, Key, Listing, Msg, refresh_rows, update};
use etcd_lease::wire::{CallError, ErrorCause};
use etcd_lease::{
    Cadence, ClusterView, EngineEvent, EngineEventKind, Granted, Header, KeyRange, LeaseId, LeaseStatus, MemberView,
    Phase, QueueGauge, Reachability, RenewalSchedule, TimeToLive,
};

const OWN: i64 = 0x694d9aa8d4d4f304;

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

fn at(when: f64) -> Timestamp {
    Timestamp::at(seconds(when))
}

fn cluster() -> ClusterView {
    let member = |endpoint: &str, is_leader| MemberView {
        endpoint: endpoint.into(),
        member_id: 1,
        cluster_id: 1,
        is_leader,
        is_learner: false,
        alarms: Vec::new(),
        has_leader: true,
        leader_id: 1,
        version: "3.5.30".into(),
        raft_term: 4,
        revision: 1204,
        raft_index: 2000,
        db_size: 131_072,
        db_size_in_use: 65_536,
        db_size_quota: None,
        certificate_end: None,
        round_trip: Some(Duration::from_micros(400)),
        reachability: Reachability::Up,
    };
    ClusterView {
        cluster_id: 1,
        members: vec![member("127.0.0.1:2379", true), member("b:2379", false)],
        chosen: Some(0),
        ..ClusterView::default()
    }
}

fn status(id: i64, ttl: i64, every: f64, last: f64, dropped: u64) -> LeaseStatus {
    let mut cadence = Cadence::default();
    cadence.record(None, None);
    cadence.record(Some(seconds(every + 0.002)), Some(seconds(ttl as f64 - every)));
    LeaseStatus {
        id: LeaseId(id),
        granted_ttl: Some(ttl),
        phase: Phase::Waiting,
        deadline: Some(at(last) + seconds(ttl as f64)),
        last_answer: Some(at(last)),
        next_due: Some(at(last + every)),
        pace: RenewalSchedule::Clientv3,
        expected: Some(seconds(every)),
        cadence,
        round_trip: Some(Duration::from_micros(640)),
        revision: Some(1203),
        queue: QueueGauge { depth: if dropped > 0 { 16 } else { 0 }, capacity: 16, dropped },
        drill: None,
        ended: None,
    }
}

/// Messages that create three own leases, one of them unread, and leases of other clients, one with an unprintable
/// key.
fn scene_messages() -> Vec<(f64, Msg)> {
    let granted = |id, ttl| Msg::Granted {
        sent: at(0.1),
        received: at(0.101),
        answer: Granted { id: LeaseId(id), requested_ttl: ttl, ttl, header: Header::default() },
        keep_alive: true,
        job: None,
    };
    let polled = |id, ttl, granted_ttl, when, keys: &[&[u8]]| Msg::Polled {
        sent: at(when),
        received: at(when),
        answer: TimeToLive {
            id: LeaseId(id),
            ttl,
            granted_ttl,
            keys: keys.iter().map(|key| key.to_vec()).collect(),
            header: Header::default(),
        },
        has_keys: true,
    };
    let listing = |born: &[i64], gone: &[i64], when| {
        let ids = |ids: &[i64]| ids.iter().copied().map(LeaseId).collect();
        Msg::Listed(Listing {
            sent: at(when),
            received: at(when),
            born: ids(born),
            gone: ids(gone),
            ..Listing::default()
        })
    };
    let engine = |when, id, kind| Msg::Engine(EngineEvent { at: at(when), lease: Some(LeaseId(id)), kind });
    vec![
        (0.0, Msg::Cluster(cluster())),
        (0.05, listing(&[-5, 0x22, 0x33, 0x44], &[], 0.05)),
        (0.1, granted(OWN, 10)),
        (0.1, granted(OWN + 1, 120)),
        (0.1, granted(OWN + 2, 3600)),
        (
            90.0,
            Msg::Statuses(vec![
                status(OWN, 10, 3.5, 88.2, 7),
                status(OWN + 1, 120, 40.5, 80.0, 0),
                status(OWN + 2, 3600, 1200.5, 0.1, 0),
            ]),
        ),
        (88.2, engine(88.2, OWN, EngineEventKind::Dropped { queue_size: 16, queue_capacity: 16 })),
        (
            88.2,
            engine(
                88.2,
                OWN,
                EngineEventKind::Renewed {
                    ttl: 10,
                    interval: Some(seconds(3.502)),
                    left: None,
                    round_trip: seconds(0.0006),
                },
            ),
        ),
        (89.0, polled(OWN, 9, 10, 89.0, &[b"/service/10"])),
        (89.0, polled(-5, 21, 30, 89.0, &[b"/svc/\x1b[2Jbilling", b"/svc/b", b"/svc/c"])),
        (89.0, polled(0x22, 117, 120, 89.0, &[])),
        (89.0, polled(0x44, -1, 5, 89.0, &[])),
        (89.5, listing(&[], &[0x33], 89.5)),
    ]
}

fn app(config: AppConfig, messages: Vec<(f64, Msg)>, (width, height): (u16, u16)) -> AppState {
    let mut app = AppState::new(config, Timestamp::START);
    update(&mut app, Msg::Resized(viewport(width, height)), Timestamp::START);
    for (when, msg) in messages {
        if matches!(msg, Msg::Key(_)) {
            refresh_rows(&mut app, at(when));
        }
        update(&mut app, msg, at(when));
    }
    refresh_rows(&mut app, at(90.0));
    // Late enough that the notes from startup have disappeared.
    update(&mut app, Msg::Tick, at(90.0));
    app
}

fn paint(app: &AppState, size: (u16, u16), theme: Theme) -> Buffer {
    paint_at(at(90.0), app, size, theme)
}

fn paint_at(now: Timestamp, app: &AppState, (width, height): (u16, u16), theme: Theme) -> Buffer {
    let wall = WallClock { start: SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000), zone: TimeZone::UTC };
    let area = Rect::new(0, 0, width, height);
    let mut buf = Buffer::empty(area);
    draw(RenderContext { app, now, wall: &wall, theme }, area, &mut buf);
    buf
}

/// Draws the scene after some keys.
fn painted(size: (u16, u16), keys: &[Key], theme: Theme) -> Buffer {
    let mut app = app(AppConfig::default(), scene_messages(), size);
    for key in keys {
        update(&mut app, Msg::Key(*key), at(90.0));
        refresh_rows(&mut app, at(90.0));
    }
    paint(&app, size, theme)
}

fn text(buf: &Buffer) -> String {
    let width = usize::from(buf.area.width).max(1);
    let rows = buf.content.chunks(width);
    rows.map(|row| row.iter().map(|cell| cell.symbol()).collect::<String>().trim_end().to_owned() + "\n").collect()
}

fn screen(size: (u16, u16), keys: &[Key]) -> String {
    text(&painted(size, keys, Theme::default()))
}

#[test]
fn three_sizes() {
    for size in [(40, 12), (80, 24), (140, 40), (200, 50)] {
        insta::assert_snapshot!(format!("screen_{}x{}", size.0, size.1), screen(size, &[]));
    }
    insta::assert_snapshot!("screen_39x7", screen((39, 7), &[]));
}

/// Keys that mark `rows` rows, from the second row on.
fn marked(rows: usize) -> Vec<Key> {
    [vec![Key::Char('g'), Key::Down], vec![Key::Char(' '); rows]].concat()
}

/// Every dialog by name, with the keys that open it.
fn dialog_keys() -> Vec<(&'static str, Vec<Key>)> {
    let on = |rows: usize, key| [vec![Key::Char('g')], vec![Key::Down; rows], vec![Key::Char(key)]].concat();
    vec![
        ("help", vec![Key::Char('?')]),
        ("grant", vec![Key::Char('n'), Key::Char('2')]),
        ("sort", vec![Key::Char('s'), Key::Down]),
        ("columns", vec![Key::Char('C'), Key::Down]),
        ("quit", vec![Key::Char('q')]),
        ("suspend", vec![Key::Ctrl('z')]),
        ("no_drill", on(2, '!')),
        ("revoke_own", on(1, 'x')),
        ("revoke_other", [on(2, 'x'), vec![Key::Char('1')]].concat()),
        ("revoke_many", [marked(4), vec![Key::Char('x'), Key::Char('4')]].concat()),
        ("adopt_many", [marked(4), vec![Key::Char('a')]].concat()),
        ("adopt", on(2, 'a')),
        ("revoke_refused", [on(2, 'x'), vec![Key::Char('7'), Key::Enter]].concat()),
        ("attach_own", on(1, 'K')),
        ("attach_other", [on(2, 'K'), "/a=b".chars().map(Key::Char).collect(), vec![Key::Tab]].concat()),
        ("drill", on(1, '!')),
    ]
}

#[test]
fn dialogs() {
    for (name, keys) in dialog_keys() {
        for size in [(40, 12), (80, 24), (140, 40)] {
            insta::assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), screen(size, &keys));
        }
    }
}

/// Checks that each dialog shows the action, the lease, and how to confirm and cancel, at every size.
#[test]
fn however_small_the_screen_the_essential_is_seen() {
    let seen: [(&str, &str, [&[&str]; 2]); 15] = [
        ("revoke_many", "Revoke 4", [&["Type 4", "number Enter yes", "Nr Ent"], &["[ Cancel ]", "Esc"]]),
        ("adopt_many", "leases", [&["y keep them alive", "y yes", "y"], &["[ Cancel ]", "Esc"]]),
        ("sort", "Sort by", [&["Enter sort", "Ent"], &["Esc"]]),
        ("columns", "Columns", [&["Enter accept", "Enter ok", "Ent"], &["Esc"]]),
        ("grant", "New leases", [&["Enter", "Ent"], &["Esc"]]),
        ("quit", "Quit?", [&["r Revoke mine", "r revoke", "r"], &["[ Quit ]", "q quit", "q"]]),
        ("suspend", "Suspend?", [&["Ctrl-z suspend", "^Z suspend", "^Z"], &["[ Cancel ]", "Esc"]]),
        ("no_drill", "00000005", [&["[ Close ]", "Esc"], &[]]),
        ("revoke_own", "d4d4f304?", [&["y revoke", "y yes", "y"], &["[ Cancel ]", "Esc"]]),
        ("revoke_other", "00000005?", [&["Type 1", "1 Enter yes", "1 Ent"], &["[ Cancel ]", "Esc"]]),
        ("revoke_refused", "00000005?", [&["Type 1", "1 Enter yes", "1 Ent"], &["Esc"]]),
        ("adopt", "00000005", [&["y keep it alive", "y yes", "y"], &["[ Cancel ]", "Esc"]]),
        ("attach_own", "d4d4f304", [&["Enter", "Ent"], &["Esc"]]),
        ("attach_other", "00000005", [&["Enter", "Ent"], &["Esc"]]),
        ("drill", "d4d4f304", [&["[ Cancel ]", "Esc"], &[]]),
    ];
    for (name, title, answers) in seen {
        let keys = dialog_keys().into_iter().find(|(one, _)| *one == name).expect("a dialog").1;
        for size in [(140, 40), (80, 24), (60, 7), (40, 12), (40, 8), (30, 9), (20, 5), (20, 3), (10, 3)] {
            let picture = screen(size, &keys);
            assert!(picture.contains(title), "{name} at {size:?}:\n{picture}");
            for words in answers.into_iter().filter(|words| !words.is_empty()) {
                assert!(words.iter().any(|word| picture.contains(word)), "{words:?} of {name} at {size:?}:\n{picture}");
            }
        }
    }
}

#[test]
fn the_speeds_of_a_sandbox_are_offered_with_what_is_to_be_seen_and_when() {
    let sandbox = AppConfig { backend: Backend::Sandbox { warp: 10 }, ..AppConfig::default() };
    for size in [(40, 12), (80, 24)] {
        let mut app = app(sandbox.clone(), scene_messages(), size);
        update(&mut app, Msg::Key(Key::Char('W')), at(90.0));
        let picture = text(&paint(&app, size, Theme::default()));
        insta::assert_snapshot!(format!("warp_{}x{}", size.0, size.1), picture);
    }
}

#[test]
fn ascii_is_ascii() {
    let size = (140, 40);
    let theme = Theme { palette: Palette::Mono, is_ascii: true, ..Theme::default() };
    let picture = text(&paint(&app(AppConfig::default(), scene_messages(), size), size, theme));
    assert!(picture.is_ascii());
    insta::assert_snapshot!("ascii_140x40", picture);
}

#[test]
fn the_terminal_decides_on_colour_and_signs() {
    let theme = |palette, is_ascii| Theme { palette, is_ascii, ..Theme::default() };
    assert_eq!(Theme::for_terminal(Some("xterm"), Palette::Light, false), theme(Palette::Light, false));
    assert_eq!(Theme::for_terminal(Some("dumb"), Palette::Dark, false), theme(Palette::Mono, true));
    assert_eq!(Theme::for_terminal(None, Palette::Dark, true), theme(Palette::Dark, true));
}

#[test]
fn without_an_etcd_it_says_what_it_tries() {
    let mut down = cluster();
    down.members.iter_mut().for_each(|member| {
        member.reachability = Reachability::Down {
            trouble: CallError::new(
                ErrorCause::Closed,
                "",
                "127.0.0.1:2379",
                "127.0.0.1:2379: connection \x1b[31mrefused",
            ),
        };
    });
    let size = (80, 24);
    let config = AppConfig { is_read_only: true, ..AppConfig::default() };
    let app = app(config, vec![(1.0, Msg::Cluster(down))], size);
    insta::assert_snapshot!("unreached_80x24", text(&paint(&app, size, Theme::default())));
}

#[test]
fn an_empty_list_says_what_to_do() {
    let size = (80, 24);
    let config = AppConfig { backend: Backend::Sandbox { warp: 60 }, is_demo: true, ..AppConfig::default() };
    let denied = CallFailure {
        is_not_found: false,
        is_forbidden: true,
        is_unauthenticated: false,
        text: "permission denied".into(),
    };
    let empty = app(config.clone(), vec![(0.0, Msg::Cluster(cluster()))], size);
    insta::assert_snapshot!("empty_80x24", text(&paint(&empty, size, Theme::default())));
    for (range, has_hint) in [(KeyRange::all(), true), (KeyRange::prefix(b"/svc/"), false)] {
        let config = AppConfig { range, ..config.clone() };
        let messages = vec![(0.0, Msg::Cluster(cluster())), (1.0, Msg::ListFailed(denied.clone()))];
        let refused = text(&paint(&app(config, messages, size), size, Theme::default()));
        assert!(refused.contains("list denied") && refused.contains("permission denied"), "{refused}");
        assert_eq!(refused.contains("--prefix READABLE_KEYS shows"), has_hint, "{refused}");
    }
}

#[test]
fn no_size_panics() {
    let dialogs: [&[Key]; 5] = [&[], &[Key::Char('?')], &[Key::Char('n')], &[Key::Char('x')], &[Key::Char('q')]];
    for keys in dialogs {
        let mut app = app(AppConfig::default(), scene_messages(), (80, 24));
        for key in keys {
            update(&mut app, Msg::Key(*key), at(90.0));
        }
        for height in (0..=16).chain((17..=60).step_by(11)) {
            for width in (0..=44).chain((45..=200).step_by(13)) {
                update(&mut app, Msg::Resized(viewport(width, height)), at(90.0));
                refresh_rows(&mut app, at(90.0));
                paint(
                    &app,
                    (width, height),
                    Theme { palette: Palette::Dark, is_ascii: width % 2 == 0, ..Theme::default() },
                );
            }
        }
    }
}

#[test]
fn nothing_from_etcd_reaches_the_terminal_raw() {
    let size = (200, 50);
    let mut messages = scene_messages();
    let trouble = CallFailure {
        is_not_found: false,
        is_forbidden: false,
        is_unauthenticated: false,
        text: "a\x1b]0;owned\x07\u{202e}b".into(),
    };
    messages.push((89.9, Msg::GrantFailed { job: None, ttl: 10, failure: trouble }));
    let picture = text(&paint(&app(AppConfig::default(), messages, size), size, Theme::default()));
    assert!(picture.contains(r"/svc/\x1b[2Jbilling") && picture.contains(r"a\x1b]0;owned\x07\u{202e}b"));
    assert!(picture.chars().all(|c| c == '\n' || !c.is_control()));
}
