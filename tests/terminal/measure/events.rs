//! What `leasetop events` costs, and what it loses.

use std::io::{BufRead, BufReader, PipeReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use simkit::Stopwatch;

use super::{cpu_of, print_value};
use crate::pty::leasetop;
use crate::sandbox::ServedSandbox;

const LEASES: usize = 10_000;

/// `leasetop events`, killed when this is dropped.
struct Events {
    child: Child,
    lines: Option<PipeReader>,
}

impl Drop for Events {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Events {
    fn start(server: &ServedSandbox) -> Events {
        let (lines, writer) = std::io::pipe().expect("a pipe");
        let program = leasetop();
        let mut command = Command::new(&program.get_argv()[0]);
        command.args(["--endpoints", server.endpoint(), "events", "-w", "json"]);
        command.env("XDG_CONFIG_HOME", "/nowhere").stdout(writer).stderr(Stdio::null());
        let child = command.spawn().expect("it starts");
        pause(10.0);
        Events { child, lines: Some(lines) }
    }

    /// Counts the events of keys, and those that were dropped, until the program ends.
    #[expect(clippy::disallowed_methods, reason = "a pipe is read by a thread, while the test goes on")]
    fn count(&mut self) -> std::thread::JoinHandle<(u64, u64)> {
        let lines = self.lines.take().expect("it is read once");
        std::thread::spawn(move || {
            let (mut shown, mut dropped) = (0, 0);
            for line in BufReader::new(lines).lines().map_while(Result::ok) {
                shown += u64::from(line.contains("/job/"));
                if let Some((before, _)) = line.split_once(" events came too fast") {
                    let number = before.rsplit(|c: char| !c.is_ascii_digit()).next().expect("a number");
                    dropped += number.parse::<u64>().expect("a number");
                }
            }
            (shown, dropped)
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "a measurement takes real time")]
fn pause(seconds: f64) {
    std::thread::sleep(Duration::from_secs_f64(seconds));
}

/// Leases with a key each.
fn leases(server: &ServedSandbox) -> Vec<i64> {
    let lease = |n: usize| {
        let lease = server.sandbox.grant(3_600).expect("a lease");
        server.sandbox.put(format!("/service/{n}"), "127.0.0.1", Some(lease)).expect("a key");
        lease
    };
    (0..LEASES).map(lease).collect()
}

/// Attaches and deletes keys, `rate` times a second. Each is an event.
fn change(server: &ServedSandbox, leases: &[i64], rate: u32, seconds: u32) -> u64 {
    let watch = Stopwatch::start();
    let mut changes = 0;
    while changes < rate * seconds {
        pause(0.01);
        let due = (watch.elapsed().as_secs_f64() * f64::from(rate)) as u32;
        for number in changes..due.min(rate * seconds) {
            let key = format!("/job/{}", number / 2);
            if number % 2 == 0 {
                let lease = leases[number as usize % leases.len()];
                server.sandbox.put(key, "begun", Some(lease)).expect("a key");
            } else {
                server.sandbox.delete(key);
            }
        }
        changes = changes.max(due.min(rate * seconds));
    }
    u64::from(changes)
}

#[test]
#[ignore = "run by tests/measure events"]
fn events() {
    const SECONDS: u32 = 30;
    let server = ServedSandbox::start();
    let leases = leases(&server);
    let mut events = Events::start(&server);
    let counted = events.count();
    let before = cpu_of(events.child.id());
    let made = change(&server, &leases, 1_000, SECONDS);
    print_value("events_cpu_percent", (cpu_of(events.child.id()) - before) / f64::from(SECONDS) * 100.0);
    pause(3.0);
    drop(events);
    let (shown, dropped) = counted.join().expect("it counts");
    print_value("events_made", made as f64);
    print_value("events_missing", made as f64 - shown as f64);
    print_value("events_dropped", dropped as f64);
}

/// A reader that does not read for a while.
#[test]
#[ignore = "run by tests/measure events"]
fn unread_events() {
    let server = ServedSandbox::start();
    let leases = leases(&server);
    let mut events = Events::start(&server);
    let mut made = change(&server, &leases, 5_000, 20);
    let counted = events.count();
    pause(3.0);
    made += change(&server, &leases, 1_000, 2);
    pause(3.0);
    drop(events);
    let (shown, dropped) = counted.join().expect("it counts");
    print_value("unread_made", made as f64);
    print_value("unread_dropped", dropped as f64);
    print_value("unread_unaccounted", made as f64 - shown as f64 - dropped as f64);
}
