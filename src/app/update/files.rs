//! Replies of the runtime about files: exports, the config file, and histories.

use crate::app::dialog::Dialog;
use crate::app::keymap::Action;
use crate::app::verbs::write_config::ScreenSettings;
use crate::app::verbs::{Done, write_config};
use crate::app::{AppState, EventKind, RecordingChange, Redraw, minutes};
use crate::plural::plural;
use simkit::Timestamp;

use super::report::report;

/// Reports where a file was written, and how many leases it has.
pub(super) fn exported(app: &mut AppState, leases: Option<usize>, path: &str, now: Timestamp) {
    let text = match leases {
        Some(leases) => format!("Exported {} to {path}", plural(leases as u64, "lease")),
        None => format!("Exported {path}"),
    };
    say(app, Done::status(text), now);
}

/// Shows what would change in the config file.
pub(super) fn config_read(app: &mut AppState, path: String, text: Option<String>, now: Timestamp) {
    if app.view.dialog.is_some() {
        return say(app, Done::error("Another dialog is open; run write-config again"), now);
    }
    let AppState { view, config, .. } = app.active_view();
    let screen = ScreenSettings {
        theme: app.view.theme.as_deref(),
        columns: &view.columns,
        sort: view.sort,
        group_by: if config.has_group_setting { Some(view.group_by) } else { None },
    };
    match write_config::dialog(path.clone(), text, screen) {
        Ok(Some(dialog)) => {
            app.view.dialog = Some(Dialog::WriteConfig(Box::new(dialog)));
            app.view.request_redraw(Redraw::Now);
        }
        Ok(None) => say(app, Done::status(format!("{path} already has these settings")), now),
        Err(why) => say(app, Done::error(why), now),
    }
}

/// Reports that the config file was written.
pub(super) fn config_written(app: &mut AppState, path: &str, now: Timestamp) {
    say(app, Done::status(format!("Wrote {path}")), now);
}

/// Reports a recording that started, ended or failed.
pub(super) fn recording(app: &mut AppState, change: RecordingChange, now: Timestamp) {
    let key = app.config.keymap.key_label(Action::Record);
    let (file, done) = match change {
        RecordingChange::Started { file, kept } => {
            let covers = kept.map_or_else(String::new, |(from, span)| {
                format!(", from {from} on: the last {} and what follows", minutes(span))
            });
            let text = format!("Recording to {file}{covers} ({key} stops)");
            (Some(file), Done::status(text))
        }
        RecordingChange::Stopped(file) => (None, Done::status(format!("Recorded {file}"))),
        RecordingChange::Failed(why) => {
            app.events.push(now, None, EventKind::error(why.clone()));
            (None, Done::error(why))
        }
    };
    app.view.recording = file;
    say(app, done, now);
}

/// Reports a file that could not be read or written.
pub(super) fn failed(app: &mut AppState, why: String, now: Timestamp) {
    say(app, Done::error(why), now);
}

/// Reports that a command for events failed.
pub(super) fn output_failed(app: &mut AppState, why: String, now: Timestamp) {
    app.events.push(now, None, EventKind::error(why.clone()));
    failed(app, why, now);
}

fn say(app: &mut AppState, done: Done, now: Timestamp) {
    report(app, done, now);
    app.view.request_redraw(Redraw::Now);
}
