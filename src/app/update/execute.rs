//! Executes commands by calling their verbs.

use crate::app::action::Action;
use crate::app::cadence;
use crate::app::command::{Command, TypedCommand};
use crate::app::dialog::{Dialog, Focus, HelpDialog};
use crate::app::jobs::Jobs;
use crate::app::verbs::{
    Done, attach, change_ttl, columns, copy, drill, grant, keep_alive, mute, pin, quit, renew, revoke, revoke_many,
    sort, undo,
};
use crate::app::{AppState, Effect, MessageScope, PlaybackControl, Redraw, TypedFilter, View};
use crate::id_format::IdFormat;
use etcd_lease::{Fault, LeaseId};
use simkit::Timestamp;

use super::command_line::Plan;
use super::open_dialogs::{cursor_id, targets_to_change};
use super::report::{refusal, report};
use super::{
    clusters, command_line, feedback, freeze, navigation, open_dialogs, playback, probe_members, replies, selection,
    suspension, tick, view_actions,
};

/// Executes a command and shows the result on the status line. Actions, drills and typed commands show theirs themselves.
pub(super) fn execute(app: &mut AppState, command: Command, now: Timestamp) -> Vec<Effect> {
    if command.acts_on_leases()
        && let Some(refusal) = app.past_refusal()
    {
        return report(app, refusal, now);
    }
    let ids = app.view.id_format;
    let done = match command {
        Command::Action(action) => return act(app, action, now),
        Command::Select(id) => {
            let before = app.active_view().view.cursor;
            navigation::select(&mut app.active_view_mut().view, id);
            app.on_cursor_moved(before);
            Done::default()
        }
        Command::SortBy(sort) => {
            navigation::sort_by(&mut app.active_view_mut().view, sort);
            feedback::report_sort_of_groups(app, now);
            Done::default()
        }
        Command::ShowColumns(columns) => {
            navigation::choose_columns(&mut app.active_view_mut().view, columns);
            Done::default()
        }
        Command::Grant(request) => grant::start(&mut app.jobs, request),
        Command::RenewOnce(targets) => renew::start(&app.leases, &mut app.jobs, ids, &targets),
        Command::ChangeTtl { id, ttl } => change_ttl::start(&app.leases, &mut app.jobs, ids, id, ttl),
        Command::Attach { id, key, value } => attach::start(&mut app.jobs, ids, id, key, value),
        Command::KeepAlive(targets) => keep_alive::start(&mut app.leases, ids, &targets),
        Command::StartFault { id, fault } => return start_drill(app, id, fault, now),
        Command::Revoke(id) => {
            if !app.jobs.revoking.contains(&id) {
                app.jobs.undo.begin(&app.leases, &app.jobs.revoking, [id]);
            }
            revoke::start(&mut app.jobs, ids, id)
        }
        Command::RevokeMany(targets) => {
            app.view.dialog = Some(Dialog::Revoking { top: 0 });
            let Jobs { undo, revoking, .. } = &mut app.jobs;
            let starts = targets.iter().map(|target| target.id).filter(|id| !revoking.contains(id));
            undo.begin(&app.leases, revoking, starts);
            revoke_many::add(&app.leases, &mut app.jobs, &mut app.view.selection, targets)
        }
        Command::StopRevoking => revoke_many::stop(&mut app.jobs),
        Command::RestartSandbox { warp } => Done::effects(vec![Effect::RestartSandbox { warp }]),
        Command::Quit => Done::effects(vec![quit::quit(&app.leases, &app.config)]),
        Command::RevokeAndQuit => {
            super::undo::begin_own(app);
            let AppState { leases, jobs, view, config, .. } = app;
            quit::revoke_and_quit(leases, jobs, &mut view.selection, config, &view.background)
        }
        Command::Mute { id, service, choice } => {
            mute::apply(&mut app.leases, &ids.name(id), id, service.as_deref(), choice)
        }
        Command::ShowError(text) => Done::error(text),
        Command::Typed(typed) => return run_typed(app, *typed, now),
        Command::ActOn { action, ids } => return act_on(app, action, ids, now),
        Command::Filter(text) => set_filter(app, &text),
        Command::GroupBy(by) => {
            view_actions::group_by(app, by);
            Done::default()
        }
        Command::Theme(name) => {
            app.view.theme = Some(name.clone());
            Done::status(format!("Theme {name}")).with(Effect::Theme(name))
        }
        Command::Export { path, overwrite } => Done::effects(vec![Effect::ExportRows { path, overwrite }]),
        Command::Record(path) => playback::record(app, path),
        Command::Play(control) => playback::play(app, control),
        Command::Tour => show_tour(app),
        Command::WriteConfig => Done::effects(vec![Effect::ReadConfigFile]),
        Command::SaveConfig(change) => Done::effects(vec![Effect::WriteConfigFile(change)]),
        Command::AskSwitchCluster(to) => clusters::ask(app, to),
        Command::SwitchCluster { to, leases } => clusters::switch(app, to, leases),
    };
    let mut effects = report(app, done, now);
    effects.extend(replies::settle_unrevoked(app));
    effects
}

