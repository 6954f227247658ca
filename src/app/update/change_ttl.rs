//! Replies to a changed TTL.

use crate::app::bulk::RevokeTarget;
use crate::app::jobs::Jobs;
use crate::app::keymap::Action;
use crate::app::lease_store::LeaseStore;
use crate::app::verbs::revoke_many;
use crate::app::{AppState, ChangedTtl, Effect, EventKind, Ownership, Redraw, RevokeOutcome};
use crate::plural::plural;
use etcd_lease::LeaseId;
use simkit::Timestamp;

use super::lifecycle::{get_or_create, record_revoked};
use super::undo::report_with_hint;
use super::{lease_keys, navigation, replies};

/// Records the new lease, moves the cursor to it if it was on the old one, and records the end of the old one. A bulk
/// revoke, or a revoke before quitting or leaving the cluster, that waits for the old lease continues.
pub(super) fn changed(app: &mut AppState, id: LeaseId, changed: &ChangedTtl, now: Timestamp) -> Vec<Effect> {
    let ChangedTtl { answer, keep_alive, keys, revision } = changed;
    app.jobs.revoking.remove(&id);
    let old = app.leases.get(id).map(|lease| (lease.granted_ttl, lease.is_pinned));
    let (old_ttl, is_pinned) = old.unwrap_or((None, false));
    let lease = get_or_create(app, answer.id);
    lease.ownership = Ownership::Own;
    lease.is_kept_alive = *keep_alive;
    lease.is_pinned = is_pinned;
    for key in keys {
        lease_keys::attached_here(app, answer.id, key, None, now);
    }
    record_revoked(app, id, *revision, now);
    if app.view.cursor == Some(id) {
        navigation::select(&mut app.view, answer.id);
        app.view.move_cursor_to(answer.id, now);
    }
    let [old_name, new_name] = [id, answer.id].map(|id| app.view.id_format.name(id));
    let was = old_ttl.map_or(String::new(), |ttl| format!(" (was {ttl} s)"));
    let rest = if *keep_alive {
        "kept alive here".to_owned()
    } else {
        format!("not kept alive: {} keeps it alive", app.config.keymap.key_label(Action::KeepAlive))
    };
    follow_replacement(&mut app.jobs, &app.leases, id, answer.id);
    let moved = plural(keys.len() as u64, "key");
    let text = format!("TTL {} s{was}: {moved} moved from {old_name} to {new_name}; {rest}", answer.ttl);
    app.view.set_status(now, false, text);
    app.view.request_redraw(Redraw::Now);
    let next = revoke_many::on_reply(&app.leases, &mut app.jobs, &mut app.view.selection, id, &RevokeOutcome::Gone);
    let mut effects = next.map_or_else(Vec::new, |done| report_with_hint(app, done, now));
    effects.extend(replies::settle(app, id, false));
    effects
}

/// If the old lease was to be revoked before quitting or leaving the cluster, the new one is revoked in its place.
fn follow_replacement(jobs: &mut Jobs, leases: &LeaseStore, old: LeaseId, new: LeaseId) {
    let quitting = jobs.quit_pending.as_mut();
    let pending = quitting.into_iter().chain(jobs.switch_pending.as_mut().map(|(pending, _)| pending));
    let waiting: Vec<_> = pending.filter(|pending| pending.contains(&old)).collect();
    if waiting.is_empty() {
        return;
    }
    waiting.into_iter().for_each(|pending| _ = pending.insert(new));
    if let (Some(bulk), Some(lease)) = (&mut jobs.bulk, leases.alive(new)) {
        bulk.extend([RevokeTarget::of(lease)]);
    }
}

/// Reports that the TTL could not be changed. `revoked` is the new lease, if it was revoked again, with the revision. If a
/// bulk revoke waits for the old lease, that is revoked.
pub(super) fn failed(
    app: &mut AppState,
    id: LeaseId,
    message: &str,
    revoked: Option<(LeaseId, i64)>,
    now: Timestamp,
) -> Vec<Effect> {
    app.jobs.revoking.remove(&id);
    if let Some((new, revision)) = revoked {
        record_revoked(app, new, revision, now);
    }
    app.polls.prioritize(id);
    app.events.push(now, Some(id), EventKind::error(format!("could not change the TTL: {message}")));
    let text = format!("TTL of {id} not changed: {message}", id = app.view.id_format.name(id));
    app.view.set_status(now, true, text);
    app.view.request_redraw(Redraw::Now);
    // A revoke that waited for the change is sent now.
    if app.jobs.bulk().is_some_and(|bulk| bulk.waits_for(id)) {
        app.jobs.undo.begin(&app.leases, &app.jobs.revoking, [id]);
        app.jobs.revoking.insert(id);
        return vec![Effect::Revoke(id)];
    }
    Vec::new()
}
