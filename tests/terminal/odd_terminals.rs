//! Unusual terminals: tiny, dumb, without colour, missing, and closed while the program runs.

use std::process::{Command, Stdio};
use std::time::Duration;

use portable_pty::CommandBuilder;

use crate::pty::{Terminal, leasetop};

fn demo() -> CommandBuilder {
    let mut command = leasetop();
    command.arg("demo");
    command
}

/// Starts leasetop with a line of shell, where `$0` is the program.
fn by_shell(line: &str) -> CommandBuilder {
    let mut shell = CommandBuilder::new("sh");
    shell.args(["-c", line, &leasetop().get_argv()[0].to_string_lossy()]);
    shell.env("TERM", "xterm-256color");
    shell
}

#[test]
fn many_resizes_end_in_a_correct_screen() {
    let mut terminal = Terminal::start(demo(), 200, 60);
    terminal.wait_for("/service/3600");
    for step in 0..200_u16 {
        terminal.resize(step * 37 % 201, step * 17 % 61);
    }
    terminal.resize(0, 0);
    terminal.resize(160, 30);
    terminal.wait_for("/service/3600");
    terminal.wait_until("the line below the tabs in its place", |screen| {
        screen.contents().lines().nth(2).is_some_and(|line| line == "─".repeat(160))
    });
    terminal.keys("q");
    assert_eq!(terminal.exit_code(), 0);
    terminal.assert_sane();
}

#[test]
fn starts_in_a_tiny_terminal() {
    let mut terminal = Terminal::start(demo(), 20, 5);
    terminal.wait_for(" s ●");
    terminal.keys("q");
    assert_eq!(terminal.exit_code(), 0);

    let mut terminal = Terminal::start(demo(), 10, 3);
    terminal.wait_until("the alternate screen", |screen| screen.alternate_screen());
    terminal.keys("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn a_dumb_terminal_gets_ascii_without_colour() {
    let mut command = demo();
    command.env("TERM", "dumb");
    let mut terminal = Terminal::start(command, 160, 30);
    terminal.wait_for("/service/3600");
    terminal.keys("q");
    assert_eq!(terminal.exit_code(), 0);
    assert!(terminal.bytes().is_ascii());
    assert!(!writes_colour(&terminal));
}

#[test]
fn no_color_disables_colour_unless_empty() {
    for (value, has_colour) in [("1", false), ("", true)] {
        let mut command = demo();
        command.env("NO_COLOR", value);
        let mut terminal = Terminal::start(command, 160, 30);
        terminal.wait_for("/service/3600");
        terminal.keys("q");
        assert_eq!(terminal.exit_code(), 0);
        assert_eq!(writes_colour(&terminal), has_colour, "NO_COLOR={value}");
    }
}

#[test]
fn keys_are_read_from_the_terminal_if_stdin_is_none() {
    for stdin in ["</dev/null", "<&-"] {
        let mut terminal = Terminal::start(by_shell(&format!("\"$0\" demo {stdin}")), 160, 30);
        terminal.wait_for("/service/3600");
        terminal.keys("q");
        assert_eq!(terminal.exit_code(), 0, "{stdin}");
        terminal.assert_sane();
    }
}

#[test]
fn without_a_terminal_for_keys_the_monitor_fails_with_a_message() {
    let mut terminal = Terminal::start(by_shell("setsid -w \"$0\" demo </dev/null; echo \"end $?\""), 100, 30);
    terminal.wait_for("end 2");
    assert!(terminal.screen().contents().contains("the terminal"), "{}", terminal.screen().contents());
    terminal.assert_sane();
}

#[test]
fn without_a_terminal_the_monitor_lists_and_the_demo_fails() {
    let run = |arguments: &[&str]| {
        let program = leasetop().get_argv()[0].clone();
        Command::new(program).args(arguments).stdin(Stdio::null()).output().expect("it runs")
    };
    let list = run(&["--sandbox"]);
    assert_eq!(list.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&list.stderr).contains("No terminal; running `leasetop list`."));
    assert!(!list.stdout.contains(&0x1b));
    let demo = run(&["demo"]);
    assert_eq!((demo.status.code(), demo.stdout), (Some(2), vec![]));
    assert!(String::from_utf8_lossy(&demo.stderr).contains("the demo needs a terminal"));
}

#[test]
fn closing_the_terminal_ends_the_program() {
    // With SIGHUP, and without it in another session.
    for line in ["exec \"$0\" demo", "exec setsid -w \"$0\" demo"] {
        let mut terminal = Terminal::start(by_shell(line), 160, 30);
        terminal.wait_for("/service/3600");
        let process = terminal.process();
        terminal.hang_up();
        // It would be killed after a second; it ends by itself before.
        assert!(process.ends_within(Duration::from_millis(900)), "{line}");
    }
}

#[test]
fn a_clock_and_a_countdown_write_little() {
    let mut command = leasetop();
    command.arg("--sandbox");
    let mut terminal = Terminal::start(command, 160, 30);
    terminal.wait_for("No leases yet.");
    terminal.pass(1.5);
    let before = terminal.bytes().len();
    terminal.pass(3.0);
    let bytes = terminal.bytes().len() - before;
    assert!((100..400).contains(&bytes), "{bytes} bytes for three seconds of the clock");
    terminal.keys("q");
    assert_eq!(terminal.exit_code(), 0);

    let mut command = leasetop();
    command.args(["--sandbox", "--ttl", "10,120,3600", "--put", "/service/{ttl}=here"]);
    let mut terminal = Terminal::start(command, 160, 30);
    terminal.wait_for("/service/3600");
    terminal.pass(1.5);
    let before = terminal.bytes().len();
    terminal.pass(5.0);
    let idle = String::from_utf8_lossy(&terminal.bytes()[before..]);
    let frames = idle.matches("\x1b[?2026h").count();
    // One per second; renewals and polls add a few.
    assert!((4..=20).contains(&frames), "{frames} frames");
    assert!(idle.len() < frames * 900, "{} bytes in {frames} frames", idle.len());
    assert_eq!(frames, idle.matches("\x1b[?2026l").count(), "each frame is one synchronized update");
}

/// Whether any colour was set.
fn writes_colour(terminal: &Terminal) -> bool {
    let text = String::from_utf8_lossy(terminal.bytes());
    let colours = text.split("\x1b[").filter_map(|part| part.split_once('m')).map(|(codes, _)| codes);
    colours
        .filter(|codes| codes.bytes().all(|byte| byte.is_ascii_digit() || byte == b';'))
        .any(|codes| codes.split(';').any(|code| matches!(code.parse(), Ok(30..=38 | 40..=48 | 90..=107))))
}
