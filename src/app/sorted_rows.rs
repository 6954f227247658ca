//! Sorts many rows by numbers in a few passes over contiguous memory.

use super::row_rank::RowRank;
use etcd_lease::LeaseId;

/// Rows are sorted by this many bits in one pass.
const DIGIT: u32 = 11;
/// So few rows are sorted by comparing them.
const FEW: usize = 1_024;

/// A row and the numbers by which it is sorted, the first one first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RowKey {
    keys: [u64; 2],
    pub(super) id: LeaseId,
}

impl From<RowRank> for RowKey {
    fn from(rank: RowRank) -> Self {
        let group = rank.group.map_or(0, |group| u64::from(group.number()));
        let [ended, class, unknown] = rank.head;
        let head = u32::from_be_bytes([u8::from(rank.is_unpinned), ended, class, unknown]);
        RowKey { keys: [group << 32 | u64::from(head), rank.value], id: rank.id }
    }
}

/// Sorts rows that are in the order of their ids. Equal rows keep that order. Either every row has a group, or none has.
pub(super) fn sort_rows(rows: &mut Vec<RowKey>) {
    if rows.len() <= FEW {
        return rows.sort_by_key(|row| row.keys);
    }
    let mut other = rows.clone();
    for key in [1, 0] {
        let mut differing = rows.iter().fold(0, |bits, row| bits | row.keys[key] ^ rows[0].keys[key]);
        while differing != 0 {
            let shift = differing.trailing_zeros();
            sort_digit(rows, &mut other, |row| (row.keys[key] >> shift) as usize & ((1 << DIGIT) - 1));
            std::mem::swap(rows, &mut other);
            differing =
                differing.checked_shr(shift + DIGIT).and_then(|rest| rest.checked_shl(shift + DIGIT)).unwrap_or(0);
        }
    }
}

/// Copies rows to `to`, sorted by one digit. Rows with the same digit keep their order.
fn sort_digit(from: &[RowKey], to: &mut [RowKey], digit: impl Fn(&RowKey) -> usize) {
    let mut starts = vec![0_u32; 1 << DIGIT];
    for row in from {
        starts[digit(row)] += 1;
    }
    let mut sum = 0;
    for start in &mut starts {
        sum += std::mem::replace(start, sum);
    }
    for row in from {
        let place = &mut starts[digit(row)];
        to[*place as usize] = *row;
        *place += 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn many_rows_are_sorted_like_few(
            shifts in (0..64_u32, 0..64_u32),
            keys in prop::collection::vec(any::<(u64, u64)>(), 0..4 * FEW),
        ) {
            let row = |(index, (first, second)): (usize, &(u64, u64))| {
                RowKey { keys: [first >> shifts.0, second >> shifts.1 << shifts.1], id: LeaseId(index as i64) }
            };
            let mut rows: Vec<RowKey> = keys.iter().enumerate().map(row).collect();
            let mut expected = rows.clone();
            expected.sort_by_key(|row| row.keys);
            sort_rows(&mut rows);
            prop_assert_eq!(rows, expected);
        }
    }
}
