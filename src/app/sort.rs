//! Sorting the rows by one column, then by id.

use std::cmp::Reverse;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use super::{Column, Lease, LeaseState, Ownership, UnknownColumn};
use crate::inference::lints::LINTS;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// The sort column and direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    /// The column to sort by.
    pub column: Column,
    /// Whether the largest comes first.
    pub is_descending: bool,
}

impl Default for Sort {
    /// The least time left first.
    fn default() -> Self {
        Sort::by(Column::Left)
    }
}

/// A string that is not a valid sort order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSort {
    /// Unknown column.
    #[error(transparent)]
    Column(#[from] UnknownColumn),
    /// Unknown direction.
    #[error("expected `:asc` or `:desc` after the column, as in left:asc")]
    Direction,
}

impl Sort {
    /// Sorts by a column in its default direction: times and names ascending, queues and losses descending.
    pub fn by(column: Column) -> Self {
        Sort { column, is_descending: column.is_largest_first() }
    }

    /// The reverse order.
    pub(super) fn inverted(self) -> Self {
        Sort { is_descending: !self.is_descending, ..self }
    }

    /// Sorts by the column `steps` after the current one in `columns`, wrapping around.
    pub(super) fn neighbour(self, columns: &[Column], steps: usize) -> Self {
        if columns.is_empty() {
            return self;
        }
        let current = columns.iter().position(|column| *column == self.column);
        let next = current.map_or(0, |index| (index + steps) % columns.len());
        Sort::by(columns[next])
    }

    /// The arrow that shows the direction.
    pub fn arrow(self) -> char {
        if self.is_descending { '↓' } else { '↑' }
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.column, if self.is_descending { "desc" } else { "asc" })
    }
}

impl FromStr for Sort {
    type Err = BadSort;

    fn from_str(text: &str) -> Result<Self, BadSort> {
        let (name, direction) = text.split_once(':').unwrap_or((text, ""));
        let natural = Sort::by(name.parse()?);
        match direction {
            "" if !text.contains(':') => Ok(natural),
            "asc" => Ok(Sort { is_descending: false, ..natural }),
            "desc" => Ok(Sort { is_descending: true, ..natural }),
            _ => Err(BadSort::Direction),
        }
    }
}

/// The sort key of a row: pinned leases first, living before ended, known values before unknown ones, then by id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowSortKey {
    is_unpinned: bool,
    has_ended: bool,
    value: SortValue,
    /// Which lease.
    pub(super) id: LeaseId,
}

/// The value to compare, inverted for descending order. All values of one sort order are the same variant or `Unknown`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum SortValue {
    Number(u64),
    Text(Arc<[u8]>),
    TextDown(Reverse<Arc<[u8]>>),
    Unknown,
}

impl RowSortKey {
    /// The rank of a lease at time `now`.
    pub fn of(lease: &Lease, sort: Sort, now: Timestamp) -> Self {
        RowSortKey {
            is_unpinned: !lease.is_pinned,
            has_ended: lease.end.is_some(),
            value: SortValue::of(lease, sort, now),
            id: lease.id,
        }
    }
}

impl SortValue {
    fn of(lease: &Lease, sort: Sort, now: Timestamp) -> Self {
        let value = match sort.column {
            Column::FirstKey => first_key(lease).map(|key| SortValue::Text(key.as_slice().into())),
            column => number(lease, column, now).map(SortValue::Number),
        };
        match value.unwrap_or(SortValue::Unknown) {
            SortValue::Number(number) if sort.is_descending => SortValue::Number(!number),
            SortValue::Text(text) if sort.is_descending => SortValue::TextDown(Reverse(text)),
            value => value,
        }
    }
}

fn first_key(lease: &Lease) -> Option<&Vec<u8>> {
    lease.keys.as_ref()?.first.first()
}

