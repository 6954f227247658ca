//! Figures with up to 400,000 leases of other clients.

use etcd_lease::LeaseId;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use etcd_lease::wire::Cluster;
use etcd_sandbox::Sandbox;
use futures_util::stream::{self, StreamExt};
use simkit::Stopwatch;
use tokio::runtime::Runtime;

use super::{AT_A_TIME, cpu, cpu_of, megabytes, presses, print_value, quantile, real_etcd};
use crate::pty::Terminal;
use crate::sandbox::ServedSandbox;

/// How long CPU is measured, in seconds.
const SECONDS: f64 = 30.0;

/// A monitor with `count` leases of other clients, of 60 to 3,600 s, each with a key.
fn others(count: u32) -> (ServedSandbox, Terminal) {
    let server = ServedSandbox::start();
    for n in 0..count {
        let lease = LeaseId(server.sandbox.grant(60 + i64::from(n * 7 % 3_541)).expect("a lease"));
        server.sandbox.put(format!("/service/{n}"), "127.0.0.1", Some(lease.0)).expect("a key");
    }
    let mut terminal = server.monitor(&[], 140, 40);
    terminal.wait_for(" others");
    terminal.pass(20.0);
    (server, terminal)
}

/// The CPU that processes use during these seconds, in percent of a core.
fn percent<const N: usize>(terminal: &mut Terminal, seconds: f64, processes: [u32; N]) -> [f64; N] {
    let before = processes.map(cpu_of);
    terminal.pass(seconds);
    let after = processes.map(cpu_of);
    std::array::from_fn(|which| (after[which] - before[which]) / seconds * 100.0)
}

#[test]
#[ignore = "run by tests/measure everyone"]
fn everyone() {
    for count in [1_000, 10_000, 100_000] {
        let (_server, mut terminal) = others(count);
        let monitor = terminal.process().id();
        let [cpu] = percent(&mut terminal, SECONDS, [monitor]);
        print_value(&format!("everyone_{count}_cpu_percent"), cpu);
        print_value(&format!("everyone_{count}_most_resident_mb"), megabytes(terminal.process(), "VmHWM"));
        print_value(&format!("everyone_{count}_key_p99_ms"), quantile(&mut presses(&mut terminal, 200), 0.99));
    }
}

/// Changes leases and keys until it is dropped.
struct Writer {
    goes_on: Arc<AtomicBool>,
    /// Changes so far.
    count: Arc<AtomicU32>,
    _runtime: Runtime,
}

impl Writer {
    /// Ten changes every 10 ms: keys are put and deleted, leases granted and revoked.
    fn start(sandbox: Sandbox) -> Writer {
        let runtime = Runtime::new().expect("a runtime");
        let writer = Writer { goes_on: Arc::new(AtomicBool::new(true)), count: Arc::default(), _runtime: runtime };
        let (goes_on, count) = (Arc::clone(&writer.goes_on), Arc::clone(&writer.count));
        writer._runtime.spawn(async move {
            let mut beat = tokio::time::interval(Duration::from_millis(10));
            while goes_on.load(Ordering::Relaxed) {
                beat.tick().await;
                for _ in 0..2 {
                    count.fetch_add(five_changes(&sandbox, count.load(Ordering::Relaxed)), Ordering::Relaxed);
                }
            }
        });
        writer
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.goes_on.store(false, Ordering::Relaxed);
    }
}

/// Grants a lease, puts a key twice, deletes it, and revokes the lease.
fn five_changes(sandbox: &Sandbox, number: u32) -> u32 {
    let lease = LeaseId(sandbox.grant(600).expect("a lease"));
    let key = format!("/job/{number}");
    for value in ["begun", "done"] {
        sandbox.put(key.as_str(), value, Some(lease.0)).expect("a key");
    }
    sandbox.delete(key.as_str());
    sandbox.revoke(lease).expect("it is there");
    5
}

#[test]
#[ignore = "run by tests/measure crowd"]
fn key_among_events() {
    let (server, mut terminal) = others(100_000);
    let writer = Writer::start(server.sandbox.clone());
    terminal.pass(5.0);
    let (whole, before) = (Stopwatch::start(), writer.count.load(Ordering::Relaxed));
    let cpu_before = cpu(terminal.process());
    let mut millis = presses(&mut terminal, 500);
    let seconds = whole.elapsed().as_secs_f64();
    print_value("events_a_second", f64::from(writer.count.load(Ordering::Relaxed) - before) / seconds);
    print_value("crowd_cpu_percent", (cpu(terminal.process()) - cpu_before) / seconds * 100.0);
    print_value("crowd_most_resident_mb", megabytes(terminal.process(), "VmHWM"));
    print_value("crowd_key_p50_ms", quantile(&mut millis, 0.5));
    print_value("crowd_key_p99_ms", quantile(&mut millis, 0.99));
}

