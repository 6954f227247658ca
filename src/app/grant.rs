//! Orders for new leases.

use std::collections::HashSet;

use crate::domain::{LeaseId, MAX_TTL};

/// A key to attach to a new lease, with its value.
///
/// In the key `{n}` stands for the lease's number, 1 for the first, and `{ttl}` for the TTL that was asked for. etcd
/// moves a key that is put again to the lease it was put with last, so several leases need a key each.
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
        "the key `{0}` cannot hang on several leases, etcd moves it to the last: write {{n}} or {{ttl}} into it, \
         as in `/service/{{n}}`"
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

    /// Key and value for the lease with this number and TTL.
    pub fn expand(&self, number: u32, ttl: i64) -> (Vec<u8>, Vec<u8>) {
        (self.key_for(number, ttl).into_bytes(), self.value.clone().into_bytes())
    }

    fn key_for(&self, number: u32, ttl: i64) -> String {
        self.key.replace("{n}", &number.to_string()).replace("{ttl}", &ttl.to_string())
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
    /// The number of the first of them, for `{n}` in keys.
    pub first_number: u32,
}

impl GrantOrder {
    /// Checks what would fail or surprise.
    ///
    /// # Errors
    /// A [`BadOrder`] that says the rule.
    pub fn check(&self) -> Result<(), BadOrder> {
        match self.ttl {
            ..=0 => return Err(BadOrder::TtlTooSmall(self.ttl)),
            1..=MAX_TTL => {}
            _ => return Err(BadOrder::TtlTooLarge(self.ttl)),
        }
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

/// The orders of `--ttl 10,120,3600 --put KEY=VALUE`: one lease of each TTL, kept alive, the keys attached to each.
///
/// # Errors
/// A TTL out of range, or a key that would be the same for two leases.
pub fn spread(ttls: &[i64], puts: &[Put]) -> Result<Vec<GrantOrder>, BadOrder> {
    let orders: Vec<GrantOrder> = (1..)
        .zip(ttls)
        .map(|(first_number, &ttl)| GrantOrder {
            ttl,
            count: 1,
            id: None,
            puts: puts.to_vec(),
            keep_alive: true,
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
            for put in &order.puts {
                let key = put.key_for(number, order.ttl);
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
        assert_eq!(put("/a=b=c").expand(1, 10), (b"/a".to_vec(), b"b=c".to_vec()));
        assert_eq!(put("/a=").expand(1, 10), (b"/a".to_vec(), Vec::new()));
        assert_eq!(put("/s/{ttl}/{n}=x").expand(3, 120).0, b"/s/120/3".to_vec());
        assert_eq!(Put::parse("/a"), Err(BadPut::NoEquals("/a".into())));
        assert_eq!(Put::parse("=b"), Err(BadPut::EmptyKey));
    }

    #[test]
    fn several_leases_need_a_key_each() {
        assert_eq!(spread(&[10, 120], &[put("/a=1")]), Err(BadOrder::OneKeyManyLeases("/a".into())));
        assert!(spread(&[10], &[put("/a=1")]).is_ok());
        assert!(spread(&[10, 120], &[put("/{ttl}=1")]).is_ok());
        assert!(spread(&[10, 10], &[put("/{ttl}=1")]).is_err());
        assert!(spread(&[10, 10], &[put("/{n}=1")]).is_ok());
    }

    #[test]
    fn a_ttl_that_etcd_would_change_or_refuse_is_refused_here() {
        assert_eq!(spread(&[0], &[]), Err(BadOrder::TtlTooSmall(0)));
        assert_eq!(spread(&[-7], &[]), Err(BadOrder::TtlTooSmall(-7)));
        assert_eq!(spread(&[9_000_000_001], &[]), Err(BadOrder::TtlTooLarge(9_000_000_001)));
        assert!(spread(&[9_000_000_000], &[]).is_ok());
    }
}
