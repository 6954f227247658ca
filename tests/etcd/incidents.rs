//! Makes the recordings in tests/recordings from incidents on real etcds:
//!
//! ```sh
//! cargo test --test etcd incidents:: -- --ignored --test-threads 1
//! ```
//!
//! `src/recording/incidents.rs` plays them and knows what happened. Its times change with new recordings.

use std::path::PathBuf;
use std::time::Duration;

use simkit::Clock;

use crate::common::etcd::{Etcd, Version};
use crate::common::guard::Guarded;
use crate::common::wait::until;
use crate::pty::{Terminal, leasetop};

const LIMIT: Duration = Duration::from_secs(30);

/// The place of a new recording.
fn place(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/recordings").join(name);
    // leasetop never replaces a file.
    let _ = std::fs::remove_file(&path);
    path
}

/// A monitor that records, with own leases of these TTLs.
fn monitor(etcd: &Etcd, path: &PathBuf, ttls: &str, options: &[&str]) -> Terminal {
    let mut command = leasetop();
    command.args(["--endpoints", &etcd.endpoints().join(","), "--ttl", ttls, "--put", "/svc/monitor/{ttl}=here"]);
    command.args(options);
    command.arg("--record");
    command.arg(path);
    Terminal::start(command, 140, 30)
}

/// A client that keeps a lease with a key alive.
async fn service(etcd: &Etcd, ttl: &str, key: &str) -> Guarded {
    let granted = etcd.ctl(&["lease", "grant", ttl]);
    let id = granted.split_whitespace().nth(1).expect("lease ID granted").to_owned();
    etcd.ctl(&["put", key, "v", "--lease", &id]);
    etcd.ctl_on(&["lease", "keep-alive", &id])
}

/// Ends the monitor as `q` does. Its leases expire later.
fn quit(mut terminal: Terminal) {
    terminal.signal("TERM");
    terminal.exit_code();
}

/// Three members, two own leases and a service. The leader is killed, the connection moves to another member.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "writes tests/recordings"]
async fn leader_killed() {
    let clock = Clock::real();
    let mut etcd = Etcd::cluster(Version::V3_5New).await;
    let _service = service(&etcd, "10", "/svc/orders/1").await;
    let mut terminal = monitor(&etcd, &place("leader-killed.jsonl.gz"), "10,30", &[]);
    terminal.wait_for("/svc/monitor/30");
    clock.sleep(Duration::from_secs(12)).await;
    let leader = etcd.leader().await;
    etcd.kill(leader);
    clock.sleep(Duration::from_secs(20)).await;
    quit(terminal);
}

/// A reader that reads no responses: the queue of 16 is full after 16 renewals, and the lease is renewed all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "writes tests/recordings"]
async fn stalled_reader() {
    let clock = Clock::real();
    let etcd = Etcd::start(Version::V3_5New).await;
    let mut terminal = monitor(&etcd, &place("stalled-reader.jsonl.gz"), "2", &["--stall"]);
    terminal.wait_for("/svc/monitor/2");
    clock.sleep(Duration::from_secs(30)).await;
    quit(terminal);
}

/// A client that grants a lease without a key again and again, beside a healthy service and one that dies.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "writes tests/recordings"]
async fn leak() {
    let clock = Clock::real();
    let etcd = Etcd::start(Version::V3_5New).await;
    let _healthy = service(&etcd, "10", "/svc/orders/1").await;
    let dies = service(&etcd, "5", "/svc/orders/2").await;
    let path = place("leak.jsonl.gz");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_leasetop"));
    command.env("XDG_CONFIG_HOME", "/nowhere").args(["events", "--endpoints", &etcd.endpoints().join(",")]);
    let events = Guarded::start(command.arg("--record").arg(&path).stdout(std::process::Stdio::null()));
    until("it records", LIMIT, async || path.exists()).await;
    clock.sleep(Duration::from_secs(10)).await;
    drop(dies);
    for _ in 0..6 {
        etcd.ctl(&["lease", "grant", "30"]);
        clock.sleep(Duration::from_secs(4)).await;
    }
    clock.sleep(Duration::from_secs(12)).await;
    events.signal("TERM");
    let mut events = events;
    until("it ends", LIMIT, async || events.has_ended()).await;
}
