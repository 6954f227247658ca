//! A recording that is played, or being written.

use std::time::Duration;

use simkit::Timestamp;

/// Where the display is in a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Playback {
    /// The time of the first message.
    pub start: Timestamp,
    /// The time of the last message.
    pub end: Timestamp,
    /// The time that is displayed.
    pub position: Timestamp,
    /// The speed as a multiple of real time.
    pub speed: u32,
    /// Whether it is paused.
    pub is_paused: bool,
    /// Where the messages are.
    pub source: PlaybackSource,
}

/// Where the messages are that are played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaybackSource {
    /// In a file.
    File {
        /// Whether the file has no proper end.
        is_truncated: bool,
    },
    /// In memory, while the monitor runs.
    Memory {
        /// Whether the limit of memory cut off older messages of the last ten minutes.
        is_short: bool,
    },
}

/// What the user does with a recording that is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaybackControl {
    /// Pause or continue.
    TogglePause,
    /// Play at this multiple of real time.
    Speed(u32),
    /// Move back by this span.
    Back(Duration),
    /// Move forward by this span.
    Forward(Duration),
    /// Move to a place, in thousandths of the recording.
    Seek(u16),
    /// Move to a time of day, in seconds since midnight.
    TimeOfDay(u32),
    /// Move to the next event that the events view shows.
    NextEvent,
    /// Move back to the previous event that the events view shows.
    PreviousEvent,
}

/// What became of a recording that is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordingChange {
    /// It is written to this file.
    Started {
        /// The file.
        file: String,
        /// The time of day at which it begins and the time since then, if it begins with the last minutes.
        kept: Option<(String, Duration)>,
    },
    /// It ended. It is in this file.
    Stopped(String),
    /// It could not be started or continued, for this reason.
    Failed(String),
}

/// `4 min 10 s`, or `45 s`.
pub fn minutes(span: Duration) -> String {
    let seconds = span.as_secs();
    if seconds < 60 { format!("{seconds} s") } else { format!("{} min {} s", seconds / 60, seconds % 60) }
}

/// The speeds at which a recording is played.
const SPEEDS: [u32; 10] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000];

impl Playback {
    /// The past in memory, from `start` to `now`, displayed at `position`.
    pub(super) fn of_memory((start, position, now): (Timestamp, Timestamp, Timestamp), is_short: bool) -> Self {
        let source = PlaybackSource::Memory { is_short };
        Playback { start, end: now, position, speed: 1, is_paused: true, source }
    }

    /// Whether it is the past of a monitor that runs.
    pub fn is_in_memory(&self) -> bool {
        matches!(self.source, PlaybackSource::Memory { .. })
    }

    /// The next higher or lower speed, if there is one.
    pub fn next_speed(&self, is_faster: bool) -> Option<u32> {
        let mut faster = SPEEDS.into_iter().filter(|speed| *speed > self.speed);
        let slower = SPEEDS.into_iter().rfind(|speed| *speed < self.speed);
        if is_faster { faster.next() } else { slower }
    }

    /// The position in thousandths.
    pub fn permille(&self) -> u16 {
        let length = (self.end - self.start).as_secs_f64();
        let share = if length > 0.0 { (self.position - self.start).as_secs_f64() / length } else { 1.0 };
        (share.clamp(0.0, 1.0) * 1_000.0) as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_go_from_1_to_1000() {
        let at = |speed| Playback {
            start: Timestamp::START,
            end: Timestamp::at(Duration::from_secs(10)),
            position: Timestamp::at(Duration::from_secs(5)),
            speed,
            is_paused: false,
            source: PlaybackSource::File { is_truncated: false },
        };
        assert_eq!((at(1).next_speed(true), at(1).next_speed(false)), (Some(2), None));
        assert_eq!((at(60).next_speed(true), at(60).next_speed(false)), (Some(100), Some(50)));
        assert_eq!((at(1_000).next_speed(true), at(1_000).next_speed(false)), (None, Some(500)));
        assert_eq!(at(1).permille(), 500);
    }
}
