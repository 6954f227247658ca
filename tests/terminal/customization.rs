//! Configuration: the config file, key bindings, named clusters; and copying, attaching and the mouse.

use etcd_lease::LeaseId;
use std::fs;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tempfile::TempDir;

use crate::pty::Terminal;
use crate::sandbox::ServedSandbox;

/// The monitor with a config file, which may contain `ENDPOINT`.
fn monitor(server: &ServedSandbox, config: &str, arguments: &[&str]) -> (TempDir, Terminal) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("leasetop")).expect("a folder");
    let text = config.replace("ENDPOINT", server.endpoint());
    fs::write(folder.path().join("leasetop/config.toml"), text).expect("a file");
    let mut command = crate::pty::leasetop();
    command.env("XDG_CONFIG_HOME", folder.path());
    command.args(arguments);
    (folder, Terminal::start(command, 120, 30))
}

const CLUSTERS: &str = "default-cluster = \"test\"\n[keys]\nrevoke = \"d\"\nquit = [\"Q\", \"Ctrl-c\"]\n\
                        [cluster.test]\nendpoints = [\"ENDPOINT\"]\ncolor = \"red\"\n";

#[test]
fn a_named_cluster_is_shown_and_rebound_keys_apply() {
    let server = ServedSandbox::start();
    let (_folder, mut terminal) = monitor(&server, CLUSTERS, &["--ttl", "600", "--put", "/svc/ours=x"]);
    terminal.wait_for("/svc/ours");
    let top = terminal.screen().contents().lines().next().unwrap_or_default().to_owned();
    assert!(top.trim_start().starts_with("leasetop   test ●"), "{top}");
    let at = u16::try_from(top.find("test").expect("the name")).expect("a column");
    assert_eq!(terminal.screen().cell(0, at).expect("a cell").fgcolor(), vt100::Color::Idx(203));
    terminal.keys("xq");
    terminal.keys("d");
    terminal.wait_for("Revoke lease");
    terminal.wait_for("· test (127.0.0.1:");
    terminal.keys("\x1b");
    terminal.wait_until("the dialog is closed", |screen| !screen.contents().contains("Revoke lease"));
    assert_eq!(server.sandbox.leases().len(), 1);
    terminal.keys("Q");
    terminal.wait_for("Quit?");
    terminal.keys("\r");
    assert_eq!(terminal.exit_code(), 0);
    let output = String::from_utf8_lossy(terminal.bytes()).into_owned();
    assert!(output.contains("leasetop --cluster test keep-alive -- "), "{output}");
    terminal.assert_sane();
}

#[test]
fn a_cluster_may_be_read_only_and_a_flag_overrides_it() {
    let config = "[cluster.test]\nendpoints = [\"ENDPOINT\"]\nread-only = true\n";
    for (arguments, output) in [
        (vec!["--cluster", "test"], "Read-only: grant"),
        (vec!["--cluster", "test", "--read-only=false"], "New leases"),
    ] {
        let server = ServedSandbox::start();
        let (_folder, mut terminal) = monitor(&server, config, &arguments);
        terminal.wait_for("No leases");
        terminal.keys("n");
        terminal.wait_for(output);
        if output == "New leases" {
            terminal.keys("\x03");
            terminal.wait_until("the form is closed", |screen| !screen.contents().contains(output));
        }
        terminal.keys("q");
        assert_eq!(terminal.exit_code(), 0);
    }
}

#[test]
fn an_invalid_config_file_is_reported_before_the_monitor_starts() {
    let server = ServedSandbox::start();
    let (_folder, mut terminal) = monitor(&server, "[keys]\nrevoke = \"n\"\n", &[]);
    assert_eq!(terminal.exit_code(), 2);
    let reported = String::from_utf8_lossy(terminal.bytes()).into_owned();
    assert!(reported.contains("config.toml:2: keys.revoke: `n` is already bound to `new`"), "{reported}");
    terminal.assert_sane();
}

/// The text of the last OSC 52 sequence.
fn copied(terminal: &Terminal) -> Option<String> {
    let bytes = String::from_utf8_lossy(terminal.bytes()).into_owned();
    let (_, rest) = bytes.rsplit_once("\x1b]52;c;")?;
    let (text, _) = rest.split_once('\x07')?;
    String::from_utf8(BASE64_STANDARD.decode(text).ok()?).ok()
}

#[test]
fn y_copies_the_id_and_shift_y_the_etcdctl_command() {
    let server = ServedSandbox::start();
    let mut terminal = server.monitor(&["--ttl", "600", "--put", "/svc/ours=x"], 120, 30);
    terminal.wait_for("/svc/ours");
    let id = server.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>()[0];
    for keys in ["y", "y"] {
        let before = terminal.count("\x1b]52;c;");
        terminal.keys(keys);
        terminal.read_until("it is copied, again as well", |terminal| terminal.count("\x1b]52;c;") > before);
    }
    terminal.wait_for(&format!("{id} sent to"));
    assert_eq!(copied(&terminal), Some(id.to_string()));
    terminal.keys("Y");
    terminal.wait_for("etcdctl --endpoints 127.0.0.1:");
    let command = format!("etcdctl --endpoints {} lease timetolive --keys {id}", server.endpoint());
    assert_eq!(copied(&terminal), Some(command));
    terminal.keys("q\r");
    assert_eq!(terminal.exit_code(), 0);
    terminal.assert_sane();
}

