//! Locks view: holders, waiters and their problems.

use super::palettes::styled;
use super::*;
use etcd_lease::{KeyChange, KeyEntry, KeyState};

const SIZES: [(u16, u16); 3] = [(40, 12), (80, 24), (140, 40)];
const STRAY: i64 = 0x7000_0000_0000_0001;
const LOST: i64 = 0x7000_0000_0000_0002;

fn held(name: &str, id: i64, lease: i64, create_revision: i64) -> KeyEntry {
    let sign = if id < 0 { "-" } else { "" };
    let key = format!("{name}/{sign}{:x}", id.unsigned_abs()).into_bytes();
    KeyEntry { key, lease: Some(LeaseId(lease)).filter(|lease| lease.0 != 0), create_revision }
}

/// The scene plus a queue whose last candidate is dead, an election, a dying holder, and a stuck key.
fn locked() -> Vec<(f64, Msg)> {
    let mut messages = scene_messages();
    let (sent, received) = (at(0.05), at(0.05));
    messages.push((0.06, Msg::Listed(Listing { sent, received, born: vec![LeaseId(0x55)], ..Listing::default() })));
    let answer = TimeToLive { id: LeaseId(0x55), ttl: 12, granted_ttl: 60, keys: vec![], header: Header::default() };
    messages.push((89.2, Msg::Polled { sent: at(89.2), received: at(89.2), answer, has_keys: false }));
    let page = vec![
        held("/locks/nightly", 0x22, 0x22, 5),
        held("/locks/nightly", OWN, OWN, 6),
        held("/locks/nightly", -5, -5, 7),
        held("/locks/nightly", 0x55, 0x55, 8),
        held("/chair", OWN + 1, OWN + 1, 3),
        held("/dying", 0x44, 0x44, 3),
        held("/dying", OWN + 2, OWN + 2, 4),
        held("/stuck\x1b[2J", STRAY, 0, 1),
        held("/stuck\x1b[2J", OWN, OWN, 2),
        held("/stuck\x1b[2J", LOST, 0x22, 3),
    ];
    messages.extend([(48.0, Msg::KeysReloading), (48.0, Msg::KeysPage(page)), (48.0, Msg::KeysRead { revision: 9 })]);
    // A previous holder.
    let before = held("/locks/nightly", 0x33, 0x33, 4);
    let now = KeyState::Put { lease: before.lease, create_revision: 4 };
    for (when, before_lease, now) in [(49.0, None, now), (69.0, before.lease, KeyState::Deleted)] {
        let change = KeyChange { key: before.key.clone(), before: before_lease, now, revision: 10 };
        messages.push((when, Msg::KeysChanged { changes: vec![change], received: at(when) }));
    }
    messages.sort_by(|one, two| one.0.total_cmp(&two.0));
    messages
}

fn stage(messages: Vec<(f64, Msg)>, size: (u16, u16), keys: &[Key]) -> AppState {
    let mut app = app(AppConfig::default(), messages, size);
    for key in [&[Key::Char('4')], keys].concat() {
        update(&mut app, Msg::Key(key), at(90.0));
        refresh_rows(&mut app, at(90.0));
    }
    app
}

fn picture(size: (u16, u16), keys: &[Key]) -> String {
    text(&paint(&stage(locked(), size, keys), size, Theme::default()))
}

#[test]
fn the_view_at_three_sizes_and_further_down() {
    for size in SIZES {
        insta::assert_snapshot!(format!("locks_{}x{}", size.0, size.1), picture(size, &[]));
    }
    insta::assert_snapshot!("locks_down_80x24", picture((80, 24), &[Key::Down; 6]));
}

#[test]
fn the_view_with_its_colours() {
    let painted = paint(&stage(locked(), (100, 30), &[Key::Down]), (100, 30), Theme::default());
    insta::assert_snapshot!("locks_dark", styled(&painted));
}

