//! The command line: opening it, and deciding to which leases a typed command applies.

use crate::app::action::Action;
use crate::app::command::{Command, TypedCommand};
use crate::app::command_line::{CommandLine, without_values};
use crate::app::dialog::Dialog;
use crate::app::verbs::Done;
use crate::app::{AppState, Effect, HistoryKind};
use etcd_lease::LeaseId;

use super::freeze::{self, ChangesSinceFreeze};
use super::selection;

/// What to do for a typed command.
pub(super) enum Plan {
    /// Execute a command.
    Execute(Command),
    /// Execute an action on the marked leases.
    Perform(Action),
    /// Execute an action on these leases.
    ActOn(Action, Vec<LeaseId>),
    /// Only show a message.
    Report(Done),
}

/// Opens the command line. Commands apply to the lease that is under the cursor now.
pub(super) fn open(app: &mut AppState) {
    let lease = app.active_view().subject();
    app.view.dialog = Some(Dialog::Command(Box::new(CommandLine::new(lease))));
}

/// Adds a typed line to the history, without values of keys. A filter is added to the filters too.
pub(super) fn remember_line(app: &mut AppState, typed: &TypedCommand) -> Vec<Effect> {
    let mut effects = remember(app, HistoryKind::Commands, &without_values(&typed.text));
    if let Command::Filter(text) = &typed.command {
        effects.extend(remember(app, HistoryKind::Filters, text));
    }
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

/// What to do for a typed command. An action on leases applies to the marked ones, to those of the group under the cursor,
/// or to the lease that was under the cursor when the command line was opened.
pub(super) fn plan(app: &AppState, typed: TypedCommand) -> Plan {
    let Command::Action(action) = typed.command else { return Plan::Execute(typed.command) };
    let view = app.active_view().view.active;
    if action.needs_lease() {
        let has_marks = !app.view.selection.is_empty() && !selection::is_one_open(app);
        return match typed.lease {
            _ if has_marks || selection::group_targets(app).is_some() => Plan::Perform(action),
            Some(id) => Plan::ActOn(action, vec![id]),
            None => Plan::Report(Done::error(format!("{}: no lease under the cursor", action.name()))),
        };
    }
    if !action.works_in(view) {
        return Plan::Report(Done::error(format!("{}: not in the view {}", action.name(), view.tab().name)));
    }
    Plan::Execute(Command::Action(action))
}

/// Makes actions apply to these leases, until [`clear_targets`]. Moves the cursor to a single lease, and returns what
/// happened to it since the display was frozen.
///
/// # Errors
/// A lease is gone.
pub(super) fn set_targets(app: &mut AppState, ids: Vec<LeaseId>) -> Result<Option<ChangesSinceFreeze>, Done> {
    let missing: Vec<LeaseId> = ids.iter().copied().filter(|id| app.leases.alive(*id).is_none()).collect();
    if let Some(id) = missing.first() {
        let rest = if missing.len() > 1 { format!(" (and {} more)", missing.len() - 1) } else { String::new() };
        let name = app.view.id_format.name(*id);
        return Err(Done::error(format!("{name}{rest} is gone or unknown; nothing was done")));
    }
    let since = match ids[..] {
        [id] => {
            app.view.cursor = Some(id);
            app.view.is_away = true;
            app.view.motion.bind_cursor();
            freeze::changes_of(app, id)
        }
        _ => None,
    };
    app.view.named_targets = Some(ids);
    Ok(since)
}

/// Makes actions apply to the marked leases again, or to the lease under the cursor.
pub(super) fn clear_targets(app: &mut AppState) {
    app.view.named_targets = None;
}
