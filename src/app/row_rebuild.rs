//! Ranking and sorting all rows at once, after a new filter or sort order.

use std::cmp::Reverse;
use std::panic;
use std::thread;

use super::group_by::GroupBy;
use super::groups::GroupIndex;
use super::lease_store::LeaseStore;
use super::row_entries::{RowBlock, RowEntries};
use super::row_facts::{LeaseSource, RowFacts};
use super::row_order;
use super::row_rank::RowRank;
use super::row_spec::RowSpec;
use super::sorted_rows::{RowKey, sort_rows};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// From this number of leases on, a second thread saves more time than it takes to start it.
const MANY: usize = 20_000;

/// How to rank all leases again.
#[derive(Clone, Copy)]
pub(super) struct RowRebuild<'a> {
    pub(super) spec: &'a RowSpec,
    /// All leases. The entries have the same ids.
    pub(super) leases: &'a LeaseStore,
    /// Whether to visit all leases, because their facts are not enough.
    pub(super) visits_leases: bool,
    /// Whether rows that remain in their part of the table keep their rank.
    pub(super) keeps_ranks: bool,
    /// Whether the crossing times changed.
    pub(super) sets_alarms: bool,
    pub(super) now: Timestamp,
}

/// The rows of some leases.
#[derive(Default)]
pub(super) struct RebuiltRows {
    /// In their order.
    pub(super) rows: Vec<RowKey>,
    /// When to check each lease again, if the crossing times changed.
    pub(super) alarms: Vec<Reverse<(Timestamp, LeaseId)>>,
    pub(super) ended_rows: usize,
}

impl RowRebuild<'_> {
    /// Ranks all leases. Returns their rows in parts: each part has the leases of lower ids than the next one.
    pub(super) fn run(&self, entries: &mut RowEntries, groups: &mut GroupIndex) -> Vec<RebuiltRows> {
        let threads = if groups.by() == GroupBy::None && entries.len() >= MANY { 2 } else { 1 };
        let mut parts = entries.parts(threads);
        let first = parts.next();
        thread::scope(|scope| {
            // Leases are not grouped if there is another part.
            let others = parts.map(|blocks| scope.spawn(move || self.rank(blocks, &mut GroupIndex::default())));
            let others: Vec<_> = others.collect();
            let first = first.map(|blocks| self.rank(blocks, groups));
            let others = others.into_iter().map(|part| part.join().unwrap_or_else(|cause| panic::resume_unwind(cause)));
            first.into_iter().chain(others).collect()
        })
    }

    /// Ranks the leases of some blocks and sorts their rows.
    fn rank(&self, blocks: &mut [RowBlock], groups: &mut GroupIndex) -> RebuiltRows {
        let RowRebuild { spec, leases, now, .. } = *self;
        let most = blocks.iter().map(RowBlock::len).sum();
        let mut rebuilt = RebuiltRows { rows: Vec::with_capacity(most), ..RebuiltRows::default() };
        let visited = blocks.first().filter(|_| self.visits_leases);
        let mut visited = visited.map(|block| leases.from(block.first()));
        for block in blocks {
            if spec.reads_keys {
                block.fetch_keys();
            }
            for (facts, entry) in block.iter_mut() {
                let lease =
                    visited.as_mut().and_then(Iterator::next).map_or(LeaseSource::Store(leases), LeaseSource::Lease);
                let rank = rank_now(spec, groups, facts, lease, now);
                let is_kept = self.keeps_ranks && facts.rank.zip(rank).is_some_and(|(old, new)| old.is_in_part_of(new));
                if !is_kept {
                    facts.rank = rank;
                }
                if let Some(rank) = facts.rank {
                    rebuilt.ended_rows += usize::from(rank.has_ended());
                    rebuilt.rows.push(RowKey::new(rank, facts.id));
                }
                if self.sets_alarms {
                    entry.crossing = if facts.has_ended { None } else { spec.crossing(facts, lease, now) };
                    rebuilt.alarms.extend(entry.alarm().map(|at| Reverse((at, facts.id))));
                }
            }
        }
        sort_rows(&mut rebuilt.rows);
        rebuilt
    }
}

/// The rank of a lease now. `None` if it has no row. Updates the figures of its group.
pub(super) fn rank_now(
    spec: &RowSpec,
    groups: &mut GroupIndex,
    facts: &RowFacts,
    lease: LeaseSource,
    now: Timestamp,
) -> Option<RowRank> {
    if !spec.has_row(facts, lease, now) {
        if groups.by() != GroupBy::None {
            groups.remove(facts.id);
        }
        return None;
    }
    let group = match groups.by() {
        GroupBy::None => None,
        _ => lease.get(facts.id).and_then(|lease| groups.update(lease, facts.class, || facts.state_or_end())),
    };
    Some(row_order::rank(facts, lease, spec.sort, now).in_group(group))
}