/// Locks of one key, one of them dead and one whose key was deleted by hand, an election of Node's and a registry.
fn of_other_clients() -> Vec<(f64, Msg)> {
    let mut messages = scene_messages();
    let entry = |key: String, lease: i64, revision: i64| KeyEntry {
        key: key.into_bytes(),
        lease: Some(LeaseId(lease)),
        create_revision: revision,
    };
    let page = vec![
        entry("/service/pg/leader".into(), 0x22, 4),
        entry("/locks/py".into(), 0x33, 5),
        entry(format!("election/boss/{OWN}"), OWN, 6),
        entry(format!("election/boss/{}", OWN + 1), OWN + 1, 7),
        entry(format!("user.rpc/{}", OWN + 2), OWN + 2, 8),
    ];
    messages.extend([(48.0, Msg::KeysReloading), (48.0, Msg::KeysPage(page)), (48.0, Msg::KeysRead { revision: 9 })]);
    let before = Some(LeaseId(OWN));
    let key = format!("election/boss/{OWN}").into_bytes();
    let change = KeyChange { key, before, now: KeyState::Deleted, revision: 10 };
    messages.push((69.0, Msg::KeysChanged { changes: vec![change], received: at(69.0) }));
    messages.sort_by(|one, two| one.0.total_cmp(&two.0));
    messages
}

#[test]
fn the_locks_of_other_clients() {
    let size = (100, 30);
    let mut app = stage(of_other_clients(), size, &[]);
    update(&mut app, Msg::Tick, at(90.0));
    let value = crate::app::ReadValue::of(b"pg-1\x1b[31m".to_vec());
    update(&mut app, Msg::LockValues { pairs: vec![(b"/service/pg/leader".to_vec(), value)], bytes: 30 }, at(90.0));
    refresh_rows(&mut app, at(90.0));
    insta::assert_snapshot!("locks_of_other_clients", text(&paint(&app, size, Theme::default())));
}

#[test]
fn where_there_is_no_lock_it_says_why() {
    let size = (80, 24);
    let shown = |config: AppConfig, messages: Vec<(f64, Msg)>| {
        let mut app = app(config, messages, size);
        update(&mut app, Msg::Key(Key::Char('4')), at(90.0));
        text(&paint(&app, size, Theme::default()))
    };
    let read = |mut messages: Vec<(f64, Msg)>| {
        messages.extend([(89.9, Msg::KeysReloading), (89.9, Msg::KeysRead { revision: 9 })]);
        messages
    };
    assert!(shown(AppConfig::default(), scene_messages()).contains("The keys are not loaded yet."));
    let none = shown(AppConfig::default(), read(scene_messages()));
    assert!(
        none.contains("no locks, no waiters")
            && none.contains("No locks or elections. leasetop recognises:")
            && none.contains("election/NAME/ID"),
        "{none}"
    );
    let range = etcd_lease::KeyRange::prefix(b"/svc\x1b");
    let within = shown(AppConfig { range, ..AppConfig::default() }, read(scene_messages()));
    assert!(within.contains(r"under the prefix /svc\x1b."), "{within}");
    let trouble = CallFailure {
        is_not_found: false,
        is_forbidden: true,
        is_unauthenticated: false,
        text: "could not watch the keys at a:2379: permission denied".into(),
    };
    let mut messages = scene_messages();
    messages.push((89.9, Msg::KeysFailed(trouble)));
    assert!(
        shown(AppConfig::default(), messages)
            .contains("No lock is known: could not watch the keys at a:2379: permission denied")
    );
}

#[test]
fn where_the_keys_are_not_told_any_more_it_says_that_this_may_be_old() {
    let trouble = CallFailure {
        is_not_found: false,
        is_forbidden: false,
        is_unauthenticated: false,
        text: "the watch broke".into(),
    };
    let mut messages = locked();
    messages.push((89.9, Msg::KeysFailed(trouble)));
    let size = (80, 24);
    let picture = text(&paint(&stage(messages.clone(), size, &[]), size, Theme::default()));
    assert!(
        picture.contains("The lock list may be out of date: the watch broke") && picture.contains("holds    …d4d4f305"),
        "{picture}"
    );
    messages.push((89.95, Msg::KeysRecovered));
    let picture = text(&paint(&stage(messages, size, &[]), size, Theme::default()));
    assert!(!picture.contains("may be out of date"), "{picture}");
}

#[test]
fn the_cursor_is_seen_wherever_it_is() {
    let text =
        "could not watch the keys at 10.0.0.1:2379: the member closed the connection: it is shutting down".into();
    let failure = CallFailure { is_not_found: false, is_forbidden: false, is_unauthenticated: false, text };
    let failed = || locked().into_iter().chain([(89.0, Msg::KeysFailed(failure.clone()))]).collect();
    let sizes = [(140, 40), (80, 24), (60, 9), (40, 12), (40, 10), (40, 8), (30, 9), (20, 5)];
    for (size, messages) in sizes.into_iter().flat_map(|size| [(size, locked()), (size, failed())]) {
        let mut app = stage(messages, size, &[]);
        for _ in 0..12 {
            let id = app.candidate().expect("a candidate").lease.short();
            let painted = paint(&app, size, Theme::default());
            let is_reversed = |cell: &ratatui::buffer::Cell| cell.modifier.contains(ratatui::style::Modifier::REVERSED);
            let width = usize::from(size.0);
            let rows = painted.content.chunks(width).filter(|row| row.iter().any(is_reversed));
            let texts = rows.map(|row| row.iter().map(|cell| cell.symbol()).collect());
            let marked: Vec<String> = texts.filter(|row: &String| !row.contains("▐4 Locks▌")).collect();
            assert!(marked.len() == 1 && marked[0].contains(&id[4..]), "{size:?} {id} {marked:?}");
            update(&mut app, Msg::Key(Key::Down), at(90.0));
        }
    }
}

