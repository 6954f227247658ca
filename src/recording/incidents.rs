//! Replays the recordings in tests/recordings, which are of incidents on real etcds, and checks what happened, when, and
//! the diagnosis. This also tests that old recordings stay readable.

use std::path::Path;

use super::{Player, Recording};
use crate::app::{AppConfig, AppState, Event, EventKind, EventName, run_lints};
use etcd_lease::Reachability;
use simkit::Timestamp;

/// A recording that was played to its end.
struct Replayed {
    app: AppState,
    end: Timestamp,
    /// All events except renewals, in the order in which they happened.
    events: Vec<Event>,
    renewals: usize,
}

/// A recording of tests/recordings.
pub(crate) fn incident(name: &str) -> Recording {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings").join(name);
    Recording::read(&path).expect("a recording")
}

fn replayed(name: &str) -> Replayed {
    let recording = incident(name);
    assert!(!recording.is_truncated);
    let config = recording.header.config(AppConfig::default());
    let (start, end) = (recording.start(), recording.end());
    let mut player = Player::new(recording.entries, start, config);
    let mut app = player.initial_state();
    let mut events = Vec::new();
    player.play(&mut app, |_, _, new| events.extend(new));
    run_lints(&mut app, end);
    let all = events.len();
    events.retain(|event| !matches!(event.kind, EventKind::Renewed(_)));
    let renewals = all - events.len();
    events.sort_by_key(|event| event.at);
    Replayed { app, end, events, renewals }
}

impl Replayed {
    /// `  12.3  leader      127.0.0.1:1234 is the leader`: the time in seconds, without the lease.
    fn lines(&self) -> String {
        let line = |event: &Event| {
            let at = event.at.since_start().as_secs_f64();
            format!("{at:6.1}  {:<10}  {}\n", event.name().as_str(), event.text())
        };
        self.events.iter().map(line).collect()
    }

    fn has(&self, name: EventName) -> bool {
        self.events.iter().any(|event| event.name() == name)
    }

    /// The number of living leases with a warning.
    fn warned(&self, warning: &'static str) -> usize {
        self.app.leases.living().filter(|lease| lease.warnings.contains(&warning)).count()
    }
}

#[test]
fn a_killed_leader_is_reported_and_no_lease_is_lost() {
    let played = replayed("leader-killed.jsonl.gz");
    insta::assert_snapshot!(played.lines());
    let is_down = |reachability: &Reachability| matches!(reachability, Reachability::Down { .. });
    assert_eq!(played.app.cluster.view.members.iter().filter(|one| is_down(&one.reachability)).count(), 1);
    assert!(played.has(EventName::Leader) && played.has(EventName::Term) && played.has(EventName::Refilled));
    assert!(!played.has(EventName::Expired) && !played.has(EventName::Lost) && !played.has(EventName::Gone));
    assert_eq!((played.app.leases.kept_alive().count(), played.app.leases.living().count()), (2, 3));
}

#[test]
fn a_stalled_reader_drops_responses_and_the_lease_is_renewed() {
    let played = replayed("stalled-reader.jsonl.gz");
    insta::assert_snapshot!(played.lines());
    assert!(played.has(EventName::Dropped) && played.warned("queue-full") == 1);
    let lease = played.app.leases.kept_alive().next().expect("a lease");
    let status = lease.engine.as_deref().expect("a status");
    assert_eq!((status.queue.depth, status.queue.capacity), (16, 16));
    let dropped = played.events.iter().filter(|event| event.name() == EventName::Dropped).count();
    assert_eq!(status.queue.dropped, dropped as u64);
    assert!(played.renewals == dropped + 16 && status.deadline.expect("a deadline") > played.end);
}

#[test]
fn leases_without_keys_that_nobody_renews_are_leaks() {
    let played = replayed("leak.jsonl.gz");
    insta::assert_snapshot!(played.lines());
    // Two of six have expired already, and two are too young to say so.
    assert_eq!(played.warned("leak"), 2);
    let expired = |event: &&Event| event.name() == EventName::Expired && event.text().contains("1 key");
    assert_eq!(played.events.iter().filter(expired).count(), 1, "the service that was killed");
}
