//! The dialogs, in a terminal, on a sandbox that it treats as a real cluster. `keys.txt` presses their keys.

use etcd_lease::LeaseId;
use leasetop::app::keymap::KEYMAP;

use crate::pty::Terminal;
use crate::sandbox::ServedSandbox;

const ESC: &str = "\x1b";
const RIGHT: &str = "\x1b[C";
const LEFT: &str = "\x1b[D";
const DOWN: &str = "\x1b[B";
const SHIFT_TAB: &str = "\x1b[Z";

/// The monitor with one lease of another client, with a key.
fn with_anothers() -> (ServedSandbox, LeaseId, Terminal) {
    let server = ServedSandbox::start();
    let lease = LeaseId(server.sandbox.grant(600).expect("a lease"));
    server.sandbox.put("/svc/theirs", "x", Some(lease.0)).expect("a key");
    let mut terminal = server.monitor(&[], 120, 30);
    terminal.wait_for("/svc/theirs");
    (server, lease, terminal)
}

/// The monitor with one lease of its own, kept alive.
fn with_own(columns: u16, rows: u16) -> (ServedSandbox, Terminal) {
    let server = ServedSandbox::start();
    let mut terminal = server.monitor(&["--ttl", "600", "--put", "/svc/ours=x"], columns, rows);
    if columns >= 80 {
        terminal.wait_for("/svc/ours");
    } else {
        terminal.wait_for("600 s");
    }
    (server, terminal)
}

fn closed(terminal: &mut Terminal, title: &str) {
    terminal.wait_until("the dialog is closed", |screen| !screen.contents().contains(title));
}

/// Presses keys and waits until this button is focused.
fn focused(terminal: &mut Terminal, keys: &str, answer: &str) {
    terminal.keys(keys);
    terminal.wait_for(&format!("[ {answer} ]"));
}

fn quit(mut terminal: Terminal) {
    terminal.keys("q");
    assert_eq!(terminal.exit_code(), 0);
    terminal.assert_sane();
}

#[test]
fn the_grant_form_checks_each_field_and_grants() {
    let (server, theirs, mut terminal) = with_anothers();
    terminal.keys("n");
    terminal.wait_for("New leases");
    terminal.keys("0");
    terminal.wait_for("at least 1 s");
    terminal.keys("\x7f2\t2\t");
    terminal.wait_for("2 leases");
    terminal.keys("7");
    terminal.wait_for("only with one lease");
    terminal.keys("\x7f\t/a");
    terminal.wait_for("add =VALUE");
    terminal.keys("/{n}=q=1\t");
    terminal.wait_for("add another key (optional)");
    terminal.keys(&format!("/b/{{n}}=\t\t{DOWN}e"));
    terminal.wait_for("every 40.0 s");
    terminal.keys(&format!("{SHIFT_TAB}n"));
    terminal.wait_for("only if kept alive");
    terminal.keys("\r");
    closed(&mut terminal, "New leases");
    terminal.wait_for("/a/2");
    // The second key of a lease is put after its first.
    terminal.wait_until("all keys are put", |_| ["/b/1", "/b/2"].iter().all(|key| server.sandbox.get(key).is_some()));
    let value = |key: &str| server.sandbox.get(key).map(|pair| pair.value);
    assert_eq!(value("/a/1"), Some(b"q=1".to_vec()));
    assert_eq!((value("/b/1"), value("/b/2")), (Some(Vec::new()), Some(Vec::new())));
    let new: Vec<LeaseId> = server
        .sandbox
        .leases()
        .into_iter()
        .map(LeaseId)
        .collect::<Vec<_>>()
        .into_iter()
        .filter(|id| *id != theirs)
        .collect();
    assert_eq!(new.len(), 2);
    assert!(new.iter().all(|id| server.sandbox.keep_alives(*id) == 0), "they are not kept alive");
    quit(terminal);
}

