//! Sorting the rows by problems or by one column, then by id.

use std::cmp::Reverse;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::natural_order::NaturalKey;
use super::problem_class::ProblemClass;
use super::state_class::StateClass;
use super::{Column, KeyName, Lease, Ownership};
use crate::inference::lints::LINTS;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// What the rows are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortKey {
    /// The leases that need attention first, then by the first key in natural order.
    #[default]
    Problems,
    /// The value of a column.
    Column(Column),
}

impl SortKey {
    /// Every sort key, in the order of the sort menu.
    pub fn all() -> impl ExactSizeIterator<Item = SortKey> + Clone {
        (0..Column::ALL.len() + 1).map(|place| match place.checked_sub(1) {
            None => SortKey::Problems,
            Some(column) => SortKey::Column(Column::ALL[column]),
        })
    }

    /// The name on the command line and in the config file.
    pub fn name(self) -> &'static str {
        match self {
            SortKey::Problems => "problems",
            SortKey::Column(column) => column.name(),
        }
    }

    /// The title on the screen.
    pub fn title(self) -> &'static str {
        match self {
            SortKey::Problems => "problems",
            SortKey::Column(column) => column.title(),
        }
    }

    /// The description shown in the sort menu.
    pub fn description(self) -> &'static str {
        match self {
            SortKey::Problems => "problems first, then by key",
            SortKey::Column(column) => column.description(),
        }
    }
}

impl FromStr for SortKey {
    type Err = BadSort;

    fn from_str(name: &str) -> Result<Self, BadSort> {
        let is_it = |key: &SortKey| key.name().eq_ignore_ascii_case(name);
        SortKey::all().find(is_it).ok_or_else(|| BadSort::Key(name.to_owned()))
    }
}

/// What the rows are sorted by, and the direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sort {
    /// What to sort by.
    pub key: SortKey,
    /// Whether the largest comes first.
    pub is_descending: bool,
}

/// A string that is not a valid sort order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSort {
    /// Neither a column nor `problems`.
    #[error("unknown sort key `{0}`; sort by problems or a column: {columns}", columns = Column::names())]
    Key(String),
    /// Unknown direction.
    #[error("expected `:asc` or `:desc` after the column, as in left:asc")]
    Direction,
}

impl Sort {
    /// Sorts by a column in its default direction: times and names ascending, queues and losses descending.
    pub fn by(column: Column) -> Self {
        Sort::by_key(SortKey::Column(column))
    }

    /// Sorts by a key in its default direction.
    pub fn by_key(key: SortKey) -> Self {
        let is_descending = matches!(key, SortKey::Column(column) if column.is_largest_first());
        Sort { key, is_descending }
    }

    /// The sort column. `None` if the rows are sorted by problems.
    pub fn column(self) -> Option<Column> {
        match self.key {
            SortKey::Problems => None,
            SortKey::Column(column) => Some(column),
        }
    }

    /// The title on the screen.
    pub fn title(self) -> &'static str {
        self.key.title()
    }

    /// Whether the order depends on figures that change with every renewal. Such rows do not move at once.
    pub(super) fn is_volatile(self) -> bool {
        use Column::{FirstKey, Id, Keys, State, Ttl, Warn, Who};
        match self.key {
            SortKey::Problems => false,
            SortKey::Column(column) => !matches!(column, Id | Who | State | Ttl | Keys | Warn | FirstKey),
        }
    }

    /// Whether rows with the same class are sorted by their first keys.
    pub(super) fn is_by_name(self) -> bool {
        matches!(self.key, SortKey::Problems | SortKey::Column(Column::FirstKey))
    }

    /// The reverse order.
    pub(super) fn inverted(self) -> Self {
        Sort { is_descending: !self.is_descending, ..self }
    }

    /// Sorts by the key `steps` after the current one among problems and `columns`, wrapping around.
    pub(super) fn neighbour(self, columns: &[Column], steps: usize) -> Self {
        let keys: Vec<SortKey> =
            std::iter::once(SortKey::Problems).chain(columns.iter().copied().map(SortKey::Column)).collect();
        let current = keys.iter().position(|key| *key == self.key);
        Sort::by_key(keys[current.map_or(0, |index| (index + steps) % keys.len())])
    }

    /// The arrow that shows the direction.
    pub fn arrow(self) -> char {
        if self.is_descending { '↓' } else { '↑' }
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.key.name(), if self.is_descending { "desc" } else { "asc" })
    }
}

