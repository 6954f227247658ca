//! The command line, the config file that it writes, and switching between clusters.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use etcd_lease::LeaseId;
use tempfile::TempDir;

use crate::pty::{Terminal, leasetop};
use crate::sandbox::ServedSandbox;

/// The monitor with a config file and a folder for histories.
fn monitor(config: &str, arguments: &[&str]) -> (TempDir, Terminal) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("leasetop")).expect("a folder");
    fs::write(folder.path().join("leasetop/config.toml"), config).expect("a file");
    let mut command = leasetop();
    command.env("XDG_CONFIG_HOME", folder.path());
    command.env("XDG_STATE_HOME", folder.path().join("state"));
    command.args(arguments);
    (folder, Terminal::start(command, 120, 30))
}

fn row_of(terminal: &Terminal, text: &str) -> Option<usize> {
    terminal.screen().contents().lines().position(|line| line.contains(text))
}

fn type_line(terminal: &mut Terminal, line: &str) {
    terminal.keys(":");
    terminal.wait_for("completes");
    terminal.keys(&format!("{line}\r"));
}

#[test]
fn a_typed_command_grants_filters_sorts_and_quits() {
    let server = ServedSandbox::start();
    let (folder, mut terminal) = monitor("", &["--endpoints", server.endpoint()]);
    terminal.wait_for("No leases yet");
    type_line(&mut terminal, "grant 120 --put /t/s=secret");
    terminal.wait_for("/t/s");
    type_line(&mut terminal, "grant 600 --put /t/l=secret");
    terminal.wait_for("/t/l");
    type_line(&mut terminal, "grant 50 --put /other=secret --no-keep-alive");
    terminal.wait_for("/other");
    type_line(&mut terminal, "filter key:/t");
    terminal.wait_until("the filter applies", |screen| !screen.contents().contains("/other  "));
    for (line, is_short_first) in [("sort ttl:asc", true), ("sort ttl:desc", false)] {
        type_line(&mut terminal, line);
        let at = |text: &str, part: &str| text.lines().position(|line| line.contains(part));
        terminal.wait_until(line, |screen| {
            let text = screen.contents();
            at(&text, "/t/s").zip(at(&text, "/t/l")).is_some_and(|(a, b)| (a < b) == is_short_first)
        });
    }
    type_line(&mut terminal, "gramt");
    terminal.wait_for("expected a command");
    terminal.keys("\x1b");
    terminal.wait_until("the line is closed", |screen| !screen.contents().contains("gramt"));
    type_line(&mut terminal, "quit");
    terminal.wait_for("Quit?");
    terminal.keys("\r");
    assert_eq!(terminal.exit_code(), 0);
    terminal.assert_sane();
    let path = folder.path().join("state/leasetop/commands");
    let history = fs::read_to_string(&path).expect("a history");
    assert!(history.ends_with("sort ttl:asc\nsort ttl:desc\nquit\n"), "{history}");
    assert!(history.contains("grant 120 --put /t/s=\n") && !history.contains("secret"), "{history}");
    assert_eq!(fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
    let filters = fs::read_to_string(folder.path().join("state/leasetop/filters")).expect("a history");
    assert_eq!(filters, "key:/t\n");
}

#[test]
fn the_history_is_there_at_the_next_start() {
    let server = ServedSandbox::start();
    let (folder, mut terminal) = monitor("", &["--endpoints", server.endpoint()]);
    terminal.wait_for("No leases yet");
    type_line(&mut terminal, "view events");
    terminal.keys("q");
    assert_eq!(terminal.exit_code(), 0);
    let mut command = server.leasetop(&[]);
    command.env("XDG_STATE_HOME", folder.path().join("state"));
    let mut terminal = Terminal::start(command, 120, 30);
    terminal.wait_for("No leases yet");
    terminal.keys(":\x1b[A");
    terminal.wait_for(":view events");
    terminal.keys("\x1b");
    terminal.wait_until("the line is closed", |screen| !screen.contents().contains(":view events"));
    terminal.keys("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn the_config_file_is_written_after_the_change_was_shown() {
    let server = ServedSandbox::start();
    let before = "# my settings\nsort = \"id\"  # by id\n\n[keys]\nrevoke = \"d\"\n";
    let (folder, mut terminal) = monitor(before, &["--endpoints", server.endpoint()]);
    let path = folder.path().join("leasetop/config.toml");
    terminal.wait_for("No leases yet");
    type_line(&mut terminal, "theme light");
    terminal.wait_for("Theme light");
    type_line(&mut terminal, "sort ttl:desc");
    type_line(&mut terminal, "write-config");
    terminal.wait_for("Write the config file?");
    let text = terminal.screen().contents();
    for part in ["- sort = \"id\"", "+ sort = \"ttl:desc\"", "+ theme = \"light\""] {
        assert!(text.contains(part), "{part} is missing:\n{text}");
    }
    assert_eq!(fs::read_to_string(&path).expect("a file"), before, "nothing is written yet");
    terminal.keys("y");
    terminal.wait_for("Wrote ");
    let after = "# my settings\nsort = \"ttl:desc\"  # by id\ntheme = \"light\"\n\n[keys]\nrevoke = \"d\"\n";
    assert_eq!(fs::read_to_string(&path).expect("a file"), after);
    type_line(&mut terminal, "sort left");
    type_line(&mut terminal, "write-config");
    terminal.wait_for("Write the config file?");
    fs::write(&path, before).expect("a file");
    terminal.keys("y");
    terminal.wait_for("was changed meanwhile");
    assert_eq!(fs::read_to_string(&path).expect("a file"), before);
    terminal.keys("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn a_theme_of_the_config_file_is_chosen_and_written() {
    let server = ServedSandbox::start();
    let before = "[theme.mine]\nbased-on = \"dark\"\ngood = 33\n";
    let (folder, mut terminal) = monitor(before, &["--endpoints", server.endpoint()]);
    terminal.wait_for("No leases yet");
    type_line(&mut terminal, "theme mine");
    terminal.wait_for("Theme mine");
    let has_color = |screen: &vt100::Screen| {
        let mut cells = (0..30 * 120).filter_map(|at| screen.cell(at / 120, at % 120));
        cells.any(|cell| cell.fgcolor() == vt100::Color::Idx(33))
    };
    terminal.wait_until("the colour of the theme", has_color);
    type_line(&mut terminal, "theme dark");
    terminal.wait_until("the colour is gone", |screen| !has_color(screen));
    type_line(&mut terminal, "theme mine");
    terminal.wait_until("the colour of the theme again", has_color);
    type_line(&mut terminal, "write-config");
    terminal.wait_for("+ theme.use = \"mine\"");
    terminal.keys("y");
    terminal.wait_for("Wrote ");
    let path = folder.path().join("leasetop/config.toml");
    assert_eq!(fs::read_to_string(&path).expect("a file"), format!("theme.use = \"mine\"\n\n{before}"));
    terminal.keys("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn the_rows_are_exported() {
    let server = ServedSandbox::start();
    let lease = LeaseId(server.sandbox.grant(500).expect("a lease"));
    server.sandbox.put("/svc/a", "x", Some(lease.0)).expect("a key");
    let (folder, mut terminal) = monitor("", &["--endpoints", server.endpoint()]);
    terminal.wait_for("/svc/a");
    let path = folder.path().join("rows.csv");
    let shown = path.display().to_string();
    type_line(&mut terminal, &format!("export {shown}"));
    terminal.wait_for("Exported 1 lease to ");
    let text = fs::read_to_string(&path).expect("a file");
    assert!(text.starts_with("id,state,") && text.contains("/svc/a") && text.lines().count() == 2, "{text}");
    type_line(&mut terminal, &format!("export {shown}"));
    terminal.wait_for("export! FILE");
    type_line(&mut terminal, &format!("export {}", folder.path().join("rows.json").display()));
    terminal.wait_for("rows.json");
    terminal.read_until("the file", |_| folder.path().join("rows.json").exists());
    terminal.keys("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn leases_are_kept_alive_while_another_cluster_is_shown() {
    let [one, two] = [ServedSandbox::start(), ServedSandbox::start()];
    let theirs = LeaseId(two.sandbox.grant(500).expect("a lease"));
    two.sandbox.put("/two/theirs", "x", Some(theirs.0)).expect("a key");
    let config = format!(
        "default-cluster = \"one\"\n[cluster.one]\nendpoints = [\"{}\"]\n[cluster.three]\nendpoints = [\"127.0.0.1:1\"]\n\
         [cluster.two]\nendpoints = [\"{}\"]\n",
        one.endpoint(),
        two.endpoint()
    );
    let (_folder, mut terminal) = monitor(&config, &["--ttl", "2", "--put", "/one/mine=x"]);
    terminal.wait_for("/one/mine");
    let mine = LeaseId(one.sandbox.leases()[0]);
    terminal.keys("c");
    terminal.wait_for("Switch to cluster");
    terminal.keys("3");
    terminal.wait_for("Switch to two?");
    assert!(row_of(&terminal, "/one/mine").is_some() && row_of(&terminal, "Keep renewing").is_some());
    terminal.keys("\r");
    terminal.wait_for("/two/theirs");
    terminal.wait_for("1 lease on one kept alive");
    let before = one.sandbox.keep_alives(mine);
    terminal.pass(3.0);
    assert!(one.sandbox.keep_alives(mine) > before, "it is renewed in the background");
    type_line(&mut terminal, "cluster three");
    terminal.wait_for("unreachable");
    terminal.wait_for("1 lease on one kept alive");
    type_line(&mut terminal, "cluster one");
    terminal.wait_for("/one/mine");
    terminal.wait_until("its lease is in the foreground", |screen| {
        let text = screen.contents();
        text.contains("own") && !text.contains("on one kept alive")
    });
    terminal.pass(2.5);
    assert_eq!(one.sandbox.leases(), [mine.0], "it never expired");
    type_line(&mut terminal, "cluster two");
    terminal.wait_for("Switch to two?");
    terminal.keys("\r");
    terminal.wait_for("/two/theirs");
    terminal.keys("q");
    terminal.wait_for("Quit?");
    assert!(row_of(&terminal, "1 lease on one").is_some(), "{}", terminal.screen().contents());
    terminal.keys("r");
    assert_eq!(terminal.exit_code(), 0);
    assert!(one.sandbox.leases().is_empty(), "it was revoked");
}

#[test]
fn a_recording_can_be_in_the_home_folder() {
    let home = tempfile::tempdir().expect("a folder");
    let mut command = leasetop();
    command.env("HOME", home.path());
    command.arg("--sandbox");
    let mut terminal = Terminal::start(command, 120, 30);
    terminal.wait_for("No leases yet");
    terminal.keys(":record ~/incident\r");
    terminal.wait_for("Recording to ");
    assert!(home.path().join("incident").is_file());
}

/// `ulimit -f 0` makes every write to a file fail, as a full disk does.
#[test]
fn a_config_file_that_cannot_be_written_stays_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("config.toml");
    fs::write(&path, "theme = \"dark\"\n").expect("a file");
    let mut command = leasetop();
    let limited = ["sh", "-c", "trap '' XFSZ; ulimit -f 0; exec \"$@\"", "sh"].map(Into::into);
    command.get_argv_mut().splice(0..0, limited);
    command.args(["--sandbox", "--config"]);
    command.arg(&path);
    let mut terminal = Terminal::start(command, 120, 30);
    terminal.wait_for("No leases yet");
    terminal.keys(":theme light\r");
    terminal.keys(":write-config\r");
    terminal.wait_for("Write the config file?");
    terminal.keys("y");
    terminal.wait_for("could not write");
    terminal.wait_for("File too large");
    assert_eq!(fs::read_to_string(&path).expect("the file"), "theme = \"dark\"\n");
    assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 1, "no file is left over");
}
