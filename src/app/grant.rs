//! Requests for new leases.

use std::collections::HashMap;
use std::str::FromStr;

use etcd_lease::{LeaseId, MAX_TTL, RenewalSchedule};

/// A `KEY=VALUE` to attach to a new lease.
///
/// In both parts, `{n}` is replaced by the lease's number, starting at 1, `{ttl}` by the requested TTL in seconds, and
/// `{id}` by the lease id. A key in etcd is attached to one lease only, the one it was last put with, so several leases
/// need different keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyTemplate {
    key: String,
    value: String,
}

/// A string that is not a valid `KEY=VALUE`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKeyTemplate {
    /// No equals sign.
    #[error("“{0}” is not KEY=VALUE (no “=”)")]
    NoEquals(String),
    /// The key is empty.
    #[error("the key is empty; expected KEY=VALUE")]
    EmptyKey,
}

/// A grant request that cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidGrantRequest {
    /// The TTL is less than 1 s.
    #[error("TTL must be at least 1 s")]
    TtlTooSmall(i64),
    /// The TTL is above etcd's maximum, [`MAX_TTL`].
    #[error("TTL must be at most 9000000000 s")]
    TtlTooLarge(i64),
    /// The same key for several leases, and the placeholders that would make it differ.
    #[error("key “{key}” cannot be attached to several leases; add {placeholders} to it")]
    OneKeyManyLeases {
        /// The key.
        key: String,
        /// The placeholders.
        placeholders: &'static str,
    },
    /// The same key twice for one lease.
    #[error("key “{0}” is given twice")]
    OneKeyTwice(String),
    /// One id for several leases.
    #[error("several leases cannot have the same id")]
    OneIdManyLeases,
}

impl KeyTemplate {
    /// Parses `KEY=VALUE`. The value may be empty and may contain equals signs.
    ///
    /// # Errors
    /// Returns an error if there is no equals sign, or nothing before it.
    pub fn parse(text: &str) -> Result<KeyTemplate, InvalidKeyTemplate> {
        let (key, value) = text.split_once('=').ok_or_else(|| InvalidKeyTemplate::NoEquals(text.to_owned()))?;
        if key.is_empty() {
            return Err(InvalidKeyTemplate::EmptyKey);
        }
        Ok(KeyTemplate { key: key.to_owned(), value: value.to_owned() })
    }

    /// The key and value for a lease, with the placeholders replaced.
    pub fn expand(&self, number: u32, ttl: i64, id: LeaseId) -> (Vec<u8>, Vec<u8>) {
        let expand = |text| numbered(text, number, ttl).replace("{id}", &id.to_string()).into_bytes();
        (expand(&self.key), expand(&self.value))
    }

    /// Whether the text contains no placeholder.
    pub(super) fn is_literal(text: &str) -> bool {
        !["{n}", "{ttl}", "{id}"].iter().any(|placeholder| text.contains(placeholder))
    }

    /// The key with its placeholders.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// Whether leases with the same TTL get different keys.
    pub(super) fn differs_per_lease(&self) -> bool {
        self.has_id_placeholder() || self.key.contains("{n}")
    }

    /// Whether any two leases get different keys, whatever their number and TTL.
    fn has_id_placeholder(&self) -> bool {
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

/// Checks a TTL in seconds and returns it. etcd may still raise it to its minimum.
///
/// # Errors
/// Returns an error if the TTL is below 1 s, which etcd would silently replace, or above [`MAX_TTL`].
pub fn check_ttl(ttl: i64) -> Result<i64, InvalidGrantRequest> {
    match ttl {
        ..=0 => Err(InvalidGrantRequest::TtlTooSmall(ttl)),
        1..=MAX_TTL => Ok(ttl),
        _ => Err(InvalidGrantRequest::TtlTooLarge(ttl)),
    }
}

/// A request for new leases with one TTL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantRequest {
    /// The requested TTL, in seconds.
    pub ttl: i64,
    /// The number of leases.
    pub count: u32,
    /// The requested id. `None` lets the server choose.
    pub id: Option<LeaseId>,
    /// Keys to attach to each lease.
    pub templates: Vec<KeyTemplate>,
    /// Whether to keep the leases alive.
    pub keep_alive: bool,
    /// The renewal schedule. `None` for the engine's default.
    pub pace: Option<RenewalSchedule>,
    /// The value of `{n}` for the first lease.
    pub first_number: u32,
    /// The number of the request among those of the user in the monitor, by which its replies are recognised. `None` for
    /// other requests.
    pub job: Option<u64>,
}

impl GrantRequest {
    /// Checks the TTL, the id and the keys.
    ///
    /// # Errors
    /// Returns the first rule that the request violates.
    pub fn check(&self) -> Result<(), InvalidGrantRequest> {
        check_ttl(self.ttl)?;
        if self.id.is_some() && self.count > 1 {
            return Err(InvalidGrantRequest::OneIdManyLeases);
        }
        check_distinct_keys(std::slice::from_ref(self))
    }

