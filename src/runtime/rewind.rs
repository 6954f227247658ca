//! Steps through the last minutes while the monitor continues.

use super::journal::Journal;
use super::time_of_day;
use crate::app::{AppState, PlaybackControl, minutes};
use crate::recording::Target;
use simkit::Timestamp;

const NOT_KEPT: &str = "The past is not kept: it needs more memory than --rewind allows";

/// Shows the time that a control selects, or reports why there is none. Pause and speed are ignored.
pub(super) fn control(control: PlaybackControl, app: &mut AppState, journal: &mut Journal, now: Timestamp) {
    match selected(control, app, journal, now) {
        Some(Target::At(at)) if at >= now => app.show_present(now),
        Some(target) => show(target, app, journal, now),
        None => (),
    }
}

/// The time that a control selects. If there is none, reports why.
fn selected(control: PlaybackControl, app: &mut AppState, journal: &mut Journal, now: Timestamp) -> Option<Target> {
    let from = app.displayed_at(now);
    match control {
        PlaybackControl::Back(span) => Some(Target::At(from.before(span))),
        PlaybackControl::Forward(span) => Some(Target::At(from + span)),
        PlaybackControl::NextEvent => {
            let events_view = app.displayed(now).0.view.events_view.clone();
            Some(Target::NextEvent(from, events_view))
        }
        PlaybackControl::PreviousEvent => {
            let found = app.previous_event(now);
            if found.is_none() {
                app.report_no_event("No earlier event", now);
            }
            found.map(Target::At)
        }
        PlaybackControl::Seek(permille) => {
            // The user sees a seek bar of this span.
            let shown = app.displayed(now).0.view.playback.map(|playback| (playback.start, playback.end));
            let (start, end) = match shown {
                Some(span) => span,
                None => (oldest(app, journal, now)?, now),
            };
            Some(Target::At(start + (end - start).mul_f64(f64::from(permille) / 1_000.0)))
        }
        PlaybackControl::TimeOfDay(seconds) => {
            let span = (oldest(app, journal, now)?, now);
            let found = time_of_day::find(seconds, journal.wall_start(), span);
            if found.is_none() {
                app.report_step("This time of day is not kept in memory", now);
            }
            found.map(Target::At)
        }
        PlaybackControl::TogglePause | PlaybackControl::Speed(_) => None,
    }
}

/// The oldest time that is kept. If there is none, reports why.
fn oldest(app: &mut AppState, journal: &mut Journal, now: Timestamp) -> Option<Timestamp> {
    let oldest = journal.oldest();
    if oldest.is_none() {
        app.report_step(NOT_KEPT, now);
    }
    oldest
}

/// Shows a time in the past, and reports if it is not kept or if less is kept than usual.
fn show(target: Target, app: &mut AppState, journal: &mut Journal, now: Timestamp) {
    let wanted = match target {
        Target::At(at) => Some(at),
        Target::NextEvent(..) => None,
    };
    let Some(past) = journal.past(target, now) else {
        return match wanted {
            None => app.report_no_event("No later event", now),
            Some(_) => app.report_step(NOT_KEPT, now),
        };
    };
    let kept = minutes(now - past.start);
    if wanted.is_some_and(|at| at <= past.start) {
        app.report_step(format!("This is the oldest state that is kept, {kept} ago"), now);
    } else if past.is_short && !app.is_past_shown() {
        app.report_step(format!("Only the last {kept} are kept; --rewind sets the memory for more"), now);
    }
    app.show_past(past, now);
}
