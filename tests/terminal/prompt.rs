//! The prompt for a password, and a panic with one in memory.

use crate::pty::Terminal;
use crate::sandbox::ServedSandbox;

const SECRET: &str = "hunter2-Zq9";

#[test]
fn a_typed_password_is_not_echoed_and_the_terminal_is_restored() {
    let server = ServedSandbox::start();
    for arguments in [&["list"][..], &[]] {
        let mut command = crate::pty::leasetop();
        command.args(["--endpoints", server.endpoint(), "--user", "root"]);
        command.args(arguments);
        let mut terminal = Terminal::start(command, 100, 30);
        terminal.wait_for("Password: ");
        terminal.keys(&format!("{SECRET}\r"));
        if arguments.is_empty() {
            terminal.wait_until("the monitor", |screen| screen.alternate_screen());
            terminal.wait_for("users and roles");
            terminal.keys("q");
        }
        terminal.exit_code();
        assert!(terminal.is_line_as_found(), "{arguments:?}");
        let output = String::from_utf8_lossy(terminal.bytes()).into_owned();
        assert!(!output.contains(SECRET), "{output}");
        assert!(!output.contains("warning"), "{output}");
    }
}

#[test]
fn ctrl_c_at_the_prompt_restores_the_terminal() {
    let server = ServedSandbox::start();
    let mut command = crate::pty::leasetop();
    command.args(["--endpoints", server.endpoint(), "--user", "root", "list"]);
    let mut terminal = Terminal::start(command, 100, 30);
    terminal.wait_for("Password: ");
    assert!(!terminal.is_line_as_found());
    terminal.keys("\u{3}");
    terminal.exit_code();
    assert!(terminal.is_line_as_found());
}