#[test]
fn esc_and_ctrl_c_close_the_grant_form_without_a_grant() {
    let (server, _, mut terminal) = with_anothers();
    for leave in [ESC, "\x03"] {
        terminal.keys("n1q");
        terminal.wait_for("seconds, or 5m, 2h, 1d");
        terminal.keys(leave);
        closed(&mut terminal, "New leases");
    }
    assert_eq!(server.sandbox.leases().len(), 1);
    quit(terminal);
}

#[test]
fn an_own_lease_is_revoked_only_by_y_or_the_button() {
    for confirm in ["y", &format!("{RIGHT}\r")] {
        let (server, mut terminal) = with_own(120, 30);
        for cancel in ["\r", ESC, "q", "\x03", &format!("{RIGHT}{LEFT}\r")] {
            focused(&mut terminal, "x", "Cancel");
            terminal.keys(cancel);
            closed(&mut terminal, "Revoke lease");
        }
        assert_eq!(server.sandbox.leases().len(), 1);
        terminal.keys("x");
        terminal.wait_for("Revoke lease");
        terminal.wait_for("Yours · ");
        terminal.keys(confirm);
        terminal.wait_for("1 key deleted (revision");
        assert!(server.sandbox.leases().is_empty());
        quit(terminal);
    }
}

#[test]
fn a_lease_of_another_client_needs_the_typed_number() {
    let (server, theirs, mut terminal) = with_anothers();
    terminal.keys("x");
    terminal.wait_for("Type 1 to confirm:");
    terminal.keys("\r");
    terminal.wait_for("Nothing typed. Type 1 to confirm.");
    terminal.keys("yx2\r");
    terminal.wait_for("2 is not 1. Type 1 to confirm.");
    assert_eq!(server.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>(), [theirs]);
    terminal.keys("\x7f1\r");
    terminal.wait_for("1 key deleted (revision");
    assert!(server.sandbox.leases().is_empty());
    quit(terminal);
}

#[test]
fn a_failed_revoke_and_an_ended_lease_are_reported() {
    let (server, theirs, mut terminal) = with_anothers();
    server.sandbox.faults().down();
    terminal.keys_at_once("x1\r");
    terminal.wait_for("The dialog had just opened");
    terminal.keys("\r");
    terminal.wait_for(&format!("Could not revoke {theirs}"));
    assert_eq!(server.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>(), [theirs]);
    server.sandbox.faults().up();
    terminal.wait_for("● healthy");
    terminal.keys("x1");
    terminal.wait_for("Type 1");
    server.sandbox.revoke(theirs).expect("it is there");
    terminal.wait_for("It ended while this was open");
    focused(&mut terminal, "y", "Close");
    terminal.keys("\r");
    closed(&mut terminal, "It ended");
    quit(terminal);
}

