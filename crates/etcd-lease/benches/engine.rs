//! The scheduler with a million leases on a simulated wire, and the codec of renewals.
//!
//! `cargo bench --package etcd-lease` prints a line `NAME FIGURE UNIT` for each figure, and fails if one is over its limit.

#![expect(clippy::print_stdout, reason = "its output")]

use std::collections::HashMap;
use std::hint::black_box;
use std::process::ExitCode;
use std::sync::OnceLock;
use std::time::Duration;

use etcd_client::proto::{PbLeaseKeepAliveRequest, PbLeaseKeepAliveResponse, PbResponseHeader};
use etcd_lease::keepalive::{Action, Scheduler, Timeouts};
use etcd_lease::{LeaseId, RenewalSchedule, Timestamp};
use prost::Message;
use simkit::Stopwatch;

const LEASES: i64 = 1_000_000;
const TTL: i64 = 600;
/// How long etcd takes to reply.
const ROUND_TRIP: Duration = Duration::from_millis(1);
/// How often each lease is renewed.
const ROUNDS: u64 = 3;
const MESSAGES: u32 = 2_000_000;

/// Highest figures: nanoseconds of CPU time for due, send and reply of one renewal, and bytes for one lease.
const LIMITS: [(&str, f64); 4] =
    [("scheduler-renewal", 300.0), ("scheduler-memory", 200.0), ("codec-encode", 50.0), ("codec-decode", 200.0)];

fn main() -> ExitCode {
    let (renewal, memory) = scheduler();
    let figures = [(renewal, "ns"), (memory, "bytes"), (encode(), "ns"), (decode(), "ns")];
    let mut is_met = true;
    for ((name, limit), (figure, unit)) in LIMITS.into_iter().zip(figures) {
        println!("{name} {figure:.0} {unit}");
        if figure > limit {
            println!("{name} is over its limit of {limit} {unit}");
            is_met = false;
        }
    }
    if is_met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Renews a million leases, whose grants arrived one after the other. Returns nanoseconds for a renewal and bytes for a lease.
fn scheduler() -> (f64, f64) {
    let before = resident();
    let mut scheduler = Scheduler::new(RenewalSchedule::Clientv3, 4, Timeouts::at_speed(1));
    // As in an engine whose statuses nobody reads.
    scheduler.track_changes(false);
    let mut now = Timestamp::START;
    for id in 1..=LEASES {
        now = now + Duration::from_micros(100);
        scheduler.grant(now, LeaseId(id), TTL, now, None);
    }
    let mut wire = Wire::default();
    // The first turns contain what the grants left.
    wire.renew(&mut scheduler, LEASES as u64);
    let memory = (resident() - before) as f64 / LEASES as f64;
    let start = cpu_time();
    let renewals = wire.renew(&mut scheduler, LEASES as u64 * ROUNDS);
    ((cpu_time() - start) / renewals as f64, memory)
}

/// Answers what the scheduler sends.
#[derive(Default)]
struct Wire {
    /// The generation of the open stream of each lane.
    generations: HashMap<usize, u32>,
    sent: Vec<(usize, LeaseId)>,
}

impl Wire {
    /// Runs turns until this many renewals were answered. Returns how many there were.
    fn renew(&mut self, scheduler: &mut Scheduler, wanted: u64) -> u64 {
        let mut renewals = 0;
        let mut now = Timestamp::START;
        while renewals < wanted {
            now = scheduler.wake_at().expect("leases are kept").max(now);
            loop {
                let mut output = scheduler.turn(now);
                for action in output.actions.drain(..) {
                    match action {
                        Action::Open { lane, generation, .. } => drop(self.generations.insert(lane, generation)),
                        Action::Send { lane, id } => self.sent.push((lane, id)),
                        Action::Close { .. } | Action::QueryTtl { .. } => unreachable!("every reply is in time"),
                    }
                }
                black_box(&output);
                scheduler.reuse(output);
                if self.sent.is_empty() {
                    break;
                }
                now = now + ROUND_TRIP;
                for (lane, id) in self.sent.drain(..) {
                    let wrong = scheduler.on_renewal_reply(now, lane, self.generations[&lane], id, TTL, 1);
                    assert_eq!(wrong, None);
                    renewals += 1;
                }
            }
        }
        renewals
    }
}

/// Nanoseconds to encode a request.
fn encode() -> f64 {
    let mut buffer = Vec::with_capacity(64);
    let start = cpu_time();
    for number in 0..MESSAGES {
        buffer.clear();
        let request = PbLeaseKeepAliveRequest { id: black_box(7_587_848_390_000_000_000 + i64::from(number)) };
        request.encode(&mut buffer).expect("a vector grows");
        black_box(&buffer);
    }
    (cpu_time() - start) / f64::from(MESSAGES)
}

/// Nanoseconds to decode a reply.
fn decode() -> f64 {
    let header =
        PbResponseHeader { cluster_id: u64::MAX / 3, member_id: u64::MAX / 5, revision: 1_000_000, raft_term: 9 };
    let reply = PbLeaseKeepAliveResponse { header: Some(header), id: 7_587_848_390_000_000_000, ttl: 30 };
    let bytes = reply.encode_to_vec();
    let start = cpu_time();
    for _ in 0..MESSAGES {
        let reply = PbLeaseKeepAliveResponse::decode(black_box(&bytes[..]));
        black_box(reply.expect("it was encoded"));
    }
    (cpu_time() - start) / f64::from(MESSAGES)
}

/// CPU time of this thread in ns, which other processes change less than real time. Without `/proc`, real time.
fn cpu_time() -> f64 {
    static WATCH: OnceLock<Stopwatch> = OnceLock::new();
    let elapsed = WATCH.get_or_init(Stopwatch::start).elapsed();
    let schedstat = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let cpu = schedstat.split_whitespace().next().and_then(|nanos| nanos.parse().ok());
    cpu.unwrap_or(elapsed.as_nanos() as f64)
}

/// Resident memory of this process in bytes; 0 without `/proc`.
fn resident() -> u64 {
    const PAGE: u64 = 4_096;
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * PAGE
}
