//! Light and dark: how leasetop asks the terminal for its background colour, and what becomes of each answer.

use vt100::{Color, Screen};

use crate::pty::{Terminal, leasetop};

const QUERY: &str = "\x1b]11;?\x1b\\";
/// The colour of `● healthy` in each palette.
const DARK: Color = Color::Idx(2);
const LIGHT: Color = Color::Idx(22);

/// A demo in the cadence view: a digit among its keys, as replies have, would leave that view.
fn asked(options: &[&str]) -> Terminal {
    let mut command = leasetop();
    command.arg("demo");
    command.args(options);
    let mut terminal = Terminal::start(command, 120, 30);
    terminal.wait_for("healthy");
    terminal
}

/// Answers at once, and waits until the answer has been read.
fn answered(answer: &str) -> Terminal {
    let mut terminal = asked(&[]);
    terminal.read_until("the question", |terminal| terminal.count(QUERY) == 1);
    terminal.keys(answer);
    terminal.keys("2");
    wait_for_cadence(&mut terminal);
    terminal
}

fn wait_for_cadence(terminal: &mut Terminal) {
    terminal.wait_until("the cadence view", |screen| screen.contents().contains("▐2 Cadence▌"));
}

fn health(screen: &Screen) -> Color {
    let cells = (0..120).filter_map(|column| screen.cell(0, column));
    cells.filter(|cell| cell.contents() == "●").map(vt100::Cell::fgcolor).next().expect("the health is shown")
}

/// Checks that nothing of an answer became a key.
fn assert_untouched(terminal: &mut Terminal) {
    terminal.pass(0.3);
    let contents = terminal.screen().contents();
    assert!(contents.contains("▐2 Cadence▌") && !contents.contains("not bound"), "{contents}");
    terminal.keys("3");
    terminal.wait_for("▐3 Events▌");
    terminal.keys("q");
    terminal.keys("q");
    assert_eq!(terminal.exit_code(), 0);
    terminal.assert_sane();
}

#[test]
fn the_first_frame_does_not_wait_for_the_answer() {
    let mut terminal = asked(&[]);
    terminal.read_until("the question", |terminal| terminal.count(QUERY) == 1);
    let bytes = String::from_utf8_lossy(terminal.bytes()).into_owned();
    let (before, _) = bytes.split_once(QUERY).expect("it was asked");
    assert!(before.contains("\x1b[?2026l") && before.contains("Leases"), "a whole frame comes first: {before:?}");
    assert_eq!(health(terminal.screen()), DARK);
}

#[test]
fn a_light_terminal_gets_the_light_palette() {
    for answer in ["\x1b]11;rgb:ffff/ffff/ffff\x1b\\", "\x1b]11;rgb:fdf6/f6f6/e3e3\x07"] {
        let mut terminal = answered(answer);
        terminal.wait_until("the light palette", |screen| health(screen) == LIGHT);
        assert_untouched(&mut terminal);
    }
}

#[test]
fn a_dark_terminal_or_nonsense_changes_nothing() {
    for answer in ["\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\", "\x1b]11;nonsense/1:x?q\x07", "\x1b]11;\x07"] {
        let mut terminal = answered(answer);
        assert_eq!(health(terminal.screen()), DARK, "{answer:?}");
        assert_untouched(&mut terminal);
    }
}

#[test]
fn a_late_answer_is_ignored() {
    let mut terminal = asked(&[]);
    terminal.read_until("the question", |terminal| terminal.count(QUERY) == 1);
    terminal.pass(1.2);
    terminal.keys("2");
    wait_for_cadence(&mut terminal);
    terminal.keys("\x1b]11;rgb:ffff/ffff/ffff\x1b\\");
    terminal.pass(0.3);
    assert_eq!(health(terminal.screen()), DARK);
    assert_untouched(&mut terminal);
}

#[test]
fn a_chosen_theme_is_not_asked_for() {
    for options in [["--theme", "dark"], ["--theme", "light"], ["--no-color", "--ascii"]] {
        let mut terminal = asked(&options);
        terminal.pass(0.5);
        assert_eq!(terminal.count(QUERY), 0, "{options:?}");
    }
}

#[test]
fn a_theme_chosen_by_hand_stays_when_the_answer_comes() {
    let mut terminal = asked(&[]);
    terminal.read_until("the question", |terminal| terminal.count(QUERY) == 1);
    terminal.keys(":theme dark\r\x1b]11;rgb:ffff/ffff/ffff\x1b\\2");
    wait_for_cadence(&mut terminal);
    assert_eq!(health(terminal.screen()), DARK);
    assert_untouched(&mut terminal);
}