/// Starts a drill. Its message disappears when the drill ends. A stream is broken at once, so that message stays for the
/// usual time.
fn start_drill(app: &mut AppState, id: LeaseId, fault: Fault, now: Timestamp) -> Vec<Effect> {
    let done = drill::start(&app.leases, &app.config.keymap, app.view.id_format, id, fault);
    let effects = report(app, done, now);
    // A refusal has no effects.
    let is_started = !effects.is_empty();
    if is_started && fault != Fault::CutStream {
        app.view.limit_status(MessageScope::Drill { id, has_started: false });
    }
    effects
}

/// Executes a typed command and adds its line to the history.
fn run_typed(app: &mut AppState, typed: TypedCommand, now: Timestamp) -> Vec<Effect> {
    let mut effects = command_line::remember_line(app, &typed);
    let needs_etcd = match &typed.command {
        Command::Grant(_) => true,
        Command::Record(_) | Command::AskSwitchCluster(_) => app.config.is_replay,
        _ => false,
    };
    let refusal = if needs_etcd { refusal(app) } else { None };
    let plan = refusal.map_or_else(|| command_line::plan(app, typed), Plan::Report);
    effects.extend(match plan {
        Plan::Execute(Command::Action(action)) => run_action(app, action, now),
        Plan::Execute(command) => execute(app, command, now),
        Plan::Perform(action) => perform(app, action, now),
        Plan::ActOn(action, ids) => act_on(app, action, ids, now),
        Plan::Report(done) => report(app, done, now),
    });
    effects
}

/// Executes a typed action. If it changes nothing, a message says why, as for a key.
fn run_action(app: &mut AppState, action: Action, now: Timestamp) -> Vec<Effect> {
    app.view.status = None;
    let before = feedback::Displayed::of(app);
    let effects = execute(app, Command::Action(action), now);
    feedback::report(app, (&action.name(), action), &before, &effects, now);
    effects
}

/// Executes an action on these leases, as if they were the marked ones. A dialog asks as it does for a key.
fn act_on(app: &mut AppState, action: Action, ids: Vec<LeaseId>, now: Timestamp) -> Vec<Effect> {
    if app.past_refusal().is_some() {
        return perform(app, action, now);
    }
    let since = match command_line::set_targets(app, ids) {
        Ok(since) => since,
        Err(gone) => return report(app, gone, now),
    };
    let effects = perform(app, action, now);
    command_line::clear_targets(app);
    freeze::report(app, since, now);
    effects
}

/// Shows the introduction of the demo until the next key press.
fn show_tour(app: &mut AppState) -> Done {
    if !app.config.is_demo {
        return Done::error("The introduction belongs to the demo");
    }
    app.view.shows_tour = true;
    Done::default()
}

/// Replaces the typed filter and shows the rows.
fn set_filter(app: &mut AppState, text: &str) -> Done {
    let Ok(filter) = text.parse::<TypedFilter>() else { return Done::error(format!("“{text}” is not a filter")) };
    let active = app.active_view_mut();
    navigation::switch_to(&mut active.view, &active.keys.locks, View::Leases);
    active.view.row_filter.set(filter);
    Done::default()
}

