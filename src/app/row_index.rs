//! Incremental index of the rows and counts.
//!
//! Nothing is recomputed for a frame. A lease that was changed, or whose state changed by time alone, is removed at its
//! old place and inserted at its new one, so that with 100,000 leases a frame only costs what changed. A new filter or
//! sort order rebuilds all rows at once.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashSet};
use std::time::Duration;

use super::lease_store::LeaseStore;
use super::overview::{self, Overview, OverviewShare};
use super::row_filter::{ActiveFilter, RowFilter};
use super::sort::{RowSortKey, Sort};
use super::{Lease, LeaseCounts, LeaseState, Ownership};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// If more than 1/16 of the rows move, all rows are rebuilt.
const REBUILD_FRACTION: usize = 16;

/// The contribution of one living lease to the counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct CountsShare {
    ownership: Ownership,
    is_endangered: bool,
    is_dying: bool,
    may_be_dying: bool,
    is_pinned: bool,
    /// Renewals per 10^9 seconds. An integer, so that additions and subtractions cancel exactly.
    rate: u64,
    dropped: u64,
    is_risk: bool,
    is_late: bool,
    /// Whether its renewals are still unknown.
    is_unmeasured: bool,
    overview: OverviewShare,
}

impl CountsShare {
    fn of(lease: &Lease, now: Timestamp) -> Self {
        let state = lease.state(now);
        CountsShare {
            ownership: lease.ownership,
            is_endangered: matches!(state, LeaseState::Risk | LeaseState::Late),
            is_dying: lease.is_dying(),
            may_be_dying: lease.may_be_dying(now),
            is_pinned: lease.is_pinned,
            rate: (overview::renewals_per_second(lease, state) * 1e9) as u64,
            dropped: lease.engine.as_ref().map_or(0, |status| status.queue.dropped),
            is_risk: state == LeaseState::Risk,
            is_late: state == LeaseState::Late,
            is_unmeasured: overview::is_unmeasured(lease, state),
            overview: OverviewShare::of(lease),
        }
    }
}

/// Which leases have a row, and in which order.
#[derive(Clone, Debug, Default)]
struct RowSpec {
    sort: Sort,
    active_filter: ActiveFilter,
    /// The times left at which the filter result can change.
    times_left: Vec<Duration>,
}

impl RowSpec {
    fn new(row_filter: &RowFilter, sort: Sort) -> Self {
        let active_filter = ActiveFilter::of(row_filter);
        let span = |seconds: f64| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        let times_left = active_filter.times_left().into_iter().map(span).collect();
        RowSpec { sort, active_filter, times_left }
    }

    fn is_for(&self, row_filter: &RowFilter, sort: Sort) -> bool {
        self.sort == sort && self.active_filter.is_from(row_filter)
    }

    /// The sort rank of a lease. `None` if the filter hides it.
    fn rank(&self, lease: &Lease, now: Timestamp) -> Option<RowSortKey> {
        if self.active_filter.matches(lease, now) { Some(RowSortKey::of(lease, self.sort, now)) } else { None }
    }

    /// When the filter result of a lease next changes by time alone.
    fn crossing(&self, lease: &Lease, now: Timestamp) -> Option<Timestamp> {
        // "Less than 5 s" becomes true just after the moment at which 5 s are left.
        let around = |moment: Timestamp| [moment, moment + Duration::from_nanos(1)];
        let times = self.times_left.iter().filter_map(|left| lease.left_below(*left)).flat_map(around);
        times.filter(|time| *time > now).min()
    }
}

/// The last indexed facts about one lease.
#[derive(Clone, Debug, Default)]
struct RowEntry {
    /// Its rank in the current order. `None` if it has no row.
    rank: Option<RowSortKey>,
    share: Option<CountsShare>,
    /// The state of a living lease.
    state: Option<LeaseState>,
    /// When its state next changes by time alone.
    state_change: Option<Timestamp>,
    /// When its filter result next changes by time alone.
    crossing: Option<Timestamp>,
}

impl RowEntry {
    /// When to check the lease again if nothing else happens to it.
    fn alarm(&self) -> Option<Timestamp> {
        self.state_change.into_iter().chain(self.crossing).min()
    }
}

/// The rows and counts of all leases.
#[derive(Clone, Debug, Default)]
pub(super) struct RowIndex {
    spec: RowSpec,
    /// Whether `spec` differs from the one the rows were built with.
    is_spec_new: bool,
    /// Whether the crossing times changed with `spec`.
    are_times_new: bool,
    entries: BTreeMap<LeaseId, RowEntry>,
    /// When leases must be checked again, soonest first. An alarm that does not match its entry is stale.
    alarms: BinaryHeap<Reverse<(Timestamp, LeaseId)>>,
    /// Leases whose rank differs from the one in the current order.
    dirty: HashSet<LeaseId>,
    /// Leases that became late or at risk, to be reported.
    newly_alarming: Vec<(LeaseId, LeaseState)>,
    counts: LeaseCounts,
    rate: u64,
    overview: Overview,
}

