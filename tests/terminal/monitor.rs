//! The monitor on the sandbox: it starts, draws, takes keys and sizes, and leaves the terminal as it found it.

use portable_pty::CommandBuilder;

use crate::pty::{Terminal, leasetop};

/// The last lease of the demo to be seen, once it is kept alive.
const DRAWN: &str = "/service/3600";

fn demo() -> CommandBuilder {
    let mut command = leasetop();
    command.arg("demo");
    command
}

/// A demo that has drawn its leases.
fn drawn(columns: u16, rows: u16) -> Terminal {
    let mut terminal = Terminal::start(demo(), columns, rows);
    terminal.wait_for(DRAWN);
    assert!(terminal.screen().alternate_screen() && terminal.screen().hide_cursor());
    assert!(!terminal.is_line_as_found());
    terminal
}

#[test]
fn draws_the_demo_and_quits() {
    let mut terminal = drawn(160, 30);
    terminal.keys("q");
    assert_eq!(terminal.exit_code(), 0);
    terminal.assert_sane();
}

#[test]
fn shows_help_and_closes_it() {
    let mut terminal = drawn(160, 40);
    terminal.keys("?");
    terminal.wait_for("poll now");
    terminal.keys("\x1b");
    terminal.wait_until("help is closed", |screen| !screen.contents().contains("poll now"));
    terminal.keys("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn revokes_only_after_a_second_key() {
    let mut terminal = drawn(160, 30);
    terminal.keys("x");
    terminal.wait_for("Revoke lease");
    terminal.keys("y");
    terminal.wait_for("revoked");
    terminal.keys("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn follows_every_size() {
    let mut terminal = drawn(160, 30);
    for (columns, rows) in [(80, 24), (40, 8), (10, 3), (1, 1)] {
        terminal.resize(columns, rows);
    }
    terminal.resize(160, 30);
    terminal.wait_for(DRAWN);
    terminal.keys("q");
    assert_eq!(terminal.exit_code(), 0);
    terminal.assert_sane();
}

#[test]
fn a_key_that_comes_together_with_a_new_size_is_not_read_late() {
    let mut terminal = drawn(160, 30);
    for turn in 0..20 {
        terminal.resize(140 + turn % 2, 30);
        terminal.keys("?");
        let opens = turn % 2 == 0;
        terminal.wait_until("the help, or none", |screen| screen.contents().contains("Keys and states") == opens);
    }
}

#[test]
fn starts_in_a_tiny_terminal() {
    let mut terminal = Terminal::start(demo(), 10, 3);
    terminal.wait_until("the alternate screen", |screen| screen.alternate_screen());
    terminal.keys("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn a_signal_gives_the_terminal_back() {
    for signal in ["TERM", "HUP", "INT"] {
        let mut terminal = drawn(160, 30);
        terminal.signal(signal);
        terminal.exit_code();
        terminal.assert_sane();
    }
}
