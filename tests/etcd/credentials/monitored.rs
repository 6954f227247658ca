//! What an open monitor shows when rights and logins change.

use std::process::{Command, Stdio};

use super::auth::{CHEAP, JWT};
use crate::common::etcd::{Etcd, Version};
use crate::pty::{Terminal, leasetop};

on_the_newest_versions! {
    a_role_that_is_removed_is_shown_once_per_right
    a_login_that_becomes_necessary_is_named_once
    a_user_that_is_deleted_is_named_once
    no_output_contains_the_password_or_the_token
}

/// A monitor with more options.
fn monitor(etcd: &Etcd, options: &[&str]) -> Terminal {
    let mut command = leasetop();
    command.args(["--endpoints", &etcd.endpoints()[0]]);
    command.args(options);
    Terminal::start(command, 200, 40)
}

/// An etcd with a lease whose key is `/app/a`. Authentication is not enabled yet.
async fn with_lease(version: Version) -> Etcd {
    let etcd = Etcd::with_options(version, &[CHEAP]).await;
    let granted = etcd.ctl(&["lease", "grant", "600"]);
    etcd.ctl(&["put", "/app/a", "1", "--lease", granted.split(' ').nth(1).expect("a lease id")]);
    etcd
}

const AS_APP: [&str; 4] = ["--user", "app:app-password", "--prefix", "/app/"];

/// How often a text is on the screen.
fn shown(monitor: &Terminal, text: &str) -> usize {
    monitor.screen().contents().matches(text).count()
}

async fn a_role_that_is_removed_is_shown_once_per_right(version: Version) {
    let mut etcd = with_lease(version).await;
    etcd.enable_auth();
    tokio::task::block_in_place(|| {
        let mut monitor = monitor(&etcd, &AS_APP);
        monitor.wait_for("/app/a");
        // 3.5 shows the status of a member only to root.
        let rights =
            if version == Version::V3_5New { ["status denied", "list denied"].as_slice() } else { &["list denied"] };
        assert_eq!(shown(&monitor, "list denied"), 0);
        etcd.ctl(&["user", "revoke-role", "app", "app"]);
        monitor.wait_for("list denied");
        for right in rights {
            assert_eq!(shown(&monitor, right), 1, "{}", monitor.screen().contents());
        }
        etcd.ctl(&["user", "grant-role", "app", "app"]);
        monitor.wait_until("the right is back", |screen| !screen.contents().contains("list denied"));
    });
}

async fn a_login_that_becomes_necessary_is_named_once(version: Version) {
    const WHY: &str = "etcd requires a login";
    let mut etcd = with_lease(version).await;
    tokio::task::block_in_place(|| {
        let mut monitor = monitor(&etcd, &[]);
        monitor.wait_for("/app/a");
        monitor.keys("3");
        etcd.enable_auth();
        monitor.wait_for(WHY);
        monitor.pass(3.0);
        assert_eq!(shown(&monitor, WHY), 1, "{}", monitor.screen().contents());
    });
}

async fn a_user_that_is_deleted_is_named_once(version: Version) {
    const WHY: &str = "etcd refuses the user name or password (";
    let mut etcd = with_lease(version).await;
    etcd.enable_auth();
    tokio::task::block_in_place(|| {
        let mut monitor = monitor(&etcd, &AS_APP);
        monitor.wait_for("/app/a");
        monitor.keys("3");
        etcd.ctl(&["user", "delete", "app"]);
        monitor.wait_for(WHY);
        monitor.pass(3.0);
        assert_eq!(shown(&monitor, WHY), 1, "{}", monitor.screen().contents());
    });
}

/// All formats of all commands that print, the log, what the monitor draws, and what it exports.
async fn no_output_contains_the_password_or_the_token(version: Version) {
    // Each JWT starts with its algorithm, in base64.
    const SECRETS: [&str; 2] = ["root-password", "eyJ"];
    const AS_ROOT: [&str; 2] = ["--user", "root:root-password"];
    let mut etcd = Etcd::with_options(version, &[CHEAP, &format!("{JWT}5m")]).await;
    etcd.enable_auth();
    let granted = etcd.ctl(&["lease", "grant", "600"]);
    let id = granted.split(' ').nth(1).expect("a lease id");
    etcd.ctl(&["put", "/app/a", "1", "--lease", id]);
    let folder = tempfile::tempdir().expect("a folder");
    let commands: [&[&str]; 10] = [
        &["list", "-w", "json"],
        &["list", "-w", "csv"],
        &["list", "--for", "1s", "-w", "json"],
        &["locks", "-w", "json"],
        &["events", "--for", "1s", "-w", "json"],
        &["members", "-w", "json"],
        &["timetolive", id, "--keys", "-w", "json"],
        &["wait", id, "--until", "left<3600s", "-w", "json"],
        &["exercise", "--ttl", "2", "--for", "1s", "-w", "json"],
        &["keep-alive", id, "--once", "-w", "json"],
    ];
    tokio::task::block_in_place(|| {
        for args in commands {
            let log = folder.path().join("log");
            let mut command = Command::new(env!("CARGO_BIN_EXE_leasetop"));
            command.args(["--endpoints", &etcd.endpoints()[0]]).args(AS_ROOT).arg("-vv").arg("--log-file").arg(&log);
            let output = command.args(args).stdin(Stdio::null()).output().expect("the program runs");
            let log = std::fs::read(&log).expect("a log");
            let text = String::from_utf8_lossy(&[output.stdout, output.stderr, log].concat()).into_owned();
            assert!(output.status.success(), "{args:?}: {text}");
            assert!(
                text.contains("logging in") && !SECRETS.iter().any(|secret| text.contains(secret)),
                "{args:?}: {text}"
            );
        }
        let mut monitor = monitor(&etcd, &AS_ROOT);
        monitor.wait_for("/app/a");
        for format in ["csv", "json"] {
            let file = folder.path().join(format!("rows.{format}"));
            monitor.keys(&format!(":export {}\r", file.display()));
            monitor.read_until("the file", |_| file.exists());
            monitor.wait_for("Exported 1 lease to ");
            let rows = std::fs::read_to_string(&file).expect("the rows");
            assert!(rows.contains("/app/a") && !SECRETS.iter().any(|secret| rows.contains(secret)), "{rows}");
        }
        monitor.keys("q");
        assert_eq!(monitor.exit_code(), 0);
        let drawn = String::from_utf8_lossy(monitor.bytes());
        assert!(!SECRETS.iter().any(|secret| drawn.contains(secret)), "{drawn}");
    });
}
