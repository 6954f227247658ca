//! Plays a recording in real time.

use std::time::{Duration, SystemTime};

use super::time_of_day;
use crate::app::{AppState, Playback, PlaybackControl, PlaybackSource};
use crate::recording::{Player, Recording};
use simkit::{Clock, Timestamp};

/// Interval between updates of the state during playback.
pub(super) const FRAME: Duration = Duration::from_millis(33);

/// A recording that is played.
#[derive(Debug)]
pub(super) struct PlayedRecording {
    player: Player,
    wall_start: SystemTime,
    is_truncated: bool,
    speed: u32,
    is_paused: bool,
    /// A time of the clock, and the position at that time.
    since: (Timestamp, Timestamp),
}

impl PlayedRecording {
    /// Starts playback, and returns the initial state too. `config` has the user's settings; the rest comes from the
    /// recording.
    pub(super) fn start(recording: Recording, config: crate::app::AppConfig, clock: &Clock) -> (Self, AppState) {
        let Recording { header, entries, is_truncated } = recording;
        let speed = header.sandbox.unwrap_or(1);
        let mut player = Player::new(entries, header.at, header.config(config));
        let mut app = player.initial_state();
        // The first messages recreate the state at the start.
        player.advance(&mut app, header.at);
        let since = (clock.now(), player.position());
        let played =
            PlayedRecording { player, wall_start: header.wall_start(), is_truncated, speed, is_paused: false, since };
        played.show(&mut app);
        (played, app)
    }

    /// The time of the state.
    pub(super) fn position(&self) -> Timestamp {
        self.player.position()
    }

    /// Whether playback is paused or at the end.
    pub(super) fn is_still(&self) -> bool {
        self.is_paused || self.position() >= self.player.span().1
    }

    /// The wall-clock time at offset 0, as of the position.
    pub(super) fn wall_start(&self) -> SystemTime {
        self.wall_start + self.player.slept()
    }

    /// Applies the messages that are due by the clock, unless playback is paused.
    pub(super) fn advance(&mut self, app: &mut AppState, clock: &Clock) {
        if !self.is_still() {
            let (at, position) = self.since;
            self.player.advance(app, position + (clock.now() - at) * self.speed);
            self.show(app);
        }
    }

    /// Goes on from the position. The time since the last update is not played.
    pub(super) fn resume(&mut self, clock: &Clock) {
        self.since = (clock.now(), self.position());
    }

    /// Carries out a control.
    pub(super) fn control(&mut self, control: PlaybackControl, app: &mut AppState, clock: &Clock) {
        self.advance(app, clock);
        let (start, end) = self.player.span();
        let to = match control {
            PlaybackControl::TogglePause => {
                self.is_paused = !self.is_paused;
                None
            }
            PlaybackControl::Speed(speed) => {
                self.speed = speed;
                None
            }
            PlaybackControl::Back(span) => Some(self.position().before(span)),
            PlaybackControl::Forward(span) => Some(self.position() + span),
            PlaybackControl::Seek(permille) => Some(start + (end - start).mul_f64(f64::from(permille) / 1_000.0)),
            PlaybackControl::TimeOfDay(seconds) => {
                let found = time_of_day::find(seconds, self.wall_start(), (start, end));
                if found.is_none() {
                    app.report_step("The recording does not cover this time of day", self.position());
                }
                found
            }
            PlaybackControl::PreviousEvent => {
                let before = app.previous_event(self.position());
                if before.is_none() {
                    app.report_no_event("No earlier event", self.position());
                }
                self.is_paused = true;
                before
            }
            PlaybackControl::NextEvent => {
                self.is_paused = true;
                if !self.player.next_event(app) {
                    app.report_no_event("End of the recording: no further event", self.position());
                }
                None
            }
        };
        if let Some(to) = to {
            // A step stops the time, so that the user sees where it led.
            self.is_paused |= matches!(control, PlaybackControl::Back(_) | PlaybackControl::Forward(_));
            self.player.seek(app, to);
        }
        self.resume(clock);
        self.show(app);
    }

    /// Updates the position and the speed on the screen.
    fn show(&self, app: &mut AppState) {
        let (start, end) = self.player.span();
        let (position, speed, is_paused) = (self.position(), self.speed, self.is_paused);
        let source = PlaybackSource::File { is_truncated: self.is_truncated };
        app.show_playback(Playback { start, end, position, speed, is_paused, source });
    }
}