#[test]
fn a_line_of_a_hundred_thousand_is_shown_from_any_place() {
    let size = (80, 24);
    let crowd = (1..=100_000).map(|id| held("/crowd", id, id, id)).collect();
    let messages = vec![
        (0.0, Msg::Cluster(cluster())),
        (0.0, Msg::KeysReloading),
        (0.0, Msg::KeysPage(crowd)),
        (0.0, Msg::KeysRead { revision: 9 }),
    ];
    let first = text(&paint(&stage(messages.clone(), size, &[]), size, Theme::default()));
    assert!(first.contains("99999 waiters; next: 00000002, when"), "{first}");
    let last = text(&paint(&stage(messages, size, &[Key::End]), size, Theme::default()));
    assert!(last.contains("99999    …000186a0"), "{last}");
}

#[test]
fn no_size_panics_and_the_smallest_say_id_and_time_left() {
    for keys in [&[][..], &[Key::End], &[Key::Char('p'), Key::Down]] {
        let mut app = stage(locked(), (80, 24), keys);
        for (width, height) in (0..=60).flat_map(|height| (0..=200).step_by(7).map(move |width| (width, height))) {
            update(&mut app, Msg::Resized(viewport(width, height)), at(90.0));
            refresh_rows(&mut app, at(90.0));
            paint(
                &app,
                (width, height),
                Theme { palette: Palette::Dark, is_ascii: width % 2 == 0, ..Theme::default() },
            );
        }
    }
    let small = picture((20, 5), &[Key::Down; 4]);
    assert!(small.contains("f304 8.2 s ▣"), "{small}");
}

#[test]
fn what_etcd_says_is_escaped() {
    for keys in [&[][..], &[Key::End]] {
        let picture = picture((200, 60), keys);
        assert!(picture.contains(r"/stuck\x1b[2J") && !picture.contains('\x1b'), "{picture}");
    }
}

#[test]
fn ids_in_sentences_and_dialogs_are_decimal_too() {
    let size = (140, 40);
    let app = stage(locked(), size, &[Key::Char('#'), Key::End]);
    let picture = text(&paint(&app, size, Theme::default()));
    assert!(picture.contains("attached to lease 34 and stays"), "{picture}");
    let many = ['1', '#', 'g', ' ', ' ', 'x'].map(Key::Char);
    let picture = self::picture(size, &many);
    assert!(picture.contains("Revoke 2 leases?") && picture.contains(&OWN.to_string()), "{picture}");
}

#[test]
fn the_detail_names_the_lease_that_took_the_keys_in_decimal() {
    let size = (140, 40);
    let mut messages = locked();
    let key = b"/job".to_vec();
    let page = vec![KeyEntry { key: key.clone(), lease: Some(LeaseId(0x22)), create_revision: 5 }];
    let now = KeyState::Put { lease: Some(LeaseId(0x55)), create_revision: 5 };
    let change = KeyChange { key, before: Some(LeaseId(0x22)), now, revision: 10 };
    messages.extend([(89.6, Msg::KeysReloading), (89.6, Msg::KeysPage(page)), (89.6, Msg::KeysRead { revision: 9 })]);
    messages.push((89.7, Msg::KeysChanged { changes: vec![change], received: at(89.7) }));
    let mut app = app(AppConfig::default(), messages, size);
    app.view.cursor = Some(LeaseId(0x22));
    for key in [Key::Char('#'), Key::Enter] {
        update(&mut app, Msg::Key(key), at(90.0));
    }
    refresh_rows(&mut app, at(90.0));
    let picture = text(&paint(&app, size, Theme::default()));
    for words in ["moved to lease 85", "newer lease 85", "by lease 85, which has its keys now"] {
        assert!(picture.contains(words), "{words}: {picture}");
    }
}
