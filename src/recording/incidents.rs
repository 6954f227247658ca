//! Recordings of incidents on three members of etcd 3.5. They are also the test that recordings stay readable.

use std::path::Path;

use super::{Player, Recording};
use crate::app::{AppConfig, AppState, EventName, run_lints};
use etcd_lease::Reachability;
use simkit::Timestamp;

/// The state at the end of a recording, and its time.
fn replayed(name: &str) -> (AppState, Timestamp) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings").join(name);
    let recording = Recording::read(&path).unwrap();
    assert!(!recording.is_truncated);
    let config = recording.header.config(AppConfig::default());
    let (start, end) = (recording.start(), recording.end());
    let mut player = Player::new(recording.entries, start, config);
    let mut app = player.initial_state();
    player.advance(&mut app, end);
    run_lints(&mut app, end);
    (app, end)
}

fn has(app: &AppState, name: EventName) -> bool {
    app.events.lines().any(|event| event.name() == name)
}

/// The number of living leases with a warning.
fn warned(app: &AppState, warning: &str) -> usize {
    app.leases.living().filter(|lease| lease.warnings.iter().any(|name| *name == warning)).count()
}

#[test]
fn a_killed_leader_is_reported_and_own_leases_survive() {
    let (app, _) = replayed("leader-killed.jsonl.gz");
    assert!(has(&app, EventName::Leader), "{:?}", app.events.lines().map(|event| event.name()).collect::<Vec<_>>());
    let down = app.cluster.view.members.iter().filter(|one| matches!(one.reachability, Reachability::Down { .. }));
    assert_eq!(down.count(), 1);
    assert!(!has(&app, EventName::Expired) && !has(&app, EventName::Lost));
    assert_eq!(app.leases.kept_alive().count(), 2);
}

#[test]
fn a_stalled_reader_drops_responses_and_the_lease_is_renewed() {
    let (app, end) = replayed("stalled-reader.jsonl.gz");
    assert!(has(&app, EventName::Dropped) && warned(&app, "queue-full") == 1);
    let lease = app.leases.kept_alive().next().unwrap();
    let status = lease.engine.as_deref().unwrap();
    assert_eq!((status.queue.depth, status.queue.capacity), (16, 16));
    assert!(status.queue.dropped > 5 && status.deadline.unwrap() > end, "{status:?}");
}

#[test]
fn leases_without_keys_that_nobody_renews_are_leaks() {
    let (app, _) = replayed("leak.jsonl.gz");
    assert!(warned(&app, "leak") >= 3, "{}", warned(&app, "leak"));
}
