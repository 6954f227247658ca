//! What is wrong with the leases, looked at now and then.
//!
//! Each lease bears the names of what was found about it; the sentences are kept beside, for the one whose detail is shown.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{AppState, Lease, LeaseState, Redraw};
use crate::inference::lease_inference::LeaseInference;
use crate::inference::lints::{Finding, LintFacts, LintInput, findings};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// How often is looked, at most; a crowd takes longer to look at, and is looked at less often.
const EVERY: Duration = Duration::from_secs(2);
/// So many leases are a crowd: for each as many again it is looked that much less often.
const CROWD: u32 = 10_000;

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct LintReport {
    findings: Vec<Finding>,
    /// How many leases something was found about.
    count: usize,
    due: Timestamp,
}

impl LintReport {
    /// What was found about a lease, the most urgent first.
    pub fn of(&self, id: LeaseId) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.leases.contains(&id))
    }

    /// How many leases something was found about.
    pub fn count(&self) -> usize {
        self.count
    }
}

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
    let leases = all_facts(app, now);
    let crowds = u32::try_from(leases.len()).unwrap_or(u32::MAX) / CROWD;
    let found = findings(LintInput { leases: &leases, now });
    let count = set_warnings(app, &found);
    app.leases.lint_report = LintReport { findings: found, count, due: now + EVERY * (1 + crowds) };
}

/// Gives each lease the names of what was found about it; hands back how many have one.
fn set_warnings(app: &mut AppState, found: &[Finding]) -> usize {
    let mut names: BTreeMap<LeaseId, Vec<&'static str>> = BTreeMap::new();
    for (id, name) in found.iter().flat_map(|finding| finding.leases.iter().map(|id| (*id, finding.lint))) {
        names.entry(id).or_default().push(name);
    }
    let count = names.len();
    let differs = |lease: &&Lease| lease.warnings.as_slice() != names.get(&lease.id).map_or(&[][..], Vec::as_slice);
    let changed: Vec<LeaseId> = app.leases.values().filter(differs).map(|lease| lease.id).collect();
    for id in &changed {
        if let Some(lease) = app.leases.get_mut(*id) {
            lease.warnings = names.remove(id).unwrap_or_default();
        }
    }
    if !changed.is_empty() {
        app.view.request_redraw(Redraw::Soon);
    }
    count
}

/// What is known of each lease, sorted by id, with the locks that it stands in line for.
fn all_facts(app: &AppState, now: Timestamp) -> Vec<LintFacts> {
    let mut leases: Vec<LintFacts> = app.leases.values().map(|lease| facts(app, lease, now)).collect();
    for (id, line) in app.keys.locks.places() {
        if let Ok(place) = leases.binary_search_by_key(&id, |facts| facts.id) {
            leases[place].queue_positions.push(line);
        }
    }
    leases
}

/// What is known of a lease. A dead one that is listed all the same is unknown to the leader.
fn facts(app: &AppState, lease: &Lease, now: Timestamp) -> LintFacts {
    let Some(end) = lease.end else { return facts_of_living(lease, now) };
    let is_listed = app.cluster.is_zombie(lease);
    LintFacts { listed: is_listed, unknown_since: Some(end.at), ..LintFacts::of(lease.id, &LeaseInference::default()) }
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
