//! Steps through the last minutes while the monitor continues.

use super::journal::Journal;
use super::time_of_day;
use crate::app::{AppState, PlaybackControl, minutes};
use crate::recording::Target;
use simkit::Timestamp;

/// Shows another time, as a control says.
pub(super) fn control(control: PlaybackControl, app: &mut AppState, journal: &mut Journal, now: Timestamp) {
    let from = app.displayed_at(now);
    let target = match control {
        PlaybackControl::Back(span) => Target::At(from.before(span)),
        PlaybackControl::Forward(span) => Target::At(from + span),
        PlaybackControl::NextEvent => Target::NextEvent(from, app.displayed(now).0.view.events_view.clone()),
        PlaybackControl::PreviousEvent => match app.previous_event(now) {
            Some(at) => Target::At(at),
            None => return app.report_no_event("No earlier event", now),
        },
        PlaybackControl::Seek(permille) => {
            let start = start(app, journal, now);
            Target::At(start + (now - start).mul_f64(f64::from(permille) / 1_000.0))
        }
        PlaybackControl::TimeOfDay(seconds) => {
            let span = (start(app, journal, now), now);
            match time_of_day::find(seconds, journal.wall_start(), span) {
                Some(at) => Target::At(at),
                None => return app.report_step("This time of day is not kept in memory", now),
            }
        }
        PlaybackControl::TogglePause | PlaybackControl::Speed(_) => return,
    };
    if matches!(target, Target::At(at) if at >= now) {
        return app.show_present(now);
    }
    show(target, app, journal, now);
}

/// The oldest time that is kept.
fn start(app: &AppState, journal: &mut Journal, now: Timestamp) -> Timestamp {
    match &app.displayed(now).0.view.playback {
        Some(playback) => playback.start,
        None => journal.past(Target::At(now), now).map_or(now, |past| past.start),
    }
}

fn show(target: Target, app: &mut AppState, journal: &mut Journal, now: Timestamp) {
    let wanted = match target {
        Target::At(at) => Some(at),
        Target::NextEvent(..) => None,
    };
    let Some(past) = journal.past(target, now) else {
        return match wanted {
            None => app.report_no_event("No later event", now),
            Some(_) => app.report_step("The past is not kept: it needs more memory than --rewind allows", now),
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