#[test]
fn a_key_is_attached_to_own_leases_and_with_the_number_to_others() {
    let server = ServedSandbox::start();
    let theirs = LeaseId(server.sandbox.grant(600).expect("a lease"));
    server.sandbox.put("/svc/theirs", "x", Some(theirs.0)).expect("a key");
    let mut terminal = server.monitor(&["--ttl", "60", "--put", "/svc/ours=x"], 160, 40);
    terminal.wait_for("/svc/ours");
    // The column may be too narrow for the whole key.
    terminal.wait_for("/svc/the");
    terminal.settle();
    terminal.keys("gK");
    terminal.wait_for("Attach a key to");
    terminal.wait_for("The key is deleted when this lease");
    terminal.keys("/more=1\r");
    terminal.wait_until("the key", |_| server.sandbox.get("/more").is_some());
    let lease = server.sandbox.get("/more").map(|pair| pair.lease);
    assert!(lease.is_some_and(|lease| lease != 0 && lease != theirs.0));
    terminal.keys("GK");
    terminal.wait_for("The key is deleted when the other client");
    terminal.keys("/odd=1\r");
    terminal.keys("1\r");
    terminal.wait_until("the key", |_| server.sandbox.get("/odd").is_some());
    assert_eq!(server.sandbox.get("/odd").map(|pair| pair.lease), Some(theirs.0));
    terminal.keys("q\r");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn plus_and_minus_update_the_poll_limit_in_the_header() {
    let server = ServedSandbox::start();
    let mut terminal = server.monitor(&[], 140, 30);
    terminal.wait_for("No leases");
    terminal.keys("-");
    terminal.wait_for("Poll limit 100/s");
    terminal.wait_for("(max 100)");
    terminal.keys("++");
    terminal.wait_for("(max 500)");
    terminal.keys("q");
    assert_eq!(terminal.exit_code(), 0);
}

/// The row of the screen with this text.
fn row_of(terminal: &Terminal, text: &str) -> usize {
    let contents = terminal.screen().contents();
    contents.lines().position(|line| line.contains(text)).unwrap_or_else(|| panic!("no {text} in\n{contents}"))
}

/// A press of the left button, as a terminal sends it: columns and rows from 1.
fn click(terminal: &mut Terminal, column: usize, row: usize) {
    terminal.keys(&format!("\x1b[<0;{};{}M\x1b[<0;{};{}m", column + 1, row + 1, column + 1, row + 1));
}

#[test]
fn mouse_mode_selects_sorts_and_scrolls() {
    let server = ServedSandbox::start();
    for ttl in [100, 200, 300, 400] {
        let lease = LeaseId(server.sandbox.grant(ttl).expect("a lease"));
        server.sandbox.put(format!("/svc/{ttl}"), "x", Some(lease.0)).expect("a key");
    }
    let mut terminal = server.monitor(&[], 160, 40);
    // The keys arrive before the TTLs; a row without a TTL still moves in the order by TTL.
    for ttl in [100, 200, 300, 400] {
        terminal.wait_for(&format!("  {ttl} s "));
    }
    terminal.wait_until("mouse mode is on", |screen| {
        screen.mouse_protocol_mode() == vt100::MouseProtocolMode::PressRelease
    });
    let is_selected = |terminal: &Terminal, text: &str| {
        let row = u16::try_from(row_of(terminal, text)).expect("a row");
        is_selected_row(terminal.screen(), row)
    };
    let row = row_of(&terminal, "/svc/300");
    click(&mut terminal, 40, row);
    terminal.wait_until("the row is selected", |screen| is_selected_row(screen, row as u16));
    let head = row_of(&terminal, "KEY");
    let line = terminal.screen().contents().lines().nth(head).unwrap_or_default().to_owned();
    let column = line.split("TTL").next().unwrap_or_default().chars().count() + 1;
    click(&mut terminal, column, head);
    terminal.wait_for("sort: TTL");
    click(&mut terminal, column, head);
    terminal.wait_until("the other way", |screen| {
        let text = screen.contents();
        text.find("/svc/400").zip(text.find("/svc/100")).is_some_and(|(long, short)| long < short)
    });
    assert!(is_selected(&terminal, "/svc/300"), "the cursor stays on its lease");
    let last = row_of(&terminal, "/svc/100");
    terminal.keys("\x1b[<65;10;10M");
    terminal.wait_until("the wheel moves down", |screen| is_selected_row(screen, last as u16));
    terminal.keys("m");
    terminal.wait_until("mouse mode is off", |screen| screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None);
    terminal.keys("m");
    terminal.wait_until("mouse mode is on again", |screen| {
        screen.mouse_protocol_mode() == vt100::MouseProtocolMode::PressRelease
    });
    terminal.keys("q");
    assert_eq!(terminal.exit_code(), 0);
    terminal.assert_sane();
}

/// Whether the bar of the selected row is in this row.
fn is_selected_row(screen: &vt100::Screen, row: u16) -> bool {
    (0..6).filter_map(|column| screen.cell(row, column)).any(|cell| cell.contents() == "▌")
}
