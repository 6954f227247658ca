//! Applies messages to a state at their times, with the ticks between them.

use std::collections::VecDeque;
use std::io::Read;
use std::time::Duration;

use flate2::read::GzDecoder;

use super::Entry;
use crate::app::{AppState, Msg, next_wake, update};
use simkit::Timestamp;

/// The shortest time between two ticks, as timers of the live monitor have it.
const TICK: Duration = Duration::from_millis(1);
/// A running monitor records something more often than this. After a longer silence, it was stopped in between and had no
/// ticks.
const LONGEST_SILENCE: Duration = Duration::from_secs(600);

/// What happens next to a state.
pub(super) struct Step {
    pub(super) at: Timestamp,
    /// Whether it is the next message; otherwise it is a tick.
    pub(super) is_message: bool,
}

/// The next step of a state at `position`: the next message, which has the time `message`, or a tick before it. `None` at
/// the end of the clock's range.
pub(super) fn next_step(app: &AppState, position: Timestamp, message: Option<Timestamp>) -> Option<Step> {
    let tick = next_wake(app, position).max(position + TICK);
    match message.filter(|at| *at <= tick || at.since(position) > LONGEST_SILENCE) {
        Some(at) => Some(Step { at: at.max(position), is_message: true }),
        None => Some(Step { at: tick, is_message: false }).filter(|step| step.at > position),
    }
}

/// A state at a time, after everything that happened at that time.
#[derive(Clone, Debug)]
pub(super) struct Picture {
    pub(super) at: Timestamp,
    pub(super) app: Box<AppState>,
    /// Its estimated size.
    pub(super) bytes: usize,
}

impl Picture {
    /// A copy of a state. `None` if it takes more than `most` bytes.
    pub(super) fn of(app: &AppState, at: Timestamp, most: usize) -> Option<Picture> {
        let bytes = app.picture_bytes();
        if bytes > most {
            return None;
        }
        Some(Picture { at, app: Box::new(app.picture()), bytes })
    }
}

/// Messages, as a gzip file that can become a part of a recording.
#[derive(Clone, Debug)]
pub(super) struct Chunk {
    /// The time of the last message.
    pub(super) until: Timestamp,
    pub(super) compressed: Vec<u8>,
    /// The size of the lines in bytes.
    pub(super) length: usize,
}

impl Chunk {
    /// The lines of the messages.
    pub(super) fn lines(&self) -> Vec<u8> {
        let mut lines = Vec::with_capacity(self.length);
        // They were written by this process, so they can be read.
        let _ = GzDecoder::new(self.compressed.as_slice()).read_to_end(&mut lines);
        lines
    }

    /// The messages.
    pub(super) fn entries(&self) -> Vec<Entry> {
        let lines = self.lines();
        lines.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
    }
}

/// Plays chunks of messages: applies them to a state, with the ticks between them.
pub(super) struct Playing<'a> {
    pub(super) at: Timestamp,
    pub(super) app: Box<AppState>,
    chunks: Box<dyn Iterator<Item = &'a Chunk> + 'a>,
    entries: VecDeque<Entry>,
    /// Messages up to this time are in the state already.
    after: Option<Timestamp>,
}

impl<'a> Playing<'a> {
    pub(super) fn new(start: Picture, chunks: impl Iterator<Item = &'a Chunk> + 'a, after: Option<Timestamp>) -> Self {
        let chunks = chunks.skip_while(move |chunk| Some(chunk.until) <= after);
        let Picture { at, app, .. } = start;
        Playing { at, app, chunks: Box::new(chunks), entries: VecDeque::new(), after }
    }

    pub(super) fn picture(&self) -> Picture {
        Picture { at: self.at, bytes: self.app.picture_bytes(), app: self.app.clone() }
    }

    pub(super) fn into_picture(self) -> Picture {
        Picture { at: self.at, bytes: self.app.picture_bytes(), app: self.app }
    }

    /// The time of the next message.
    fn next_at(&mut self) -> Option<Timestamp> {
        while self.entries.is_empty() {
            let entries = self.chunks.next()?.entries();
            self.entries.extend(entries.into_iter().filter(|entry| Some(entry.at) > self.after));
        }
        Some(self.entries.front()?.at)
    }

    /// Applies the next message or tick until `to`. Returns false if there is none.
    fn step(&mut self, to: Timestamp) -> bool {
        let message = self.next_at();
        let Some(Step { at, is_message }) = next_step(&self.app, self.at, message).filter(|step| step.at <= to) else {
            return false;
        };
        let entry = if is_message { self.entries.pop_front() } else { None };
        self.at = at;
        // The effects are dropped: there is no etcd to carry them out.
        update(&mut self.app, entry.map_or(Msg::Tick, |entry| entry.msg), at);
        true
    }

    /// Applies everything up to a time.
    pub(super) fn play(&mut self, to: Timestamp) {
        while self.step(to) {}
        self.at = self.at.max(to);
    }

    /// Applies everything up to the next event that the events view lists. Returns false if there is none until `end`.
    pub(super) fn find_event(&mut self, end: Timestamp) -> bool {
        self.app.events.record_all();
        while self.step(end) {
            let events = self.app.events.drain_recorded();
            let app = &self.app;
            if events.iter().any(|event| app.view.events_view.shows(event, app.event_sources())) {
                return true;
            }
        }
        false
    }
}
