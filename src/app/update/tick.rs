//! Work that is due by time: polls, lints, and removing old rows and messages.

use std::time::Duration;

use crate::app::key_index::MAX_BYTES;
use crate::app::key_queries::Shown;
use crate::app::keymap::Action;
use crate::app::{AppState, Effect, EventKind, Lease, Redraw};
use crate::byte_budget::megabytes;
use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::counts::refresh_counts;
use super::{availability, cluster, lints, lock_values, members, start_over, undo_size, values};

/// Maximum number of queries for keys at once.
const MAX_KEY_QUERIES: usize = 64;
/// Maximum number of ended leases that are remembered for their rows.
const MAX_ENDED: usize = 10_000;
/// How long ended leases keep their row, in real time or in the time of the leases, whichever is shorter.
const ENDED_ROW_TTL: Duration = Duration::from_secs(30);

/// Does all work that is due.
pub(super) fn tick(app: &mut AppState, now: Timestamp) -> Vec<Effect> {
    refresh_counts(app, now);
    drop_ended_rows(app, now);
    cluster::report_lasting_loss(app, now);
    availability::report_due(app, now);
    cluster::report_lost_members(app, now);
    clear_status(app, now);
    app.keys.locks.forget_released(now);
    app.keys.forget_ended(now);
    lints::run_if_due(app, now);
    report_exceeded_budget(app, now);
    report_too_many_keys(app, now);
    if app.view.take_reorder_request(now) {
        app.view.request_redraw(Redraw::Soon);
    }
    app.jobs.undo.expire(app.view.clock_speed, now);
    let mut effects = start_over::decide_if_due(app, now);
    effects.extend(poll(app, now));
    effects.extend(undo_size::start_measuring_if_due(app));
    effects.extend(values::start_read_if_due(app, now));
    effects.extend(lock_values::start_read_if_due(app, now));
    effects.extend(members::start_read_if_due(app, now));
    effects.extend(members::start_counters_read_if_due(app, now));
    effects
}

/// Starts the polls, the reads of keys and the list that are due, if a member answers. A replay asks nothing: the
/// recording contains the replies.
fn poll(app: &mut AppState, now: Timestamp) -> Vec<Effect> {
    if !app.cluster.is_reached() || app.config.is_replay {
        return Vec::new();
    }
    let mut effects = Vec::new();
    let on_screen = app.view.on_screen(&app.leases, &app.keys.locks);
    let for_keys: Vec<LeaseId> = app.keys.queries.due(now).take(MAX_KEY_QUERIES).collect();
    let due = app.polls.start_due(&mut app.leases, &on_screen, &for_keys, now);
    let (with_keys, due): (Vec<LeaseId>, Vec<LeaseId>) =
        due.into_iter().partition(|id| start_key_query(app, *id, &on_screen, now));
    if !due.is_empty() {
        effects.push(Effect::Poll(due));
    }
    effects.extend(with_keys.into_iter().map(Effect::PollWithKeys));
    app.keys.revisit_due(now);
    let reads = app.keys.take_reads(now);
    if !reads.is_empty() {
        effects.push(Effect::ReadKeys(reads));
    }
    if app.polls.start_list_if_due(&app.leases, &app.cluster, now) {
        effects.push(Effect::List);
    }
    effects
}

/// Decides whether the poll of a lease also asks for its keys, and records the query if so. It does if not all keys are
/// watched, and the lease is due for a query or its detail is shown.
fn start_key_query(app: &mut AppState, id: LeaseId, on_screen: &[LeaseId], now: Timestamp) -> bool {
    if app.keys.follows_all() {
        return false;
    }
    let shown = if app.view.is_about(id) {
        Shown::Detail
    } else if on_screen.contains(&id) {
        Shown::Row
    } else {
        Shown::No
    };
    if !app.keys.index.is_by_lease() {
        prepare_for_detail(app, id, shown, now);
    }
    let wants = app.keys.queries.wants(id, shown, now);
    if wants {
        app.keys.queries.asked(id, shown, now);
    }
    wants
}

/// Adds a lease to the queries for keys if its detail is shown, and removes it otherwise. Called while the keys are read and
/// watched, so that other leases need no query.
fn prepare_for_detail(app: &mut AppState, id: LeaseId, shown: Shown, now: Timestamp) {
    let is_queried = app.keys.queries.contains(id);
    if shown != Shown::Detail {
        app.keys.queries.remove(id);
    } else if !is_queried {
        app.keys.queries.add(id, None, false, now);
    }
}

/// Reports once that a reply was larger than what the budget for keys had left.
fn report_exceeded_budget(app: &mut AppState, now: Timestamp) {
    let Some(received) = app.keys.queries.take_excess(now) else { return };
    let [received, limit] = [received, app.keys.queries.limit()].map(megabytes);
    let text = format!(
        "{received} MB were received for keys within a minute; the limit is {limit} MB (--key-budget), so until \
         they are a minute old, only leases on the screen are asked for their keys"
    );
    app.events.push(now, None, EventKind::error(text));
}

/// Reports once that the keys of all leases take too much memory.
fn report_too_many_keys(app: &mut AppState, now: Timestamp) {
    if app.keys.index.take_overflow() {
        let limit = megabytes(MAX_BYTES as u64);
        let text = format!("the keys of all leases take more than {limit} MB; further keys are left out");
        app.events.push(now, None, EventKind::error(text));
    }
}

