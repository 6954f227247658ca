//! Natural order of keys: digits compare by value, so `/a/9` comes before `/a/10`.

use std::cmp::Ordering;
use std::iter;

use super::KeyName;

/// A key that is compared in natural order. Keys that differ only in leading zeros are equal.
#[derive(Clone, Debug)]
pub(super) struct NaturalKey(pub(super) KeyName);

impl Ord for NaturalKey {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(&self.0, &other.0)
    }
}

impl PartialOrd for NaturalKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for NaturalKey {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for NaturalKey {}

/// Compares keys in natural order.
fn compare(one: &[u8], other: &[u8]) -> Ordering {
    let start = common(one, other);
    let (mut one, mut other) = (&one[start..], &other[start..]);
    iter::from_fn(|| next(&mut one)).cmp(iter::from_fn(|| next(&mut other)))
}

/// Length of the common start of two keys, without digits at its end, which may be the start of a longer number.
fn common(one: &[u8], other: &[u8]) -> usize {
    let same = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    let digits = one[..same].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    same - digits
}

/// A byte, or a number: `0`, which is where digits sort, then the number of digits and the digits, without leading zeros.
type Part<'a> = (u8, usize, &'a [u8]);

/// Removes the first part of a key and returns it.
fn next<'a>(rest: &mut &'a [u8]) -> Option<Part<'a>> {
    let first = *rest.first()?;
    if !first.is_ascii_digit() {
        *rest = &rest[1..];
        return Some((first, 0, &[]));
    }
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let zeros = rest[..digits].iter().take_while(|byte| **byte == b'0').count();
    let number = &rest[zeros..digits];
    *rest = &rest[digits..];
    Some((b'0', number.len(), number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_compare_by_value() {
        let ordered =
            ["", "/a", "/a/", "/a/0", "/a/2", "/a/2b", "/a/10", "/a/10/x", "/a/x", "/b/9", "/b/10.0.9", "/b/10.0.10"];
        for pair in ordered.windows(2) {
            assert_eq!(compare(pair[0].as_bytes(), pair[1].as_bytes()), Ordering::Less, "{pair:?}");
            assert_eq!(compare(pair[1].as_bytes(), pair[0].as_bytes()), Ordering::Greater, "{pair:?}");
        }
        assert_eq!(compare(b"a007", b"a7"), Ordering::Equal);
        assert_eq!(compare(b"a1007b", b"a1007"), Ordering::Greater, "the number is not cut");
    }
}