    /// The values of `{n}` for its leases.
    pub fn numbers(&self) -> impl Iterator<Item = u32> + use<> {
        self.first_number..self.first_number.saturating_add(self.count)
    }
}

/// The requests for `--ttl 10,120,3600 --put KEY=VALUE`: `count` kept-alive leases for each TTL, with the keys attached
/// to each. `{n}` counts the leases of all TTLs.
///
/// # Errors
/// Returns an error if a TTL is out of range, or if two leases would get the same key.
pub fn requests_for(
    ttls: &[i64],
    count: u32,
    templates: &[KeyTemplate],
) -> Result<Vec<GrantRequest>, InvalidGrantRequest> {
    let requests: Vec<GrantRequest> = (0_u32..)
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
            job: None,
        })
        .collect();
    requests.iter().try_for_each(GrantRequest::check)?;
    check_distinct_keys(&requests)?;
    Ok(requests)
}

/// Checks that no two leases of these requests get the same key, and none gets one twice.
fn check_distinct_keys(requests: &[GrantRequest]) -> Result<(), InvalidGrantRequest> {
    let mut taken = HashMap::new();
    for request in requests {
        for number in request.numbers() {
            for template in &request.templates {
                let key = numbered(&template.key, number, request.ttl);
                match taken.insert(key.clone(), (number, request.ttl)) {
                    Some((other, _)) if other == number => return Err(InvalidGrantRequest::OneKeyTwice(key)),
                    Some((_, ttl)) if !template.has_id_placeholder() => {
                        let placeholders = if ttl == request.ttl { "{n} or {id}" } else { "{n}, {id} or {ttl}" };
                        return Err(InvalidGrantRequest::OneKeyManyLeases { key, placeholders });
                    }
                    _ => (),
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
            Err(InvalidGrantRequest::OneKeyManyLeases { key: "/a".into(), placeholders: "{n}, {id} or {ttl}" })
        );
        assert!(requests_for(&[10], 1, &[put("/a=1")]).is_ok());
        assert!(requests_for(&[10, 120], 1, &[put("/{ttl}=1")]).is_ok());
        assert_eq!(
            requests_for(&[10, 10], 1, &[put("/{ttl}=1")]),
            Err(InvalidGrantRequest::OneKeyManyLeases { key: "/10".into(), placeholders: "{n} or {id}" })
        );
        assert!(requests_for(&[10, 10], 1, &[put("/{n}=1")]).is_ok());
        assert!(requests_for(&[10, 120], 2, &[put("/{ttl}=1")]).is_err());
        assert!(requests_for(&[10, 120], 2, &[put("/{n}=1")]).is_ok());
        assert!(requests_for(&[10, 120], 2, &[put("/{id}=1")]).is_ok());
        for (twice, key) in [("/a=1", "/a"), ("/{id}=1", "/{id}"), ("/{n}=1", "/1"), ("/{ttl}=1", "/10")] {
            let twice = [put(twice), put("/b=1"), put(twice)];
            assert_eq!(requests_for(&[10], 1, &twice), Err(InvalidGrantRequest::OneKeyTwice(key.into())));
        }
    }

    #[test]
    fn a_ttl_that_etcd_would_change_or_refuse_is_refused_here() {
        assert_eq!(requests_for(&[0], 1, &[]), Err(InvalidGrantRequest::TtlTooSmall(0)));
        assert_eq!(requests_for(&[-7], 1, &[]), Err(InvalidGrantRequest::TtlTooSmall(-7)));
        assert_eq!(requests_for(&[9_000_000_001], 1, &[]), Err(InvalidGrantRequest::TtlTooLarge(9_000_000_001)));
        assert!(requests_for(&[9_000_000_000], 1, &[]).is_ok());
    }
}
