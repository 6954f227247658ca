//! Records the messages of a session: in a file, and the last minutes in memory.

use std::path::PathBuf;
use std::time::SystemTime;

use crate::app::{AppState, Msg, Past, RecordingChange, checkpoint};
use crate::recording::{self, Header, RecordError, RecordOptions, Recorder, Rewinder, Target};
use simkit::Timestamp;

/// The recordings of a session.
#[derive(Debug)]
pub(super) struct Journal {
    /// `None` if no file is written.
    recorder: Option<Recorder>,
    /// `None` if no past can be shown.
    rewinder: Option<Rewinder>,
    /// Whether the machine slept: times before that cannot be shown with those after it.
    has_slept: bool,
    /// The wall-clock time of the clock's start. Later after a sleep of the machine.
    start: SystemTime,
    /// A message in its recorded form.
    line: Vec<u8>,
}

impl Journal {
    /// `start` is the wall-clock time of the clock's start.
    pub(super) fn new(start: SystemTime) -> Self {
        Journal { recorder: None, rewinder: None, has_slept: false, start, line: Vec::new() }
    }

    /// Keeps the last minutes in memory, in `limit` bytes.
    pub(super) fn keep_past(&mut self, limit: usize, app: &AppState, now: Timestamp) {
        self.rewinder = if limit > 0 { Rewinder::start(limit, app, now) } else { None };
    }

    /// The state at another time, if it is kept.
    pub(super) fn past(&mut self, target: Target, now: Timestamp) -> Option<Past> {
        self.rewinder.as_mut()?.show(target, now)
    }

    /// Starts a recording that begins with the present state. Returns the name of the file.
    pub(super) fn start(
        &mut self,
        options: RecordOptions,
        app: &AppState,
        now: Timestamp,
    ) -> Result<String, RecordError> {
        let file = options.path.display().to_string();
        let header = Header::new(&app.config, self.start, now, 1);
        self.recorder = Some(Recorder::start(options, &header, &checkpoint(app, now))?);
        Ok(file)
    }

    /// Starts a recording to a file, or to a new one that is named by the time.
    pub(super) fn start_typed(&mut self, path: Option<String>, app: &AppState, now: Timestamp) -> RecordingChange {
        let path = path.unwrap_or_else(|| {
            let wall = jiff::Timestamp::try_from(self.start + now.since_start()).unwrap_or_default();
            format!("leasetop-{}.jsonl.gz", wall.strftime("%Y%m%dT%H%M%SZ"))
        });
        let options = RecordOptions { path: PathBuf::from(path), max_bytes: RecordOptions::MAX_BYTES };
        started(&self.start(options, app, now))
    }

    /// Ends the recording.
    pub(super) fn stop(&mut self) -> Option<RecordingChange> {
        let recorder = self.recorder.take()?;
        Some(RecordingChange::Stopped(recorder.path().display().to_string()))
    }

    /// Records a message before it is applied.
    pub(super) fn on_message(&mut self, msg: &Msg, now: Timestamp) {
        self.line.clear();
        if self.recorder.is_some() || self.rewinder.as_ref().is_some_and(Rewinder::is_on) {
            recording::encode(now, msg, &mut self.line);
        }
        if let Msg::SystemSlept(span) = msg {
            self.start += *span;
            self.has_slept = true;
        }
    }

    /// Writes the message after it was applied. Starts the next file once one is full.
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
        let recorder = self.recorder.as_mut()?;
        let failed = write(recorder, &self.line, (app, now), self.start).err()?;
        self.recorder = None;
        Some(RecordingChange::Failed(failed.to_string()))
    }
}

/// What the user learns of a recording that starts.
pub(super) fn started(result: &Result<String, RecordError>) -> RecordingChange {
    match result {
        Ok(file) => RecordingChange::Started(file.clone()),
        Err(error) => RecordingChange::Failed(error.to_string()),
    }
}

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
        Some(part) => recorder.rotate(&Header::new(&app.config, start, now, part), &checkpoint(app, now)),
        None => Ok(()),
    }
}
