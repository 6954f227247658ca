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

/// Passes a key to the open dialog, to the filter line, or to the key bindings. Redraw and suspend also work in
/// dialogs. If a key does nothing, a message says why.
pub(super) fn press(app: &mut AppState, key: Key, now: Timestamp) -> Vec<Effect> {
    app.view.hide_tour();
    let action = app.config.keymap.action_in(key, app.active_view().view.active);
    if let Some(action @ (Action::Redraw | Action::Suspend)) = action {
        return perform(app, action, now);
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

/// Inserts pasted text into the open form or filter line. Elsewhere it is refused, because its letters could trigger
/// actions.
pub(super) fn paste(app: &mut AppState, text: &str, now: Timestamp) {
    let is_filter = filter::is_open(app);
    match &mut app.view.dialog {
        Some(Dialog::Grant(form)) => grant::paste(form, text),
        Some(Dialog::Attach(dialog)) => attach::paste(dialog, text),
        Some(Dialog::ChangeTtl(dialog)) => change_ttl::paste(dialog, text),
        Some(Dialog::Command(line)) => line.paste(text, &app.config),
        None if is_filter => filter::paste(app, text),
        _ => app.view.set_status(now, true, "Paste ignored: no text field is open"),
    }
    app.view.request_redraw(Redraw::Now);
}
