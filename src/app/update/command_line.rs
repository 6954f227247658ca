//! The command line: opening it, and executing what was typed.

use crate::app::action::Action;
use crate::app::command::{Command, TypedCommand};
use crate::app::command_line::{CommandLine, without_values};
use crate::app::dialog::Dialog;
use crate::app::verbs::Done;
use crate::app::{AppState, Effect, HistoryKind, View};
use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::execute::{execute, perform, refusal, report};
use super::{freeze, selection};

/// Opens the command line. Commands apply to the lease that is under the cursor now.
pub(super) fn open(app: &mut AppState) {
    let lease = under_cursor(app);
    app.view.dialog = Some(Dialog::Command(Box::new(CommandLine::new(lease))));
}

/// The lease under the cursor of the displayed view: of the rows, or of the lock candidates.
fn under_cursor(app: &AppState) -> Option<LeaseId> {
    let active = app.active_view();
    match active.view.active {
        View::Locks => active.candidate().map(|candidate| candidate.lease),
        _ => active.view.cursor,
    }
}

/// Executes a typed command and adds its line to the history, without values of keys.
pub(super) fn run(app: &mut AppState, typed: TypedCommand, now: Timestamp) -> Vec<Effect> {
    let line = without_values(&typed.text);
    let mut effects = remember(app, HistoryKind::Commands, &line);
    effects.extend(dispatch(app, typed.command, typed.lease, now));
    effects
}

/// Adds a line to a history.
pub(super) fn remember(app: &mut AppState, kind: HistoryKind, line: &str) -> Vec<Effect> {
    if line.trim().is_empty() {
        return Vec::new();
    }
    app.view.typed.of_mut(kind).add(line);
    vec![Effect::Remember(kind, line.to_owned())]
}

fn dispatch(app: &mut AppState, command: Command, lease: Option<LeaseId>, now: Timestamp) -> Vec<Effect> {
    match command {
        Command::Action(action) if action.needs_cursor() && action != Action::Open => on_lease(app, action, lease, now),
        Command::Action(action) if !action.works_in(app.active_view().view.active) => {
            let view = app.active_view().view.active.tab().name;
            report(app, Done::error(format!("{}: not in the view {view}", action.name())), now)
        }
        Command::Grant(_) => match refusal(app) {
            Some(refusal) => report(app, refusal, now),
            None => execute(app, command, now),
        },
        Command::Filter(text) => {
            let effects = remember(app, HistoryKind::Filters, &text);
            execute(app, Command::Filter(text), now);
            effects
        }
        command => execute(app, command, now),
    }
}

/// Executes an action on the marked leases, or on the lease that was under the cursor when the command line was opened.
fn on_lease(app: &mut AppState, action: Action, lease: Option<LeaseId>, now: Timestamp) -> Vec<Effect> {
    let has_marks = !app.view.selection.is_empty() && !selection::is_one_open(app);
    let Some(id) = lease else {
        if has_marks {
            return perform(app, action, now);
        }
        return report(app, Done::error(format!("{}: no lease under the cursor", action.name())), now);
    };
    if has_marks {
        return perform(app, action, now);
    }
    act_on(app, action, vec![id], now)
}

/// Executes an action on these leases, as if they were the marked ones. A dialog asks as it does for a key.
pub(super) fn act_on(app: &mut AppState, action: Action, ids: Vec<LeaseId>, now: Timestamp) -> Vec<Effect> {
    let missing: Vec<LeaseId> = ids.iter().copied().filter(|id| app.leases.alive(*id).is_none()).collect();
    if let Some(id) = missing.first() {
        let rest = if missing.len() > 1 { format!(" (and {} more)", missing.len() - 1) } else { String::new() };
        let text = format!("{}{rest} is gone or unknown; nothing was done", app.view.id_format.name(*id));
        return report(app, Done::error(text), now);
    }
    if let [id] = ids[..] {
        app.view.cursor = Some(id);
        app.view.is_away = true;
    }
    let since = match (&ids[..], app.frozen.is_some()) {
        ([id], true) => freeze::changes_of(app, *id),
        _ => None,
    };
    app.view.named_targets = Some(ids);
    let effects = perform(app, action, now);
    app.view.named_targets = None;
    freeze::report(app, since, now);
    effects
}
