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

/// Moves in time: in a recording, or in the last minutes of the live monitor.
pub(super) fn step(app: &AppState, action: Action) -> Done {
    const SECOND: Duration = Duration::from_secs(1);
    const MINUTE: Duration = Duration::from_secs(60);
    let is_forward = matches!(action, Action::StepForward | Action::MinuteForward | Action::NextEvent);
    if !app.config.is_replay && app.config.rewind > 0 && app.frozen.is_none() && is_forward {
        let [key, back] = [action, Action::StepBack].map(|action| app.config.keymap.key_label(action));
        return Done::error(format!("{key}: this is the present; {back} goes back"));
    }
    play(
        app,
        match action {
            Action::StepBack => PlaybackControl::Back(SECOND),
            Action::StepForward => PlaybackControl::Forward(SECOND),
            Action::MinuteBack => PlaybackControl::Back(MINUTE),
            Action::MinuteForward => PlaybackControl::Forward(MINUTE),
            Action::PreviousEvent => PlaybackControl::PreviousEvent,
            _ => PlaybackControl::NextEvent,
        },
    )
}

/// Plays faster or slower.
pub(super) fn change_speed(app: &AppState, is_faster: bool) -> Done {
    let next = app.view.playback.and_then(|playback| playback.next_speed(is_faster));
    let Some(speed) = next else {
        return Done::error(if is_faster { "This is the highest speed" } else { "This is the lowest speed" });
    };
    play(app, PlaybackControl::Speed(speed)).with_status(format!("Playing at {speed}x"))
}

/// Controls the recording that is played. In the live monitor, shows the past.
pub(super) fn play(app: &AppState, control: PlaybackControl) -> Done {
    if !app.config.is_replay && app.config.rewind == 0 {
        return Done::error("No past is kept (--rewind 0)");
    }
    Done::effects(vec![Effect::Play(control)])
}
