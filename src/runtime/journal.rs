//! Records the messages of a session: in a file, and the last minutes in memory.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::time_of_day;
use crate::app::{AppState, Msg, Past, RecordingChange};
use crate::recording::{self, Header, Kept, RecordError, RecordFile, RecordOptions, Recorder, Rewinder, Target};
use simkit::{Clock, Timestamp};

/// A recording that begins with a shorter past than this is reported as one that begins now.
const MIN_REPORTED_PAST: Duration = Duration::from_secs(1);

/// The recordings of a session.
#[derive(Debug)]
pub(super) struct Journal {
    /// `None` if no file is written.
    recorder: Option<Recorder>,
    /// `None` if the past is not kept.
    rewinder: Option<Rewinder>,
    /// Whether the current message is a sleep of the machine. The past before it is dropped.
    has_slept: bool,
    clock: Clock,
    /// The current message in its recorded form. Empty if nothing is recorded.
    line: Vec<u8>,
    /// The largest size of a file.
    max_bytes: u64,
}

impl Journal {
    pub(super) fn new(clock: Clock) -> Self {
        let (line, max_bytes) = (Vec::new(), RecordOptions::MAX_BYTES);
        Journal { recorder: None, rewinder: None, has_slept: false, clock, line, max_bytes }
    }

    /// Keeps the last minutes in memory, in `limit` bytes.
    pub(super) fn keep_past(&mut self, limit: usize, app: &AppState, now: Timestamp) {
        self.rewinder = if limit > 0 { Rewinder::start(limit, app, now) } else { None };
    }

    /// The wall-clock time of the clock's start. Later after a sleep of the machine.
    pub(super) fn wall_start(&self) -> SystemTime {
        self.clock.wall(Timestamp::START)
    }

    /// The state at another time, if it is kept.
    pub(super) fn past(&mut self, target: Target, now: Timestamp) -> Option<Past> {
        self.rewinder.as_mut()?.show(target, now)
    }

    /// The oldest time that is kept. `None` if nothing is kept.
    pub(super) fn oldest(&mut self) -> Option<Timestamp> {
        self.rewinder.as_mut()?.oldest()
    }

    /// Starts a recording that begins with the present state.
    pub(super) fn start(
        &mut self,
        file: RecordFile,
        app: &AppState,
        now: Timestamp,
    ) -> Result<RecordingChange, RecordError> {
        self.max_bytes = file.options().max_bytes;
        self.begin(file, Kept::present(app, now), app, now)
    }

    /// Starts a recording to a file, or to a new one that is named by the time. It begins with the last minutes, if they
    /// are kept: at most half a file of them.
    pub(super) fn start_typed(&mut self, path: Option<PathBuf>, app: &AppState, now: Timestamp) -> RecordingChange {
        let path = path.unwrap_or_else(|| {
            let wall = jiff::Timestamp::try_from(self.wall_start() + now.since_start()).unwrap_or_default();
            format!("leasetop-{}.jsonl.gz", wall.strftime("%Y%m%dT%H%M%SZ")).into()
        });
        let options = RecordOptions { path, max_bytes: self.max_bytes };
        let is_compressed = options.is_compressed();
        let kept = self.rewinder.as_mut().and_then(|rewinder| rewinder.kept(self.max_bytes / 2, is_compressed));
        let kept = kept.unwrap_or_else(|| Kept::present(app, now));
        let begun = options.create().and_then(|file| self.begin(file, kept, app, now));
        begun.unwrap_or_else(|error| RecordingChange::Failed(error.to_string()))
    }

    /// Starts a recording that begins with `kept`, and with a header of the present configuration.
    fn begin(
        &mut self,
        file: RecordFile,
        kept: Kept,
        app: &AppState,
        now: Timestamp,
    ) -> Result<RecordingChange, RecordError> {
        let (name, from) = (file.options().path.display().to_string(), kept.at);
        let header = Header::new(&app.config, self.wall_start(), from, 1);
        self.recorder = Some(Recorder::start(file, header, kept)?);
        let span = now - from;
        let has_past = span >= MIN_REPORTED_PAST;
        let past = if has_past { Some((time_of_day::time_text(self.wall_start(), from), span)) } else { None };
        Ok(RecordingChange::Started { file: name, kept: past })
    }

    /// Ends the recording.
    pub(super) fn stop(&mut self) -> Option<RecordingChange> {
        let recorder = self.recorder.take()?;
        Some(RecordingChange::Stopped(recorder.path().display().to_string()))
    }

    /// Encodes a message before it is applied, for [`write`](Self::write).
    pub(super) fn on_message(&mut self, msg: &Msg, now: Timestamp) {
        self.line.clear();
        if self.recorder.is_some() || self.rewinder.as_ref().is_some_and(Rewinder::is_on) {
            recording::encode(now, msg, &mut self.line);
        }
        if let Msg::SystemSlept(_) = msg {
            self.has_slept = true;
        }
    }

    /// Writes the encoded message after it was applied, to the file and to memory. Starts the next file once one is
    /// full. Returns the failure if the file cannot be written, which ends the recording.
    pub(super) fn write(&mut self, app: &AppState, now: Timestamp) -> Option<RecordingChange> {
        let has_slept = std::mem::take(&mut self.has_slept);
        if let Some(rewinder) = &mut self.rewinder {
            rewinder.write(now, &self.line);
            if has_slept {
                rewinder.restart(app, now);
            }
            rewinder.on_applied(app, now);
            if !app.is_past_shown() {
                rewinder.on_present();
            }
        }
        let start = self.wall_start();
        let failed = write(self.recorder.as_mut()?, &self.line, (app, now), start).err()?;
        self.recorder = None;
        Some(RecordingChange::Failed(failed.to_string()))
    }
}

/// Writes a line, unless it is empty, and starts the next file once the current one is full.
fn write(
    recorder: &mut Recorder,
    line: &[u8],
    (app, now): (&AppState, Timestamp),
    start: SystemTime,
) -> Result<(), RecordError> {
    if !line.is_empty() {
        recorder.write(now, line)?;
    }
    match recorder.next_part() {
        Some(part) => recorder.rotate(Header::new(&app.config, start, now, part), Kept::present(app, now)),
        None => Ok(()),
    }
}
