//! Running the lints on all leases.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::app::lint_report::LintRun;
use crate::app::{AppState, ClusterState, KeyState, Lease, LeaseState, LeaseStore, LintReport, Redraw};
use crate::inference::lease_inference::{KeyDetachReason, LeaseInference};
use crate::inference::lints::{Finding, KeyLoss, Lint, LintFacts, LostKey, Zombie};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Minimum interval between runs. With more leases, runs take longer and are less frequent.
const EVERY: Duration = Duration::from_secs(2);
/// The interval grows by `EVERY` for each multiple of this number of leases.
const CROWD: u32 = 10_000;
/// Number of leases that are checked at once. This takes about a millisecond.
const SLICE: usize = 1_000;
/// Time between slices. A run takes a tenth of the interval between runs.
const SLICE_PAUSE: Duration = Duration::from_millis(20);

/// When the lints run next.
pub(super) fn next_wake(app: &AppState) -> Timestamp {
    if app.leases.is_empty() { Timestamp::NEVER } else { app.leases.lint_report.due }
}

/// Checks the next leases if they are due. Many leases are checked in slices, so that no key press waits for long.
pub(super) fn run_if_due(app: &mut AppState, now: Timestamp) {
    if next_wake(app) > now {
        return;
    }
    let mut run = app.leases.lint_report.run.take().map_or_else(|| start(app, now), |run| *run);
    if check_next(app, &mut run, SLICE, now) {
        app.leases.lint_report.run = Some(Box::new(run));
        app.leases.lint_report.due = now + SLICE_PAUSE;
    } else {
        finish(app, run, now);
    }
}

/// Runs the lints on all leases, due or not.
pub fn run_lints(app: &mut AppState, now: Timestamp) {
    let mut run = start(app, now);
    check_next(app, &mut run, usize::MAX, now);
    finish(app, run, now);
}

/// Starts a run. Contests for keys that are over are forgotten.
fn start(app: &mut AppState, now: Timestamp) -> LintRun {
    app.keys.contests.forget_over(|id| app.leases.alive(id).is_some(), now);
    LintRun::new(app.keys.locks.places())
}

/// Checks up to `count` leases. Returns whether there may be more.
fn check_next(app: &AppState, run: &mut LintRun, count: usize, now: Timestamp) -> bool {
    let mut checked = 0;
    for lease in app.leases.after(run.last).take(count) {
        let mut facts = facts(&app.cluster, &app.keys, lease, now);
        facts.queue_positions = run.take_positions(lease.id);
        run.pass.add(&facts, now);
        run.last = Some(lease.id);
        checked += 1;
    }
    checked == count
}

/// Stores the findings of a run, and plans the next run.
fn finish(app: &mut AppState, run: LintRun, now: Timestamp) {
    let mut found = run.pass.finish(Some(&app.keys.contests), now);
    forget_ended(&mut found, &app.leases);
    let crowds = u32::try_from(app.leases.len()).unwrap_or(u32::MAX) / CROWD;
    app.leases.lint_report = LintReport::new(found, now + EVERY * (1 + crowds));
    if set_warnings(&mut app.leases) {
        app.view.request_redraw(Redraw::Soon);
    }
}

/// Removes the leases that ended after they were checked.
fn forget_ended(found: &mut Vec<Finding>, leases: &LeaseStore) {
    for finding in found.iter_mut().filter(|finding| finding.lint != Zombie.name()) {
        finding.leases.retain(|id| leases.alive(*id).is_some());
    }
    found.retain(|finding| !finding.leases.is_empty());
}

/// The names of the findings of each lease, in the order of the findings.
fn names_by_lease(found: &[Finding]) -> BTreeMap<LeaseId, Vec<&'static str>> {
    let mut names: BTreeMap<LeaseId, Vec<&'static str>> = BTreeMap::new();
    for (id, name) in found.iter().flat_map(|finding| finding.leases.iter().map(|id| (*id, finding.lint))) {
        names.entry(id).or_default().push(name);
    }
    names
}