/// Grants `count` leases of 15 minutes to an hour on a real etcd, each with a key.
async fn granted_with_keys(cluster: &Cluster, count: i64) {
    let begin = |n: i64| async move {
        let lease = cluster.grant(None, 900 + n * 7 % 2_701).await.expect("a lease").id;
        cluster.put(format!("/service/{n}").as_bytes(), b"127.0.0.1", Some(lease)).await.expect("a key");
    };
    stream::iter(0..count).map(begin).buffer_unordered(AT_A_TIME).for_each(|()| async {}).await;
}

/// Resident megabytes and open files of the monitor.
fn usage(terminal: &Terminal) -> (f64, f64) {
    let files = std::fs::read_dir(format!("/proc/{}/fd", terminal.process().id())).expect("Linux lists them");
    (megabytes(terminal.process(), "VmRSS"), files.count() as f64)
}

#[test]
#[ignore = "run by tests/measure soak"]
fn half_an_hour() {
    let minutes = std::env::var("LEASETOP_MINUTES").ok().and_then(|minutes| minutes.parse().ok()).unwrap_or(30.0);
    let server = ServedSandbox::start();
    for n in 0..100_000 {
        let lease = server.sandbox.grant(7_200 + i64::from(n * 7 % 3_541)).expect("a lease");
        server.sandbox.put(format!("/service/{n}"), "127.0.0.1", Some(lease)).expect("a key");
    }
    let mut terminal = server.monitor(&[], 140, 40);
    terminal.wait_for(" others");
    let _writer = Writer::start(server.sandbox.clone());
    terminal.pass(minutes * 60.0 / 5.0);
    let (warm_mb, warm_files) = usage(&terminal);
    terminal.pass(minutes * 60.0 * 4.0 / 5.0);
    let (mb, files) = usage(&terminal);
    print_value("soak_warm_mb", warm_mb);
    print_value("soak_mb", mb);
    print_value("soak_growth_percent", (mb / warm_mb - 1.0) * 100.0);
    print_value("soak_more_files", files - warm_files);
}

#[test]
#[ignore = "run by tests/measure cost"]
fn what_it_costs_etcd() {
    let etcd = std::env::var("LEASETOP_MEASURE_ETCD").ok().and_then(|id| id.parse().ok()).expect("the number of etcd");
    let (endpoint, runtime, cluster) = real_etcd();
    runtime.block_on(granted_with_keys(&cluster, 100_000));
    let (mut alone, mut watched, mut ours, mut resident) = (Vec::new(), Vec::new(), Vec::new(), 0.0_f64);
    for _ in 0..3 {
        // A program that sends nothing, to measure etcd alone.
        let mut nobody = Terminal::start(portable_pty::CommandBuilder::new("cat"), 140, 40);
        alone.extend(percent(&mut nobody, SECONDS, [etcd]));
        let mut command = crate::pty::leasetop();
        command.args(["--endpoints", &endpoint]);
        let mut terminal = Terminal::start(command, 140, 40);
        terminal.wait_for("100000 others");
        terminal.pass(10.0);
        let monitor = terminal.process().id();
        let [theirs, cpu] = percent(&mut terminal, SECONDS, [etcd, monitor]);
        watched.push(theirs);
        ours.push(cpu);
        resident = resident.max(megabytes(terminal.process(), "VmHWM"));
    }
    let [alone, watched, ours] = [alone, watched, ours].map(|mut all| quantile(&mut all, 0.5));
    print_value("etcd_alone_cpu_percent", alone);
    print_value("etcd_watched_cpu_percent", watched);
    print_value("etcd_cost_cpu_percent", watched - alone);
    print_value("monitor_cpu_percent", ours);
    print_value("monitor_most_resident_mb", resident);
}

#[test]
#[ignore = "run by tests/measure mass"]
fn four_hundred_thousand() {
    const COUNT: u32 = 400_000;
    let server = ServedSandbox::start();
    for n in 0..COUNT {
        server.sandbox.grant(3_600 + i64::from(n * 7 % 3_541)).expect("a lease");
    }
    let watch = Stopwatch::start();
    let mut terminal = server.monitor(&[], 140, 40);
    terminal.wait_for(&format!("{COUNT} others"));
    print_value("mass_shown_after_seconds", watch.elapsed().as_secs_f64());
    terminal.pass(20.0);
    let monitor = terminal.process().id();
    let [cpu] = percent(&mut terminal, SECONDS, [monitor]);
    print_value("mass_cpu_percent", cpu);
    print_value("mass_most_resident_mb", megabytes(terminal.process(), "VmHWM"));
    print_value("mass_key_p99_ms", quantile(&mut presses(&mut terminal, 200), 0.99));
}
