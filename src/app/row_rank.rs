//! The sort key of a row, as numbers.

use super::GroupId;
use etcd_lease::LeaseId;

/// The same sort key as [`RowSortKey`](super::RowSortKey) within the group, with the number of the name instead of the name,
/// so that comparing needs no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RowRank {
    /// The group, so that the rows of a group are adjacent. `None` if leases are not grouped.
    pub(super) group: Option<GroupId>,
    pub(super) is_unpinned: bool,
    /// From the most significant byte on: ended, class, value unknown.
    pub(super) head: [u8; 3],
    pub(super) value: u64,
    /// Which lease.
    pub(super) id: LeaseId,
}

impl RowRank {
    /// Whether the lease has ended.
    pub(super) fn has_ended(self) -> bool {
        self.head[0] == 1
    }

    /// Whether both are in the same part of the table: the same group, pinned or not, living or ended. A row that changes
    /// its part moves at once.
    pub(super) fn is_in_part_of(self, other: RowRank) -> bool {
        self.group == other.group && self.is_unpinned == other.is_unpinned && self.head[0] == other.head[0]
    }
}
