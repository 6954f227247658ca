//! Orders for new leases.

use std::collections::HashSet;
use std::str::FromStr;

use etcd_lease::{LeaseId, MAX_TTL, RenewalSchedule};

/// A key to attach to a new lease, with its value.
///
/// In both `{n}` stands for the lease's number, 1 for the first, `{ttl}` for the TTL that was asked for, and `{id}` for
/// the lease's id. etcd moves a key that is put again to the lease it was put with last, so several leases need a key
/// each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyTemplate {
    key: String,
    value: String,
}

/// A text that is no `KEY=VALUE`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKeyTemplate {
    /// No equals sign.
    #[error("“{0}” is not KEY=VALUE (no “=”)")]
    NoEquals(String),
    /// Nothing before the equals sign.
    #[error("the key is empty; expected KEY=VALUE")]
    EmptyKey,
}

/// An order that cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidGrantRequest {
    /// A TTL of zero or less.
    #[error("TTL must be at least 1 s")]
    TtlTooSmall(i64),
    /// A TTL above etcd's maximum.
    #[error("TTL must be at most 9000000000 s")]
    TtlTooLarge(i64),
    /// One key for several leases.
    #[error("key “{0}” cannot be attached to several leases; add {{n}}, {{id}} or {{ttl}} to it")]
    OneKeyManyLeases(String),
    /// One id for several leases.
    #[error("several leases cannot have the same id")]
    OneIdManyLeases,
}

impl KeyTemplate {
    /// Reads `KEY=VALUE`; the value may hold further equals signs and may be empty.
    ///
    /// # Errors
    /// Without an equals sign, or with nothing before it.
    pub fn parse(text: &str) -> Result<KeyTemplate, InvalidKeyTemplate> {
        let (key, value) = text.split_once('=').ok_or_else(|| InvalidKeyTemplate::NoEquals(text.to_owned()))?;
        if key.is_empty() {
            return Err(InvalidKeyTemplate::EmptyKey);
        }
        Ok(KeyTemplate { key: key.to_owned(), value: value.to_owned() })
    }

    /// Key and value for the lease with this number, TTL and id.
    pub fn expand(&self, number: u32, ttl: i64, id: LeaseId) -> (Vec<u8>, Vec<u8>) {
        let expand = |text| numbered(text, number, ttl).replace("{id}", &id.to_string()).into_bytes();
        (expand(&self.key), expand(&self.value))
    }

    /// Whether a text stands for itself, and for the same in every lease: without a placeholder.
    pub(super) fn is_literal(text: &str) -> bool {
        !["{n}", "{ttl}", "{id}"].iter().any(|placeholder| text.contains(placeholder))
    }

    /// The key as it was written, its placeholders included.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// Whether leases of one TTL get a key each.
    pub(super) fn tells_leases_apart(&self) -> bool {
        self.names_the_id() || self.key.contains("{n}")
    }

    /// Whether every lease gets a key of its own, whatever its number and TTL.
    fn names_the_id(&self) -> bool {
        self.key.contains("{id}")
    }
}

impl FromStr for KeyTemplate {
    type Err = InvalidKeyTemplate;

    fn from_str(text: &str) -> Result<Self, InvalidKeyTemplate> {
        KeyTemplate::parse(text)
    }
}

fn numbered(text: &str, number: u32, ttl: i64) -> String {
    text.replace("{n}", &number.to_string()).replace("{ttl}", &ttl.to_string())
}

/// Passes a TTL in seconds that etcd grants as it is asked for, or raises to its minimum.
///
/// # Errors
/// What etcd would silently change, or refuse.
pub fn check_ttl(ttl: i64) -> Result<i64, InvalidGrantRequest> {
    match ttl {
        ..=0 => Err(InvalidGrantRequest::TtlTooSmall(ttl)),
        1..=MAX_TTL => Ok(ttl),
        _ => Err(InvalidGrantRequest::TtlTooLarge(ttl)),
    }
}

/// An order for new leases of one TTL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantRequest {
    /// The TTL to ask for, in seconds.
    pub ttl: i64,
    /// How many.
    pub count: u32,
    /// The id to ask for; the server chooses without one.
    pub id: Option<LeaseId>,
    /// Keys to attach to each.
    pub templates: Vec<KeyTemplate>,
    /// Whether to keep them alive from the start.
    pub keep_alive: bool,
    /// When their renewals are due; the engine's pace without one.
    pub pace: Option<RenewalSchedule>,
    /// The number of the first of them, for `{n}` in keys.
    pub first_number: u32,
}