/// Executes an action if it works in the displayed view. While the display is frozen, the action applies to the lease that
/// the user sees, and a message says what happened to it since.
fn act(app: &mut AppState, action: Action, now: Timestamp) -> Vec<Effect> {
    if action == Action::Back && selection::cancel_range(app) || feedback::is_refused(app, action) {
        return Vec::new();
    }
    if app.is_past_shown() && action.acts_on_leases() {
        return perform(app, action, now);
    }
    if !app.guard(action, now) {
        return Vec::new();
    }
    if action.is_view_only() {
        let before = app.active_view().view.cursor;
        view_actions::perform(app, action);
        app.on_cursor_moved(before);
        if matches!(action, Action::SortBefore | Action::SortAfter | Action::InvertSort) {
            feedback::report_sort_of_groups(app, now);
        }
        return Vec::new();
    }
    if action.needs_lease() && !view_actions::select_subject(app.active_view_mut()) {
        return Vec::new();
    }
    if !action.needs_cursor() {
        return perform(app, action, now);
    }
    let since = freeze::select(app);
    let effects = perform(app, action, now);
    // Changes of another lease than the target are irrelevant.
    let since = since.filter(|since| selection::targets_cursor(app, since.id));
    freeze::report(app, since, now);
    effects
}

/// Executes an action that does more than change what is displayed.
pub(super) fn perform(app: &mut AppState, action: Action, now: Timestamp) -> Vec<Effect> {
    if app.config.is_replay && action.needs_etcd() {
        let done = refusal(app).unwrap_or_default();
        return report(app, done, now);
    }
    if action.acts_on_leases()
        && let Some(refusal) = app.past_refusal()
    {
        return report(app, refusal, now);
    }
    let done = match action {
        Action::Redraw => return redraw(app, now),
        Action::Suspend => return suspension::suspend(app, now),
        Action::Quit => return ask_to_quit(app, now),
        Action::PollNow => return tick::poll_now(app, now),
        Action::Record => playback::toggle_recording(app),
        action if action.is_step_in_time() => playback::step(app, action),
        Action::Freeze if app.config.is_replay => playback::play(app, PlaybackControl::TogglePause),
        Action::PollFaster | Action::PollSlower if app.config.is_replay => {
            playback::change_speed(app, action == Action::PollFaster)
        }
        Action::Mouse => toggle_mouse(app),
        Action::Strip => view_actions::toggle_strip(app),
        Action::New => open_dialogs::open_grant_form(app),
        Action::Attach => open_dialogs::open_attach_form(app),
        Action::KeepAlive => toggle_keep_alive(app, now),
        Action::RenewOnce => match targets_to_change(app, now) {
            Some(targets) => renew_once(app, &targets),
            None => Done::default(),
        },
        Action::Undo => undo_revoke(app, now),
        Action::ChangeTtl => open_dialogs::open_change_ttl_form(app),
        Action::JumpBack => jump_back(app),
        Action::Drill => open_dialogs::toggle_drill(app),
        Action::Revoke => open_dialogs::open_revoke(app, now),
        Action::Pin => toggle_pins(app),
        Action::Mute => open_dialogs::open_mute_menu(app),
        Action::Clusters => clusters::open_menu(app),
        Action::ExportCsv => export_csv(app),
        Action::ProbeMembers => match refusal(app) {
            Some(refusal) => refusal,
            None => probe_members::start(app, now),
        },
        Action::CopyId => cursor_id(app).map_or_else(Done::default, |id| copy::id(app.view.id_format, id)),
        Action::CopyCommand => cursor_id(app).map_or_else(Done::default, |id| copy::command(&app.config, id)),
        action => {
            perform_on_view(app, action, now);
            Done::default()
        }
    };
    report(app, done, now)
}

/// Executes actions on marks, freezing, menus and the poll limit.
fn perform_on_view(app: &mut AppState, action: Action, now: Timestamp) {
    match action {
        Action::Help => app.view.dialog = Some(Dialog::Help(HelpDialog::default())),
        Action::CommandLine => command_line::open(app),
        Action::SortMenu => {
            let present = app.active_view().view.sort;
            app.view.dialog = Some(Dialog::Sort(sort::SortMenu::new(present)));
        }
        Action::Columns => {
            let present = app.active_view().view.columns.clone();
            app.view.dialog = Some(Dialog::Columns(columns::ColumnMenu::new(present)));
        }
        // The dialog opens even if there is no other speed to choose: it says why, and it catches the digit that the
        // user may already have typed.
        Action::Warp => app.view.dialog = Some(Dialog::Warp),
        Action::Mark => selection::toggle(app, now),
        Action::MarkRange => selection::range(app, now),
        Action::ClearMarks => selection::clear(app, now),
        Action::Freeze => freeze::toggle(app, now),
        Action::PollFaster | Action::PollSlower => tick::change_poll_limit(app, action, now),
        Action::Ids => {
            view_actions::toggle_id_format(app);
            let format = if app.view.id_format == IdFormat::Hex { "hexadecimal" } else { "decimal" };
            app.view.set_status(now, false, format!("Lease ids are {format}"));
        }
        _ => (),
    }
}

