//! Keys and pasted text: to the open dialog, to the filter line, or to a command.

use crate::app::action::Action;
use crate::app::command::Command;
use crate::app::dialog::{Dialog, DialogContext, DialogOutcome};
use crate::app::row_motion::DialogSeen;
use crate::app::verbs::{attach, change_ttl, grant};
use crate::app::{AppState, Effect, Key, Redraw};
use simkit::Timestamp;

use super::execute::{execute, perform};
use super::{feedback, filter};

/// Terminals send the line ends of pasted text as carriage returns.
const LINE_ENDS: [char; 2] = ['\r', '\n'];

/// Passes a key to the open dialog, to the filter line, or to the key bindings. Redraw and suspend also work in
/// dialogs. If a key does nothing, a message says why.
pub(super) fn press(app: &mut AppState, key: Key, now: Timestamp) -> Vec<Effect> {
    app.view.hide_tour();
    let action = app.config.keymap.action_in(key, app.active_view().view.active);
    if let Some(action @ (Action::Redraw | Action::Suspend)) = action {
        return perform(app, action, now);
    }
    if action != Some(Action::ProbeMembers) {
        app.cluster.members.asked_to_probe = None;
    }
    if let Some(dialog) = app.view.dialog.take() {
        return press_in_dialog(app, dialog, key, now);
    }
    if filter::is_open(app) {
        return filter::press(app, key);
    }
    app.view.request_redraw(Redraw::Now);
    app.view.status = None;
    app.active_view_mut().view.motion.dialog = DialogSeen::No;
    let Some(action) = action else {
        feedback::report_unbound(app, key, now);
        return Vec::new();
    };
    let before = feedback::Displayed::of(app);
    let effects = execute(app, Command::Action(action), now);
    feedback::report(app, (&key.to_string(), action), &before, &effects, now);
    effects
}

/// Passes a key to a dialog and executes what the dialog decides. A decision about leases is refused while the dialog is so
/// new that the user cannot have read it.
fn press_in_dialog(app: &mut AppState, mut dialog: Dialog, key: Key, now: Timestamp) -> Vec<Effect> {
    app.view.request_redraw(Redraw::Now);
    let commands = &app.view.typed.commands;
    let context = DialogContext { config: &app.config, leases: &app.leases, jobs: &app.jobs, commands };
    let unconfirmed =
        if dialog.decides_about_leases() && !is_dialog_seen(app, now) { Some(dialog.clone()) } else { None };
    let outcome = dialog.on_key(key, context);
    if matches!(outcome, DialogOutcome::Do(_) | DialogOutcome::DoAndStay(_)) && unconfirmed.is_some() {
        app.view.dialog = unconfirmed;
        app.view.set_status(now, true, format!("The dialog had just opened: read it, then press {key} again"));
        return Vec::new();
    }
    match outcome {
        DialogOutcome::Stay => {
            if !dialog.knows(key, &app.config.keymap) {
                feedback::report_unbound_in_dialog(app, key, &dialog, now);
            }
            app.view.dialog = Some(dialog);
            Vec::new()
        }
        DialogOutcome::Close => {
            app.view.dialog = dialog.below();
            Vec::new()
        }
        DialogOutcome::Do(command) => {
            app.active_view_mut().view.motion.dialog = DialogSeen::No;
            execute(app, command, now)
        }
        DialogOutcome::DoAndStay(command) => {
            app.view.dialog = Some(dialog);
            execute(app, command, now)
        }
    }
}

fn is_dialog_seen(app: &AppState, now: Timestamp) -> bool {
    app.active_view().view.is_dialog_seen(now)
}

/// Inserts pasted text into the text field that has the focus. Elsewhere it is refused, because its letters could trigger
/// actions. A field for one value takes only the first line, because joined lines would be another value.
pub(super) fn paste(app: &mut AppState, text: &str, now: Timestamp) {
    let is_filter = filter::is_open(app);
    let mut lines = text.trim_matches(LINE_ENDS).split(LINE_ENDS);
    let first = lines.next().unwrap_or_default();
    let mut has_rest = lines.next().is_some();
    match &mut app.view.dialog {
        Some(Dialog::Grant(form)) if form.input(form.focus).is_some() => has_rest = grant::paste(form, text),
        Some(Dialog::Attach(dialog)) => attach::paste(dialog, first),
        Some(Dialog::ChangeTtl(dialog)) => change_ttl::paste(dialog, first),
        Some(Dialog::Help(help)) if help.is_searching => help.paste(first),
        Some(Dialog::Command(line)) => {
            line.paste(text, &app.config);
            has_rest = false;
        }
        None if is_filter => {
            filter::paste(app, text);
            has_rest = false;
        }
        _ => return app.view.set_status(now, true, "Paste ignored: no text field has the focus"),
    }
    if has_rest {
        app.view.set_status(now, true, "Not all lines were pasted: there is no field for the rest");
    }
    app.view.request_redraw(Redraw::Now);
}
