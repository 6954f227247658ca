//! Text of the locks view.

use crate::app::{candidate_problem_text, lock_doubt, lock_value_text, released_text, whole_seconds};
use crate::id_format::IdFormat;
use crate::inference::locks::{Candidate, CandidateProblem, KeyAttachment, LockKind, LockQueue};
use crate::plural::plural;
use crate::ui::RenderContext;
use crate::ui::columns::{self, TableColumn};
use crate::ui::table;
use crate::ui::theme::Role;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Cell content for a lease that does not exist.
pub(super) fn unknown(ids: IdFormat, column: &TableColumn, id: LeaseId, width: usize) -> String {
    match column.title {
        "ID" if width >= ids.width() => ids.name(id),
        "ID" => columns::short_id(ids, id),
        _ => String::new(),
    }
}

/// The holder and since when, the number of waiters, and when the next one gets the lock.
pub(super) fn sentence(ctx: RenderContext<'_>, queue: &LockQueue, has_long_ids: bool) -> String {
    let ids = ctx.app.view.id_format;
    let id = |candidate: &Candidate| {
        if has_long_ids { ids.name(candidate.lease) } else { ids.short(candidate.lease) }
    };
    let Some(holder) = queue.holder() else { return format!("Held by nobody for {}.", held_for(queue, ctx.now)) };
    if queue.kind() == LockKind::OneKey {
        return one_key(ctx, queue, holder, &id(holder));
    }
    let crowd = match queue.wait_count() {
        0 => "nobody waits".to_owned(),
        count => plural(count as u64, "waiter"),
    };
    let next = queue.waiting().next();
    let turn =
        next.map_or(String::new(), |next| format!("; next: {}, {}", id(next), when(ctx, queue, holder, &id(holder))));
    format!("Held by {} for {}; {crowd}{turn}.", id(holder), held_for(queue, ctx.now))
}

/// The holder of a lock of one key, by the value if it was read.
fn one_key(ctx: RenderContext<'_>, queue: &LockQueue, holder: &Candidate, id: &str) -> String {
    let value = ctx.app.keys.lock_value(&holder.key).and_then(lock_value_text);
    let who = value.map_or(id.to_owned(), |value| format!("\u{201c}{value}\u{201d}, lease {id},"));
    let doubt = lock_doubt(queue).map_or(String::new(), |doubt| format!(" {doubt}"));
    format!("Held by {who} for {}; waiters have no key.{doubt}", held_for(queue, ctx.now))
}

fn held_for(queue: &LockQueue, now: Timestamp) -> String {
    let held = queue.held();
    let sign = if held.is_least { "at least " } else { "" };
    format!("{sign}{}", whole_seconds(now - held.since))
}

/// When the holder gives up the lock.
fn when(ctx: RenderContext<'_>, queue: &LockQueue, holder: &Candidate, id: &str) -> String {
    match (holder.attachment, ctx.app.leases.candidate_problem(queue, holder, ctx.now)) {
        (KeyAttachment::NoLease, _) => format!("when the key of {id} is deleted"),
        (KeyAttachment::OtherLease(other), _) => {
            format!("when {id} releases it or lease {} ends", ctx.app.view.id_format.name(other))
        }
        (_, Some(CandidateProblem::Gone | CandidateProblem::Dying)) => "as soon as etcd removes that key".to_owned(),
        _ => {
            let left = time_left(ctx, holder).map_or(String::new(), |left| format!(" ({left})"));
            format!("when {id} releases it or expires{left}")
        }
    }
}

/// `~8 s`, as in the row of the lease.
fn time_left(ctx: RenderContext<'_>, candidate: &Candidate) -> Option<String> {
    let lease = ctx.app.leases.get(candidate.lease)?;
    columns::left(table::row(ctx, lease)).map(|(left, _)| left)
}

/// A candidate's problem and its consequence as a warning, or dimmed, that it seems to have released the lock. `None` if it
/// is healthy.
pub(super) fn note(ctx: RenderContext<'_>, queue: &LockQueue, candidate: &Candidate) -> Option<(String, Role)> {
    let Some(problem) = ctx.app.leases.candidate_problem(queue, candidate, ctx.now) else {
        return Some((released_text(queue, candidate, ctx.now)?, Role::Dim));
    };
    let (ids, left) = (ctx.app.view.id_format, time_left(ctx, candidate));
    Some((candidate_problem_text(ids, queue, candidate, problem, (left.as_deref(), ctx.now)), Role::Warning))
}
