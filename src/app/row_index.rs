//! Incremental index of the rows and counts.
//!
//! Nothing is recomputed for a frame. A lease that was changed, or whose state changed by time alone, is removed at its
//! old place and inserted at its new one, so that with 100,000 leases a frame only costs what changed. A new filter or
//! sort order rebuilds all rows at once.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashSet};
use std::sync::Arc;

use super::group_by::GroupBy;
use super::groups::{GroupId, GroupIndex};
use super::lease_store::LeaseStore;
use super::name_order::{self, NameOrder};
use super::overview::{self, Overview, OverviewShare};
#[cfg(test)]
use super::problem_class::ProblemClass;
use super::problem_class::SettledClass;
use super::row_filter::RowFilter;
use super::row_spec::RowSpec;
use super::sort::{self, RowRank, Sort};
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

/// The last indexed facts about one lease.
#[derive(Clone, Debug, Default)]
struct RowEntry {
    /// Its rank in the current order. `None` if it has no row.
    rank: Option<RowRank>,
    /// The code of its first key, and the number of that code among all.
    name: Option<(Arc<[u8]>, u64)>,
    share: Option<CountsShare>,
    /// The state of a living lease.
    state: Option<LeaseState>,
    /// The problem class of a living lease.
    class: Option<SettledClass>,
    /// When its state next changes by time alone.
    state_change: Option<Timestamp>,
    /// When its filter result next changes by time alone.
    crossing: Option<Timestamp>,
}

impl RowEntry {
    /// When to check the lease again if nothing else happens to it.
    fn alarm(&self) -> Option<Timestamp> {
        let improvement = self.class.and_then(|class| class.improves_at);
        self.state_change.into_iter().chain(self.crossing).chain(improvement).min()
    }

    /// The rank of its lease now, whose state may be known already. `None` if the lease has no row. Updates the figures of
    /// its group.
    fn rank_now(
        &self,
        spec: &RowSpec,
        groups: &mut GroupIndex,
        lease: &Lease,
        state: Option<LeaseState>,
        now: Timestamp,
    ) -> Option<RowRank> {
        if !spec.has_row(lease, state, now) {
            groups.remove(lease.id);
            return None;
        }
        let class = self.class.unwrap_or_default().class;
        let name = self.name.as_ref().map(|(_, number)| *number);
        let group = groups.update(lease, class, || state.unwrap_or_else(|| lease.state(now)));
        Some(RowRank { group, ..RowRank::of(lease, class, name, spec.sort, now) })
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
    names: NameOrder,
    /// Whether the ranks of rows that did not change are outdated, because all names have new numbers.
    are_names_new: bool,
    /// When leases must be checked again, soonest first. An alarm that does not match its entry is stale.
    alarms: BinaryHeap<Reverse<(Timestamp, LeaseId)>>,
    /// Leases whose rank differs from the one in the current order.
    dirty: HashSet<LeaseId>,
    /// Leases whose rank differs only by a figure that changes with every renewal. They wait until rows may move.
    stale: HashSet<LeaseId>,
    /// Number of rows of ended leases.
    ended_rows: usize,
    /// Leases that became late or at risk, to be reported.
    newly_alarming: Vec<(LeaseId, LeaseState)>,
    counts: LeaseCounts,
    rate: u64,
    groups: GroupIndex,
    overview: Overview,
}

impl RowIndex {
    /// The groups of the leases that have a row.
    pub(super) fn groups(&self) -> &GroupIndex {
        &self.groups
    }

