//! What recording and playing cost: run by `tests/measure record`.

mod rewind;

use std::time::{Duration, SystemTime};

use super::*;
use crate::app::{AppState, Listing};
use etcd_lease::{EngineEvent, EngineEventKind, LeaseId};
use simkit::Stopwatch;

const SECONDS: u64 = 60;
const PER_SECOND: u64 = 1_000;

fn lease(number: u64) -> LeaseId {
    LeaseId(0x694d_9aa8_0000_0000 + i64::try_from(number * 7_919).expect("small"))
}

fn listed(leases: u64) -> Msg {
    let born: Vec<LeaseId> = (0..leases).map(lease).collect();
    Msg::Listed(Listing { total: born.len(), born, ..Listing::default() })
}

/// A renewal of one of `leases` leases.
fn renewal(at: Timestamp, number: u64, leases: u64) -> Msg {
    let jitter = Duration::from_nanos(number * 7_919_113 % 1_000_000);
    let kind = EngineEventKind::Renewed {
        ttl: 10,
        interval: Some(Duration::from_millis(3_500) + jitter),
        left: Some(Duration::from_millis(6_500) - jitter),
        round_trip: Duration::from_micros(300) + jitter,
    };
    Msg::Engine(EngineEvent { at, lease: Some(lease(number % leases)), kind })
}

/// The CPU time of this process so far. Linux counts user and system time in ticks of 10 ms.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux tells it");
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: u64 = [11, 12].map(|field| fields[field].parse::<u64>().expect("ticks")).iter().sum();
    Duration::from_millis(ticks * 10)
}

/// Records a minute at 1,000 events a second.
#[test]
#[ignore = "run by tests/measure record"]
#[expect(clippy::print_stdout, reason = "figures go there")]
fn recording() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("minute.jsonl.gz");
    let header = Header::new(&AppConfig::default(), SystemTime::UNIX_EPOCH, Timestamp::START, 1);
    let options = RecordOptions { path: path.clone(), max_bytes: RecordOptions::MAX_BYTES };
    let kept = Kept { at: Timestamp::START, state: vec![listed(3_500)], chunks: Vec::new() };
    let before = cpu();
    let mut recorder = Recorder::start(options.create().unwrap(), header, kept).unwrap();
    let mut line = Vec::new();
    for number in 0..SECONDS * PER_SECOND {
        let at = Timestamp::from_nanos(number * 1_000_000);
        line.clear();
        encode(at, &renewal(at, number, 3_500), &mut line);
        recorder.write(at, &line).unwrap();
    }
    drop(recorder);
    let used = cpu() - before;
    // Messages that come at once can be dropped, and cost nothing.
    let recorded = Recording::read(&path).unwrap().entries.len() as f64;
    println!("core_percent {:.2}", used.as_secs_f64() * PER_SECOND as f64 / recorded * 100.0);
    println!("bytes_per_event {:.1}", path.metadata().unwrap().len() as f64 / recorded);
}

/// An hour of 300 leases, each renewed every 3.5 s.
pub(crate) fn hour() -> Recording {
    let mut entries = vec![Entry { at: Timestamp::START, msg: listed(300) }];
    let renewals = 3_600 * 300 * 2 / 7;
    entries.extend((0..renewals).map(|number| {
        let at = Timestamp::from_nanos(number * 3_600_000_000_000 / renewals);
        Entry { at, msg: renewal(at, number, 300) }
    }));
    let header = Header::new(&AppConfig::default(), SystemTime::UNIX_EPOCH, Timestamp::START, 1);
    Recording { header, entries, is_truncated: false }
}

/// Plays the hour at 1000 times real time: 3.6 s if nothing takes longer.
#[test]
#[ignore = "run by tests/measure record"]
#[expect(clippy::print_stdout, reason = "figures go there")]
fn playing() {
    let entries = hour().entries;
    let renewals = entries.len() - 1;
    let config = AppConfig { is_replay: true, is_read_only: true, ..AppConfig::default() };
    let started = Stopwatch::start();
    let mut player = Player::new(entries, Timestamp::START, config);
    let mut app: AppState = player.initial_state();
    let end = player.span().1;
    player.advance(&mut app, end);
    println!("events_played {renewals}");
    println!("seconds_to_play {:.2}", started.elapsed().as_secs_f64());
}