impl GrantRequest {
    /// Checks what would fail or surprise.
    ///
    /// # Errors
    /// A [`InvalidGrantRequest`] that says the rule.
    pub fn check(&self) -> Result<(), InvalidGrantRequest> {
        check_ttl(self.ttl)?;
        if self.id.is_some() && self.count > 1 {
            return Err(InvalidGrantRequest::OneIdManyLeases);
        }
        distinct_keys(std::slice::from_ref(self))
    }

    /// The numbers of its leases.
    pub fn numbers(&self) -> impl Iterator<Item = u32> + use<> {
        self.first_number..self.first_number.saturating_add(self.count)
    }
}

/// The orders of `--ttl 10,120,3600 --put KEY=VALUE`: `count` leases of each TTL, kept alive, the keys attached to each.
///
/// # Errors
/// A TTL out of range, or a key that would be the same for two leases.
pub fn requests_for(
    ttls: &[i64],
    count: u32,
    templates: &[KeyTemplate],
) -> Result<Vec<GrantRequest>, InvalidGrantRequest> {
    let orders: Vec<GrantRequest> = (0_u32..)
        .map(|index| index.saturating_mul(count).saturating_add(1))
        .zip(ttls)
        .map(|(first_number, &ttl)| GrantRequest {
            ttl,
            count,
            id: None,
            templates: templates.to_vec(),
            keep_alive: true,
            pace: None,
            first_number,
        })
        .collect();
    orders.iter().try_for_each(GrantRequest::check)?;
    distinct_keys(&orders)?;
    Ok(orders)
}

fn distinct_keys(orders: &[GrantRequest]) -> Result<(), InvalidGrantRequest> {
    let mut taken = HashSet::new();
    for order in orders {
        for number in order.numbers() {
            for put in order.templates.iter().filter(|put| !put.names_the_id()) {
                let key = numbered(&put.key, number, order.ttl);
                if let Some(twice) = taken.replace(key) {
                    return Err(InvalidGrantRequest::OneKeyManyLeases(twice));
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(text: &str) -> KeyTemplate {
        KeyTemplate::parse(text).unwrap()
    }

    #[test]
    fn puts_are_split_at_the_first_equals_sign() {
        assert_eq!(put("/a=b=c").expand(1, 10, LeaseId(7)), (b"/a".to_vec(), b"b=c".to_vec()));
        assert_eq!(put("/a=").expand(1, 10, LeaseId(7)), (b"/a".to_vec(), Vec::new()));
        assert_eq!(
            put("/s/{ttl}/{n}={id}").expand(3, 120, LeaseId(7)),
            (b"/s/120/3".to_vec(), b"0000000000000007".to_vec())
        );
        assert_eq!(KeyTemplate::parse("/a"), Err(InvalidKeyTemplate::NoEquals("/a".into())));
        assert_eq!(KeyTemplate::parse("=b"), Err(InvalidKeyTemplate::EmptyKey));
    }

    #[test]
    fn several_leases_need_a_key_each() {
        assert_eq!(
            requests_for(&[10, 120], 1, &[put("/a=1")]),
            Err(InvalidGrantRequest::OneKeyManyLeases("/a".into()))
        );
        assert!(requests_for(&[10], 1, &[put("/a=1")]).is_ok());
        assert!(requests_for(&[10, 120], 1, &[put("/{ttl}=1")]).is_ok());
        assert!(requests_for(&[10, 10], 1, &[put("/{ttl}=1")]).is_err());
        assert!(requests_for(&[10, 10], 1, &[put("/{n}=1")]).is_ok());
        assert!(requests_for(&[10, 120], 2, &[put("/{ttl}=1")]).is_err());
        assert!(requests_for(&[10, 120], 2, &[put("/{n}=1")]).is_ok());
        assert!(requests_for(&[10, 120], 2, &[put("/{id}=1")]).is_ok());
    }

    #[test]
    fn a_ttl_that_etcd_would_change_or_refuse_is_refused_here() {
        assert_eq!(requests_for(&[0], 1, &[]), Err(InvalidGrantRequest::TtlTooSmall(0)));
        assert_eq!(requests_for(&[-7], 1, &[]), Err(InvalidGrantRequest::TtlTooSmall(-7)));
        assert_eq!(requests_for(&[9_000_000_001], 1, &[]), Err(InvalidGrantRequest::TtlTooLarge(9_000_000_001)));
        assert!(requests_for(&[9_000_000_000], 1, &[]).is_ok());
    }
}
