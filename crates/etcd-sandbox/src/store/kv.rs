//! Put, range and delete, as in etcd.

use etcd_client::proto::{
    PbDeleteRequest, PbDeleteResponse, PbKeyValue, PbPutRequest, PbPutResponse, PbRangeRequest, PbRangeResponse,
};

use super::{RequestError, Span, Store, range};
use crate::LeaseId;

impl Store {
    /// Writes a key and attaches it to the given lease. It is detached from its previous lease.
    ///
    /// # Errors
    /// `NoKey`, `ValueProvided`, `LeaseProvided`, `LeaseNotFound`, `KeyNotFound`, checked in the order of etcd
    /// (`checkPutRequest`, then `Put` in its `apply`).
    pub(crate) fn put(&mut self, request: PbPutRequest) -> Result<PbPutResponse, RequestError> {
        check_put(&request)?;
        self.can_put(&request)?;
        let before = self.keys.get(&request.key);
        let kept = |ignore: bool| before.filter(|_| ignore);
        let value = kept(request.ignore_value).map_or(request.value, |before| before.value.clone());
        let lease = kept(request.ignore_lease).map_or(request.lease, |before| before.lease);
        let before = self.keys.put(request.key.clone(), value, lease);
        self.leases.move_key(&request.key, before.as_ref().and_then(lease_of), lease_id(lease));
        Ok(PbPutResponse { header: None, prev_kv: before.filter(|_| request.prev_kv) })
    }

    /// Checks that the lease of a put exists, and its key too if the put keeps the old value or lease.
    pub(super) fn can_put(&self, request: &PbPutRequest) -> Result<(), RequestError> {
        if request.lease != 0 && !self.leases.contains(request.lease) {
            return Err(RequestError::LeaseNotFound);
        }
        let keeps = request.ignore_value || request.ignore_lease;
        if keeps && self.keys.get(&request.key).is_none() { Err(RequestError::KeyNotFound) } else { Ok(()) }
    }

    /// Reads keys at the current or a past revision.
    ///
    /// # Errors
    /// `NoKey`, `BadSort`, `FutureRevision`, `Compacted`.
    pub(crate) fn range(&self, request: &PbRangeRequest) -> Result<PbRangeResponse, RequestError> {
        range::check(request)?;
        let span = Span { key: &request.key, end: &request.range_end };
        if request.revision > 0 {
            let then = self.keys.range_at(span, request.revision)?;
            return Ok(range::answer(request, then.iter()));
        }
        Ok(range::answer(request, self.keys.range(span)))
    }

    /// Deletes keys, all in one revision.
    ///
    /// # Errors
    /// `NoKey`.
    pub(crate) fn delete(&mut self, request: &PbDeleteRequest) -> Result<PbDeleteResponse, RequestError> {
        check_delete(request)?;
        let span = Span { key: &request.key, end: &request.range_end };
        let keys: Vec<Vec<u8>> = self.keys.range(span).map(|entry| entry.key.clone()).collect();
        let gone = self.keys.delete(keys);
        for entry in &gone {
            self.leases.move_key(&entry.key, lease_of(entry), None);
        }
        let deleted = length(gone.len());
        Ok(PbDeleteResponse { header: None, deleted, prev_kvs: if request.prev_kv { gone } else { Vec::new() } })
    }
}

pub(super) fn check_put(request: &PbPutRequest) -> Result<(), RequestError> {
    match request {
        _ if request.key.is_empty() => Err(RequestError::NoKey),
        _ if request.ignore_value && !request.value.is_empty() => Err(RequestError::ValueProvided),
        _ if request.ignore_lease && request.lease != 0 => Err(RequestError::LeaseProvided),
        _ => Ok(()),
    }
}

pub(super) fn check_delete(request: &PbDeleteRequest) -> Result<(), RequestError> {
    if request.key.is_empty() { Err(RequestError::NoKey) } else { Ok(()) }
}

/// The lease with this number in the protocol, where 0 means no lease.
fn lease_id(lease: i64) -> Option<LeaseId> {
    (lease != 0).then_some(lease)
}

fn lease_of(entry: &PbKeyValue) -> Option<LeaseId> {
    lease_id(entry.lease)
}

