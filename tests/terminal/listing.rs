//! `list --for` on a terminal: its progress line, and Ctrl-C.

use crate::pty::Terminal;
use crate::sandbox::ServedSandbox;
use etcd_lease::LeaseId;

#[test]
fn ctrl_c_lists_what_is_known_so_far() {
    let served = ServedSandbox::start();
    let lease = LeaseId(served.sandbox.grant(600).expect("a lease")).to_string();
    let mut terminal = Terminal::start(served.leasetop(&["list", "--for", "1h"]), 120, 24);
    terminal.wait_for("watching: 1 s of 3600 s (Ctrl-C lists now)");
    terminal.keys("\u{3}");
    terminal.wait_for(&lease);
    let text = terminal.screen().contents();
    assert!(text.contains(": 1 lease, watched for 1.") && !text.contains("watching: "), "{text}");
    assert_eq!(terminal.exit_code(), 0);
}
