//! The sort key of a row, as numbers.

use super::row_facts::{LeaseSource, RowFacts};
use super::sort::{self, Sort, SortKey};
use super::{Column, GroupId};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// The same sort key as [`RowSortKey`](super::RowSortKey) within the group, with the number of the name instead of the name,
/// so that comparing needs no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RowRank {
    /// The group, so that the rows of a group are adjacent. `None` if leases are not grouped.
    pub(super) group: Option<GroupId>,
    /// From the most significant byte on: not pinned, ended, class, value unknown.
    pub(super) head: [u8; 4],
    pub(super) value: u64,
    /// Which lease.
    pub(super) id: LeaseId,
}

impl RowRank {
    /// The rank of a lease outside of groups.
    pub(super) fn of(facts: &RowFacts, lease: LeaseSource, sort: Sort, now: Timestamp) -> Self {
        let (value, is_reversible) = match sort.key {
            SortKey::Problems if facts.has_ended => (lease.get(facts.id).and_then(sort::ended_value), false),
            SortKey::Problems | SortKey::Column(Column::FirstKey) => (facts.name, true),
            SortKey::Column(column) => (number(facts, lease, column, now), true),
        };
        let reverse = |value: u64| if sort.is_descending && is_reversible { !value } else { value };
        RowRank {
            group: None,
            head: [
                u8::from(!facts.is_pinned),
                u8::from(facts.has_ended),
                sort::class_rank(facts.has_ended, facts.class, sort),
                u8::from(value.is_none()),
            ],
            value: value.map_or(0, reverse),
            id: facts.id,
        }
    }

    /// Whether the lease has ended.
    pub(super) fn has_ended(self) -> bool {
        self.head[1] == 1
    }

    /// Whether both are in the same part of the table: the same group, pinned or not, living or ended. A row that changes
    /// its part moves at once.
    pub(super) fn is_in_part_of(self, other: RowRank) -> bool {
        self.group == other.group && self.head[..2] == other.head[..2]
    }
}

/// Whether a sort order needs nothing but the [`RowFacts`].
pub(super) fn is_indexed(sort: Sort) -> bool {
    use Column::{Cycles, Every, FirstKey, Id, Keys, Last, Left, Share, State, Ttl, Who};
    let is_fact =
        |column| matches!(column, Cycles | Every | FirstKey | Id | Keys | Last | Left | Share | State | Ttl | Who);
    sort.column().is_none_or(is_fact)
}

/// The value of a column as a number that sorts the same way.
fn number(facts: &RowFacts, lease: LeaseSource, column: Column, now: Timestamp) -> Option<u64> {
    match column {
        Column::Id => Some(sort::rising(facts.id.0)),
        Column::Who => Some(sort::closeness(facts.ownership)),
        Column::State => Some(sort::urgency(facts.state_or_end())),
        Column::Left => facts.countdown.map(|countdown| countdown.deadline().nanos()),
        Column::Every => facts.every.map(sort::nanos),
        Column::Share | Column::Cycles => facts.interval_share().map(sort::billionths),
        Column::Last => facts.last_renewed.map(|at| !at.nanos()),
        Column::Ttl => facts.ttl.map(sort::rising),
        Column::Keys => facts.keys.map(u64::from),
        column => sort::number(lease.get(facts.id)?, column, now),
    }
}