/// Exports the displayed cadence view.
fn export_csv(app: &AppState) -> Done {
    let shown = app.active_view();
    let series = shown.leases.cadence_report(shown.config.pace).series;
    let text = cadence::to_csv(&shown.leases.cadence_index, &series);
    Done::effects(vec![Effect::Export { name: "leasetop-cadence.csv", text }])
}

fn redraw(app: &mut AppState, now: Timestamp) -> Vec<Effect> {
    app.view.set_feedback(now, "The screen was redrawn");
    app.view.request_redraw(Redraw::Full);
    Vec::new()
}

fn toggle_keep_alive(app: &mut AppState, now: Timestamp) -> Done {
    let Some(targets) = targets_to_change(app, now) else { return Done::default() };
    match keep_alive::toggle(&mut app.leases, &mut app.events, app.view.id_format, &targets, now) {
        keep_alive::Toggled::Done(done) => done,
        keep_alive::Toggled::Ask(dialog) => {
            app.view.dialog = Some(Dialog::Adopt(dialog));
            Done::default()
        }
    }
}

/// Renews leases once, or asks first if one of them is another client's.
fn renew_once(app: &mut AppState, targets: &[LeaseId]) -> Done {
    if let Some(dialog) = renew::question(&app.leases, targets) {
        app.view.dialog = Some(Dialog::Renew(dialog));
        return Done::default();
    }
    renew::start(&app.leases, &mut app.jobs, app.view.id_format, targets)
}

/// Undoes the last revoke.
fn undo_revoke(app: &mut AppState, now: Timestamp) -> Done {
    if let Some(refusal) = refusal(app) {
        return refusal;
    }
    undo::start(&mut app.jobs, app.view.clock_speed, now)
}

/// Returns the cursor to where it was before a grant moved it. The next call returns it to the granted lease.
fn jump_back(app: &mut AppState) -> Done {
    let key = app.config.keymap.key_label(Action::JumpBack);
    let active = app.active_view_mut();
    active.view.request_redraw(Redraw::Now);
    let Some(id) = active.view.jump_back else {
        return Done::error(format!("{key}: nothing to jump back to; it works after a grant"));
    };
    if !active.view.order.contains(&id) {
        return Done::error(format!("{key}: {} is no longer listed", active.view.id_format.name(id)));
    }
    active.view.jump_back = active.view.cursor;
    navigation::select(&mut active.view, id);
    Done::default()
}

/// Pins the target leases, or unpins them if all are pinned. Also applies to a frozen view.
fn toggle_pins(app: &mut AppState) -> Done {
    let targets = selection::targets(app);
    if targets.is_empty() {
        let is_on_ended = app.cursor_lease().is_some();
        return if is_on_ended { Done::error("Only living leases can be pinned") } else { Done::default() };
    }
    let is_pinned = pin::is_to_pin(&app.leases, &targets);
    if let Some(frozen) = &mut app.frozen {
        frozen.app.view.is_away = true;
        frozen.app.view.motion.bind_cursor();
        pin::set(&mut frozen.app.leases, &targets, is_pinned);
    }
    app.view.is_away = true;
    app.view.motion.bind_cursor();
    pin::set(&mut app.leases, &targets, is_pinned);
    pin::status(app.view.id_format, &targets, is_pinned)
}

/// Toggles mouse capture.
fn toggle_mouse(app: &mut AppState) -> Done {
    app.view.has_mouse = !app.view.has_mouse;
    let key = app.config.keymap.key_label(Action::Mouse);
    let status = if app.view.has_mouse {
        format!("Mouse on ({key}: off, to select text)")
    } else {
        "Mouse off: your terminal selects text".to_owned()
    };
    Done::status(status).with(Effect::Mouse(app.view.has_mouse))
}

fn ask_to_quit(app: &mut AppState, now: Timestamp) -> Vec<Effect> {
    // The dialog is about the leases as they are.
    if app.is_past_shown() {
        app.thaw();
    }
    if quit::needs_question(&app.leases, &app.jobs, &app.config, &app.view.background) {
        app.view.dialog = Some(Dialog::Quit(Focus::default()));
        return Vec::new();
    }
    execute(app, Command::Quit, now)
}