    /// The leases of a group in their displayed order.
    pub(super) fn members<'a>(&self, order: &'a [LeaseId], group: GroupId) -> &'a [LeaseId] {
        let group_of = |id: &LeaseId| self.rank(*id).and_then(|rank| rank.group);
        let start = order.partition_point(|id| group_of(id) < Some(group));
        let end = order.partition_point(|id| group_of(id) <= Some(group));
        &order[start..end]
    }

    /// Sets what the rows are grouped by. It applies from the next [`update_order`](RowIndex::update_order) on.
    pub(super) fn set_group(&mut self, by: GroupBy) {
        self.is_spec_new |= self.groups.set_by(by);
    }

    /// Sets the filter and the sort order. They apply from the next [`update_order`](RowIndex::update_order) on. Returns
    /// whether they differ from those of the current order.
    pub(super) fn set_spec(&mut self, row_filter: &RowFilter, sort: Sort) -> bool {
        if !self.spec.is_for(row_filter, sort) {
            let before = std::mem::replace(&mut self.spec, RowSpec::new(row_filter, sort));
            self.is_spec_new = true;
            self.are_times_new |= before.crossings != self.spec.crossings;
        }
        self.is_spec_new
    }

    /// Whether leases wait for rows to move.
    pub(super) fn has_stale(&self) -> bool {
        !self.stale.is_empty()
    }

    /// The problem class by which a lease is sorted.
    #[cfg(test)]
    pub(super) fn class(&self, id: LeaseId) -> Option<ProblemClass> {
        Some(self.entries.get(&id)?.class.unwrap_or_default().class)
    }

    /// Number of rows of ended leases.
    pub(super) fn ended_rows(&self) -> usize {
        self.ended_rows
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
        self.set_name(id, lease);
        let state = living.map(|lease| lease.state(now));
        let entry = self.entries.entry(id).or_default();
        let (share, alarm) = (entry.share, entry.alarm());
        entry.class = living.map(|lease| match entry.class {
            Some(class) => class.next(lease, now),
            None => SettledClass::first(lease, now),
        });
        let rank = match lease {
            Some(lease) => entry.rank_now(&self.spec, &mut self.groups, lease, state, now),
            None => {
                self.groups.remove(id);
                None
            }
        };
        entry.share = living.map(|lease| CountsShare::of(lease, now));
        entry.state_change = living.and_then(|lease| lease.next_state_change_after(now));
        entry.crossing = living.and_then(|lease| self.spec.crossing(lease, now));
        let is_only_figure =
            self.spec.sort.is_volatile() && entry.rank.zip(rank).is_some_and(|(old, new)| old.is_in_part_of(new));
        if lease.is_none() || entry.rank != rank {
            let waiting = if is_only_figure { &mut self.stale } else { &mut self.dirty };
            waiting.insert(id);
        }
        let (new_share, new_alarm) = (entry.share, entry.alarm());
        if new_alarm != alarm {
            self.alarms.extend(new_alarm.map(|at| Reverse((at, id))));
        }
        self.apply_delta(share, new_share);
        self.note_state(id, state);
    }

    /// Numbers the first key of a lease, if it changed.
    fn set_name(&mut self, id: LeaseId, lease: Option<&Lease>) {
        let entry = self.entries.entry(id).or_default();
        let code = lease.and_then(sort::first_key).map(|key| name_order::code(key));
        if entry.name.as_ref().map(|(code, _)| code) == code.as_ref() {
            return;
        }
        let old = entry.name.take().map(|(code, _)| code);
        let Some(code) = code else { return self.names.remove(id, old) };
        let number = self.names.replace(id, old, Arc::clone(&code));
        entry.name = Some((code, number.unwrap_or_default()));
        if number.is_none() {
            self.are_names_new = true;
            for (id, number) in self.names.numbers() {
                let name = self.entries.get_mut(&id).and_then(|entry| entry.name.as_mut());
                name.into_iter().for_each(|(_, known)| *known = number);
            }
        }
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

    /// Moves the leases whose rank changed to their new rows. If `may_move` is false, rows come and go, but those that
    /// remain keep their order. Returns whether any row changed.
    pub(super) fn update_order(
        &mut self,
        order: &mut Vec<LeaseId>,
        leases: &LeaseStore,
        now: Timestamp,
        may_move: bool,
    ) -> bool {
        if may_move {
            self.dirty.extend(std::mem::take(&mut self.stale));
        }
        let is_outdated = self.is_spec_new || std::mem::take(&mut self.are_names_new);
        if is_outdated || self.dirty.len() > order.len() / REBUILD_FRACTION + REBUILD_FRACTION {
            self.rebuild(order, leases, now, may_move);
        } else if self.dirty.is_empty() {
            return self.groups.update_order();
        } else {
            self.move_rows(order, leases, now);
        }
        self.groups.update_order();
        true
    }

    fn move_rows(&mut self, order: &mut Vec<LeaseId>, leases: &LeaseStore, now: Timestamp) {
        let dirty = std::mem::take(&mut self.dirty);
        self.stale.retain(|id| !dirty.contains(id));
        let mut leaving: Vec<usize> = dirty.iter().filter_map(|id| self.row(order, *id)).collect();
        leaving.sort_unstable();
        remove_rows(order, &leaving);
        let mut arriving: Vec<RowRank> = dirty.into_iter().filter_map(|id| self.rerank(id, leases, now)).collect();
        arriving.sort_unstable();
        self.insert_rows(order, &arriving);
    }

    /// Sorts all leases again. Relies on `entries` and `leases` having the same ids, as they do after `count`. If
    /// `may_move` is false, rows that remain keep their rank.
    fn rebuild(&mut self, order: &mut Vec<LeaseId>, leases: &LeaseStore, now: Timestamp, may_move: bool) {
        for id in std::mem::take(&mut self.dirty).into_iter().filter(|id| !leases.contains(*id)) {
            self.entries.remove(&id);
            self.stale.remove(&id);
        }
        let are_times_new = std::mem::take(&mut self.are_times_new);
        let keeps_ranks = !may_move && !self.is_spec_new;
        if !keeps_ranks {
            self.stale.clear();
        }
        let mut ranks = Vec::with_capacity(leases.len());
        for (entry, lease) in self.entries.values_mut().zip(leases.values()) {
            let rank = entry.rank_now(&self.spec, &mut self.groups, lease, entry.state, now);
            let is_kept = keeps_ranks && entry.rank.zip(rank).is_some_and(|(old, new)| old.is_in_part_of(new));
            if !is_kept {
                entry.rank = rank;
            }
            ranks.extend(entry.rank);
            if are_times_new {
                entry.crossing = if lease.end.is_none() { self.spec.crossing(lease, now) } else { None };
            }
        }
        if are_times_new {
            self.set_alarms();
        }
        ranks.sort_unstable();
        self.ended_rows = ranks.iter().filter(|rank| rank.has_ended()).count();
        order.clear();
        order.extend(ranks.into_iter().map(|rank| rank.id));
        self.is_spec_new = false;
    }

    /// The row of a lease. `None` if it has none.
    pub(super) fn row(&self, order: &[LeaseId], id: LeaseId) -> Option<usize> {
        let rank = self.rank(id)?;
        Some(order.partition_point(|other| self.rank(*other) < Some(rank)))
    }

    fn rank(&self, id: LeaseId) -> Option<RowRank> {
        self.entries.get(&id)?.rank
    }

    fn rerank(&mut self, id: LeaseId, leases: &LeaseStore, now: Timestamp) -> Option<RowRank> {
        let ended = |rank: Option<RowRank>| usize::from(rank.is_some_and(RowRank::has_ended));
        let Some(lease) = leases.get(id) else {
            self.ended_rows -= self.entries.remove(&id).map_or(0, |entry| ended(entry.rank));
            return None;
        };
        let entry = self.entries.entry(id).or_default();
        let rank = entry.rank_now(&self.spec, &mut self.groups, lease, entry.state, now);
        self.ended_rows = self.ended_rows + ended(rank) - ended(entry.rank);
        entry.rank = rank;
        rank
    }

    /// Inserts from the back, so that each row moves once.
    fn insert_rows(&self, order: &mut Vec<LeaseId>, arriving: &[RowRank]) {
        let mut end = order.len();
        order.resize(end + arriving.len(), LeaseId(0));
        for (index, rank) in arriving.iter().enumerate().rev() {
            let row = order[..end].partition_point(|other| self.rank(*other) < Some(*rank));
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