impl FromStr for Sort {
    type Err = BadSort;

    fn from_str(text: &str) -> Result<Self, BadSort> {
        let (name, direction) = text.split_once(':').unwrap_or((text, ""));
        let natural = Sort::by_key(name.parse()?);
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
    /// The problem class as a number, if the rows are sorted by problems.
    class: u8,
    value: SortValue,
    /// Which lease.
    pub(super) id: LeaseId,
}

/// The value to compare, inverted for descending order. All values of one sort order and class are the same variant or
/// `Unknown`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum SortValue {
    Number(u64),
    Text(NaturalKey),
    TextDown(Reverse<(NaturalKey, LeaseId)>),
    Unknown,
}

impl RowSortKey {
    /// The sort key of a lease at `now`.
    pub fn of(lease: &Lease, sort: Sort, now: Timestamp) -> Self {
        RowSortKey::with_class(lease, ProblemClass::of(lease, now), sort, now)
    }

    /// The sort key of a lease that is sorted into this problem class.
    pub(super) fn with_class(lease: &Lease, class: ProblemClass, sort: Sort, now: Timestamp) -> Self {
        RowSortKey {
            is_unpinned: !lease.is_pinned,
            has_ended: lease.end.is_some(),
            class: class_rank(lease.end.is_some(), class, sort),
            value: SortValue::of(lease, sort, now),
            id: lease.id,
        }
    }
}

/// The value by which ended leases are sorted. The lease that ended last comes first.
pub(super) fn ended_value(lease: &Lease) -> Option<u64> {
    lease.end().map(|end| !end.at.nanos())
}

/// The problem class as a number to sort by. 0 if rows are not sorted by problems, and for an ended lease.
pub(super) fn class_rank(has_ended: bool, class: ProblemClass, sort: Sort) -> u8 {
    if sort.key != SortKey::Problems || has_ended {
        return 0;
    }
    let rank = class as u8;
    if sort.is_descending { u8::MAX - rank } else { rank }
}

impl SortValue {
    fn of(lease: &Lease, sort: Sort, now: Timestamp) -> Self {
        let value = match sort.key {
            SortKey::Problems if lease.end.is_some() => {
                return ended_value(lease).map_or(SortValue::Unknown, SortValue::Number);
            }
            SortKey::Problems | SortKey::Column(Column::FirstKey) => {
                first_key(lease).map(|key| SortValue::Text(NaturalKey(KeyName::clone(key))))
            }
            SortKey::Column(column) => number(lease, column, now).map(SortValue::Number),
        };
        match value.unwrap_or(SortValue::Unknown) {
            SortValue::Number(number) if sort.is_descending => SortValue::Number(!number),
            SortValue::Text(text) if sort.is_descending => SortValue::TextDown(Reverse((text, lease.id))),
            value => value,
        }
    }
}

pub(super) fn first_key(lease: &Lease) -> Option<&KeyName> {
    lease.keys.as_ref()?.first.first()
}

