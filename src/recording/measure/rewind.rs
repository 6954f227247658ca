//! What the last minutes in memory cost.

use super::super::playing::Picture;
use super::super::ring::{Ring, Target};
use super::super::{REACH, encode};
use super::{cpu, lease};
use crate::app::{AppConfig, AppState, Listing, Msg, update};
use etcd_lease::{
    Cadence, EngineEvent, EngineEventKind, Granted, Header, LeaseStatus, Phase, QueueGauge, RenewalSchedule, TimeToLive,
};
use simkit::{Stopwatch, Timestamp};
use std::time::Duration;

const LIMIT: usize = AppConfig::REWIND;
/// Size of a part, as the rewinder passes them on.
const PART: usize = 65_536;

/// A live state, and its ring.
struct Live {
    app: AppState,
    ring: Ring,
    now: Timestamp,
    lines: Vec<u8>,
    pictured: Timestamp,
    is_kept: bool,
}

impl Live {
    fn start(is_kept: bool) -> Self {
        let app = AppState::new(AppConfig { is_replay: true, ..AppConfig::default() }, Timestamp::START);
        let (ring, now) = (Ring::new(LIMIT), Timestamp::START);
        let mut live = Live { app, ring, now, lines: Vec::new(), pictured: now, is_kept };
        live.ring.restart(live.picture(usize::MAX).expect("no limit"));
        live
    }

    fn picture(&self, most: usize) -> Option<Picture> {
        Picture::of(&self.app, self.now, most)
    }

    fn apply(&mut self, msg: Msg) {
        if self.is_kept {
            encode(self.now, &msg, &mut self.lines);
        }
        update(&mut self.app, msg, self.now);
        if self.lines.len() >= PART {
            self.flush();
        }
        if self.is_kept && self.now >= self.pictured + Duration::from_secs(60) {
            self.pictured = self.now;
            self.flush();
            if let Some(picture) = self.picture(LIMIT / 4) {
                self.ring.push_picture(picture);
            }
        }
    }

    fn flush(&mut self) {
        self.ring.push_lines(self.now, &self.lines);
        self.lines.clear();
    }

    fn grant(&mut self, leases: u64) {
        for number in 0..leases {
            let answer = Granted { id: lease(number), requested_ttl: 10, ttl: 10, header: Header::default() };
            self.apply(Msg::Granted { sent: self.now, received: self.now, answer, keep_alive: true, job: None });
        }
    }

    /// Renews ten own leases, from `number` on, as the engine does.
    fn renew(&mut self, number: u64, leases: u64) {
        let statuses = (number..number + 10).map(|number| status(number % leases, self.now)).collect();
        self.apply(Msg::Statuses(statuses));
        for number in number..number + 10 {
            let kind = EngineEventKind::Renewed {
                ttl: 10,
                interval: Some(Duration::from_millis(3_500)),
                left: Some(Duration::from_millis(6_500)),
                round_trip: Duration::from_micros(300 + number * 7_919 % 100),
            };
            let lease = Some(lease(number % leases));
            self.apply(Msg::Engine(EngineEvent { at: self.now, lease, kind }));
        }
    }

    /// Polls a lease of another client.
    fn poll(&mut self, number: u64, leases: u64) {
        let (id, keys) = (lease(number % leases), Vec::new());
        let ttl = 30 - (self.now.nanos() / 1_000_000_000 % 10) as i64;
        let answer = TimeToLive { id, ttl, granted_ttl: 30, keys, header: Header::default() };
        self.apply(Msg::Polled { sent: self.now, received: self.now, answer, has_keys: false });
    }
}

