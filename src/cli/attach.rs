//! `--put KEY=VALUE`: keys that a new lease gets.

use std::str::FromStr;

use crate::domain::LeaseId;

/// A key and its value, with placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Put {
    key: String,
    value: String,
}

/// What the placeholders of one lease stand for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names {
    /// `{ttl}`: the TTL asked for, in seconds.
    pub(super) ttl: i64,
    /// `{n}`: 1 for the first lease of the command, 2 for the next.
    pub(super) number: usize,
    /// `{id}`: in etcdctl's hex.
    pub(super) id: LeaseId,
}

impl FromStr for Put {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, value) = text.split_once('=').ok_or("write KEY=VALUE (the value may be empty)")?;
        if key.is_empty() {
            return Err("the key before the = is empty, and etcd has no empty key".to_owned());
        }
        Ok(Put { key: key.to_owned(), value: value.to_owned() })
    }
}

impl Put {
    /// Key and value for one lease.
    pub(super) fn fill(&self, names: Names) -> (String, String) {
        let fill = |text: &str| {
            text.replace("{ttl}", &names.ttl.to_string())
                .replace("{n}", &names.number.to_string())
                .replace("{id}", &names.id.to_string())
        };
        (fill(&self.key), fill(&self.value))
    }
}

/// Refuses one key for several leases: etcd keeps a key at its last lease only, so all but one would lose it.
///
/// # Errors
/// Names the first such key and the way out.
pub(super) fn tell_apart(puts: &[Put], ttls: &[i64], count: usize) -> Result<(), String> {
    let leases = ttls.len() * count;
    let mut unique = ttls.to_vec();
    unique.sort_unstable();
    unique.dedup();
    let ttl_tells = count == 1 && unique.len() == ttls.len();
    let tells = |put: &&Put| put.key.contains("{n}") || put.key.contains("{id}") || ttl_tells && put.key.contains("{ttl}");
    match puts.iter().find(|put| leases > 1 && !tells(put)) {
        None => Ok(()),
        Some(Put { key, .. }) => Err(format!(
            "one key cannot hold {leases} leases: etcd moves the key \"{key}\" from lease to lease and only the last \
             keeps it; give each lease its own with {{n}}, {{id}} or (one lease a TTL) {{ttl}}, as --put {key}/{{n}}=VALUE"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(text: &str) -> Put {
        text.parse().unwrap()
    }

    #[test]
    fn placeholders_are_filled_in_key_and_value() {
        let names = Names { ttl: 10, number: 3, id: LeaseId(0x694d) };
        let filled = put("/service/{ttl}/{n}={id}={n}").fill(names);
        assert_eq!(filled, ("/service/10/3".to_owned(), "000000000000694d=3".to_owned()));
        assert_eq!(put("/a=").fill(names), ("/a".to_owned(), String::new()));
    }

    #[test]
    fn a_put_without_a_key_is_refused() {
        assert!("=value".parse::<Put>().is_err());
        assert!("value".parse::<Put>().is_err());
    }

    #[test]
    fn one_key_for_several_leases_is_refused() {
        let cases = [
            ("/a=1", &[10][..], 1, true),
            ("/a=1", &[10], 2, false),
            ("/a=1", &[10, 120], 1, false),
            ("/a/{ttl}=1", &[10, 120], 1, true),
            ("/a/{ttl}=1", &[10, 10], 1, false),
            ("/a/{ttl}=1", &[10, 120], 2, false),
            ("/a/{n}=1", &[10, 120], 2, true),
            ("/a/{id}=1", &[10], 2, true),
            ("/a={n}", &[10], 2, false),
        ];
        for (text, ttls, count, fine) in cases {
            assert_eq!(tell_apart(&[put(text)], ttls, count).is_ok(), fine, "{text} {ttls:?} {count}");
        }
    }
}
