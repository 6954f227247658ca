//! Text of the locks view.

use crate::escape::printable;
use crate::id_format::IdFormat;
use crate::inference::locks::{Candidate, CandidateProblem, KeyAttachment, LockQueue};
use crate::plural::plural;
use crate::ui::RenderContext;
use crate::ui::columns::{self, TableColumn};
use crate::ui::format;
use crate::ui::table;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Display name of a lock. A lock with an empty name is shown as its slash.
pub(super) fn name(queue: &LockQueue) -> String {
    match queue.name() {
        [] => "/".to_owned(),
        name => printable(name),
    }
}

pub(super) fn place(place: usize) -> String {
    match place {
        0 => "holds".to_owned(),
        1 => "next".to_owned(),
        place => place.to_string(),
    }
}

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
    let mut line = queue.line();
    let Some(holder) = line.next() else { return String::new() };
    let crowd = match queue.wait_count() {
        0 => "nobody waits".to_owned(),
        count => plural(count as u64, "waiter"),
    };
    let turn =
        line.next().map_or(String::new(), |next| format!("; next: {}, {}", id(next), when(ctx, holder, &id(holder))));
    format!("Held by {} for {}; {crowd}{turn}.", id(holder), held_for(queue, ctx.now))
}

fn held_for(queue: &LockQueue, now: Timestamp) -> String {
    let held = queue.held();
    let sign = if held.is_least { "at least " } else { "" };
    format!("{sign}{}", whole((now - held.since).as_secs_f64()))
}

/// When the holder gives up the lock.
fn when(ctx: RenderContext<'_>, holder: &Candidate, id: &str) -> String {
    match (holder.attachment, ctx.app.leases.candidate_problem(holder, ctx.now)) {
        (KeyAttachment::NoLease, _) => format!("when the key of {id} is deleted"),
        (KeyAttachment::OtherLease(other), _) => format!("when {id} releases it or lease {other} ends"),
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

/// A candidate's problem and its consequence.
pub(super) fn flaw(ctx: RenderContext<'_>, candidate: &Candidate, flaw: CandidateProblem) -> String {
    match flaw {
        CandidateProblem::Stranded => {
            let key = printable(&candidate.key);
            let how = if key.as_bytes() == &*candidate.key { format!(": etcdctl del {key}") } else { ".".to_owned() };
            format!("Its key is attached to no lease and stays until it is deleted{how}")
        }
        CandidateProblem::Misplaced(other) => {
            format!("Its key is attached to lease {other} and stays until that lease ends.")
        }
        CandidateProblem::Gone => "Its lease is gone; its key is deleted with it.".to_owned(),
        CandidateProblem::Dying => "Its lease has expired; etcd is about to remove it and its key.".to_owned(),
        CandidateProblem::Silent(span) => {
            let span = whole(span.as_secs_f64());
            let end = time_left(ctx, candidate).map_or("when its lease ends".to_owned(), |left| format!("in {left}"));
            format!("Not renewed for {span}: looks dead; leaves the queue {end} unless renewed.")
        }
    }
}

/// A time span, in whole seconds if short.
fn whole(seconds: f64) -> String {
    if seconds < 100.0 { format!("{:.0} s", seconds.floor()) } else { format::span(seconds) }
}