#[test]
fn adopting_needs_confirmation() {
    let (server, theirs, mut terminal) = with_anothers();
    for cancel in ["\r", ESC, "q", "\x03", &format!("{RIGHT}{RIGHT}\r")] {
        focused(&mut terminal, "a", "Cancel");
        terminal.wait_for("It and its key");
        terminal.keys(cancel);
        closed(&mut terminal, "no longer expire");
    }
    assert_eq!(server.sandbox.keep_alives(theirs), 0);
    focused(&mut terminal, &format!("a{RIGHT}"), "y keep it alive");
    terminal.keys("\r");
    terminal.wait_for("adopted");
    terminal.wait_until("it is renewed", |_| server.sandbox.keep_alives(theirs) > 0);
    terminal.keys("a");
    terminal.wait_for("Stopped keeping");
    terminal.keys("a");
    terminal.wait_for("keep it alive");
    terminal.keys("y");
    terminal.wait_for("adopted");
    terminal.keys("qq");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn quitting_asks_whether_to_leave_revoke_or_stay() {
    for leave in ["q", &format!("{RIGHT}{LEFT}\r")] {
        let (server, mut terminal) = with_own(120, 30);
        focused(&mut terminal, "q", "Quit");
        terminal.keys(ESC);
        closed(&mut terminal, "Quit?");
        focused(&mut terminal, &format!("q{LEFT}"), "Esc Cancel");
        terminal.keys("\r");
        closed(&mut terminal, "Quit?");
        focused(&mut terminal, "\x03", "Quit");
        terminal.keys(leave);
        assert_eq!(terminal.exit_code(), 0);
        let lease = server.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>()[0];
        let output = String::from_utf8_lossy(terminal.bytes()).into_owned();
        assert!(output.contains(&format!("keep-alive -- {lease}")), "the command to resume is printed");
    }
    for revoke in ["r", &format!("{RIGHT}\r")] {
        let (server, mut terminal) = with_own(120, 30);
        focused(&mut terminal, "q", "Quit");
        terminal.keys(revoke);
        assert_eq!(terminal.exit_code(), 0);
        assert!(server.sandbox.leases().is_empty());
        assert!(
            !String::from_utf8_lossy(terminal.bytes()).contains("keep-alive --"),
            "no command to resume is printed"
        );
    }
}

#[test]
fn a_signal_revokes_nothing_with_any_dialog_open() {
    for keys in ["q", "x", "n"] {
        let (server, mut terminal) = with_own(120, 30);
        focused_or_form(&mut terminal, keys);
        terminal.signal("TERM");
        terminal.exit_code();
        assert_eq!(server.sandbox.leases().len(), 1, "with {keys} open");
        terminal.assert_sane();
    }
}

fn focused_or_form(terminal: &mut Terminal, keys: &str) {
    terminal.keys(keys);
    let titles = ["Quit?", "Revoke lease", "New leases"];
    terminal.wait_until("a dialog", |screen| titles.iter().any(|title| screen.contents().contains(title)));
}

#[test]
fn a_paste_is_inserted_into_the_form_and_runs_no_command() {
    let (server, mut terminal) = with_own(120, 30);
    terminal.keys("\x1b[200~xy\rqr\x1b[201~");
    terminal.wait_for("Paste ignored");
    terminal.keys("x");
    terminal.wait_for("Revoke lease");
    terminal.keys("\x1b[200~y\x1b[201~\x1b");
    closed(&mut terminal, "Revoke lease");
    assert_eq!(server.sandbox.leases().len(), 1);
    terminal.keys("n\x1b[200~9\x1b[201~\t\t\t\x1b[200~/p=1\r/q=2\r\x1b[201~\r");
    terminal.wait_for("Granted");
    terminal.wait_until("the keys", |_| server.sandbox.get("/q").is_some());
    terminal.keys("qq");
    assert_eq!(terminal.exit_code(), 0);
    terminal.assert_sane();
}

/// The lease, how to confirm and how to cancel are visible down to 10x3.
#[test]
fn on_tiny_screens_revoking_and_quitting_stay_clear() {
    for (columns, rows) in [(40, 12), (20, 5), (10, 3)] {
        let (server, mut terminal) = with_own(columns.max(20), rows.max(5));
        terminal.resize(columns, rows);
        let end = server.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>()[0].to_string().split_off(8);
        terminal.keys("x");
        terminal.wait_for(&format!("{end}?"));
        let screen = terminal.screen().contents();
        assert!(screen.contains('y') && (screen.contains("Cancel") || screen.contains("Esc")), "{screen}");
        terminal.keys(ESC);
        closed(&mut terminal, &format!("{end}?"));
        terminal.keys("x");
        terminal.wait_for(&format!("{end}?"));
        terminal.settle();
        terminal.keys("y");
        terminal.wait_until("it is revoked", |_| server.sandbox.leases().is_empty());
        // The monitor asks before it quits until it has etcd's answer.
        terminal.wait_for("⊘ r");
        terminal.keys("q");
        assert_eq!(terminal.exit_code(), 0);
    }
}

#[test]
fn help_scrolls_and_closes() {
    let (_server, _, mut terminal) = with_anothers();
    terminal.resize(80, 12);
    terminal.keys("?");
    terminal.wait_for("↑ ↓ scroll");
    terminal.keys("G");
    terminal.wait_for(KEYMAP[KEYMAP.len() - 1].help);
    terminal.keys("g");
    terminal.wait_for("healthy");
    terminal.keys("?");
    closed(&mut terminal, "Keys and states");
    quit(terminal);
}