/// Stores the names of its findings in each lease, and which of them are muted. Returns whether any changed.
fn set_warnings(leases: &mut LeaseStore) -> bool {
    let mut names = names_by_lease(leases.lint_report.all());
    for lease in leases.warned() {
        names.entry(lease.id).or_default();
    }
    names.retain(|id, names| leases.get(*id).is_some_and(|lease| *lease.warnings != **names));
    let has_changed = !names.is_empty();
    for (id, names) in names {
        leases.set_warnings(id, names);
    }
    leases.refresh_mutes() > 0 || has_changed
}

/// The facts about a lease. An ended lease that is still listed is unknown to the leader.
fn facts(cluster: &ClusterState, keys: &KeyState, lease: &Lease, now: Timestamp) -> LintFacts {
    let Some(end) = lease.end() else {
        return LintFacts { lost_key: lost_key(keys, lease, now), ..facts_of_living(lease, now) };
    };
    let listed = cluster.is_zombie(lease);
    LintFacts { listed, unknown_since: Some(end.at), ..LintFacts::of(lease.id, &LeaseInference::default()) }
}

/// The last key of a lease, if it was lost and a client has renewed the lease since. Only if the client registered it
/// soon after the grant: a client that attaches keys later deletes them itself when its work is done, and so does the
/// holder of a lock. A key that is on another lease now is not lost: callers find it.
fn lost_key(keys: &KeyState, lease: &Lease, now: Timestamp) -> Option<LostKey> {
    let last = lease.detached_keys.last()?;
    let is_empty = lease.keys.as_ref().is_some_and(|keys| keys.is_all && keys.count == 0);
    if !is_empty || keys.locks.is_lock(&last.key, lease.id) || lease.state(now) == LeaseState::Unseen {
        return None;
    }
    let availability = &keys.index.availability;
    let is_back = || {
        let recorded = availability.deletion(&last.key).filter(|deleted| !deleted.is_lock && deleted.at >= last.at);
        recorded.is_some() && availability.gone(&last.key, Some(lease.id)).is_none()
    };
    let (lost_at, how) = match last.fate {
        // Callers find it on another lease.
        KeyDetachReason::Deleted if is_back() => return None,
        KeyDetachReason::Deleted => (last.at, KeyLoss::Deleted),
        KeyDetachReason::Detached if !last.is_lock => (last.at, KeyLoss::WithoutLease),
        KeyDetachReason::Moved { to } if !last.is_lock => {
            let deleted = availability.gone(&last.key, Some(to)).filter(|deleted| !deleted.is_lock)?;
            (deleted.at, KeyLoss::DeletedFrom(to))
        }
        _ => return None,
    };
    let first_seen = last.first_seen.or_else(|| availability.first_seen(&last.key));
    let registered_by = lease.first_seen() + Duration::from_secs(lease.granted_ttl?.unsigned_abs());
    if lease.last_renewed()? <= lost_at || first_seen.is_some_and(|since| since > registered_by) {
        return None;
    }
    let is_only = lease.detached_keys.len() == 1;
    Some(LostKey { key: last.key.as_slice().into(), since: now - lost_at, is_only, how })
}

/// The facts about a living lease. For an unseen lease, only facts that do not change with time.
fn facts_of_living(lease: &Lease, now: Timestamp) -> LintFacts {
    let known = lease.keys.as_ref().filter(|keys| keys.is_all || keys.count > 0);
    let keys = known.map(|keys| keys.count as u64);
    let line = lease.line();
    if lease.state(now) == LeaseState::Unseen {
        let ttl = lease.observed.granted_ttl();
        return LintFacts { keys, ttl, line, ..LintFacts::of(lease.id, &LeaseInference::default()) };
    }
    let facts = LintFacts {
        keys,
        keyless_since: lease.keyless_since(),
        granted: if lease.is_grant_seen { Some(lease.first_seen) } else { None },
        line,
        pattern: lease.pattern(),
        ..LintFacts::of(lease.id, &lease.observed)
    };
    if lease.is_kept_alive
        && let Some(status) = &lease.engine
    {
        let least = status.cadence.least_left;
        let queue = Some(status.queue);
        return LintFacts { renewals: status.cadence.answers, margin: least, sure_margin: least, queue, ..facts };
    }
    facts
}