/// Removes the rows of leases that ended long ago, and of the oldest ones if there are too many.
fn drop_ended_rows(app: &mut AppState, now: Timestamp) {
    // Only the newest have a row, so these can be removed even while the order is fixed.
    for _ in MAX_ENDED..app.leases.recently_ended.len() {
        if let Some((at, id)) = app.leases.recently_ended.pop_front() {
            drop_ended(app, id, at, now);
        }
    }
    let Some(shown_for) = ended_row_time(app) else { return };
    while let Some(&(at, id)) = app.leases.recently_ended.front().filter(|(at, _)| *at + shown_for <= now) {
        app.leases.recently_ended.pop_front();
        drop_ended(app, id, at, now);
        app.view.request_redraw(Redraw::Soon);
    }
}

/// How long ended leases keep their row. `None` while no row may be removed.
fn ended_row_time(app: &AppState) -> Option<Duration> {
    let span = ENDED_ROW_TTL.min(app.view.wall_time(ENDED_ROW_TTL));
    if app.view.is_order_fixed() { None } else { Some(span) }
}

/// Removes the row of a lease that ended at `ended_at`. Does nothing if the lease was granted again meanwhile. Keeps
/// the row while the lease is still listed.
fn drop_ended(app: &mut AppState, id: LeaseId, ended_at: Timestamp, now: Timestamp) {
    let is_this = |lease: &&Lease| lease.end().is_some_and(|end| end.at <= ended_at);
    let Some(lease) = app.leases.get(id).filter(is_this) else { return };
    if app.cluster.is_zombie(lease) {
        app.leases.recently_ended.push_back((now, id));
    } else {
        app.leases.remove(id);
    }
}

fn clear_status(app: &mut AppState, now: Timestamp) {
    if app.view.status.as_ref().is_some_and(|status| status.until <= now) {
        app.view.status = None;
        app.view.request_redraw(Redraw::Soon);
    }
}

/// Lists the leases and makes the leases of all visible rows due.
pub(super) fn poll_now(app: &mut AppState, now: Timestamp) -> Vec<Effect> {
    let visible: Vec<LeaseId> = app.view.visible(&app.leases).map(|lease| lease.id).collect();
    for id in visible {
        app.polls.plan(&mut app.leases, id, now);
    }
    vec![Effect::List]
}

/// Raises or lowers the poll limit by one step.
pub(super) fn change_poll_limit(app: &mut AppState, action: Action, now: Timestamp) {
    let limit = app.polls.limit;
    let is_faster = action == Action::PollFaster;
    let next = if is_faster { steps().find(|step| *step > limit) } else { steps().filter(|step| *step < limit).last() };
    let most = next.unwrap_or(limit);
    app.polls.limit = most;
    app.polls.chosen_limit = Some(most);
    let end = match (next, is_faster) {
        (Some(_), _) => "",
        (None, true) => ", the highest",
        (None, false) => ", the lowest",
    };
    app.view.set_status(now, false, format!("Poll limit {most}/s{end}"));
}

/// The possible limits in polls per second: 1, 2, 5, 10 and so on up to 100,000.
fn steps() -> impl Iterator<Item = u32> {
    let decades = (0..5).map(|power| 10_u32.pow(power));
    decades.flat_map(|decade| [1, 2, 5].map(|digit| digit * decade)).chain([100_000])
}

/// When the next [`Msg::Tick`](crate::app::Msg::Tick) is due.
pub fn next_wake(app: &AppState, now: Timestamp) -> Timestamp {
    let ended = app.leases.recently_ended.front().and_then(|(at, _)| Some(*at + ended_row_time(app)?));
    let status = app.view.status.as_ref().map(|status| status.until);
    let values = Some(values::next_wake(app));
    let lock_values = Some(lock_values::next_wake(app, now));
    let state_change = app.view.row_index.next_state_change();
    let lints = Some(lints::next_wake(app));
    let polls = next_poll(app, now);
    let reordering = app.view.reorder_wake();
    let undo = undo_size::next_wake(app, now);
    let held = start_over::next_wake(app);
    let loss = app.cluster.lasting_loss_at();
    let member = app.cluster.lost_member_due();
    let members = Some(members::next_wake(app).min(members::next_counters_read(app)));
    let gone_keys = app.keys.index.availability.next_wake();
    let reads = [values, lock_values, members, polls, undo];
    let ended_keys = app.keys.next_forget();
    [ended, status, lints, state_change, reordering, held, loss, member, gone_keys, ended_keys]
        .into_iter()
        .chain(reads)
        .flatten()
        .min()
        .unwrap_or(Timestamp::NEVER)
}

fn next_poll(app: &AppState, now: Timestamp) -> Option<Timestamp> {
    if !app.cluster.is_reached() || app.config.is_replay {
        return None;
    }
    let on_screen = app.view.on_screen(&app.leases, &app.keys.locks);
    let polls = app.polls.next_wake(&app.leases, &on_screen, now);
    let keys = app.keys.queries.next_due(now).map(|due| app.polls.next_room(due, now));
    [Some(polls), keys, app.keys.next_read(now)].into_iter().flatten().min()
}
