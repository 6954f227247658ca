//! Incremental index of the rows and counts.
//!
//! Nothing is recomputed for a frame. A lease that was changed, or whose state changed by time alone, is removed at its
//! old place and inserted at its new one, so that with 100,000 leases a frame only costs what changed. A new filter or
//! sort order rebuilds all rows at once.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::num::NonZeroU64;

use super::counts_share::CountsShare;
use super::group_by::GroupBy;
use super::groups::{GroupId, GroupIndex};
use super::lease_store::LeaseStore;
use super::name_order::NameOrder;
use super::new_alarms::NewAlarms;
use super::overview::Overview;
#[cfg(test)]
use super::problem_class::ProblemClass;
use super::problem_class::SettledClass;
use super::row_entries::RowEntries;
use super::row_facts::LeaseSource;
use super::row_filter::RowFilter;
use super::row_rank::RowRank;
use super::row_rebuild::{RowRebuild, rank_now};
use super::row_spec::RowSpec;
use super::sort::{self, Sort};
use super::sorted_rows::merge_rows;
use super::{FirstKeys, KeyName, Lease, LeaseCounts, LeaseState};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// If more than 1/16 of the rows move, all rows are rebuilt.
const REBUILD_FRACTION: usize = 16;

/// The rows and counts of all leases.
#[derive(Clone, Debug, Default)]
pub(super) struct RowIndex {
    spec: RowSpec,
    /// Whether `spec` differs from the one the rows were built with.
    is_spec_new: bool,
    /// Whether the crossing times changed with `spec`.
    are_times_new: bool,
    entries: RowEntries,
    names: NameOrder,
    /// When leases must be checked again, soonest first. An alarm that does not match its entry is stale.
    alarms: BinaryHeap<Reverse<(Timestamp, LeaseId)>>,
    /// Leases whose rank differs from the one in the current order.
    dirty: HashSet<LeaseId>,
    /// Leases whose rank differs only by a figure that changes with every renewal. They wait until rows may move.
    stale: HashSet<LeaseId>,
    /// Number of rows of ended leases.
    ended_rows: usize,
    new_alarms: NewAlarms,
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
        let group_of = |id: &LeaseId| self.rank(*id).map_or(0, RowRank::group);
        let start = order.partition_point(|id| group_of(id) < group.number());
        let end = order.partition_point(|id| group_of(id) <= group.number());
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

    /// Whether any lease waits until rows may move.
    pub(super) fn has_stale(&self) -> bool {
        !self.stale.is_empty()
    }

    /// The problem class by which a lease is sorted.
    #[cfg(test)]
    pub(super) fn class(&self, id: LeaseId) -> Option<ProblemClass> {
        Some(self.entries.facts(id)?.class)
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
        // New leases get their places in the order of ids, in which they are visited later.
        let mut changed: Vec<LeaseId> = changed.into_iter().collect();
        changed.sort_unstable();
        for id in &changed {
            self.recheck(*id, leases.get(*id), now);
            leases.recount(*id, now);
        }
        self.names.compact(changed.len());
        self.clear_alarms();
        self.overview.sample(self.rate as f64 / 1e9, now);
        LeaseCounts { renewals: self.rate as f64 / 1e9, ..self.counts }
    }

