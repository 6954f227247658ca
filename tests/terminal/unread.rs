//! A terminal that is not read: it fills up, writes to it block, and renewals continue.

use etcd_lease::LeaseId;
use std::time::Duration;

use crate::pty::Terminal;
use crate::sandbox::ServedSandbox;

/// Several times as long as a lease of 2 s lives without a renewal. `tests/measure unread` uses 30 s.
const UNREAD: &str = "LEASETOP_UNREAD_SECONDS";

fn seconds() -> f64 {
    std::env::var(UNREAD).ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(9.0)
}

fn keeping(server: &ServedSandbox) -> Terminal {
    let mut terminal = server.monitor(&["--ttl", "2,5", "--put", "/unread/{ttl}=1"], 200, 60);
    terminal.wait_for("/unread/2");
    terminal.wait_for("/unread/5");
    terminal
}

/// Makes the program write until its terminal is full.
fn fill(terminal: &mut Terminal) {
    for _ in 0..400 {
        if terminal.is_full() {
            // One more frame, whose write blocks.
            terminal.keys("\x0c");
            return terminal.pass(0.1);
        }
        terminal.keys("\x0c");
        terminal.pass(0.01);
    }
    panic!("the terminal still takes bytes");
}

#[test]
fn leases_survive_and_the_screen_is_correct_when_read_again() {
    let server = ServedSandbox::start();
    let mut terminal = keeping(&server);
    let leases = server.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>();
    let renewals = |at: usize| server.sandbox.keep_alives(leases[at]);
    terminal.unread(|terminal| {
        fill(terminal);
        let before = (renewals(0), renewals(1));
        terminal.pass(seconds());
        assert!(terminal.is_full(), "the terminal was read meanwhile");
        assert_eq!(server.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>(), leases);
        let (first, second) = (renewals(0) - before.0, renewals(1) - before.1);
        assert!(first as f64 >= seconds() - 2.0 && second >= 3, "{first} and {second} renewals");
    });
    // The next bytes change what was shown; then everything is redrawn.
    terminal.pass(1.5);
    // What the detail says of a lease changes with each interval, so the rest compares one frozen display.
    terminal.keys("p");
    terminal.wait_for("FROZEN");
    let changed = still(&terminal.screen().contents());
    let redraws = terminal.count("\x1b[2J");
    terminal.keys("\x0c");
    terminal.read_until("a whole frame", |terminal| terminal.count("\x1b[2J") > redraws);
    terminal.pass(0.2);
    let whole = still(&terminal.screen().contents());
    // The footer says that the screen was redrawn.
    let above_footer = |lines: &[String]| lines[..lines.len() - 1].to_vec();
    assert_eq!(above_footer(&changed.0), above_footer(&whole.0));
    // The events of renewals push the others out, at any moment.
    assert!(whole.1.iter().all(|event| changed.1.contains(event)), "{whole:?} after {changed:?}");
    terminal.signal("TERM");
    assert_eq!(terminal.exit_code(), 0);
    terminal.assert_sane();
}

/// The screen without what time moves: figures and what stands between them, bars, renewals. The second list has the
/// lines of the pane at the right, which are events.
fn still(screen: &str) -> (Vec<String>, Vec<String>) {
    let mut panes = (Vec::new(), Vec::new());
    for line in screen.lines() {
        let (left, right) = line.split_once('│').unwrap_or((line, ""));
        for (part, lines) in [(left, &mut panes.0), (right, &mut panes.1)] {
            if !part.contains(" renewed ") {
                lines.push(part.chars().filter(|c| c.is_alphabetic() || "│╭╮╰╯●".contains(*c)).collect());
            }
        }
    }
    panes
}

#[test]
fn sigterm_ends_an_unread_monitor_within_a_second() {
    let server = ServedSandbox::start();
    let mut terminal = keeping(&server);
    let process = terminal.process();
    terminal.unread(|terminal| {
        fill(terminal);
        terminal.signal("TERM");
        assert!(process.ends_within(Duration::from_secs(1)), "a write that waits holds it up");
    });
}

#[test]
fn the_monitor_starts_on_an_unread_terminal_and_keeps_leases_alive() {
    let server = ServedSandbox::start();
    let mut command = portable_pty::CommandBuilder::new("sh");
    // The terminal is full before leasetop starts.
    let fill = "(head -c 200000 /dev/zero | tr '\\0' x) & sleep 0.5; exec \"$0\" \"$@\"";
    command.args(["-c", fill]);
    command.args(server.leasetop(&["--ttl", "2"]).get_argv());
    let mut terminal = Terminal::start(command, 80, 24);
    terminal.unread(|terminal| {
        let granted = (0..200).any(|_| {
            terminal.pass(0.05);
            !server.sandbox.leases().is_empty()
        });
        assert!(granted && terminal.is_full());
        terminal.pass(4.0);
        assert_eq!(server.sandbox.leases().len(), 1, "its lease is alive");
        terminal.signal("TERM");
    });
}
