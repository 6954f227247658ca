//! Presses every key of the key table in every view. Each press must change the screen, or show
//! why it did not.

use std::collections::BTreeSet;

use leasetop::app::Key;
use leasetop::app::keymap::{Action, KEYMAP};
use vt100::Screen;

use crate::keys::bytes;
use crate::pty::Terminal;
use crate::sandbox::ServedSandbox;

/// How long the answers to a key may take, in seconds. It is pressed until one comes in time: on a busy machine it may come
/// late, above all with a debug build.
const LIMITS: [f64; 3] = [0.1, 0.1, 0.5];
/// How long a message about a key stays, in seconds, and a little more.
const MESSAGE: f64 = 3.2;

/// The keys of the monitor.
fn keys() -> Vec<(Key, Action)> {
    let rows = KEYMAP.iter().filter(|row| !matches!(row.action, Action::Dialog(_)));
    rows.flat_map(|row| row.keys.iter().map(|key| (*key, row.action))).collect()
}

/// What a person sees, without what time alone changes: the digits of countdowns, and bars.
fn picture(screen: &Screen) -> Vec<(String, Vec<bool>)> {
    let (rows, columns) = screen.size();
    let row = |y: u16| {
        let text: String = (0..columns).filter_map(|x| screen.cell(y, x)).map(vt100::Cell::contents).collect();
        let is_inverse = |x: &u16| screen.cell(y, *x).is_some_and(|cell| cell.inverse() || cell.bold());
        (without_time(&text), (0..columns).map(|x| is_inverse(&x)).collect())
    };
    (0..rows).map(row).collect()
}

/// The text with `0` for each digit, except in the time span of a chart (`last 400 s`), and without bars.
fn without_time(text: &str) -> String {
    let is_bar = |c: char| matches!(c, '\u{2500}'..='\u{25a0}' | '\u{2800}'..='\u{28ff}' | '▮' | '▯');
    let mut is_span = false;
    let mut words = Vec::new();
    for word in text.split_whitespace() {
        let masked: String = word.chars().filter(|c| !is_bar(*c)).collect();
        let masked = if is_span { masked } else { masked.replace(|c: char| c.is_ascii_digit(), "0") };
        is_span = word == "last";
        words.push(masked);
    }
    words.join(" ")
}

fn footer(picture: &[(String, Vec<bool>)]) -> String {
    picture.last().map(|(text, _)| text.clone()).unwrap_or_default()
}

struct ViewTest {
    _server: ServedSandbox,
    terminal: Terminal,
    /// The keys that show the view.
    place: &'static str,
    /// The last line of the screen without a message. That a message disappears is no answer to a key.
    footer: String,
}

impl ViewTest {
    fn start(place: &'static str) -> ViewTest {
        let server = ServedSandbox::start();
        for number in 1..=40 {
            let lease = server.sandbox.grant(10_000 + 10 * number).expect("a lease");
            let key = if number < 4 { format!("/locks/a/{lease:016x}") } else { format!("/k/{number:02}") };
            server.sandbox.put(key, "x", Some(lease)).expect("a key");
        }
        let terminal = Terminal::start(server.leasetop(&["--ttl", "6000", "--put", "/a=x"]), 120, 36);
        let mut test = ViewTest { _server: server, terminal, place, footer: String::new() };
        test.terminal.wait_for("41");
        test.terminal.wait_for("/k/");
        test.reset();
        test.terminal.pass(MESSAGE);
        test.footer = footer(&picture(test.terminal.screen()));
        test
    }

    /// Leaves whatever the last key opened, and shows the view again. From a selected event in the past, Esc goes to the
    /// newest event, to all kinds, to the leases and to the present.
    fn reset(&mut self) {
        for key in ["\x1b", "\x1b", "\x1b", "\x1b", "1", "g"] {
            self.terminal.keys(key);
            self.terminal.pass(0.03);
        }
        self.terminal.keys(self.place);
        self.terminal.pass(0.08);
    }

    /// Whether a press has a visible effect in time.
    fn is_answered(&mut self, key: Key, limit: f64) -> bool {
        self.reset();
        let before = picture(self.terminal.screen());
        self.terminal.keys(&bytes(key));
        let (steps, reason, silent) = (10, format!(" {key}: "), [self.footer.clone(), footer(&before)]);
        for _ in 0..steps {
            self.terminal.pass(limit / f64::from(steps));
            let says_why = || self.terminal.screen().contents().contains(&reason);
            let now = picture(self.terminal.screen());
            let (lines, footer) = (now.len() - 1, footer(&now));
            if now[..lines] != before[..lines] || !silent.contains(&footer) || says_why() {
                return true;
            }
        }
        false
    }
}

/// Presses every key in the view that `place` shows, and returns those without an answer.
fn dead_keys(place: &'static str) -> BTreeSet<String> {
    let mut test = ViewTest::start(place);
    let mut dead = BTreeSet::new();
    for (key, action) in keys() {
        if action == Action::Quit {
            // An earlier key may have stopped keeping the lease alive. The program would then quit without a question.
            test = ViewTest::start(place);
        }
        if !LIMITS.iter().any(|limit| test.is_answered(key, *limit)) {
            dead.insert(key.to_string());
        }
    }
    dead
}

#[test]
fn every_key_is_answered_in_the_leases_view() {
    assert_eq!(dead_keys(""), BTreeSet::new());
}

#[test]
fn every_key_is_answered_in_the_open_detail() {
    assert_eq!(dead_keys("\r"), BTreeSet::new());
}

#[test]
fn every_key_is_answered_in_the_cadence_view() {
    assert_eq!(dead_keys("2"), BTreeSet::new());
}

#[test]
fn every_key_is_answered_in_the_events_view() {
    assert_eq!(dead_keys("3"), BTreeSet::new());
}

#[test]
fn every_key_is_answered_on_a_selected_event() {
    assert_eq!(dead_keys("3fk"), BTreeSet::new());
}

#[test]
fn every_key_is_answered_in_the_locks_view() {
    assert_eq!(dead_keys("4"), BTreeSet::new());
}

#[test]
fn every_key_is_answered_in_the_members_view() {
    assert_eq!(dead_keys("5"), BTreeSet::new());
}

#[test]
fn only_what_time_changes_is_left_out() {
    assert_eq!(without_time("lease 12 in 3.5 s ━━━╌╌ last 400 s"), "lease 00 in 0.0 s  last 400 s");
}
