//! Applies the messages of a recording to a state, at the times at which they were recorded.

use std::time::Duration;

use super::Entry;
use super::playing::{Step, next_step};
use crate::app::{AppConfig, AppState, Event, Msg, update};
use simkit::Timestamp;

/// Plays a recording: applies its messages to a state, up to a position.
///
/// Time passes only in [`advance`](Player::advance). The state at a time depends only on the recording and on what the user
/// chose to see, so two replays draw the same frames.
#[derive(Debug)]
pub struct Player {
    entries: Vec<Entry>,
    start: Timestamp,
    end: Timestamp,
    /// The state before the first message.
    initial: Box<AppState>,
    /// The sleeps of the machine, each with the index of its message.
    sleeps: Vec<(usize, Duration)>,
    /// The index of the next message.
    next: usize,
    position: Timestamp,
    snapshots: Vec<Snapshot>,
}

/// A copy of the state to which a step back returns.
#[derive(Debug)]
struct Snapshot {
    at: Timestamp,
    next: usize,
    app: AppState,
}

/// Maximum number of snapshots.
const SNAPSHOTS: u32 = 16;
/// Maximum number of leases in all snapshots together: about 200 MB. A state with more is not kept, and a step back plays the
/// recording from an earlier one.
const SNAPSHOT_LEASES: usize = 100_000;

impl Player {
    /// A player at the start.
    pub fn new(entries: Vec<Entry>, start: Timestamp, config: AppConfig) -> Self {
        let end = entries.last().map_or(start, |entry| entry.at);
        let initial = Box::new(initial_state(config, start));
        let sleeps = entries.iter().enumerate().filter_map(|(index, entry)| match entry.msg {
            Msg::SystemSlept(span) => Some((index, span)),
            _ => None,
        });
        let sleeps = sleeps.collect();
        Player { entries, start, end, initial, sleeps, next: 0, position: start, snapshots: Vec::new() }
    }

    /// The state before the first message.
    pub fn initial_state(&self) -> AppState {
        (*self.initial).clone()
    }

    /// The time of the state.
    pub fn position(&self) -> Timestamp {
        self.position
    }

    /// The time of the first and of the last message.
    pub fn span(&self) -> (Timestamp, Timestamp) {
        (self.start, self.end)
    }

    /// How long the machine slept up to the position. The clock did not count that.
    pub fn slept(&self) -> Duration {
        self.sleeps.iter().take_while(|(index, _)| *index < self.next).map(|(_, span)| *span).sum()
    }

    /// Applies everything up to a time, but not beyond the end.
    pub fn advance(&mut self, app: &mut AppState, to: Timestamp) {
        let to = to.min(self.end);
        while self.step(app, to) {
            app.events.drain_recorded();
            self.keep_snapshot(app);
        }
        self.position = self.position.max(to);
    }

    /// Plays to the end. After each message and tick `seen` gets the state, the time and the new events.
    pub fn play(&mut self, app: &mut AppState, mut seen: impl FnMut(&AppState, Timestamp, Vec<Event>)) {
        while self.step(app, self.end) {
            let events = app.events.drain_recorded();
            seen(app, self.position, events);
        }
    }

    /// Moves to a time, forward or back. The state keeps what the user chose to see.
    pub fn seek(&mut self, app: &mut AppState, to: Timestamp) {
        let to = to.clamp(self.start, self.end);
        if to < self.position {
            let found = self.snapshots.iter().rev().find(|snapshot| snapshot.at <= to);
            let (mut earlier, at, next) = match found {
                Some(Snapshot { at, next, app }) => (app.clone(), *at, *next),
                None => (self.initial_state(), self.start, 0),
            };
            earlier.show_as(app);
            *app = earlier;
            (self.position, self.next) = (at, next);
        }
        self.advance(app, to);
    }

    /// Moves forward to the next event that the events view shows. Returns false, and moves to the end, if there is none.
    pub fn next_event(&mut self, app: &mut AppState) -> bool {
        while self.step(app, self.end) {
            let events = app.events.drain_recorded();
            if events.iter().any(|event| app.view.events_view.shows(event, app.event_sources())) {
                return true;
            }
        }
        false
    }

    /// Applies the next message or tick until `to`. Returns false if there is none.
    fn step(&mut self, app: &mut AppState, to: Timestamp) -> bool {
        let entry = self.entries.get(self.next);
        let step = next_step(app, self.position, entry.map(|entry| entry.at)).filter(|step| step.at <= to);
        let Some(Step { at, is_message }) = step else { return false };
        let msg = match entry {
            Some(entry) if is_message => {
                self.next += 1;
                entry.msg.clone()
            }
            _ => Msg::Tick,
        };
        self.position = at;
        // The effects are dropped: there is no etcd to carry them out.
        update(app, msg, at);
        true
    }

    fn keep_snapshot(&mut self, app: &AppState) {
        let every = (self.end - self.start) / SNAPSHOTS;
        let last = self.snapshots.last().map_or(self.start, |snapshot| snapshot.at);
        let kept: usize = self.snapshots.iter().map(|snapshot| snapshot.app.leases.len()).sum();
        let leases = kept + app.leases.len();
        if self.position < last + every.max(Duration::from_secs(1)) || leases > SNAPSHOT_LEASES {
            return;
        }
        self.snapshots.push(Snapshot { at: self.position, next: self.next, app: app.clone() });
    }
}

/// The state of a monitor at its start, which records every event.
fn initial_state(config: AppConfig, start: Timestamp) -> AppState {
    let mut app = AppState::new(config, start);
    app.events.record_all();
    app
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Listing;
    use etcd_lease::LeaseId;

    /// How many snapshots a recording has in which this many leases are listed after 1 s. A step back leads to 1.1 s,
    /// where the leases are known.
    fn snapshots(leases: usize) -> usize {
        let at = |millis| Timestamp::at(Duration::from_millis(millis));
        let born: Vec<LeaseId> = (1..).map(LeaseId).take(leases).collect();
        let listed =
            Msg::Listed(Listing { sent: at(1_000), received: at(1_000), total: leases, born, ..Listing::default() });
        let entries = vec![Entry { at: at(1_000), msg: listed }, Entry { at: at(1_200), msg: Msg::KeysReloading }];
        let config = AppConfig { is_replay: true, is_read_only: true, ..AppConfig::default() };
        let mut player = Player::new(entries, Timestamp::START, config);
        let mut app = player.initial_state();
        player.advance(&mut app, at(1_200));
        player.seek(&mut app, at(1_100));
        assert_eq!((player.position(), app.leases.len()), (at(1_100), leases));
        player.snapshots.iter().filter(|snapshot| snapshot.app.leases.len() == leases).count()
    }

    #[test]
    fn a_state_with_too_many_leases_is_not_kept() {
        assert_eq!(snapshots(2), 1);
        assert_eq!(snapshots(SNAPSHOT_LEASES + 1), 0);
    }
}
