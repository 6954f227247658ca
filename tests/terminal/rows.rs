//! Filters, sort orders and marks in a terminal.

use etcd_lease::LeaseId;

use crate::pty::Terminal;
use crate::sandbox::ServedSandbox;

const ESC: &str = "\x1b";
const F6: &str = "\x1b[17~";

/// The monitor with three leases of other clients, of 300, 500 and 700 s, a key on each.
fn with_three(arguments: &[&str], columns: u16, rows: u16) -> (ServedSandbox, [LeaseId; 3], Terminal) {
    let server = ServedSandbox::start();
    let leases = [(300, "/a"), (500, "/b"), (700, "/c")].map(|(ttl, key)| {
        let lease = LeaseId(server.sandbox.grant(ttl).expect("a lease"));
        server.sandbox.put(key, "x", Some(lease.0)).expect("a key");
        lease
    });
    let terminal = server.monitor(arguments, columns, rows);
    (server, leases, terminal)
}

/// Waits until the rows with a key are these, from top to bottom.
fn wait_for_keys(terminal: &mut Terminal, keys: &[&str]) {
    terminal.wait_until(&format!("{keys:?}"), |screen| {
        let text = screen.contents();
        let rows = text.lines().filter(|line| line.contains("● ok"));
        let seen: Vec<&str> =
            rows.filter_map(|row| row.split_whitespace().find(|word| word.starts_with('/'))).collect();
        seen == keys
    });
}

fn quit(mut terminal: Terminal) {
    terminal.keys("q");
    assert_eq!(terminal.exit_code(), 0);
    terminal.assert_sane();
}

#[test]
fn slash_filters_as_one_types() {
    let (_server, _, mut terminal) = with_three(&[], 120, 24);
    wait_for_keys(&mut terminal, &["/a", "/b", "/c"]);
    terminal.keys("/ttl>400");
    terminal.wait_for("2 of 3");
    wait_for_keys(&mut terminal, &["/b", "/c"]);
    terminal.keys(" state:lax");
    // The two lines of the message cover rows; the last filter without a fault still applies.
    terminal.wait_for("expected one of: ok paused");
    terminal.wait_for("2 of 3");
    terminal.keys("\x7f\x7f\x7fok\r");
    terminal.wait_for("/ttl>400 state:ok");
    terminal.keys(ESC);
    wait_for_keys(&mut terminal, &["/a", "/b", "/c"]);
    terminal.keys("/ttl=500");
    wait_for_keys(&mut terminal, &["/b"]);
    terminal.keys(ESC);
    wait_for_keys(&mut terminal, &["/a", "/b", "/c"]);
    quit(terminal);
}

#[test]
fn f_steps_through_the_quick_filters() {
    let (_server, _, mut terminal) = with_three(&[], 120, 24);
    wait_for_keys(&mut terminal, &["/a", "/b", "/c"]);
    for (words, keys) in [("filter: others", &["/a", "/b", "/c"][..]), ("filter: none", &["/a", "/b", "/c"])] {
        terminal.keys("f");
        terminal.wait_for(words);
        wait_for_keys(&mut terminal, keys);
    }
    quit(terminal);
}

#[test]
fn rows_are_sorted_by_key_and_by_menu() {
    let (_server, _, mut terminal) = with_three(&[], 120, 24);
    wait_for_keys(&mut terminal, &["/a", "/b", "/c"]);
    terminal.keys("I");
    terminal.wait_for("sort: problems ↓");
    wait_for_keys(&mut terminal, &["/c", "/b", "/a"]);
    terminal.keys(">");
    terminal.wait_for("sort: KEY ↑");
    wait_for_keys(&mut terminal, &["/a", "/b", "/c"]);
    terminal.keys(">>");
    terminal.wait_for("sort: LEFT ↑");
    for (open, keys) in [("s", ["/a", "/b", "/c"]), (F6, ["/c", "/b", "/a"])] {
        terminal.keys(open);
        terminal.wait_for("Sort by");
        terminal.keys("gj");
        terminal.wait_for("KEY ");
        terminal.keys(if open == F6 { "I\r" } else { "\r" });
        terminal.wait_for("sort: KEY");
        wait_for_keys(&mut terminal, &keys);
    }
    terminal.keys("s");
    terminal.wait_for("Sort by");
    terminal.keys(&format!("g{ESC}"));
    terminal.wait_until("the menu is closed", |screen| !screen.contents().contains("Sort by"));
    assert!(terminal.screen().contents().contains("sort: KEY ↓"));
    quit(terminal);
}

#[test]
fn the_command_line_chooses_rows_and_columns() {
    let options = ["--filter", "ttl>=500", "--sort", "ttl:desc", "--columns", "key,state,who,ttl"];
    let (_server, _, mut terminal) = with_three(&options, 120, 24);
    wait_for_keys(&mut terminal, &["/c", "/b"]);
    terminal.wait_for("filter: /ttl>=500   sort: TTL ↓");
    let text = terminal.screen().contents();
    let titles: Vec<&str> =
        text.lines().find(|line| line.contains("WHO")).expect("titles").split_whitespace().collect();
    assert_eq!(titles, ["KEY", "STATE", "WHO", "TTL"]);
    quit(terminal);
}

