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
pub struct Put {
    key: String,
    value: String,
}

/// A text that is no `KEY=VALUE`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPut {
    /// No equals sign.
    #[error("`{0}` is no KEY=VALUE: write the key, an equals sign and the value")]
    NoEquals(String),
    /// Nothing before the equals sign.
    #[error("the key is empty, which etcd refuses: write KEY=VALUE")]
    EmptyKey,
}

/// An order that cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadOrder {
    /// A TTL of zero or less.
    #[error("a TTL of {0} s is refused: etcd would silently grant its minimum, so ask for 1 s or more")]
    TtlTooSmall(i64),
    /// A TTL above etcd's maximum.
    #[error("a TTL of {0} s is above etcd's maximum of 9000000000 s")]
    TtlTooLarge(i64),
    /// One key for several leases.
    #[error(
        "the key `{0}` cannot hang on several leases, etcd moves it to the last: write {{n}}, {{id}} or {{ttl}} into \
         it, as in `/service/{{n}}`"
    )]
    OneKeyManyLeases(String),
    /// One id for several leases.
    #[error("one id cannot name several leases: leave it empty, or ask for one lease")]
    OneIdManyLeases,
}

impl Put {
    /// Reads `KEY=VALUE`; the value may hold further equals signs and may be empty.
    ///
    /// # Errors
    /// Without an equals sign, or with nothing before it.
    pub fn parse(text: &str) -> Result<Put, BadPut> {
        let (key, value) = text.split_once('=').ok_or_else(|| BadPut::NoEquals(text.to_owned()))?;
        if key.is_empty() {
            return Err(BadPut::EmptyKey);
        }
        Ok(Put { key: key.to_owned(), value: value.to_owned() })
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

impl FromStr for Put {
    type Err = BadPut;

    fn from_str(text: &str) -> Result<Self, BadPut> {
        Put::parse(text)
    }
}

fn numbered(text: &str, number: u32, ttl: i64) -> String {
    text.replace("{n}", &number.to_string()).replace("{ttl}", &ttl.to_string())
}

/// Passes a TTL in seconds that etcd grants as it is asked for, or raises to its minimum.
///
/// # Errors
/// What etcd would silently change, or refuse.
pub fn check_ttl(ttl: i64) -> Result<i64, BadOrder> {
    match ttl {
        ..=0 => Err(BadOrder::TtlTooSmall(ttl)),
        1..=MAX_TTL => Ok(ttl),
        _ => Err(BadOrder::TtlTooLarge(ttl)),
    }
}

/// An order for new leases of one TTL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantOrder {
    /// The TTL to ask for, in seconds.
    pub ttl: i64,
    /// How many.
    pub count: u32,
    /// The id to ask for; the server chooses without one.
    pub id: Option<LeaseId>,
    /// Keys to attach to each.
    pub puts: Vec<Put>,
    /// Whether to keep them alive from the start.
    pub keep_alive: bool,
    /// When their renewals are due; the engine's pace without one.
    pub pace: Option<RenewalSchedule>,
    /// The number of the first of them, for `{n}` in keys.
    pub first_number: u32,
}

impl GrantOrder {
    /// Checks what would fail or surprise.
    ///
    /// # Errors
    /// A [`BadOrder`] that says the rule.
    pub fn check(&self) -> Result<(), BadOrder> {
        check_ttl(self.ttl)?;
        if self.id.is_some() && self.count > 1 {
            return Err(BadOrder::OneIdManyLeases);
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
pub fn spread(ttls: &[i64], count: u32, puts: &[Put]) -> Result<Vec<GrantOrder>, BadOrder> {
    let orders: Vec<GrantOrder> = (0_u32..)
        .map(|index| index.saturating_mul(count).saturating_add(1))
        .zip(ttls)
        .map(|(first_number, &ttl)| GrantOrder {
            ttl,
            count,
            id: None,
            puts: puts.to_vec(),
            keep_alive: true,
            pace: None,
            first_number,
        })
        .collect();
    orders.iter().try_for_each(GrantOrder::check)?;
    distinct_keys(&orders)?;
    Ok(orders)
}

fn distinct_keys(orders: &[GrantOrder]) -> Result<(), BadOrder> {
    let mut taken = HashSet::new();
    for order in orders {
        for number in order.numbers() {
            for put in order.puts.iter().filter(|put| !put.names_the_id()) {
                let key = numbered(&put.key, number, order.ttl);
                if let Some(twice) = taken.replace(key) {
                    return Err(BadOrder::OneKeyManyLeases(twice));
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(text: &str) -> Put {
        Put::parse(text).unwrap()
    }

    #[test]
    fn puts_are_split_at_the_first_equals_sign() {
        assert_eq!(put("/a=b=c").expand(1, 10, LeaseId(7)), (b"/a".to_vec(), b"b=c".to_vec()));
        assert_eq!(put("/a=").expand(1, 10, LeaseId(7)), (b"/a".to_vec(), Vec::new()));
        assert_eq!(
            put("/s/{ttl}/{n}={id}").expand(3, 120, LeaseId(7)),
            (b"/s/120/3".to_vec(), b"0000000000000007".to_vec())
        );
        assert_eq!(Put::parse("/a"), Err(BadPut::NoEquals("/a".into())));
        assert_eq!(Put::parse("=b"), Err(BadPut::EmptyKey));
    }

    #[test]
    fn several_leases_need_a_key_each() {
        assert_eq!(spread(&[10, 120], 1, &[put("/a=1")]), Err(BadOrder::OneKeyManyLeases("/a".into())));
        assert!(spread(&[10], 1, &[put("/a=1")]).is_ok());
        assert!(spread(&[10, 120], 1, &[put("/{ttl}=1")]).is_ok());
        assert!(spread(&[10, 10], 1, &[put("/{ttl}=1")]).is_err());
        assert!(spread(&[10, 10], 1, &[put("/{n}=1")]).is_ok());
        assert!(spread(&[10, 120], 2, &[put("/{ttl}=1")]).is_err());
        assert!(spread(&[10, 120], 2, &[put("/{n}=1")]).is_ok());
        assert!(spread(&[10, 120], 2, &[put("/{id}=1")]).is_ok());
    }

    #[test]
    fn a_ttl_that_etcd_would_change_or_refuse_is_refused_here() {
        assert_eq!(spread(&[0], 1, &[]), Err(BadOrder::TtlTooSmall(0)));
        assert_eq!(spread(&[-7], 1, &[]), Err(BadOrder::TtlTooSmall(-7)));
        assert_eq!(spread(&[9_000_000_001], 1, &[]), Err(BadOrder::TtlTooLarge(9_000_000_001)));
        assert!(spread(&[9_000_000_000], 1, &[]).is_ok());
    }
}
