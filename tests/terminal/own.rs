//! What people make their own: a config file, keys, a cluster by its name.

use std::fs;

use tempfile::TempDir;

use crate::pty::Terminal;
use crate::served::Served;

/// The monitor with a config file, which may hold `ENDPOINT`.
fn monitor(server: &Served, config: &str, arguments: &[&str]) -> (TempDir, Terminal) {
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
fn a_named_cluster_is_named_where_it_matters_and_keys_are_those_of_the_file() {
    let server = Served::start();
    let (_folder, mut terminal) = monitor(&server, CLUSTERS, &["--ttl", "600", "--put", "/svc/ours=x"]);
    terminal.wait_for("/svc/ours");
    let top = terminal.screen().contents().lines().next().unwrap_or_default().to_owned();
    assert!(top.trim_start().starts_with("leasetop  test  ●"), "{top}");
    let at = u16::try_from(top.find("test").expect("the name")).expect("a column");
    assert_eq!(terminal.screen().cell(0, at).expect("a cell").fgcolor(), vt100::Color::Idx(1));
    terminal.keys("xq");
    terminal.keys("d");
    terminal.wait_for("Revoke lease");
    terminal.wait_for("on test (127.0.0.1:");
    terminal.keys("\x1b");
    terminal.wait_until("the dialog is closed", |screen| !screen.contents().contains("Revoke lease"));
    assert_eq!(server.sandbox.leases().len(), 1);
    terminal.keys("Q");
    terminal.wait_for("Quit?");
    terminal.keys("\r");
    assert_eq!(terminal.exit_code(), 0);
    let told = String::from_utf8_lossy(terminal.bytes()).into_owned();
    assert!(told.contains("leasetop --cluster test keep-alive -- "), "{told}");
    terminal.assert_sane();
}

#[test]
fn a_cluster_may_be_read_only_and_a_flag_takes_that_back() {
    let config = "[cluster.test]\nendpoints = [\"ENDPOINT\"]\nread-only = true\n";
    for (arguments, told) in
        [(vec!["--cluster", "test"], "read-only: here"), (vec!["--cluster", "test", "--read-only=false"], "New leases")]
    {
        let server = Served::start();
        let (_folder, mut terminal) = monitor(&server, config, &arguments);
        terminal.wait_for("There is no lease");
        terminal.keys("n");
        terminal.wait_for(told);
        if told == "New leases" {
            terminal.keys("\x03");
            terminal.wait_until("the form is closed", |screen| !screen.contents().contains(told));
        }
        terminal.keys("q");
        assert_eq!(terminal.exit_code(), 0);
    }
}

#[test]
fn a_wrong_file_is_told_before_the_screen_is_taken() {
    let server = Served::start();
    let (_folder, mut terminal) = monitor(&server, "[keys]\nrevoke = \"n\"\n", &[]);
    assert_eq!(terminal.exit_code(), 2);
    let told = String::from_utf8_lossy(terminal.bytes()).into_owned();
    assert!(told.contains("config.toml:2: keys.revoke: `n` is the key of new too"), "{told}");
    terminal.assert_sane();
}
