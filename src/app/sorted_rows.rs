//! Sorts many rows by numbers in a few passes over contiguous memory.

use super::row_rank::RowRank;
use etcd_lease::LeaseId;

/// Rows are sorted by this many bits in one pass.
const DIGIT: u32 = 11;
/// Up to this number, rows are sorted by comparing them.
const FEW: usize = 1_024;

/// A row and the numbers by which it is sorted, the first one first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RowKey {
    keys: [u64; 2],
    pub(super) id: LeaseId,
}

impl RowKey {
    pub(super) fn new(rank: RowRank, id: LeaseId) -> Self {
        RowKey { keys: rank.keys(), id }
    }
}

/// Sorts rows that are in the order of their ids. Equal rows keep that order.
pub(super) fn sort_rows(rows: &mut Vec<RowKey>) {
    if rows.len() <= FEW {
        return rows.sort_by_key(|row| row.keys);
    }
    let mut other = rows.clone();
    // Each pass keeps the order of equal digits, so the most significant digit comes last. Bits that are the same in
    // all rows need no pass.
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

/// Writes the ids of sorted parts to `order`, in the order of all rows. Of equal rows, those of the earlier part come first.
pub(super) fn merge_rows(parts: &[Vec<RowKey>], order: &mut Vec<LeaseId>) {
    order.clear();
    match parts {
        [one, other] => {
            let (mut one, mut other) = (one.iter().peekable(), other.iter().peekable());
            while let (Some(first), Some(second)) = (one.peek(), other.peek()) {
                let next = if second.keys < first.keys { &mut other } else { &mut one };
                order.extend(next.next().map(|row| row.id));
            }
            order.extend(one.chain(other).map(|row| row.id));
        }
        parts => order.extend(parts.iter().flatten().map(|row| row.id)),
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
            let rows: Vec<RowKey> = keys.iter().enumerate().map(row).collect();
            let mut expected = rows.clone();
            expected.sort_by_key(|row| row.keys);
            let (one, other) = rows.split_at(rows.len() / 3);
            let mut parts = [one.to_vec(), other.to_vec()];
            parts.iter_mut().for_each(sort_rows);
            let mut order = Vec::new();
            merge_rows(&parts, &mut order);
            prop_assert_eq!(order, expected.iter().map(|row| row.id).collect::<Vec<_>>());
            let mut rows = rows;
            sort_rows(&mut rows);
            prop_assert_eq!(rows, expected);
        }
    }
}
