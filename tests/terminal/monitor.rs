//! The monitor on the sandbox: it handles keys and resizes, and restores the terminal.

use portable_pty::CommandBuilder;

use crate::pty::{Terminal, leasetop};

/// The lease of the demo that is shown last.
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
fn a_key_pressed_during_a_resize_is_handled_at_once() {
    let mut terminal = drawn(160, 30);
    for turn in 0..20 {
        terminal.resize(140 + turn % 2, 30);
        terminal.keys("?");
        let opens = turn % 2 == 0;
        terminal
            .wait_until("the help opens or closes", |screen| screen.contents().contains("Keys and states") == opens);
    }
}

#[test]
fn a_signal_restores_the_terminal() {
    for signal in ["TERM", "HUP", "INT"] {
        let mut terminal = drawn(160, 30);
        terminal.wait_until("mouse mode is on", |screen| {
            screen.mouse_protocol_mode() == vt100::MouseProtocolMode::PressRelease
        });
        // The signal may arrive before the frame that turns it off is written.
        terminal.keys("m");
        terminal.signal(signal);
        terminal.exit_code();
        terminal.assert_sane();
    }
}
