//! Which leases have a row, and in which order.

use std::time::Duration;

use super::row_facts::{LeaseSource, RowFacts};
use super::row_filter::{ActiveFilter, Crossing, RowFilter};
use super::row_order;
use super::sort::Sort;
use simkit::Timestamp;

/// Which leases have a row, and in which order.
#[derive(Clone, Debug, Default)]
pub(super) struct RowSpec {
    pub(super) sort: Sort,
    active_filter: ActiveFilter,
    /// Whether the filter needs nothing but the [`RowFacts`].
    pub(super) is_filter_indexed: bool,
    /// Whether the filter searches keys.
    pub(super) reads_keys: bool,
    /// Whether the sort order needs the figures of the engine besides the [`RowFacts`].
    pub(super) needs_engine: bool,
    /// What can change the filter result by time alone.
    pub(super) crossings: Vec<Crossing>,
}

impl RowSpec {
    pub(super) fn new(row_filter: &RowFilter, sort: Sort) -> Self {
        let active_filter = ActiveFilter::of(row_filter);
        let crossings = active_filter.crossings();
        let is_filter_indexed = active_filter.is_indexed();
        let (reads_keys, needs_engine) = (active_filter.reads_keys(), row_order::needs_engine(sort));
        RowSpec { sort, active_filter, is_filter_indexed, reads_keys, needs_engine, crossings }
    }

    pub(super) fn is_for(&self, row_filter: &RowFilter, sort: Sort) -> bool {
        self.sort == sort && self.active_filter.is_from(row_filter)
    }

    /// Whether a lease has a row.
    pub(super) fn has_row(&self, facts: &RowFacts, lease: LeaseSource, now: Timestamp) -> bool {
        !facts.is_row_dropped && self.active_filter.accepts(facts, lease, now)
    }

    /// When the filter result of a lease next changes by time alone.
    pub(super) fn crossing(&self, facts: &RowFacts, lease: LeaseSource, now: Timestamp) -> Option<Timestamp> {
        // "Less than 5 s" becomes true just after the moment at which 5 s are left.
        let around = |moment: Timestamp| [moment, moment + Duration::from_nanos(1)];
        let times = self.crossings.iter().filter_map(|crossing| crossing.moment(facts, lease)).flat_map(around);
        times.filter(|time| *time > now).min()
    }
}
