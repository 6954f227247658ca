//! All leases by id, and statistics over them.
//!
//! The store records which leases may have changed, so that updating rows and counts does not visit the others.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::ops::Bound;
use std::time::Duration;

use super::cadence::{CadenceIndex, CadenceReport, CadenceStats};
use super::history;
use super::lint_report::LintReport;
use super::metrics::ServiceCounts;
use super::mute::Mutes;
use super::ttl_cohorts::TtlCohorts;
use super::{HistoryEvent, Lease, LeaseCounts, LeaseHistory, LeaseState};
use crate::compact::compact;
use crate::inference::lease_inference::CohortHint;
use crate::inference::lints::{self, Finding, Lint, QueueFull};
use crate::inference::locks::{Candidate, CandidateHealth, CandidateProblem, LockQueue};
use etcd_lease::{LeaseId, RenewalSchedule};
use simkit::Timestamp;

/// Maximum number of rows of ended leases.
const MAX_ENDED_ROWS: usize = 20;
/// Maximum number of leases of other clients that have a history.
const MAX_OTHERS_WITH_HISTORY: usize = 64;

/// All leases, and statistics over them. Every mutable access to a lease marks it as changed.
///
/// Each lease is boxed, because leases are large and the map's nodes are half empty.
#[derive(Clone, Debug, Default)]
pub struct LeaseStore {
    all: BTreeMap<LeaseId, Box<Lease>>,
    dirty: HashSet<LeaseId>,
    /// The leases that may have a warning.
    warned: BTreeSet<LeaseId>,
    /// The ended leases that still have a row, in the order in which they ended.
    pub(super) recently_ended: VecDeque<(Timestamp, LeaseId)>,
    /// The leases of other clients that have a history, in the order in which they got it.
    with_history: VecDeque<LeaseId>,
    /// Ended leases that the engine still keeps alive although later leases have their ids. The engine must stop
    /// keeping them alive.
    pub(super) superseded: Vec<LeaseId>,
    /// Counts over all leases, as of the last [`refresh_rows`](super::refresh_rows).
    pub counts: LeaseCounts,
    /// Statistics of the leases of each TTL.
    pub(super) cohorts: TtlCohorts,
    pub(super) lint_report: LintReport,
    mutes: Mutes,
    /// The cadence statistics of every lease that was kept alive.
    pub(super) cadence_stats: CadenceStats,
    /// Renewal intervals of all living leases by TTL, as of the last [`refresh_rows`](super::refresh_rows).
    pub cadence_index: CadenceIndex,
    /// Leases by service, if they are counted.
    pub(super) service_counts: Option<ServiceCounts>,
}

impl LeaseStore {
    /// An empty store with these rules that mute warnings.
    pub(super) fn with_mutes(mutes: Mutes) -> Self {
        LeaseStore { mutes, ..LeaseStore::default() }
    }

    /// Number of leases, including ended ones that still have a row.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Number of living leases, as of the last [`refresh_rows`](super::refresh_rows).
    pub fn living_count(&self) -> usize {
        self.counts.own + self.counts.adopted + self.counts.others
    }

