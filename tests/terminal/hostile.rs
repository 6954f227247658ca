//! Hostile key names: nothing of them reaches the terminal unescaped, and they do not break the layout.

use crate::pty::Terminal;
use crate::sandbox::ServedSandbox;
use etcd_lease::LeaseId;

/// Key names with escape sequences, odd widths and invalid UTF-8.
fn hostile_keys() -> Vec<Vec<u8>> {
    vec![
        b"/0/\x1b]0;owned\x07\x1b[2J".to_vec(),
        "/1/\u{202e}gnp.\u{200b}\u{feff}".into(),
        [b"/2/".as_slice(), &[b'k'; 4_096]].concat(),
        b"/3/\xff\xfe\x80".to_vec(),
        "/4/日本語ー日本語ー日本語ー日本語ー日本語ー日本語".into(),
        "/5/e\u{301}a\u{308}o\u{20dd}🦀🇩🇪👩\u{200d}👧".into(),
        "/6/\u{9b}31mred\r\n\t\x08\x7f".into(),
    ]
}

fn attacked() -> ServedSandbox {
    let server = ServedSandbox::start();
    for (ttl, key) in (100..).zip(hostile_keys()) {
        let lease = LeaseId(server.sandbox.grant(ttl).expect("a lease"));
        server.sandbox.put(key.clone(), key, Some(lease.0)).expect("a key");
    }
    server
}

/// Checks that no escape sequence of a key and no invisible character was written.
fn assert_harmless(terminal: &Terminal) {
    let text = String::from_utf8(terminal.bytes().to_vec()).expect("only UTF-8 is written");
    // The question for the background colour is our own.
    let text = text.replace("\x1b]11;?\x1b\\", "");
    for raw in ["\x1b]", "owned\x07", "\u{202e}", "\u{200b}", "\u{200d}", "\u{feff}", "\u{9b}", "\x08", "\x7f"] {
        assert!(!text.contains(raw), "{raw:?} reached the terminal");
    }
}

#[test]
fn the_monitor_escapes_hostile_keys_and_keeps_its_panes_apart() {
    let server = attacked();
    let mut terminal = server.monitor(&[], 200, 40);
    for key in [r"/0/\x1b]0;owned", "/1/", "/2/kkk", r"/3/\xff\xfe", "/4/日本", "/5/", "/6/"] {
        terminal.wait_for(key);
    }
    assert_columns_stand(&terminal);
    terminal.settle();
    // Every row, and the dialogs that name keys.
    for _ in 0..7 {
        terminal.keys("x");
        terminal.wait_for("Revoke lease");
        assert_columns_stand(&terminal);
        terminal.keys("\x1b");
        terminal.wait_until("the dialog is closed", |screen| !screen.contents().contains("Revoke lease"));
        terminal.keys("a");
        terminal.wait_for("no longer expire");
        terminal.keys("\x1b");
        terminal.wait_until("the dialog is closed", |screen| !screen.contents().contains("no longer expire"));
        terminal.keys("j");
    }
    terminal.keys("q");
    assert_eq!(terminal.exit_code(), 0);
    assert_harmless(&terminal);
}

/// Checks that the line between the lower panes is in its column in every row.
fn assert_columns_stand(terminal: &Terminal) {
    let screen = terminal.screen();
    let (rows, columns) = screen.size();
    let edge = |row, column| screen.cell(row, column).expect("inside").contents().to_owned();
    let Some(crossing) = (0..rows).find(|row| (0..columns).any(|column| edge(*row, column) == "┬")) else { return };
    let line = (0..columns).find(|column| edge(crossing, *column) == "┬").expect("it was found");
    let broken: Vec<u16> = (crossing + 1..rows - 1).filter(|row| edge(*row, line) != "│").collect();
    assert!(broken.is_empty(), "rows {broken:?} of\n{}", screen.contents());
}

#[test]
fn list_and_timetolive_escape_hostile_keys() {
    let server = attacked();
    let mut list = Terminal::start(server.leasetop(&["list"]), 200, 50);
    assert_eq!(list.exit_code(), 0);
    assert!(list.screen().contents().contains(r"/0/\x1b]0;owned"));
    assert_harmless(&list);
    for lease in server.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>() {
        let ids = ["timetolive", "--keys", "--", &lease.to_string()];
        let mut terminal = Terminal::start(server.leasetop(&ids), 200, 50);
        assert_eq!(terminal.exit_code(), 0);
        assert_harmless(&terminal);
    }
}

#[test]
fn typed_text_and_replies_of_etcd_are_escaped() {
    let server = ServedSandbox::start();
    let mut terminal = server.monitor(&["--ttl", "100", "--put", "/\u{202e}\u{9b}\x1b]0;owned\x07=1"], 120, 40);
    terminal.wait_for("1 own");
    terminal.keys("\r");
    terminal.wait_for(r"/\u{202e}\u{9b}\x1b]0;owned\x07");
    terminal.keys("n5m\t\t\t/typed\u{202e}");
    terminal.wait_for("/typed");
    terminal.keys("\x1b");
    terminal.signal("TERM");
    terminal.exit_code();
    assert_harmless(&terminal);
}
