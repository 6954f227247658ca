//! The rank of a row by the facts about its lease.

use std::num::NonZeroU64;

use super::Column;
use super::row_facts::{LeaseSource, RowFacts, Span};
use super::row_rank::RowRank;
use super::sort::{self, Sort, SortKey};
use super::state_class::StateClass;
use simkit::Timestamp;

/// The rank of a lease outside of groups.
pub(super) fn rank(facts: &RowFacts, lease: LeaseSource, sort: Sort, now: Timestamp) -> RowRank {
    let (value, is_reversible) = match sort.key {
        SortKey::Problems if facts.has_ended => (lease.get(facts.id).and_then(sort::ended_value), false),
        SortKey::Problems | SortKey::Column(Column::FirstKey) => (facts.name.map(NonZeroU64::get), true),
        SortKey::Column(column) => (number(facts, lease, column, now), true),
    };
    let reverse = |value: u64| if sort.is_descending && is_reversible { !value } else { value };
    let class = sort::class_rank(facts.has_ended, facts.class, sort);
    RowRank::new(facts.is_pinned, facts.has_ended, class, value.map(reverse))
}

/// Whether a sort order needs the figures of the engine besides the [`RowFacts`].
pub(super) fn needs_engine(sort: Sort) -> bool {
    use Column::{Drop, Next, Queue, RoundTrip};
    sort.column().is_some_and(|column| matches!(column, Drop | Next | Queue | RoundTrip))
}

/// The value of a column as a number that sorts like the column.
fn number(facts: &RowFacts, lease: LeaseSource, column: Column, now: Timestamp) -> Option<u64> {
    match column {
        Column::Id => Some(sort::rising(facts.id.0)),
        Column::Who => Some(sort::closeness(facts.ownership)),
        Column::State => Some(StateClass::new(facts.state_or_end(), facts.warning.is_some()).index() as u64),
        Column::Left => facts.countdown.map(|countdown| countdown.deadline().nanos()),
        Column::Every => facts.every.map(Span::nanos).or_else(|| sort::number(lease.get(facts.id)?, column, now)),
        Column::Margin => facts.margin.map(Span::nanos),
        Column::Warn => facts.warning.map(u64::from),
        Column::Share | Column::Cycles => facts.interval_share().map(sort::billionths),
        Column::Last => facts.last_renewed.map(|at| !at.nanos()),
        Column::Ttl => facts.ttl(),
        Column::Keys => facts.keys.map(u64::from),
        Column::Next | Column::Queue | Column::Drop | Column::RoundTrip if facts.has_engine => {
            sort::number(lease.get(facts.id)?, column, now)
        }
        Column::Next | Column::Queue | Column::Drop | Column::RoundTrip | Column::FirstKey => None,
    }
}
