//! Running the lints on all leases.

use std::time::Duration;

use crate::app::{AppState, ClusterState, KeyState, Lease, LeaseState, LeaseStore, LintReport, Redraw};
use crate::inference::lease_inference::{KeyDetachReason, LeaseInference};
use crate::inference::lints::{KeyLoss, LintFacts, LintInput, LostKey, findings};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Minimum interval between runs. With more leases, runs take longer and are less frequent.
const EVERY: Duration = Duration::from_secs(2);
/// The interval grows by `EVERY` for each multiple of this number of leases.
const CROWD: u32 = 10_000;

/// When the lints run next.
pub(super) fn next_wake(app: &AppState) -> Timestamp {
    if app.leases.is_empty() { Timestamp::NEVER } else { app.leases.lint_report.due }
}

/// Runs the lints if they are due.
pub(super) fn run_if_due(app: &mut AppState, now: Timestamp) {
    if next_wake(app) <= now {
        run_lints(app, now);
    }
}

/// Runs the lints on all leases, due or not.
pub fn run_lints(app: &mut AppState, now: Timestamp) {
    app.keys.contests.forget_over(|id| app.leases.alive(id).is_some(), now);
    let leases = all_facts(&app.leases, &app.cluster, &app.keys, now);
    let crowds = u32::try_from(leases.len()).unwrap_or(u32::MAX) / CROWD;
    let found = findings(LintInput { leases: &leases, contests: Some(&app.keys.contests), now });
    if set_warnings(&mut app.leases, LintReport::new(found, now + EVERY * (1 + crowds))) {
        app.view.request_redraw(Redraw::Soon);
    }
}

/// Stores the report, the names of its findings in each lease, and which of them are muted. Returns whether any changed.
fn set_warnings(leases: &mut LeaseStore, report: LintReport) -> bool {
    let names = |id| report.of(id).map(|finding| finding.lint);
    let differs = |lease: &&Lease| !names(lease.id).eq(lease.warnings.iter().copied());
    let changed: Vec<LeaseId> = leases.values().filter(differs).map(|lease| lease.id).collect();
    for id in &changed {
        leases.set_warnings(*id, names(*id).collect());
    }
    leases.lint_report = report;
    let muted = leases.refresh_mutes();
    !changed.is_empty() || muted > 0
}

/// The facts about each lease, sorted by id, with its positions in lock queues.
fn all_facts(leases: &LeaseStore, cluster: &ClusterState, keys: &KeyState, now: Timestamp) -> Vec<LintFacts> {
    let mut all: Vec<LintFacts> = leases.values().map(|lease| facts(cluster, keys, lease, now)).collect();
    for (id, position) in keys.locks.places() {
        if let Ok(place) = all.binary_search_by_key(&id, |facts| facts.id) {
            all[place].queue_positions.push(position);
        }
    }
    all
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
/// holder of a lock. A key that moved to another lease is lost once it is gone: until then, callers find it.
fn lost_key(keys: &KeyState, lease: &Lease, now: Timestamp) -> Option<LostKey> {
    let last = lease.detached_keys.last()?;
    let is_empty = lease.keys.as_ref().is_some_and(|keys| keys.is_all && keys.count == 0);
    if !is_empty || keys.locks.is_lock(&last.key, lease.id) || lease.state(now) == LeaseState::Unseen {
        return None;
    }
    let availability = &keys.index.availability;
    let (lost_at, how) = match last.fate {
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