#[test]
fn marks_are_set_by_space_and_range_and_cleared() {
    let (_server, _, mut terminal) = with_three(&[], 120, 24);
    wait_for_keys(&mut terminal, &["/a", "/b", "/c"]);
    terminal.settle();
    terminal.keys("g ");
    terminal.wait_for("1 marked");
    terminal.keys("v");
    terminal.wait_for("Range from");
    terminal.keys("j");
    terminal.wait_for("◇");
    terminal.keys("v");
    terminal.wait_for("3 marked");
    terminal.keys("v");
    terminal.wait_for("Range from");
    terminal.keys(ESC);
    terminal.wait_until("the range is cancelled", |screen| !screen.contents().contains("Range from"));
    terminal.wait_for("3 marked");
    terminal.keys("U");
    terminal.wait_for("Cleared 3 marks");
    quit(terminal);
}

/// Marks the first two rows, and opens the dialog that revokes them.
fn ask_for_two(terminal: &mut Terminal) {
    wait_for_keys(terminal, &["/a", "/b", "/c"]);
    terminal.settle();
    terminal.keys("g  x");
    terminal.wait_for("Revoke 2 leases?");
}

fn close_results(terminal: &mut Terminal) {
    terminal.keys("\r");
    terminal.wait_until("the results are closed", |screen| !screen.contents().contains("Revoking"));
}

#[test]
fn several_leases_are_revoked_by_their_number_with_results() {
    let (server, leases, mut terminal) = with_three(&[], 120, 30);
    ask_for_two(&mut terminal);
    terminal.wait_for("2 keys will be deleted");
    terminal.keys("y3\r");
    terminal.wait_for("3 is not 2. Type 2 to confirm.");
    terminal.keys("\x7f2\r");
    terminal.wait_for("2 of 2");
    terminal.wait_for("2 revoked, 2 keys deleted");
    terminal.wait_for(&format!("⊘ {}  revoked, 1 key deleted", leases[0]));
    assert_eq!(server.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>(), [leases[2]]);
    close_results(&mut terminal);
    quit(terminal);
}

#[test]
fn a_lease_that_could_not_be_revoked_stays_marked_with_its_reason() {
    let (server, leases, mut terminal) = with_three(&[], 120, 30);
    ask_for_two(&mut terminal);
    server.sandbox.faults().down();
    terminal.keys("2\r");
    terminal.wait_for("2 failed");
    terminal.wait_for("not revoked: ");
    close_results(&mut terminal);
    server.sandbox.faults().up();
    terminal.wait_for("● healthy");
    assert_eq!(server.sandbox.leases().len(), leases.len());
    assert!(terminal.screen().contents().contains("!"));
    terminal.wait_for("2 marked");
    quit(terminal);
}

#[test]
fn marked_leases_are_kept_alive_and_renewed_together() {
    let (server, leases, mut terminal) = with_three(&[], 120, 30);
    wait_for_keys(&mut terminal, &["/a", "/b", "/c"]);
    terminal.settle();
    terminal.keys("g  o");
    terminal.wait_for("Renew 2 leases once?");
    terminal.keys("y");
    terminal.wait_for("Renewed ");
    terminal.wait_until("both are renewed", |_| leases[..2].iter().all(|id| server.sandbox.keep_alives(*id) == 1));
    terminal.keys("a");
    terminal.wait_for("Keep 2 leases alive?");
    terminal.keys("y");
    terminal.wait_for("Keeping 2 leases alive");
    terminal.wait_for("adopted");
    terminal.keys("a");
    terminal.wait_for("Stopped keeping 2 leases alive");
    quit(terminal);
}

#[test]
fn the_printed_command_resumes_the_leases_left_behind() {
    let (server, leases, mut terminal) = with_three(&["--filter", "who:adopted"], 120, 30);
    terminal.wait_for("0 of 3");
    quit(terminal);
    let keep = format!("--keep-alive={},{}", leases[0], leases[1]);
    let mut terminal = server.monitor(&[&keep], 120, 30);
    terminal.wait_for("2 adopted");
    terminal.wait_until("both are kept", |_| leases[..2].iter().all(|id| server.sandbox.keep_alives(*id) >= 1));
    assert_eq!(server.sandbox.keep_alives(leases[2]), 0);
    terminal.keys("q");
    terminal.wait_for("Quit?");
    terminal.keys("q");
    assert_eq!(terminal.exit_code(), 0);
    let text = terminal.screen().contents().replace('\n', "");
    assert!(text.contains("2 leases expire unless kept alive"), "{text}");
    assert!(text.contains(&keep) || text.contains(&format!("--keep-alive={},{}", leases[1], leases[0])), "{text}");
}