    /// Indexes a lease again. If its rank changed, it waits for [`update_order`](RowIndex::update_order), which moves
    /// its row.
    fn recheck(&mut self, id: LeaseId, lease: Option<&Lease>, now: Timestamp) {
        let living = lease.filter(|lease| lease.end.is_none());
        self.set_name(id, lease);
        let state = living.map(|lease| lease.state(now));
        let (facts, entry) = self.entries.get_or_insert(id);
        let (before, share, alarm) = (facts.state, entry.share, entry.alarm());
        let settled = before.map(|_| SettledClass { class: facts.class, improves_at: entry.improves_at });
        let settled = living.map(|lease| match settled {
            Some(class) => class.next(lease, now),
            None => SettledClass::first(lease, now),
        });
        entry.improves_at = settled.and_then(|settled| settled.improves_at);
        match lease {
            Some(lease) => facts.update(lease, state, settled.unwrap_or_default().class),
            None => (facts.state, facts.first_keys) = (None, FirstKeys::default()),
        }
        let old = facts.rank;
        let rank = match lease {
            Some(lease) => rank_now(&self.spec, &mut self.groups, facts, LeaseSource::Lease(lease), now),
            None => {
                self.groups.remove(id);
                None
            }
        };
        entry.share = living.map(|lease| CountsShare::of(lease, now));
        entry.state_change = living.and_then(|lease| lease.next_state_change_after(now));
        entry.crossing = living.and_then(|lease| self.spec.crossing(facts, LeaseSource::Lease(lease), now));
        let is_only_figure =
            self.spec.sort.is_volatile() && old.zip(rank).is_some_and(|(old, new)| old.is_in_part_of(new));
        if lease.is_none() || old != rank {
            let waiting = if is_only_figure { &mut self.stale } else { &mut self.dirty };
            waiting.insert(id);
        }
        let (new_share, new_alarm) = (entry.share, entry.alarm());
        if new_alarm != alarm {
            self.alarms.extend(new_alarm.map(|at| Reverse((at, id))));
        }
        self.apply_delta(share, new_share);
        self.new_alarms.note(id, before, state);
        if lease.is_none() && old.is_none() {
            self.forget(id);
        }
    }

    /// Removes the entry of a lease that no longer exists and has no row. Otherwise it would wait for the next frame, which
    /// may never be drawn.
    fn forget(&mut self, id: LeaseId) {
        self.entries.remove(id);
        self.dirty.remove(&id);
        self.stale.remove(&id);
    }

    /// Numbers the first key of a lease, if it changed.
    fn set_name(&mut self, id: LeaseId, lease: Option<&Lease>) {
        let (facts, _) = self.entries.get_or_insert(id);
        let (old, name) = (facts.first_keys.first(), lease.and_then(sort::first_key));
        if old == name {
            return;
        }
        let old = old.cloned();
        facts.name = None;
        let Some(name) = name else { return self.names.remove(id, old) };
        for (changed, number) in self.names.replace(id, old, KeyName::clone(name)) {
            if let Some(facts) = self.entries.facts_mut(changed) {
                facts.name = NonZeroU64::new(number);
            }
            if changed != id && self.spec.sort.is_by_name() {
                self.dirty.insert(changed);
            }
        }
    }