/// The value of a column as a number that sorts the same way. `None` if the column is empty or is not a number.
fn number(lease: &Lease, column: Column, now: Timestamp) -> Option<u64> {
    let engine = lease.engine.as_ref();
    match column {
        Column::Id => Some(rising(lease.id.0)),
        Column::Who => Some(closeness(lease.ownership)),
        Column::State => Some(urgency(lease.state(now))),
        Column::Left => lease.shown_deadline().map(Timestamp::nanos),
        Column::Ttl => lease.granted_ttl.map(rising),
        Column::Every => lease.observed_interval().map(|rhythm| nanos(rhythm.every)),
        // The deeper the teeth of the sawtooth, the larger the share of the TTL that each cycle uses up.
        Column::Share | Column::Cycles => lease.interval_share().map(|share| (share * 1e9) as u64),
        Column::Last => lease.last_renewed().map(|at| !at.nanos()),
        Column::Next if lease.is_kept_alive => engine?.next_due.map(Timestamp::nanos),
        Column::Next => None,
        Column::Margin => match engine {
            Some(status) => status.cadence.least_left.map(nanos),
            None => lease.margin().map(|(least, _)| nanos(least)),
        },
        Column::Queue => Some(engine?.queue.depth as u64),
        Column::Drop => Some(engine?.queue.dropped),
        Column::RoundTrip => engine?.round_trip.map(nanos),
        Column::Keys => lease.keys.as_ref().map(|keys| keys.count as u64),
        Column::Warn => lease.warnings.first().and_then(|name| lint_rank(name)),
        Column::FirstKey => None,
    }
}

/// The index of a lint among all lints, most urgent first.
fn lint_rank(name: &str) -> Option<u64> {
    LINTS.iter().position(|lint| lint.name() == name).map(|place| place as u64)
}

fn rising(number: i64) -> u64 {
    (number as u64) ^ (1 << 63)
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

fn closeness(ownership: Ownership) -> u64 {
    match ownership {
        Ownership::Own => 0,
        Ownership::Adopted => 1,
        Ownership::Other => 2,
    }
}

/// Rank of a state, most urgent first.
fn urgency(state: LeaseState) -> u64 {
    match state {
        LeaseState::Dying => 0,
        LeaseState::Risk => 1,
        LeaseState::Late => 2,
        LeaseState::Unseen => 3,
        LeaseState::Stalled => 4,
        LeaseState::Paused => 5,
        LeaseState::Ok => 6,
        LeaseState::Ended(_) => 7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sort_is_written_with_or_without_its_direction() {
        let left = Sort { column: Column::Left, is_descending: false };
        assert_eq!("left".parse(), Ok(left));
        assert_eq!("left:asc".parse(), Ok(left));
        assert_eq!("LEFT:desc".parse(), Ok(left.inverted()));
        assert_eq!("drop".parse(), Ok(Sort { column: Column::Drop, is_descending: true }));
        for column in Column::ALL {
            for sort in [Sort::by(column), Sort::by(column).inverted()] {
                assert_eq!(sort.to_string().parse(), Ok(sort));
            }
        }
        for bad in ["", "left:", "left:up", "size", ":asc", "left:asc:desc"] {
            assert!(bad.parse::<Sort>().is_err(), "{bad}");
        }
    }

    #[test]
    fn columns_come_in_turn_in_both_directions() {
        let columns = [Column::Id, Column::Left, Column::Drop];
        let left = Sort::by(Column::Left);
        assert_eq!(left.neighbour(&columns, 1), Sort::by(Column::Drop));
        assert_eq!(left.neighbour(&columns, 2), Sort::by(Column::Id));
        assert_eq!(Sort::by(Column::Keys).neighbour(&columns, 1), Sort::by(Column::Id), "from one that is not shown");
        assert_eq!(left.neighbour(&[], 1), left);
    }

    #[test]
    fn what_is_unknown_and_who_is_dead_stand_last_in_both_directions() {
        let lease = |id, ttl| {
            let mut lease = Lease::new(LeaseId(id));
            lease.granted_ttl = ttl;
            lease
        };
        let leases = [lease(1, Some(20)), lease(2, None), lease(3, Some(10)), lease(4, Some(20))];
        let order = |is_descending| {
            let sort = Sort { column: Column::Ttl, is_descending };
            let mut ranks: Vec<RowSortKey> =
                leases.iter().map(|lease| RowSortKey::of(lease, sort, Timestamp::START)).collect();
            ranks.sort_unstable();
            ranks.into_iter().map(|rank| rank.id.0).collect::<Vec<_>>()
        };
        assert_eq!((order(false), order(true)), (vec![3, 1, 4, 2], vec![1, 4, 3, 2]));
    }
}
