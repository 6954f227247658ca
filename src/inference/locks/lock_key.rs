//! Which keys are keys of locks.
//!
//! Keys that are named after their lease, `NAME/ID`:
//!
//! - in hex: `etcdctl lock` and `elect`, Go's concurrency package (etcd, `client/v3/concurrency/key.go`);
//! - in decimal below `election/NAME`: Node's etcd3 (microsoft/etcd3, `src/election.ts`);
//! - in decimal below `PATH/locks`: Vitess (vitessio/vitess, `go/vt/topo/etcd2topo/lock.go`).
//!
//! go-zero registers each instance of a service in decimal too (zeromicro/go-zero, `core/discov/publisher.go` and
//! `clients.go`), so other names in decimal are locks only if a pattern says so.
//!
//! Keys that are the lock themselves:
//!
//! - `/locks/NAME`: Python's etcd3 (kragniz/python-etcd3, `etcd3/locks.py`);
//! - `/tooz/locks/NAME`: tooz (openstack/tooz, `tooz/drivers/etcd3gw.py`);
//! - `/service/SCOPE/leader`: Patroni (patroni/patroni, `patroni/dcs/etcd3.py`), with Citus `/service/SCOPE/GROUP/leader`.
//!
//! The lock of Node's etcd3 (`src/lock.ts`) can have any name.

use std::str::FromStr;

use etcd_lease::LeaseId;

/// Patterns of the keys that are a lock themselves, in clients that do not let users choose the whole name.
const ONE_KEY: [&str; 5] = ["/locks/*", "/tooz/locks/*", "/tooz/locks*", "/service/*/leader", "/service/*/*/leader"];
/// The lowest id that must have been chosen by etcd. Smaller numbers are common names.
const CHOSEN_BY_ETCD: u64 = 1 << 44;

/// A pattern for keys of locks, from the config file: `/service/*/leader`. `*` stands for any characters but a slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockPattern(String);

/// How a key is named after a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KeyName<'a> {
    /// The key up to the slash before the id, with the slash.
    pub(super) prefix: &'a [u8],
    /// The lease that the key is named after.
    pub(super) lease: LeaseId,
    /// Whether the id is in decimal. Otherwise it is in hex.
    pub(super) is_decimal: bool,
}

impl FromStr for LockPattern {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err("the pattern is empty; write for example \"/service/*/leader\"");
        }
        if text.contains("**") {
            return Err("`*` matches within one part of the key; write `*/*` instead of `**`");
        }
        if text.bytes().all(|byte| matches!(byte, b'*' | b'/')) {
            return Err("the pattern would match keys of any name; add a part of the name");
        }
        Ok(LockPattern(text.to_owned()))
    }
}

impl LockPattern {
    pub(super) fn matches(&self, key: &[u8]) -> bool {
        matches(&self.0, key)
    }
}

/// Whether a key matches a pattern, part by part.
fn matches(pattern: &str, key: &[u8]) -> bool {
    let mut parts = key.split(|byte| *byte == b'/');
    let mut patterns = pattern.split('/');
    loop {
        match (patterns.next(), parts.next()) {
            (None, None) => return true,
            (Some(pattern), Some(part)) if part_matches(pattern.as_bytes(), part) => (),
            _ => return false,
        }
    }
}

fn part_matches(pattern: &[u8], part: &[u8]) -> bool {
    let Some(star) = pattern.iter().position(|byte| *byte == b'*') else { return pattern == part };
    let (start, rest) = (&pattern[..star], &pattern[star + 1..]);
    let Some(part) = part.strip_prefix(start) else { return false };
    (0..=part.len()).any(|skipped| part_matches(rest, &part[skipped..]))
}

/// Whether a key of a known client is a lock itself.
pub(super) fn is_one_key_lock(key: &[u8]) -> bool {
    ONE_KEY.iter().any(|pattern| matches(pattern, key))
}

/// Whether keys with this prefix and a decimal id are candidates for a lock in a known client.
pub(super) fn is_decimal_lock(prefix: &[u8]) -> bool {
    let mut parts = prefix.strip_suffix(b"/").unwrap_or(prefix).split(|byte| *byte == b'/').rev();
    parts.next().is_some_and(|last| last == b"locks") || parts.any(|part| part == b"election")
}

/// Whether a key may be a candidate: it is named after the lease that it is attached to, or after another one. The
/// other one must look like an id chosen by etcd.
pub fn is_lock_key(key: &[u8], lease: Option<LeaseId>) -> bool {
    named(key, lease).is_some()
}

/// What a name shows about a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRole<'a> {
    /// A candidate of a lock. The name shows it, or a pattern does.
    Lock,
    /// A key of the service with this name. It is named after its lease in decimal, so another lease never gets it.
    Instance(&'a [u8]),
    /// Any other key.
    Key,
}

impl<'a> KeyRole<'a> {
    /// The role of a key that is attached to this lease, or to none. The patterns are those of the config file.
    pub fn of(key: &'a [u8], lease: Option<LeaseId>, patterns: &[LockPattern]) -> Self {
        let Some(name) = named(key, lease) else { return KeyRole::Key };
        if !name.is_decimal || is_decimal_lock(name.prefix) || patterns.iter().any(|pattern| pattern.matches(key)) {
            return KeyRole::Lock;
        }
        KeyRole::Instance(lock_name(key).unwrap_or(key))
    }
}

/// The name of the lock of a key that is named after a lease.
pub fn lock_name(key: &[u8]) -> Option<&[u8]> {
    Some(&key[..key.iter().rposition(|byte| *byte == b'/')?])
}

/// The lease that a key is named after: the one that it is attached to, in hex as printed by Go's `%x` or in decimal,
/// or another one.
pub(super) fn named(key: &[u8], lease: Option<LeaseId>) -> Option<KeyName<'_>> {
    let (prefix, digits) = key.split_at(key.iter().rposition(|byte| *byte == b'/')? + 1);
    let digits = std::str::from_utf8(digits).ok()?;
    if !digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-')) {
        return None;
    }
    let id_in = |radix| i64::from_str_radix(digits, radix).ok().filter(|id| *id != 0).map(LeaseId);
    let (hex, decimal) = (id_in(16), id_in(10));
    let is_chosen = |id: &LeaseId| id.0.unsigned_abs() >= CHOSEN_BY_ETCD;
    let own = |id: Option<LeaseId>| if id == lease { id } else { None };
    let (id, is_decimal) = match (own(hex), own(decimal)) {
        (Some(id), _) => (id, false),
        (None, Some(id)) => (id, true),
        // Ids of etcd have up to 16 digits in hex, and nearly all have more in decimal.
        (None, None) => match hex.filter(is_chosen) {
            Some(id) => (id, false),
            None => (decimal.filter(is_chosen)?, true),
        },
    };
    Some(KeyName { prefix, lease: id, is_decimal })
}