/// The value of a column as a number that sorts like the column. `None` if the column is empty or is not a number.
pub(super) fn number(lease: &Lease, column: Column, now: Timestamp) -> Option<u64> {
    let engine = lease.engine.as_ref();
    match column {
        Column::Id => Some(rising(lease.id.0)),
        Column::Who => Some(closeness(lease.ownership)),
        Column::State => Some(StateClass::of(lease, lease.state(now)).index() as u64),
        Column::Left => lease.shown_deadline().map(Timestamp::nanos),
        Column::Ttl => lease.granted_ttl.map(rising),
        Column::Every => {
            let observed = lease.observed_interval().map(|interval| interval.every);
            observed.or_else(|| lease.new_lease_every()).map(nanos)
        }
        // The deeper the teeth of the sawtooth, the larger the share of the TTL that each cycle uses up.
        Column::Share | Column::Cycles => lease.interval_share().map(billionths),
        Column::Last => lease.last_renewed().map(|at| !at.nanos()),
        Column::Next if lease.is_kept_alive => engine?.next_due.map(Timestamp::nanos),
        Column::Next => None,
        Column::Margin => lease.shown_margin().map(nanos),
        Column::Queue => Some(engine?.queue.depth as u64),
        Column::Drop => Some(engine?.queue.dropped),
        Column::RoundTrip => engine?.round_trip.map(nanos),
        Column::Keys => lease.keys.as_ref().map(|keys| keys.count as u64),
        Column::Warn => warning(lease).map(u64::from),
        Column::FirstKey => None,
    }
}

/// The index in [`LINTS`] of the most urgent warning that is not muted.
pub(super) fn warning(lease: &Lease) -> Option<u8> {
    let name = lease.active_warnings().next()?;
    (0..).zip(LINTS).find(|(_, lint)| lint.name() == name).map(|(place, _)| place)
}

/// Maps signed numbers to unsigned ones in the same order.
pub(super) fn rising(number: i64) -> u64 {
    (number as u64) ^ (1 << 63)
}

/// A share as a number of billionths.
pub(super) fn billionths(share: f64) -> u64 {
    (share * 1e9) as u64
}

pub(super) fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

/// The owner as a number to sort by: own leases first, then adopted ones.
pub(super) fn closeness(ownership: Ownership) -> u64 {
    match ownership {
        Ownership::Own => 0,
        Ownership::Adopted => 1,
        Ownership::Other => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sort_is_written_with_or_without_its_direction() {
        let left = Sort::by(Column::Left);
        assert_eq!("left".parse(), Ok(left));
        assert_eq!("left:asc".parse(), Ok(left));
        assert_eq!("LEFT:desc".parse(), Ok(left.inverted()));
        let drops = Sort { key: SortKey::Column(Column::Drop), is_descending: true };
        assert_eq!("drop".parse(), Ok(drops));
        assert_eq!("problems".parse(), Ok(Sort::default()));
        for key in SortKey::all() {
            for sort in [Sort::by_key(key), Sort::by_key(key).inverted()] {
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
        assert_eq!(left.neighbour(&columns, 2), Sort::default());
        assert_eq!(left.neighbour(&columns, 3), Sort::by(Column::Id));
        assert_eq!(Sort::by(Column::Keys).neighbour(&columns, 1), Sort::default(), "from one that is not shown");
        assert_eq!(left.neighbour(&[], 1), Sort::default());
    }

    #[test]
    fn unknown_values_come_last_in_both_directions() {
        let lease = |id, ttl| {
            let mut lease = Lease::new(LeaseId(id));
            lease.granted_ttl = ttl;
            lease
        };
        let leases = [lease(1, Some(20)), lease(2, None), lease(3, Some(10)), lease(4, Some(20))];
        let order = |is_descending| {
            let sort = Sort { is_descending, ..Sort::by(Column::Ttl) };
            let mut ranks: Vec<RowSortKey> =
                leases.iter().map(|lease| RowSortKey::of(lease, sort, Timestamp::START)).collect();
            ranks.sort_unstable();
            ranks.into_iter().map(|rank| rank.id.0).collect::<Vec<_>>()
        };
        assert_eq!((order(false), order(true)), (vec![3, 1, 4, 2], vec![1, 4, 3, 2]));
    }
}