    /// Whether the store is empty.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn contains(&self, id: LeaseId) -> bool {
        self.all.contains_key(&id)
    }

    /// Returns a lease by its id, including leases that ended in the last 30 s.
    pub fn get(&self, id: LeaseId) -> Option<&Lease> {
        self.all.get(&id).map(Box::as_ref)
    }

    /// A lease that has not ended.
    pub(super) fn alive(&self, id: LeaseId) -> Option<&Lease> {
        self.get(id).filter(|lease| lease.end.is_none())
    }

    /// Returns a living lease for changes.
    pub(super) fn alive_mut(&mut self, id: LeaseId) -> Option<&mut Lease> {
        self.get_mut(id).filter(|lease| lease.end.is_none())
    }

    /// Every lease, sorted by id.
    pub(super) fn values(&self) -> impl Iterator<Item = &Lease> {
        self.all.values().map(Box::as_ref)
    }

    /// The leases with a higher id, or all, sorted by id.
    pub(super) fn after(&self, id: Option<LeaseId>) -> impl Iterator<Item = &Lease> {
        let from = id.map_or(Bound::Unbounded, Bound::Excluded);
        self.all.range((from, Bound::Unbounded)).map(|(_, lease)| &**lease)
    }

    /// The leases from an id on, sorted by id.
    pub(super) fn from(&self, id: LeaseId) -> impl Iterator<Item = &Lease> {
        self.all.range(id..).map(|(_, lease)| &**lease)
    }

    /// The leases with a warning, sorted by id.
    pub(super) fn warned(&self) -> impl Iterator<Item = &Lease> {
        self.warned.iter().filter_map(|id| self.get(*id)).filter(|lease| !lease.warnings.is_empty())
    }

    /// The leases that have not ended.
    pub fn living(&self) -> impl Iterator<Item = &Lease> {
        self.values().filter(|lease| lease.end.is_none())
    }

    /// The leases that are being kept alive here.
    pub fn kept_alive(&self) -> impl Iterator<Item = &Lease> {
        self.living().filter(|lease| lease.is_kept_alive)
    }

    /// The id of every lease, sorted.
    pub(super) fn ids(&self) -> impl Iterator<Item = LeaseId> {
        self.all.keys().copied()
    }

    /// Returns a lease for changes.
    pub(super) fn get_mut(&mut self, id: LeaseId) -> Option<&mut Lease> {
        let lease = self.all.get_mut(&id)?;
        self.dirty.insert(id);
        Some(lease)
    }

    /// Returns a lease for a change that must not move its row.
    pub(super) fn get_mut_in_place(&mut self, id: LeaseId) -> Option<&mut Lease> {
        self.all.get_mut(&id).map(Box::as_mut)
    }

    /// Returns a lease for changes. Creates it if it does not exist.
    pub(super) fn get_or_insert(&mut self, id: LeaseId) -> &mut Lease {
        self.dirty.insert(id);
        self.all.entry(id).or_insert_with(|| Box::new(Lease::new(id)))
    }

    /// Saves memory after `new` leases were added.
    pub(super) fn compact(&mut self, new: usize) {
        compact(&mut self.all, new);
    }

    /// Returns every lease for changes.
    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut Lease> {
        self.dirty.extend(self.all.keys());
        self.all.values_mut().map(Box::as_mut)
    }

    /// Removes a lease.
    pub(super) fn remove(&mut self, id: LeaseId) {
        self.dirty.insert(id);
        self.warned.remove(&id);
        self.all.remove(&id);
    }

    /// Records that a lease ended. Only the last [`MAX_ENDED_ROWS`] of the ended leases have a row; the one before them
    /// loses it.
    pub(super) fn push_ended(&mut self, at: Timestamp, id: LeaseId) {
        self.recently_ended.push_back((at, id));
        let Some((ended, oldest)) = self.recently_ended.iter().rev().nth(MAX_ENDED_ROWS).copied() else { return };
        // A later lease with the same id may live, or may have ended since.
        let has_ended_then = |lease: &&mut Lease| lease.end.as_ref().is_some_and(|end| end.at == ended);
        if let Some(lease) = self.get_mut(oldest).filter(has_ended_then) {
            lease.is_row_dropped = true;
        }
    }

    /// Number of leases that have a row if there is no filter: the living ones, and those that ended last.
    pub fn row_count(&self) -> usize {
        let ended = self.recently_ended.iter().rev().take(MAX_ENDED_ROWS).filter_map(|(_, id)| self.get(*id));
        let ended = ended.filter(|lease| lease.end.is_some() && !lease.is_row_dropped);
        self.living_count() + ended.map(|lease| lease.id).collect::<HashSet<_>>().len()
    }

    /// The leases that may have changed since the last call.
    pub(super) fn take_dirty(&mut self) -> HashSet<LeaseId> {
        std::mem::take(&mut self.dirty)
    }

    /// The findings of the lints.
    pub fn lint_report(&self) -> &LintReport {
        &self.lint_report
    }

    /// The rules that mute warnings.
    pub fn mutes(&self) -> &Mutes {
        &self.mutes
    }

    /// Changes the rules that mute warnings. Returns the number of leases for which that made a difference.
    pub(super) fn change_mutes(&mut self, change: impl FnOnce(&mut Mutes)) -> usize {
        change(&mut self.mutes);
        let differs = |lease: &&Lease| self.mutes.of(lease) != lease.muted;
        let changed: Vec<LeaseId> = self.warned().filter(differs).map(|lease| lease.id).collect();
        changed.iter().for_each(|id| self.refresh_muted(*id));
        self.count_warnings();
        changed.len()
    }

    /// Removes the rules for leases that no longer exist, and applies the others to what has become known about leases.
    /// Returns the number of leases for which that made a difference.
    pub(super) fn refresh_mutes(&mut self) -> usize {
        let all = &self.all;
        self.mutes.forget_gone(|id| all.contains_key(&id));
        self.change_mutes(|_| ())
    }

    /// Ends the mutes that the user set for a lease, because it got worse.
    pub(super) fn lift_mutes(&mut self, id: LeaseId) {
        let Some(lease) = self.all.get(&id) else { return };
        if self.mutes.lift(lease) {
            self.refresh_muted(id);
            self.count_warnings();
        }
    }

    /// Sets the warnings of a lease. A new and more urgent one ends its mutes.
    pub(super) fn set_warnings(&mut self, id: LeaseId, warnings: Vec<&'static str>) {
        if warnings.is_empty() {
            self.warned.remove(&id);
        } else {
            self.warned.insert(id);
        }
        let Some(lease) = self.get_mut(id) else { return };
        let before = std::mem::replace(&mut lease.warnings, warnings.into());
        let Some(lease) = self.all.get(&id) else { return };
        if self.mutes.is_worse(lease, &before) {
            self.mutes.lift(lease);
        }
        self.refresh_muted(id);
    }

    /// Adds or ends the warning about a full response queue as soon as the queue changes. A run of the lints may be seconds
    /// away, and by then a drill has ended.
    pub(super) fn refresh_queue_warning(&mut self, id: LeaseId) {
        let name = QueueFull.name();
        let Some(lease) = self.get(id) else { return };
        let is_full = lease.overflowing_queue().is_some();
        if lease.warnings.contains(&name) == is_full {
            return;
        }
        let mut warnings = lease.warnings.to_vec();
        warnings.retain(|other| *other != name);
        if is_full {
            warnings.push(name);
            warnings.sort_by_key(|name| lints::urgency(name));
        }
        self.set_warnings(id, warnings);
    }

    /// The findings about a lease, most urgent first. The one about its response queue has the current figures, as the
    /// table does.
    pub fn findings(&self, lease: &Lease) -> Vec<Finding> {
        let is_current = |finding: &&Finding| finding.lint != QueueFull.name();
        let mut findings: Vec<Finding> = self.lint_report.of(lease.id).filter(is_current).cloned().collect();
        if let Some(queue) = lease.overflowing_queue() {
            findings.push(Finding::of(&QueueFull, vec![lease.id], QueueFull::what(queue)));
            findings.sort_by_key(|finding| lints::urgency(finding.lint));
        }
        findings
    }

    fn refresh_muted(&mut self, id: LeaseId) {
        let Some(muted) = self.get(id).map(|lease| self.mutes.of(lease)) else { return };
        if let Some(lease) = self.get_mut(id) {
            lease.muted = muted;
        }
    }

    /// Counts the active and the muted warnings.
    pub(super) fn count_warnings(&mut self) {
        let count = self.warned().filter(|lease| lease.active_warnings().next().is_some()).count();
        let muted = self.warned().map(|lease| lease.muted.count()).sum();
        self.lint_report.count = count;
        self.lint_report.muted = muted;
    }

    /// Adds an event to the history of every living lease that has one or is kept alive.
    pub(super) fn record_in_all(&mut self, at: Timestamp, event: HistoryEvent) {
        let has_one = |lease: &&mut Lease| lease.end.is_none() && (lease.is_kept_alive || lease.history.is_some());
        for lease in self.values_mut().filter(has_one) {
            lease.history_mut().push(at, event);
        }
    }

    /// The history of a living lease, created if needed. A lease that others keep alive may take the history of another
    /// one: at most [`MAX_OTHERS_WITH_HISTORY`] of them have one. `has_full_capacity` makes room for as many entries as
    /// the selected lease has, otherwise for an equal share.
    pub(super) fn history_mut(&mut self, id: LeaseId, has_full_capacity: bool) -> Option<&mut LeaseHistory> {
        let share = history::capacity_for(self.counts.own + self.counts.adopted);
        let capacity = if has_full_capacity { history::SELECTED_CAPACITY } else { share };
        if self.alive(id).is_some_and(|lease| lease.history.is_none() && lease.engine.is_none()) {
            self.with_history.push_back(id);
            if self.with_history.len() > MAX_OTHERS_WITH_HISTORY
                && let Some(oldest) = self.with_history.pop_front()
                && let Some(lease) = self.all.get_mut(&oldest)
                && lease.engine.is_none()
            {
                lease.history = None;
            }
        }
        Some(self.alive_mut(id)?.history_mut().set_capacity(capacity))
    }

    /// The cadence report: a series for each TTL that was kept alive, the shortest first.
    pub fn cadence_report(&self, pace: RenewalSchedule) -> CadenceReport {
        let mut series = self.cadence_stats.report();
        series.sort_by_key(|series| (series.effective_ttl(), series.ttl));
        CadenceReport { pace, kept_for: None, stalled: false, series }
    }

    /// Counts a changed lease again in the cadence index and among the services.
    pub(super) fn recount(&mut self, id: LeaseId, now: Timestamp) {
        let lease = self.all.get(&id).map(Box::as_ref);
        self.cadence_index.recheck(id, lease, now);
        if let Some(services) = &mut self.service_counts {
            services.recheck(id, lease, now);
        }
    }

    /// Whether no client seems to renew a lease, judging by its own polls or by polls of other leases with the same
    /// TTL.
    pub(super) fn is_unrenewed(&self, id: LeaseId) -> bool {
        let Some(lease) = self.get(id) else { return false };
        if lease.observed.is_unrenewed() {
            return true;
        }
        // The lease's own renewals take precedence over those of other leases.
        let was_renewed = lease.observed.renewals().last().is_some();
        !was_renewed && lease.granted_ttl.is_some_and(|ttl| self.cohorts.are_left_alone(ttl))
    }

    /// What is known at `now` about the leases with the same TTL.
    pub(super) fn cohort_hint(&self, id: LeaseId, now: Timestamp) -> CohortHint {
        let ttl = self.get(id).and_then(|lease| lease.granted_ttl);
        CohortHint {
            is_unrenewed: self.is_unrenewed(id),
            is_never_revoked: ttl.is_some_and(|ttl| self.cohorts.are_spared(ttl, now)),
        }
    }

    /// The problem of a lock candidate, if any.
    pub fn candidate_problem(
        &self,
        queue: &LockQueue,
        candidate: &Candidate,
        now: Timestamp,
    ) -> Option<CandidateProblem> {
        if queue.released_at(candidate).is_some() {
            return None;
        }
        let health = self.get(candidate.lease).map_or_else(CandidateHealth::default, |lease| health(lease, now));
        candidate.problem(health)
    }
}

/// The health of a candidate, judged by its lease. For an unseen lease it is unknown whether it was renewed.
fn health(lease: &Lease, now: Timestamp) -> CandidateHealth {
    let state = lease.state(now);
    CandidateHealth {
        is_gone: lease.end.is_some(),
        is_dying: state == LeaseState::Dying,
        ttl: lease.granted_ttl.map(|ttl| Duration::from_secs(ttl.unsigned_abs())),
        unrenewed: if state == LeaseState::Unseen { None } else { lease.unrenewed(now) },
        late_after: lease.late_after(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_thousand_leases_fit_into_44_mb() {
        assert!(size_of::<Lease>() * 100_000 <= 44_000_000, "{} bytes each", size_of::<Lease>());
    }
}
