//! The sort key of a row, as numbers.

use std::num::NonZeroU64;

use super::GroupId;

/// The bit of `RowRank::head` at which the number of the group begins.
const GROUP: u32 = 32;
/// The bit of `RowRank::head` that is set for a lease that is not pinned.
const UNPINNED: u32 = 24;
/// The bit of `RowRank::head` that is set for an ended lease.
const ENDED: u32 = 16;
/// The bit of `RowRank::head` at which the problem class begins.
const CLASS: u32 = 8;
/// The bit of `RowRank::head` that is set if the value is unknown.
const UNKNOWN: u32 = 1;

/// The same sort key as [`RowSortKey`](super::RowSortKey) within the group, with the number of the name instead of the name,
/// so that comparing needs no text. Rows of equal rank are sorted by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RowRank {
    /// From the most significant byte on: the number of the group in four bytes, not pinned, ended, class, value
    /// unknown. The last bit is set, so that an option takes no more memory.
    head: NonZeroU64,
    value: u64,
}

impl RowRank {
    /// The rank of a row without a group. `value` is `None` if it is unknown.
    pub(super) fn new(is_pinned: bool, has_ended: bool, class: u8, value: Option<u64>) -> Self {
        let head = u64::from(!is_pinned) << UNPINNED
            | u64::from(has_ended) << ENDED
            | u64::from(class) << CLASS
            | u64::from(value.is_none()) << UNKNOWN;
        RowRank { head: NonZeroU64::MIN | head, value: value.unwrap_or(0) }
    }

    /// The rank in a group, so that the rows of a group are adjacent.
    pub(super) fn in_group(self, group: Option<GroupId>) -> Self {
        RowRank { head: self.head | group.map_or(0, |group| u64::from(group.number()) << GROUP), ..self }
    }

    /// The number of its group. 0 if leases are not grouped.
    pub(super) fn group(self) -> u32 {
        (self.head.get() >> GROUP) as u32
    }

    /// The numbers by which rows are sorted, the first one first.
    pub(super) fn keys(self) -> [u64; 2] {
        [self.head.get(), self.value]
    }

    /// Whether the lease has ended.
    pub(super) fn has_ended(self) -> bool {
        self.head.get() >> ENDED & 1 == 1
    }

    /// Whether both are in the same part of the table: the same group, pinned or not, living or ended. A row that changes
    /// its part moves at once.
    pub(super) fn is_in_part_of(self, other: RowRank) -> bool {
        self.head.get() >> ENDED == other.head.get() >> ENDED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_compared_part_by_part() {
        let rank = |is_pinned, has_ended, class, value| RowRank::new(is_pinned, has_ended, class, value);
        let ordered = [
            rank(true, false, 0, Some(9)),
            rank(true, true, 0, Some(1)),
            rank(false, false, 0, Some(1)),
            rank(false, false, 0, Some(2)),
            rank(false, false, 0, None),
            rank(false, false, 255, Some(0)),
            rank(false, true, 0, None),
        ];
        assert!(ordered.is_sorted() && ordered[1].has_ended() && !ordered[2].has_ended());
        assert!(ordered[2].is_in_part_of(ordered[5]) && !ordered[2].is_in_part_of(ordered[1]));
        assert_eq!((ordered[0].group(), size_of::<Option<RowRank>>()), (0, 16));
    }
}