    /// Drops stale alarms from the top of the heap. Rebuilds the heap if more than half of it may be stale.
    fn clear_alarms(&mut self) {
        let is_void = |Reverse((at, id)): &Reverse<(Timestamp, LeaseId)>| {
            self.entries.entry(*id).is_none_or(|entry| entry.alarm() != Some(*at))
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
        let mut alarms = self.take_alarms();
        alarms.extend(self.entries.iter_mut().filter_map(|(facts, entry)| Some(Reverse((entry.alarm()?, facts.id)))));
        self.alarms = alarms.into();
    }

    /// Removes all alarms and returns their empty vector, so that its memory is used again.
    fn take_alarms(&mut self) -> Vec<Reverse<(Timestamp, LeaseId)>> {
        let mut alarms = std::mem::take(&mut self.alarms).into_vec();
        alarms.clear();
        alarms
    }

    /// Returns and clears the leases that became late, at risk or unrenewed.
    pub(super) fn drain_newly_alarming(&mut self) -> Vec<(LeaseId, LeaseState)> {
        self.new_alarms.drain()
    }

    /// When a lease must be checked next.
    pub(super) fn next_state_change(&self) -> Option<Timestamp> {
        self.alarms.peek().map(|Reverse((at, _))| *at)
    }

    fn apply_delta(&mut self, old: Option<CountsShare>, new: Option<CountsShare>) {
        if old == new {
            return;
        }
        for (share, sign) in [(new, 1), (old, -1)].into_iter().filter_map(|(share, sign)| Some((share?, sign))) {
            share.add_to(&mut self.counts, sign);
            self.rate = self.rate.wrapping_add(share.rate.wrapping_mul(sign as u64));
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
        if self.is_spec_new || self.dirty.len() > order.len() / REBUILD_FRACTION + REBUILD_FRACTION {
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
        let rerank = |id| Some((self.rerank(id, leases, now)?, id));
        let mut arriving: Vec<(RowRank, LeaseId)> = dirty.into_iter().filter_map(rerank).collect();
        arriving.sort_unstable();
        self.insert_rows(order, &arriving);
    }

    /// Sorts all leases again. Relies on `entries` and `leases` having the same ids, as they do after `count`. If
    /// `may_move` is false, rows that remain keep their rank.
    fn rebuild(&mut self, order: &mut Vec<LeaseId>, leases: &LeaseStore, now: Timestamp, may_move: bool) {
        for id in std::mem::take(&mut self.dirty).into_iter().filter(|id| !leases.contains(*id)) {
            self.entries.remove(id);
            self.stale.remove(&id);
        }
        // In other sort orders, a rank that differs is due to a change that moves the row at once.
        let keeps_ranks = !may_move && !self.is_spec_new && self.spec.sort.is_volatile();
        if !keeps_ranks {
            self.stale.clear();
        }
        let rebuild = RowRebuild {
            spec: &self.spec,
            leases,
            visits_leases: self.visits_leases(leases),
            keeps_ranks,
            sets_alarms: std::mem::take(&mut self.are_times_new),
            now,
        };
        let sets_alarms = rebuild.sets_alarms;
        let parts = rebuild.run(&mut self.entries, &mut self.groups);
        if sets_alarms {
            let mut alarms = self.take_alarms();
            parts.iter().for_each(|part| alarms.extend(&part.alarms));
            self.alarms = alarms.into();
        }
        self.ended_rows = parts.iter().map(|part| part.ended_rows).sum();
        merge_rows(&parts.into_iter().map(|part| part.rows).collect::<Vec<_>>(), order);
        self.is_spec_new = false;
    }

    /// Whether to visit all leases for a rebuild. It is not worth it if their facts are enough, or if only a few leases
    /// must be looked up by id.
    fn visits_leases(&self, leases: &LeaseStore) -> bool {
        let with_engine = self.counts.own + self.counts.adopted;
        let are_few = !self.spec.needs_engine || with_engine <= leases.len() / REBUILD_FRACTION;
        !(self.spec.is_filter_indexed && are_few && self.groups.by() == GroupBy::None)
    }

    /// The row of a lease. `None` if it has none.
    pub(super) fn row(&self, order: &[LeaseId], id: LeaseId) -> Option<usize> {
        let place = (Some(self.rank(id)?), id);
        Some(order.partition_point(|other| (self.rank(*other), *other) < place))
    }

    fn rank(&self, id: LeaseId) -> Option<RowRank> {
        self.entries.facts(id)?.rank
    }

    /// Sets the rank of a lease and returns it. Removes the entry of a lease that no longer exists.
    fn rerank(&mut self, id: LeaseId, leases: &LeaseStore, now: Timestamp) -> Option<RowRank> {
        let ended = |rank: Option<RowRank>| usize::from(rank.is_some_and(RowRank::has_ended));
        let Some(lease) = leases.get(id) else {
            self.ended_rows -= ended(self.rank(id));
            self.entries.remove(id);
            return None;
        };
        let (facts, _) = self.entries.get_or_insert(id);
        let rank = rank_now(&self.spec, &mut self.groups, facts, LeaseSource::Lease(lease), now);
        self.ended_rows = self.ended_rows + ended(rank) - ended(facts.rank);
        facts.rank = rank;
        rank
    }

    /// Inserts leases, sorted by rank, from the back, so that each row moves once.
    fn insert_rows(&self, order: &mut Vec<LeaseId>, arriving: &[(RowRank, LeaseId)]) {
        let mut end = order.len();
        order.resize(end + arriving.len(), LeaseId(0));
        for (index, (rank, id)) in arriving.iter().enumerate().rev() {
            let row = order[..end].partition_point(|other| (self.rank(*other), *other) < (Some(*rank), *id));
            order.copy_within(row..end, row + index + 1);
            order[row + index] = *id;
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
