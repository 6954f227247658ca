//! Figures of the release build in a terminal. Only `tests/measure` runs them.
//!
//! Each prints lines of `name value`.

mod events;
mod many_leases;
mod still_rows;

use std::fs;
use std::process::Command;
use std::time::Duration;

use etcd_lease::LeaseId;
use etcd_lease::wire::{Address, Cluster, Settings, Target};
use futures_util::stream::{self, StreamExt};
use simkit::Stopwatch;
use tokio::runtime::Runtime;

use crate::pty::{Process, Terminal, leasetop};
use crate::sandbox::ServedSandbox;

const FRAME_END: &str = "\x1b[?2026l";

#[expect(clippy::print_stdout, reason = "figures go there")]
fn print_value(name: &str, value: f64) {
    println!("\n{name} {value:.3}");
}

/// A quantile, from 0 to 1.
fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * share).round() as usize]
}

/// CPU seconds of a process so far.
fn cpu(process: Process) -> f64 {
    cpu_of(process.id())
}

fn cpu_of(id: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).expect("it runs");
    let fields: Vec<&str> = stat.rsplit(") ").next().expect("a state").split(' ').collect();
    let ticks: f64 = [11, 12].iter().map(|field| fields[*field].parse::<f64>().expect("a number")).sum();
    let output = Command::new("getconf").arg("CLK_TCK").output().expect("getconf runs").stdout;
    ticks / String::from_utf8_lossy(&output).trim().parse::<f64>().expect("a number")
}

/// Megabytes of a line of /proc/ID/status.
fn megabytes(process: Process, line: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).expect("it runs");
    let found = status.lines().find_map(|each| each.strip_prefix(line)).expect("Linux tells it");
    found.trim_start_matches(':').split_whitespace().next().and_then(|kb| kb.parse::<f64>().ok()).expect("kB") / 1024.0
}

/// A monitor that keeps 1,000 leases of 8 s alive: each renews every 3 s, which is 333 renewals a second.
fn thousand() -> (ServedSandbox, Terminal) {
    let server = ServedSandbox::start();
    let mut terminal = server.monitor(&[], 140, 40);
    terminal.wait_for("No leases yet.");
    terminal.keys("n8s\t1000\r");
    terminal.wait_for("1000 own");
    terminal.pass(8.0);
    (server, terminal)
}

