//! The keys of all leases in one buffer, so that a filter reads them without visiting the leases.

use super::service::service_of;
use etcd_lease::LeaseId;

/// Stands between two keys of a lease. It is in no UTF-8 text, so no text that a filter searches is partly in one key and
/// partly in the next.
const BETWEEN: u8 = 0xff;
/// So many unused bytes do no harm.
const MAX_UNUSED: usize = 65_536;

/// Where the keys of a lease are. Empty if it has none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct KeySpan {
    start: usize,
    len: u32,
    /// Length of the service, with which the first key begins.
    service_len: u32,
}

/// The known keys of all leases.
#[derive(Clone, Debug, Default)]
pub(super) struct KeyTexts {
    bytes: Vec<u8>,
    /// Number of bytes of former keys.
    unused: usize,
}

impl KeyTexts {
    /// All keys of a lease, joined.
    pub(super) fn joined(&self, span: KeySpan) -> &[u8] {
        &self.bytes[span.start..span.start + span.len as usize]
    }

    /// The service of a lease that has a key.
    pub(super) fn service(&self, span: KeySpan) -> &[u8] {
        &self.bytes[span.start..span.start + span.service_len as usize]
    }

    /// Replaces the keys of a lease, if they changed.
    pub(super) fn replace(&mut self, span: KeySpan, id: LeaseId, keys: &[Vec<u8>]) -> KeySpan {
        let service_len = keys.first().map_or(0, |key| service_of(key, id).len()) as u32;
        let is_same_len = joined_len(keys) == span.len as usize && service_len == span.service_len;
        if is_same_len && joined(keys).eq(self.joined(span).iter().copied()) {
            return span;
        }
        self.unused += span.len as usize;
        let start = self.bytes.len();
        self.bytes.extend(joined(keys));
        KeySpan { start, len: (self.bytes.len() - start) as u32, service_len }
    }

    /// Whether more than half of the buffer is unused.
    pub(super) fn is_wasteful(&self) -> bool {
        self.unused > self.bytes.len() / 2 && self.unused > MAX_UNUSED
    }

    /// Appends the keys of a lease from another buffer.
    pub(super) fn copy(&mut self, from: &KeyTexts, span: KeySpan) -> KeySpan {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(from.joined(span));
        KeySpan { start, ..span }
    }
}

fn joined(keys: &[Vec<u8>]) -> impl Iterator<Item = u8> {
    let between = |place: usize| if place == 0 { None } else { Some(BETWEEN) };
    keys.iter().enumerate().flat_map(move |(place, key)| between(place).into_iter().chain(key.iter().copied()))
}

fn joined_len(keys: &[Vec<u8>]) -> usize {
    keys.iter().map(|key| key.len() + 1).sum::<usize>().saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::app::row_entries::RowEntries;
    use crate::app::{Lease, LeaseKeys, service};
    use crate::filter::{any_contains, contains};

    fn lease(id: i64, keys: Vec<Vec<u8>>) -> Lease {
        let mut lease = Lease::new(LeaseId(id));
        lease.keys = Some(LeaseKeys::of(keys));
        lease
    }

    fn key() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(prop::sample::select(vec![b'/', b'a', 0xc3, 0xa4, BETWEEN]), 0..5)
    }

    fn keys() -> impl Strategy<Value = Vec<Vec<u8>>> {
        prop::collection::vec(key(), 0..4)
    }

    proptest! {
        #[test]
        fn a_search_finds_what_the_keys_of_the_lease_contain(
            changes in prop::collection::vec((0..4_i64, keys()), 1..30),
            part in "[a/ä]{0,3}",
        ) {
            let (mut texts, mut entries) = (KeyTexts::default(), RowEntries::default());
            let mut leases = std::collections::BTreeMap::new();
            for (id, keys) in changes {
                leases.insert(id, lease(id, keys));
                entries.set_keys(LeaseId(id), leases.get(&id), &mut texts);
            }
            for (id, lease) in &leases {
                let span = entries.facts(LeaseId(*id)).expect("each has facts").key_span;
                let keys = &lease.keys.as_ref().expect("known keys").first;
                prop_assert_eq!(contains(texts.joined(span), part.as_bytes()) && !keys.is_empty(), any_contains(keys, &part));
                prop_assert!(service(lease).is_none_or(|service| service == texts.service(span)));
            }
        }
    }

    #[test]
    fn former_keys_do_not_fill_the_buffer() {
        let (mut texts, mut entries) = (KeyTexts::default(), RowEntries::default());
        for round in 0..5_000 {
            for id in 1..4 {
                let lease = lease(id, vec![format!("/service/{id}/{round}").into_bytes()]);
                entries.set_keys(LeaseId(id), Some(&lease), &mut texts);
            }
        }
        assert!(texts.bytes.len() <= 3 * MAX_UNUSED, "{} bytes", texts.bytes.len());
        let span = entries.facts(LeaseId(2)).expect("it has facts").key_span;
        assert_eq!((texts.joined(span), texts.service(span)), (&b"/service/2/4999"[..], &b"/service/2"[..]));
    }
}
