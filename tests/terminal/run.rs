//! `run` in a terminal, which sends signals to leasetop and to its command.

use crate::pty::Terminal;
use crate::sandbox::ServedSandbox;

/// The terminal sends SIGINT to leasetop and to its command.
#[test]
fn ctrl_c_reaches_the_command_of_run_once() {
    let served = ServedSandbox::start();
    let script = "trap 'echo got it' INT; echo ready; for i in 1 2 3 4 5; do sleep 0.2; done; echo over";
    let mut terminal = Terminal::start(served.leasetop(&["run", "--put", "/a=1", "--", "sh", "-c", script]), 120, 24);
    terminal.wait_for("ready");
    terminal.keys("\u{3}");
    terminal.wait_for("over");
    assert_eq!(terminal.screen().contents().matches("got it").count(), 1);
    assert_eq!((terminal.exit_code(), served.sandbox.leases().len()), (0, 0));
}

#[test]
fn ctrl_c_ends_run_while_it_waits_for_a_key() {
    let served = ServedSandbox::start();
    let lease = served.sandbox.grant(600).expect("a lease");
    served.sandbox.put("/a", "v", Some(lease)).expect("a key");
    let mut terminal = Terminal::start(
        served.leasetop(&["run", "--if-absent", "--put", "/a=1", "--", "sh", "-c", "echo started"]),
        120,
        24,
    );
    terminal.wait_for("waiting until key “/a” is deleted");
    terminal.keys("\u{3}");
    assert_eq!((terminal.exit_code(), served.sandbox.leases().len()), (130, 1));
}
