//! Running the lints on all leases.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::app::{AppState, ClusterState, Lease, LeaseState, LeaseStore, LintReport, Redraw};
use crate::inference::lease_inference::LeaseInference;
use crate::inference::lints::{Finding, LintFacts, LintInput, findings};
use crate::inference::locks::Locks;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// How often is looked, at most; a crowd takes longer to look at, and is looked at less often.
const EVERY: Duration = Duration::from_secs(2);
/// So many leases are a crowd: for each as many again it is looked that much less often.
const CROWD: u32 = 10_000;

/// When is looked next.
pub(super) fn next_wake(app: &AppState) -> Timestamp {
    if app.leases.is_empty() { Timestamp::NEVER } else { app.leases.lint_report.due }
}

/// Looks at all leases, if it is time to.
pub(super) fn run_if_due(app: &mut AppState, now: Timestamp) {
    if next_wake(app) <= now {
        run_lints(app, now);
    }
}

/// Looks at all leases, however short a while ago that was done.
pub fn run_lints(app: &mut AppState, now: Timestamp) {
    let leases = all_facts(&app.leases, &app.cluster, &app.keys.locks, now);
    let crowds = u32::try_from(leases.len()).unwrap_or(u32::MAX) / CROWD;
    let found = findings(LintInput { leases: &leases, now });
    let names = names_by_lease(&found);
    let (count, due) = (names.len(), now + EVERY * (1 + crowds));
    if set_warnings(&mut app.leases, names) {
        app.view.request_redraw(Redraw::Soon);
    }
    app.leases.lint_report = LintReport { findings: found, count, due };
}

fn names_by_lease(found: &[Finding]) -> BTreeMap<LeaseId, Vec<&'static str>> {
    let mut names: BTreeMap<LeaseId, Vec<&'static str>> = BTreeMap::new();
    for (id, name) in found.iter().flat_map(|finding| finding.leases.iter().map(|id| (*id, finding.lint))) {
        names.entry(id).or_default().push(name);
    }
    names
}

/// Gives each lease the names of what was found about it; whether that changed any.
fn set_warnings(leases: &mut LeaseStore, mut names: BTreeMap<LeaseId, Vec<&'static str>>) -> bool {
    let differs = |lease: &&Lease| lease.warnings.as_slice() != names.get(&lease.id).map_or(&[][..], Vec::as_slice);
    let changed: Vec<LeaseId> = leases.values().filter(differs).map(|lease| lease.id).collect();
    for id in &changed {
        if let Some(lease) = leases.get_mut(*id) {
            lease.warnings = names.remove(id).unwrap_or_default();
        }
    }
    !changed.is_empty()
}

/// What is known of each lease, sorted by id, with the locks that it stands in line for.
fn all_facts(leases: &LeaseStore, cluster: &ClusterState, locks: &Locks, now: Timestamp) -> Vec<LintFacts> {
    let mut all: Vec<LintFacts> = leases.values().map(|lease| facts(cluster, lease, now)).collect();
    for (id, position) in locks.places() {
        if let Ok(place) = all.binary_search_by_key(&id, |facts| facts.id) {
            all[place].queue_positions.push(position);
        }
    }
    all
}

/// What is known of a lease. An ended one that is listed all the same is unknown to the leader.
fn facts(cluster: &ClusterState, lease: &Lease, now: Timestamp) -> LintFacts {
    let Some(end) = lease.end else { return facts_of_living(lease, now) };
    let listed = cluster.is_zombie(lease);
    LintFacts { listed, unknown_since: Some(end.at), ..LintFacts::of(lease.id, &LeaseInference::default()) }
}

/// Of one that is unseen nothing is known but what time does not change.
fn facts_of_living(lease: &Lease, now: Timestamp) -> LintFacts {
    let known = lease.keys.as_ref().filter(|keys| keys.is_all || keys.count > 0);
    let keys = known.map(|keys| keys.count as u64);
    if lease.state(now) == LeaseState::Unseen {
        let ttl = lease.observed.granted_ttl();
        return LintFacts { keys, ttl, ..LintFacts::of(lease.id, &LeaseInference::default()) };
    }
    let facts = LintFacts { keys, ..LintFacts::of(lease.id, &lease.observed) };
    match lease.engine.as_ref().filter(|_| lease.is_kept_alive) {
        Some(status) => {
            let least = status.cadence.least_left;
            LintFacts { renewals: status.cadence.answers, margin: least, sure_margin: least, ..facts }
        }
        None => facts,
    }
}