impl RowIndex {
    /// Sets the filter and the sort order. They apply from the next [`update_order`](RowIndex::update_order) on.
    pub(super) fn set_spec(&mut self, row_filter: &RowFilter, sort: Sort) {
        if !self.spec.is_for(row_filter, sort) {
            let before = std::mem::replace(&mut self.spec, RowSpec::new(row_filter, sort));
            self.is_spec_new = true;
            self.are_times_new |= before.times_left != self.spec.times_left;
        }
    }

    /// Indexes what changed and returns the counts.
    pub(super) fn count(&mut self, leases: &mut LeaseStore, now: Timestamp) -> LeaseCounts {
        let mut changed = leases.take_dirty();
        while self.next_state_change().is_some_and(|state_change| state_change <= now) {
            changed.extend(self.alarms.pop().map(|Reverse((_, id))| id));
        }
        for id in changed {
            self.recheck(id, leases.get(id), now);
            leases.recheck_cadence(id, now);
        }
        self.clear_alarms();
        self.overview.sample(self.rate as f64 / 1e9, now);
        LeaseCounts { renewals: self.rate as f64 / 1e9, ..self.counts }
    }

    fn recheck(&mut self, id: LeaseId, lease: Option<&Lease>, now: Timestamp) {
        let living = lease.filter(|lease| lease.end.is_none());
        let rank = lease.and_then(|lease| self.spec.rank(lease, now));
        let entry = self.entries.entry(id).or_default();
        let (share, alarm) = (entry.share, entry.alarm());
        entry.share = living.map(|lease| CountsShare::of(lease, now));
        entry.state_change = living.and_then(|lease| lease.next_state_change_after(now));
        entry.crossing = living.and_then(|lease| self.spec.crossing(lease, now));
        if lease.is_none() || entry.rank != rank {
            self.dirty.insert(id);
        }
        let (new_share, new_alarm) = (entry.share, entry.alarm());
        if new_alarm != alarm {
            self.alarms.extend(new_alarm.map(|at| Reverse((at, id))));
        }
        self.apply_delta(share, new_share);
        self.note_state(id, living.map(|lease| lease.state(now)));
    }

    /// Drops stale alarms from the top of the heap. Rebuilds the heap if more than half of it may be stale.
    fn clear_alarms(&mut self) {
        let is_void = |Reverse((at, id)): &Reverse<(Timestamp, LeaseId)>| {
            self.entries.get(id).is_none_or(|entry| entry.alarm() != Some(*at))
        };
        while self.alarms.peek().is_some_and(is_void) {
            self.alarms.pop();
        }
        if self.alarms.len() > 2 * self.entries.len() + REBUILD_FRACTION {
            self.set_alarms();
        }
    }

    /// Rebuilds all alarms.
    fn set_alarms(&mut self) {
        let alarms = self.entries.iter().filter_map(|(id, entry)| Some(Reverse((entry.alarm()?, *id))));
        self.alarms = alarms.collect::<Vec<_>>().into();
    }

    /// Stores the state, and notes leases that became late or at risk. A lease that goes from risk to late is not
    /// reported again.
    fn note_state(&mut self, id: LeaseId, state: Option<LeaseState>) {
        let entry = self.entries.entry(id).or_default();
        let before = std::mem::replace(&mut entry.state, state);
        match (before, state) {
            (Some(LeaseState::Risk), Some(LeaseState::Risk | LeaseState::Late))
            | (Some(LeaseState::Late), Some(LeaseState::Late)) => (),
            (_, Some(state @ (LeaseState::Risk | LeaseState::Late))) => self.newly_alarming.push((id, state)),
            _ => (),
        }
    }

    /// Returns and clears the leases that became late or at risk.
    pub(super) fn drain_newly_alarming(&mut self) -> Vec<(LeaseId, LeaseState)> {
        std::mem::take(&mut self.newly_alarming)
    }

    /// When a lease must be checked next.
    pub(super) fn next_state_change(&self) -> Option<Timestamp> {
        self.alarms.peek().map(|Reverse((at, _))| *at)
    }