#[test]
#[ignore = "run by tests/measure first-frame"]
fn first_frame() {
    let mut millis: Vec<f64> = (0..40)
        .map(|_| {
            let watch = Stopwatch::start();
            let mut command = leasetop();
            command.arg("demo");
            let mut terminal = Terminal::start(command, 140, 40);
            terminal.read_until("a frame", |terminal| terminal.count(FRAME_END) > 0);
            watch.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    print_value("first_frame_median_ms", quantile(&mut millis, 0.5));
    print_value("first_frame_p90_ms", quantile(&mut millis, 0.9));
}

#[test]
#[ignore = "run by tests/measure idle"]
fn idle() {
    const SECONDS: f64 = 30.0;
    for (name, is_kept) in [("kept", true), ("others", false)] {
        let server = ServedSandbox::start();
        let mut terminal = server.monitor(&[], 140, 40);
        terminal.wait_for("No leases yet.");
        match is_kept {
            true => terminal.keys("n1h\t100\r"),
            false => (0..100).for_each(|_| drop(server.sandbox.grant(3_600))),
        }
        terminal.wait_for(if is_kept { "100 own" } else { "100 others" });
        terminal.pass(5.0);
        let before = (cpu(terminal.process()), terminal.bytes().len());
        terminal.pass(SECONDS);
        print_value(&format!("idle_{name}_cpu_percent"), (cpu(terminal.process()) - before.0) / SECONDS * 100.0);
        print_value(&format!("idle_{name}_bytes_a_second"), (terminal.bytes().len() - before.1) as f64 / SECONDS);
    }
}

/// Opens and closes the help `count` times; returns how long each took to show, in ms.
fn presses(terminal: &mut Terminal, count: u32) -> Vec<f64> {
    let press = |press| {
        let opens = press % 2 == 0;
        terminal.pass(0.02);
        let watch = Stopwatch::start();
        terminal.keys_at_once("?");
        terminal
            .wait_until("the help opens or closes", |screen| screen.contents().contains("Keys and states") == opens);
        watch.elapsed().as_secs_f64() * 1e3
    };
    (0..count).map(press).collect()
}

#[test]
#[ignore = "run by tests/measure key"]
fn key_to_screen() {
    let (server, mut terminal) = thousand();
    let renewals = server.sandbox.stats(0).keep_alives;
    let whole = Stopwatch::start();
    let mut millis = presses(&mut terminal, 500);
    let renewed = server.sandbox.stats(0).keep_alives - renewals;
    print_value("renewals_a_second", renewed as f64 / whole.elapsed().as_secs_f64());
    print_value("key_p50_ms", quantile(&mut millis, 0.5));
    print_value("key_p99_ms", quantile(&mut millis, 0.99));
    print_value("key_max_ms", quantile(&mut millis, 1.0));
}

/// Calls in flight, as many as the monitor has.
const AT_A_TIME: usize = 64;
const MANY: usize = 10_000;

/// Grants the leases.
async fn granted(cluster: &Cluster) -> Vec<LeaseId> {
    let grant = |_| async { cluster.grant(None, 3_600).await.expect("a lease").id };
    stream::iter(0..MANY).map(grant).buffer_unordered(AT_A_TIME).collect().await
}

/// Seconds that the bare calls take.
async fn revoked(cluster: &Cluster, leases: Vec<LeaseId>) -> f64 {
    let watch = Stopwatch::start();
    let revoke = |id| async move { cluster.revoke(id).await.expect("it is revoked") };
    stream::iter(leases).map(revoke).buffer_unordered(AT_A_TIME).for_each(|_| async {}).await;
    watch.elapsed().as_secs_f64()
}

/// Seconds from the confirmation to the last result in the dialog.
fn revoked_in_the_monitor(endpoint: &str) -> f64 {
    let mut command = leasetop();
    // Sort by id so that rows do not move while they are marked.
    command.args(["--endpoints", endpoint, "--sort", "id"]);
    let mut terminal = Terminal::start(command, 140, 40);
    terminal.wait_for(&format!("{MANY} others"));
    // Each key applies to rows that have been on the screen for a while.
    for keys in ["gv", "G", "v", "x"] {
        terminal.settle();
        terminal.keys(keys);
    }
    terminal.wait_for(&format!("Revoke {MANY} leases?"));
    terminal.keys(&MANY.to_string());
    terminal.wait_for(&format!("Type {MANY} to confirm: {MANY}"));
    // The dialog does nothing in its first 100 ms.
    terminal.pass(0.3);
    let watch = Stopwatch::start();
    terminal.keys_at_once("\r");
    terminal.wait_for(&format!("{MANY} revoked, "));
    let seconds = watch.elapsed().as_secs_f64();
    assert!(seconds > 0.1, "the time is too short to be true");
    seconds
}

/// The etcd of `LEASETOP_MEASURE_ENDPOINT`.
fn real_etcd() -> (String, Runtime, Cluster) {
    let endpoint = std::env::var("LEASETOP_MEASURE_ENDPOINT").expect("an etcd");
    let runtime = Runtime::new().expect("a runtime");
    let address = Address::parse(&endpoint).expect("an address");
    let settings = Settings::new(vec![Target::Address(address)]);
    let cluster = runtime.block_on(Cluster::connect(settings)).expect("a cluster");
    (endpoint, runtime, cluster)
}

#[test]
#[ignore = "run by tests/measure revoke"]
fn revoke_many() {
    let (endpoint, runtime, cluster) = real_etcd();
    let mut ratios: Vec<f64> = (0..3)
        .map(|_| {
            let leases = runtime.block_on(granted(&cluster));
            let bare = runtime.block_on(revoked(&cluster, leases));
            runtime.block_on(granted(&cluster));
            let ours = revoked_in_the_monitor(&endpoint);
            print_value("bare_seconds", bare);
            print_value("monitor_seconds", ours);
            ours / bare
        })
        .collect();
    print_value("ratio_median", quantile(&mut ratios, 0.5));
}

#[test]
#[ignore = "run by tests/measure memory"]
fn memory() {
    let (_server, mut terminal) = thousand();
    terminal.pass(30.0);
    print_value("resident_mb", megabytes(terminal.process(), "VmRSS"));
    print_value("most_resident_mb", megabytes(terminal.process(), "VmHWM"));
    assert!(!terminal.process().ends_within(Duration::ZERO));
}