pub(super) fn length(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;

    use super::*;
    use simkit::Timestamp;

    fn store() -> Store {
        let mut store = Store::new(Rng::with_seed(1));
        for id in [1, 2] {
            store.grant(Some(id), 10, Timestamp::START).unwrap();
        }
        store
    }

    fn request(key: &str, value: &str, lease: i64) -> PbPutRequest {
        PbPutRequest { key: key.into(), value: value.into(), lease, ..Default::default() }
    }

    fn keys_of(store: &Store, id: i64) -> Vec<&[u8]> {
        store.leases().keys(id).map(Vec::as_slice).collect()
    }

    fn reading(key: &str, end: &str) -> PbRangeRequest {
        PbRangeRequest { key: key.into(), range_end: end.into(), ..Default::default() }
    }

    #[test]
    fn a_key_moves_with_its_last_put() {
        let mut store = store();
        store.put(request("k", "v", 1)).unwrap();
        assert_eq!(keys_of(&store, 1), [b"k"]);
        store.put(request("k", "v", 2)).unwrap();
        assert_eq!((keys_of(&store, 1).len(), keys_of(&store, 2).len()), (0, 1));
        store.revoke(1).unwrap();
        assert!(store.keys().get(b"k").is_some());
        store.put(request("k", "v", 0)).unwrap();
        store.revoke(2).unwrap();
        assert!(store.keys().get(b"k").is_some());
    }

    #[test]
    fn a_put_may_keep_the_value_or_the_lease() {
        let mut store = store();
        store.put(request("k", "old", 1)).unwrap();
        store.put(PbPutRequest { ignore_value: true, ..request("k", "", 2) }).unwrap();
        let answer = store.put(PbPutRequest { ignore_lease: true, prev_kv: true, ..request("k", "new", 0) }).unwrap();
        let before = answer.prev_kv.unwrap();
        assert_eq!((before.value.as_slice(), before.lease), (b"old".as_slice(), 2));
        let now = store.keys().get(b"k").unwrap();
        assert_eq!((now.value.as_slice(), now.lease), (b"new".as_slice(), 2));
        assert_eq!(keys_of(&store, 2), [b"k"]);
    }

    #[test]
    fn bad_puts_are_refused_in_etcds_order() {
        let mut store = store();
        let refusal = |store: &mut Store, request| store.put(request).unwrap_err();
        let all = PbPutRequest { ignore_value: true, ignore_lease: true, ..request("", "v", 9) };
        assert_eq!(refusal(&mut store, all.clone()), RequestError::NoKey);
        let all = PbPutRequest { key: b"k".to_vec(), ..all };
        assert_eq!(refusal(&mut store, all.clone()), RequestError::ValueProvided);
        let all = PbPutRequest { value: Vec::new(), ..all };
        assert_eq!(refusal(&mut store, all.clone()), RequestError::LeaseProvided);
        let all = PbPutRequest { ignore_lease: false, ..all };
        assert_eq!(refusal(&mut store, all.clone()), RequestError::LeaseNotFound);
        assert_eq!(refusal(&mut store, PbPutRequest { lease: 0, ..all }), RequestError::KeyNotFound);
        assert_eq!(store.keys().revision(), 1);
    }

    #[test]
    fn a_range_counts_all_and_gives_up_to_the_limit() {
        let mut store = store();
        for key in ["p/1", "p/2", "p/3", "q"] {
            store.put(request(key, "v", 1)).unwrap();
        }
        let answer = store.range(&PbRangeRequest { limit: 2, keys_only: true, ..reading("p/", "p0") }).unwrap();
        assert_eq!((answer.kvs.len(), answer.count, answer.more), (2, 3, true));
        assert!(answer.kvs.iter().all(|entry| entry.value.is_empty() && entry.lease == 1));
        let answer = store.range(&PbRangeRequest { limit: 3, ..reading("p/", "p0") }).unwrap();
        assert_eq!((answer.kvs.len(), answer.more), (3, false));
        let answer = store.range(&PbRangeRequest { count_only: true, limit: 1, ..reading("p/", "p0") }).unwrap();
        assert_eq!((answer.kvs.len(), answer.count, answer.more), (0, 3, false));
    }

    #[test]
    fn a_range_sorts_and_filters_as_it_is_told() {
        let mut store = store();
        for key in ["b", "c", "a", "c"] {
            store.put(request(key, key, 0)).unwrap();
        }
        let names = |request| {
            let answer = store.range(&request).unwrap();
            let names: String = answer.kvs.iter().map(|entry| char::from(entry.key[0])).collect();
            (names, answer.more, answer.count)
        };
        let all = || reading("a", "d");
        let sorted = |sort_target, sort_order| PbRangeRequest { sort_target, sort_order, ..all() };
        assert_eq!(names(sorted(0, 2)).0, "cba", "by key, downwards");
        assert_eq!(names(sorted(2, 1)).0, "bca", "by creation");
        assert_eq!(names(sorted(3, 0)).0, "bac", "by change");
        assert_eq!(names(PbRangeRequest { limit: 1, ..sorted(2, 2) }), ("a".to_owned(), true, 3), "the newest");
        assert_eq!(names(PbRangeRequest { limit: 1, max_create_revision: 3, ..sorted(2, 2) }).0, "c");
        assert_eq!(names(PbRangeRequest { min_mod_revision: 4, ..all() }), ("ac".to_owned(), false, 3));
        assert_eq!(names(PbRangeRequest { revision: 3, ..all() }), ("bc".to_owned(), false, 2));
    }

    #[test]
    fn bad_ranges_are_refused() {
        let mut store = store();
        store.put(request("k", "v", 1)).unwrap();
        store.compact(2).unwrap();
        let refusal = |request| store.range(&request).unwrap_err();
        assert_eq!(refusal(reading("", "")), RequestError::NoKey);
        assert_eq!(refusal(PbRangeRequest { revision: 3, ..reading("k", "") }), RequestError::FutureRevision);
        assert_eq!(refusal(PbRangeRequest { revision: 1, ..reading("k", "") }), RequestError::Compacted);
        assert_eq!(refusal(PbRangeRequest { sort_target: 5, ..reading("k", "") }), RequestError::BadSort);
        assert_eq!(refusal(PbRangeRequest { sort_order: -1, ..reading("k", "") }), RequestError::BadSort);
    }

    #[test]
    fn a_delete_takes_the_key_from_its_lease() {
        let mut store = store();
        store.put(request("a", "1", 1)).unwrap();
        store.put(request("b", "2", 1)).unwrap();
        let delete = PbDeleteRequest { key: b"a".to_vec(), range_end: b"\0".to_vec(), prev_kv: true };
        let answer = store.delete(&delete).unwrap();
        assert_eq!((answer.deleted, answer.prev_kvs.len(), store.keys().revision()), (2, 2, 4));
        assert_eq!(keys_of(&store, 1).len(), 0);
        assert_eq!(store.delete(&delete).unwrap().deleted, 0);
        assert_eq!(store.delete(&PbDeleteRequest::default()), Err(RequestError::NoKey));
    }
}
