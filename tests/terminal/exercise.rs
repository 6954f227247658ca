//! The progress line of `leasetop exercise` on a terminal.

use crate::pty::{Terminal, leasetop};

/// The seconds left in the progress line.
fn left(screen: &str) -> Option<u32> {
    let before = screen.split(" s left").next().filter(|before| before.len() < screen.len())?;
    before.rsplit(' ').next()?.parse().ok()
}

#[test]
fn the_progress_line_shows_elapsed_and_remaining_time() {
    let mut command = leasetop();
    command.args(["--sandbox", "--warp", "10", "exercise", "--ttl", "2,10", "--for", "30s"]);
    let mut terminal = Terminal::start(command, 100, 24);
    for most in [27, 18, 9] {
        terminal.wait_until(&format!("{most} s left at most"), |screen| {
            left(&screen.contents()).is_some_and(|left| left <= most)
        });
        let text = terminal.screen().contents();
        assert_eq!(text.matches(" s left").count(), 1, "the line is overwritten: {text}");
        assert!(text.contains("keeping 2 leases, ") && text.contains(" s of 30 s, "), "{text}");
    }
    terminal.wait_for("NO: it is ");
    assert!(!terminal.screen().contents().contains(" s left"), "cleared before the report");
    assert_eq!(terminal.exit_code(), 0);
}