    fn apply_delta(&mut self, old: Option<CountsShare>, new: Option<CountsShare>) {
        if old == new {
            return;
        }
        let counts = &mut self.counts;
        for (share, sign) in [(new, 1), (old, -1)].into_iter().filter_map(|(share, sign)| Some((share?, sign))) {
            let number = match share.ownership {
                Ownership::Own => &mut counts.own,
                Ownership::Adopted => &mut counts.adopted,
                Ownership::Other => &mut counts.others,
            };
            *number = number.wrapping_add_signed(sign);
            counts.endangered = counts.endangered.wrapping_add_signed(sign * isize::from(share.is_endangered));
            counts.dying = counts.dying.wrapping_add_signed(sign * isize::from(share.is_dying));
            counts.pinned = counts.pinned.wrapping_add_signed(sign * isize::from(share.is_pinned));
            counts.perhaps_dying = counts.perhaps_dying.wrapping_add_signed(sign * isize::from(share.may_be_dying));
            let times = |value: u64| value.wrapping_mul(sign as u64);
            counts.risk = counts.risk.wrapping_add_signed(sign * isize::from(share.is_risk));
            counts.late = counts.late.wrapping_add_signed(sign * isize::from(share.is_late));
            counts.unmeasured = counts.unmeasured.wrapping_add_signed(sign * isize::from(share.is_unmeasured));
            counts.dropped = counts.dropped.wrapping_add(times(share.dropped));
            self.rate = self.rate.wrapping_add(times(share.rate));
        }
        new.into_iter().for_each(|share| self.overview.add(share.overview));
        old.into_iter().for_each(|share| self.overview.remove(share.overview));
    }

    /// The figures over all leases, as of the last [`count`](RowIndex::count).
    pub(super) fn overview(&self) -> &Overview {
        &self.overview
    }

    /// Moves the leases whose rank changed to their new rows.
    pub(super) fn update_order(&mut self, order: &mut Vec<LeaseId>, leases: &LeaseStore, now: Timestamp) {
        if self.is_spec_new || self.dirty.len() > order.len() / REBUILD_FRACTION + REBUILD_FRACTION {
            return self.rebuild(order, leases, now);
        }
        if self.dirty.is_empty() {
            return;
        }
        let dirty = std::mem::take(&mut self.dirty);
        let mut leaving: Vec<usize> = dirty.iter().filter_map(|id| self.row(order, *id)).collect();
        leaving.sort_unstable();
        remove_rows(order, &leaving);
        let mut arriving: Vec<RowSortKey> = dirty.into_iter().filter_map(|id| self.rerank(id, leases, now)).collect();
        arriving.sort_unstable();
        self.insert_rows(order, &arriving);
    }

    /// Sorts all leases again. Relies on `entries` and `leases` having the same ids, as they do after `count`.
    fn rebuild(&mut self, order: &mut Vec<LeaseId>, leases: &LeaseStore, now: Timestamp) {
        for id in std::mem::take(&mut self.dirty).into_iter().filter(|id| !leases.contains(*id)) {
            self.entries.remove(&id);
        }
        let are_times_new = std::mem::take(&mut self.are_times_new);
        let mut ranks = Vec::with_capacity(leases.len());
        for (entry, lease) in self.entries.values_mut().zip(leases.values()) {
            entry.rank = self.spec.rank(lease, now);
            ranks.extend(entry.rank.clone());
            if are_times_new {
                entry.crossing = if lease.end.is_none() { self.spec.crossing(lease, now) } else { None };
            }
        }
        if are_times_new {
            self.set_alarms();
        }
        ranks.sort_unstable();
        order.clear();
        order.extend(ranks.into_iter().map(|rank| rank.id));
        self.is_spec_new = false;
    }

    /// The row of a lease. `None` if it has none.
    fn row(&self, order: &[LeaseId], id: LeaseId) -> Option<usize> {
        let rank = self.rank(id)?;
        Some(order.partition_point(|other| self.rank(*other) < Some(rank)))
    }

    fn rank(&self, id: LeaseId) -> Option<&RowSortKey> {
        self.entries.get(&id)?.rank.as_ref()
    }

    fn rerank(&mut self, id: LeaseId, leases: &LeaseStore, now: Timestamp) -> Option<RowSortKey> {
        let Some(lease) = leases.get(id) else {
            self.entries.remove(&id);
            return None;
        };
        let rank = self.spec.rank(lease, now);
        self.entries.entry(id).or_default().rank.clone_from(&rank);
        rank
    }

    /// Inserts from the back, so that each row moves once.
    fn insert_rows(&self, order: &mut Vec<LeaseId>, arriving: &[RowSortKey]) {
        let mut end = order.len();
        order.resize(end + arriving.len(), LeaseId(0));
        for (index, rank) in arriving.iter().enumerate().rev() {
            let row = order[..end].partition_point(|other| self.rank(*other) < Some(rank));
            order.copy_within(row..end, row + index + 1);
            order[row + index] = rank.id;
            end = row;
        }
    }
}

/// Removes rows, given in ascending order.
fn remove_rows(order: &mut Vec<LeaseId>, rows: &[usize]) {
    for (removed, row) in rows.iter().enumerate() {
        let next = rows.get(removed + 1).copied().unwrap_or(order.len());
        order.copy_within(row + 1..next, row - removed);
    }
    order.truncate(order.len() - rows.len());
}
