//! Recording, and moving in time.

use std::time::Duration;

use crate::app::action::Action;
use crate::app::verbs::Done;
use crate::app::{AppState, Effect, PlaybackControl};

/// Starts or ends the recording.
pub(super) fn toggle_recording(app: &AppState) -> Done {
    let effect = if app.view.recording.is_some() { Effect::StopRecording } else { Effect::StartRecording(None) };
    Done::effects(vec![effect])
}

/// Starts a recording to a file.
pub(super) fn record(app: &AppState, path: String) -> Done {
    match &app.view.recording {
        Some(present) => Done::error(format!("Already recording to {present}")),
        None => Done::effects(vec![Effect::StartRecording(Some(path))]),
    }
}

/// Moves in time. The live monitor has no recording.
pub(super) fn step(app: &AppState, action: Action) -> Done {
    const SECOND: Duration = Duration::from_secs(1);
    const MINUTE: Duration = Duration::from_secs(60);
    if !app.config.is_replay {
        return Done::error("Only in a recording; `leasetop replay FILE` opens one");
    }
    play(match action {
        Action::StepBack => PlaybackControl::Back(SECOND),
        Action::StepForward => PlaybackControl::Forward(SECOND),
        Action::MinuteBack => PlaybackControl::Back(MINUTE),
        Action::MinuteForward => PlaybackControl::Forward(MINUTE),
        _ => PlaybackControl::NextEvent,
    })
}

/// Plays faster or slower.
pub(super) fn change_speed(app: &AppState, is_faster: bool) -> Done {
    let next = app.view.playback.and_then(|playback| playback.next_speed(is_faster));
    let Some(speed) = next else {
        return Done::error(if is_faster { "This is the highest speed" } else { "This is the lowest speed" });
    };
    play(PlaybackControl::Speed(speed)).with_status(format!("Playing at {speed}x"))
}

/// Controls the recording that is played.
pub(super) fn play(control: PlaybackControl) -> Done {
    Done::effects(vec![Effect::Play(control)])
}
