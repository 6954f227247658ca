//! What the leases of a group have in common.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::app::service::{NO_KEY, service};
use crate::app::{GroupBy, Lease, Ownership};
use crate::escape::printable;

/// What the leases of a group have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum GroupKey {
    /// All leases, if they are not grouped.
    All,
    /// The service, not escaped.
    Service(Arc<[u8]>),
    /// Leases without a key.
    NoKey,
    /// Leases of which no key is known, though they may have some.
    UnknownKey,
    /// The granted TTL in seconds.
    Ttl(i64),
    /// Leases whose TTL is not known yet.
    UnknownTtl,
    /// The owner.
    Owner(Ownership),
}

impl GroupKey {
    /// The group of a lease.
    pub(super) fn of(lease: &Lease, by: GroupBy) -> Self {
        match by {
            GroupBy::None => GroupKey::All,
            GroupBy::Service => {
                service(lease).map_or_else(|| without_key(lease), |name| GroupKey::Service(name.into()))
            }
            GroupBy::Ttl => lease.granted_ttl.map_or(GroupKey::UnknownTtl, GroupKey::Ttl),
            GroupBy::Owner => GroupKey::Owner(lease.ownership),
        }
    }

    /// Whether this is the group of a lease. Does not allocate.
    pub(super) fn has(&self, lease: &Lease, by: GroupBy) -> bool {
        match (by, self) {
            (GroupBy::Service, GroupKey::Service(name)) => service(lease) == Some(name),
            (GroupBy::Service, key) => service(lease).is_none() && *key == without_key(lease),
            (GroupBy::None | GroupBy::Ttl | GroupBy::Owner, key) => *key == GroupKey::of(lease, by),
        }
    }

    /// The name on the screen, escaped: `/svc/orders`, `(no key)`, `(unknown)`, `60 s`, `other`.
    pub fn name(&self) -> String {
        match self {
            GroupKey::All => String::new(),
            GroupKey::Service(name) => printable(name),
            GroupKey::NoKey => NO_KEY.to_owned(),
            GroupKey::UnknownKey => "(unknown)".to_owned(),
            GroupKey::Ttl(ttl) => format!("{ttl} s"),
            GroupKey::UnknownTtl => "(TTL unknown)".to_owned(),
            GroupKey::Owner(ownership) => ownership.word().to_owned(),
        }
    }
}

/// The group of a lease of which no key is known.
fn without_key(lease: &Lease) -> GroupKey {
    let has_none = lease.keys.as_ref().is_some_and(|keys| keys.is_all && keys.count == 0);
    if has_none { GroupKey::NoKey } else { GroupKey::UnknownKey }
}

impl Ord for GroupKey {
    /// Orders names in natural order, then TTLs, then owners. Unknown values come last in their kind.
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (GroupKey::Service(one), GroupKey::Service(other)) => natural(one, other),
            (GroupKey::Ttl(one), GroupKey::Ttl(other)) => one.cmp(other),
            _ => self.kind().cmp(&other.kind()),
        }
    }
}

impl PartialOrd for GroupKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl GroupKey {
    fn kind(&self) -> u8 {
        match self {
            GroupKey::All | GroupKey::Service(_) => 0,
            GroupKey::NoKey => 1,
            GroupKey::UnknownKey => 2,
            GroupKey::Ttl(_) => 3,
            GroupKey::UnknownTtl => 4,
            GroupKey::Owner(Ownership::Own) => 5,
            GroupKey::Owner(Ownership::Adopted) => 6,
            GroupKey::Owner(Ownership::Other) => 7,
        }
    }
}

/// Compares names so that numbers in them count as numbers: `node2` comes before `node10`.
fn natural(one: &[u8], other: &[u8]) -> Ordering {
    let (mut left, mut right) = (one, other);
    loop {
        let (Some(a), Some(b)) = (left.first(), right.first()) else {
            return left.len().cmp(&right.len()).then_with(|| one.cmp(other));
        };
        let order = if a.is_ascii_digit() && b.is_ascii_digit() {
            compare_numbers(&mut left, &mut right)
        } else {
            let order = a.cmp(b);
            left = &left[1..];
            right = &right[1..];
            order
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// Removes the digits from the start of both texts and compares them as numbers.
fn compare_numbers(left: &mut &[u8], right: &mut &[u8]) -> Ordering {
    let one = take_number(left);
    let other = take_number(right);
    one.len().cmp(&other.len()).then_with(|| one.cmp(other))
}

/// Removes the digits from the start of a text. Returns them without leading zeros.
fn take_number<'a>(text: &mut &'a [u8]) -> &'a [u8] {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    *text = rest;
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    &digits[zeros..]
}
