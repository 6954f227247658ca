//! Ctrl-Z and the signals of job control, under a shell.

use std::time::Duration;

use portable_pty::CommandBuilder;

use crate::pty::{Terminal, leasetop};

/// How long to wait for the program to be stopped.
const LIMIT: Duration = Duration::from_secs(20);

/// A shell with job control that starts leasetop, and resumes it on Enter.
fn in_a_shell(arguments: &str) -> Terminal {
    let program = leasetop();
    let path = program.get_argv()[0].to_string_lossy().into_owned();
    let mut shell = CommandBuilder::new("bash");
    shell.args(["-c", &format!("set -m; '{path}' {arguments}; echo \"left with $?\"; read -r _; fg; echo \"end $?\"")]);
    shell.env("TERM", "xterm-256color");
    Terminal::start(shell, 160, 30)
}

#[test]
fn ctrl_z_asks_suspends_and_resumes() {
    let mut terminal = in_a_shell("demo");
    terminal.wait_for("/service/3600");
    terminal.keys("\x1a");
    terminal.wait_for("Suspend?");
    terminal.keys("\x1a");
    terminal.wait_for("left with 147");
    terminal.assert_sane();
    terminal.keys("\n");
    terminal.wait_for("No renewals for");
    assert!(terminal.screen().alternate_screen() && terminal.screen().hide_cursor());
    terminal.read_until("raw mode again", |terminal| !terminal.is_line_as_found());
    // The bytes so far may end within a frame.
    terminal.wait_until("a full redraw", |screen| {
        let text = screen.contents();
        text.contains("no lease expired") && !text.contains("left with")
    });
    terminal.keys("q");
    terminal.wait_for("end 0");
    terminal.assert_sane();
}

#[test]
fn a_lease_that_expired_during_a_suspension_is_named() {
    let mut terminal = in_a_shell("--sandbox --ttl 2 --put /short=1");
    terminal.wait_for("/short");
    terminal.keys("\x1a\x1a");
    terminal.wait_for("left with 147");
    terminal.pass(3.5);
    terminal.keys("\n");
    terminal.wait_for("No renewals for");
    terminal.wait_for("✗ expired");
    terminal.keys("q");
    terminal.wait_for("end 0");
}

#[test]
fn external_signals_suspend_and_continue() {
    let mut terminal = Terminal::start(demo(), 160, 30);
    terminal.wait_for("/service/3600");
    terminal.signal("TSTP");
    terminal.wait_until("the shell's screen", |screen| !screen.alternate_screen());
    assert!(terminal.is_line_as_found());
    assert!(terminal.process().stops_within(LIMIT));
    terminal.signal("CONT");
    terminal.wait_for("No renewals for");
    assert!(terminal.screen().alternate_screen());
    terminal.read_until("raw mode again", |terminal| !terminal.is_line_as_found());
    // SIGSTOP cannot be caught; the program redraws when it is continued all the same.
    terminal.signal("STOP");
    terminal.pass(2.5);
    terminal.keys("?");
    terminal.signal("CONT");
    terminal.wait_for("Keys and states");
    terminal.keys("qq");
    assert_eq!(terminal.exit_code(), 0);
    terminal.assert_sane();
}

/// A second of real time is a minute at 60x, six times the TTL.
#[test]
fn a_fast_clock_waits_while_the_program_is_stopped() {
    let mut command = leasetop();
    command.args(["--sandbox", "--warp", "60", "--ttl", "10", "--put", "/mine=here"]);
    let mut terminal = Terminal::start(command, 160, 30);
    terminal.wait_for("/mine");
    terminal.signal("STOP");
    terminal.pass(1.0);
    terminal.signal("CONT");
    terminal.wait_for("waiting for this machine");
    terminal.pass(0.5);
    let text = terminal.screen().contents();
    assert!(text.contains("● ok") && !text.contains("✗"), "{text}");
    terminal.keys("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn without_a_shell_ctrl_z_does_not_suspend() {
    let mut terminal = Terminal::start(demo(), 160, 30);
    terminal.wait_for("/service/3600");
    terminal.keys("\x1a");
    terminal.wait_for("not started by a shell");
    terminal.keys("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn a_signal_during_a_suspension_ends_the_program() {
    let mut terminal = Terminal::start(demo(), 160, 30);
    terminal.wait_for("/service/3600");
    terminal.signal("TSTP");
    terminal.wait_until("the shell's screen", |screen| !screen.alternate_screen());
    assert!(terminal.process().stops_within(LIMIT));
    terminal.signal("TERM");
    terminal.signal("CONT");
    assert_eq!(terminal.exit_code(), 0);
    terminal.assert_sane();
}

#[test]
fn ctrl_l_redraws_over_foreign_output() {
    let mut terminal = Terminal::start(demo(), 160, 30);
    terminal.wait_for("/service/3600");
    terminal.scribble("\x1b[2J\x1b[Hscribble");
    assert!(!terminal.screen().contents().contains("leasetop"));
    terminal.keys("\x0c");
    // A frame in flight may repair a part of it first.
    terminal.wait_until("the whole screen again", |screen| {
        screen.contents().contains("/service/3600") && !screen.contents().contains("scribble")
    });
    terminal.keys("q");
    assert_eq!(terminal.exit_code(), 0);
}

fn demo() -> CommandBuilder {
    let mut command = leasetop();
    command.arg("demo");
    command
}

#[test]
fn mouse_mode_is_off_during_a_suspension() {
    let mut terminal = in_a_shell("--sandbox");
    let is_ours = |screen: &vt100::Screen| screen.mouse_protocol_mode() == vt100::MouseProtocolMode::PressRelease;
    terminal.wait_for("No leases yet.");
    terminal.wait_until("mouse mode is on", is_ours);
    terminal.keys("\x1a");
    terminal.wait_for("left with 147");
    terminal.assert_sane();
    terminal.keys("\n");
    terminal.wait_until("mouse mode is on again", is_ours);
    terminal.keys("q");
    terminal.wait_for("end 0");
    terminal.assert_sane();
}
