//! The rows of the lease table while leases are grouped: a row for each group, and the leases of expanded groups.

use std::collections::HashSet;

use super::{GroupBy, GroupId, GroupKey};
use etcd_lease::LeaseId;

/// A row of the grouped table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GroupedRow {
    /// A group.
    Group(GroupId),
    /// A lease of an expanded group.
    Lease(LeaseId),
}

/// The rows of the grouped table, and its cursor.
#[derive(Clone, Debug, Default)]
pub(super) struct GroupView {
    pub(super) by: GroupBy,
    pub(super) expanded: HashSet<GroupId>,
    pub(super) rows: Vec<GroupedRow>,
    pub(super) cursor: Option<GroupedRow>,
    pub(super) is_outdated: bool,
    /// The groups of another view, until they are looked up among those of this one.
    pub(super) adopted: Option<AdoptedGroups>,
}

/// The expanded groups of another view, and the one under its cursor. A group has another number in each view.
#[derive(Clone, Debug)]
pub(super) struct AdoptedGroups {
    pub(super) expanded: HashSet<GroupKey>,
    pub(super) cursor: Option<GroupKey>,
}