fn status(number: u64, now: Timestamp) -> LeaseStatus {
    let mut cadence = Cadence::default();
    cadence.record(Some(Duration::from_millis(3_500)), Some(Duration::from_millis(6_500)));
    LeaseStatus {
        id: lease(number),
        granted_ttl: Some(10),
        phase: Phase::Waiting,
        deadline: Some(now + Duration::from_secs(10)),
        last_answer: Some(now),
        next_due: Some(now + Duration::from_millis(3_500)),
        pace: RenewalSchedule::Clientv3,
        expected: Some(Duration::from_millis(3_500)),
        cadence,
        round_trip: Some(Duration::from_micros(300)),
        revision: Some(7),
        queue: QueueGauge { depth: 1, capacity: 16, dropped: 0 },
        drill: None,
        ended: None,
    }
}

/// Seconds of CPU for 15 minutes of 1,000 renewals a second, with and without the ring.
fn renewals(leases: u64, is_kept: bool) -> (f64, Live) {
    let mut live = Live::start(is_kept);
    live.grant(leases);
    let before = cpu();
    for number in (0..900_000).step_by(10) {
        live.now = Timestamp::from_nanos(number * 1_000_000);
        live.renew(number, leases);
    }
    ((cpu() - before).as_secs_f64(), live)
}

#[expect(clippy::print_stdout, reason = "figures go there")]
fn print(name: &str, value: f64) {
    println!("{name} {value:.2}");
}

fn print_steps(name: &str, live: &mut Live) {
    live.flush();
    let now = live.now;
    let mut step = |what: &str, back: u64| {
        let started = Stopwatch::start();
        let past = live.ring.show(Target::At(now.before(Duration::from_secs(back))), now).expect("it is kept");
        print(&format!("{name}_{what}_ms"), started.elapsed().as_secs_f64() * 1_000.0);
        past
    };
    step("first_step", 1);
    step("second_step", 2);
    let past = step("five_minutes", 300);
    let started = Stopwatch::start();
    live.ring.kept(LIMIT as u64, true).expect("it is kept");
    print(&format!("{name}_record_ms"), started.elapsed().as_secs_f64() * 1_000.0);
    print(&format!("{name}_kept_seconds"), (now - past.start).as_secs_f64());
    print(&format!("{name}_kept_mb"), live.ring.bytes() as f64 / 1e6);
}

fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells it");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line");
    line.split_whitespace().next().and_then(|kb| kb.parse::<f64>().ok()).expect("kB") * 1_024.0
}

/// The memory of a state beside its estimate.
fn print_size(name: &str, live: &Live) {
    const COPIES: usize = 10;
    let before = resident();
    let copies: Vec<AppState> = (0..COPIES).map(|_| live.app.picture()).collect();
    print(&format!("{name}_state_mb"), (resident() - before) / COPIES as f64 / 1e6);
    print(&format!("{name}_estimate_mb"), live.app.picture_bytes() as f64 / 1e6);
    drop(copies);
}

#[test]
#[ignore = "run by tests/measure rewind"]
fn a_thousand_renewals_a_second() {
    for leases in [300, 3_500] {
        let (without, _) = renewals(leases, false);
        let (with, mut live) = renewals(leases, true);
        print(&format!("rewind_{leases}_core_percent"), (with - without) / 900.0 * 100.0);
        print_steps(&format!("rewind_{leases}_busy"), &mut live);
        print_size(&format!("rewind_{leases}"), &live);
    }
}

#[test]
#[ignore = "run by tests/measure rewind"]
fn steps() {
    // 300 own leases of 10 s: 86 renewals a second.
    let mut live = Live::start(true);
    live.grant(300);
    for number in (0..77_000_u64).step_by(10) {
        live.now = Timestamp::from_nanos(number * 11_666_667);
        live.renew(number, 300);
    }
    assert!(live.now.since_start() > REACH);
    print_steps("rewind_300", &mut live);
    // 10,000 leases of other clients, polled 200 times a second.
    let mut live = Live::start(true);
    live.apply(Msg::Listed(Listing { total: 10_000, born: (0..10_000).map(lease).collect(), ..Listing::default() }));
    for number in 0..180_000_u64 {
        live.now = Timestamp::from_nanos(number * 5_000_000);
        live.poll(number, 10_000);
    }
    print_steps("rewind_10000", &mut live);
    print_size("rewind_10000", &live);
}
