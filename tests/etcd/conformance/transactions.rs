//! Cases of transactions, ranges of the past and compaction, after etcd's `tests/integration/v3_grpc_test.go`.

use etcd_client::{Compare, CompareOp, DeleteOptions, GetOptions, PutOptions, SortOrder, SortTarget, Txn, TxnOp};
use etcd_lease::LeaseId;
use etcd_lease::wire::ErrorKind;
use tonic::{Code, Status};

use super::ConformanceTest;

/// The status of a call that was refused.
fn refused<T: std::fmt::Debug>(outcome: Result<T, etcd_client::Error>) -> (Code, String) {
    match outcome.unwrap_err() {
        etcd_client::Error::GRpcStatus(status) => code_and_message(&status),
        other => panic!("not the server's: {other}"),
    }
}

fn code_and_message(status: &Status) -> (Code, String) {
    (status.code(), status.message().to_owned())
}

fn put(key: &str) -> TxnOp {
    TxnOp::put(key, "v", None)
}

/// How etcd's lock joins the queue: it creates its key once, and reads the first key of the queue with it.
pub(crate) async fn txn_joins_a_queue(test: &mut ConformanceTest) {
    let mut client = test.raw().await;
    let lease = test.grant(30).await;
    let queue = |key: &str| {
        let absent = Compare::create_revision(key, CompareOp::Equal, 0);
        let first = GetOptions::new().with_prefix().with_sort(SortTarget::Create, SortOrder::Ascend).with_limit(1);
        let ask = TxnOp::get("lock/", Some(first));
        let take = TxnOp::put(key, "", Some(PutOptions::new().with_lease(lease.0)));
        Txn::new().when([absent]).and_then([take, ask.clone()]).or_else([TxnOp::get(key, None), ask])
    };
    let taken = client.txn(queue("lock/b")).await.unwrap();
    assert!(taken.succeeded() && taken.header().unwrap().revision() == 2);
    let waiting = client.txn(queue("lock/a")).await.unwrap();
    assert!(waiting.succeeded());
    let again = client.txn(queue("lock/a")).await.unwrap();
    assert!(!again.succeeded());
    let etcd_client::TxnOpResponse::Get(owner) = &again.op_responses()[1] else { panic!("{again:?}") };
    assert_eq!(owner.kvs()[0].key(), b"lock/b");
    let before = GetOptions::new()
        .with_prefix()
        .with_sort(SortTarget::Create, SortOrder::Descend)
        .with_max_create_revision(2)
        .with_limit(1);
    assert_eq!(client.get("lock/", Some(before)).await.unwrap().kvs()[0].key(), b"lock/b");
}

/// TestV3TxnRevision and TestV3TxnCmpHeaderRev: all writes share a revision; reads use none.
pub(crate) async fn v3_txn_revision(test: &mut ConformanceTest) {
    let mut client = test.raw().await;
    let revision = |answer: &etcd_client::TxnResponse| answer.header().unwrap().revision();
    let read = client.txn(Txn::new().and_then([TxnOp::get("a", None)])).await.unwrap();
    assert_eq!(revision(&read), 1);
    let written = client.txn(Txn::new().and_then([put("a"), put("b"), TxnOp::delete("c", None)])).await.unwrap();
    assert_eq!(revision(&written), 2);
    let found = client.get("a", Some(GetOptions::new().with_from_key())).await.unwrap();
    assert!(found.kvs().iter().all(|entry| entry.mod_revision() == 2 && entry.create_revision() == 2));
}

/// TestV3TxnDuplicateKeys: no key is put twice, or put and deleted.
pub(crate) async fn v3_txn_duplicate_keys(test: &mut ConformanceTest) {
    let mut client = test.raw().await;
    let wrong = (Code::InvalidArgument, "etcdserver: duplicate key given in txn request".to_owned());
    let range = Some(DeleteOptions::new().with_range("c"));
    for ops in [
        vec![put("a"), put("a")],
        vec![put("a"), TxnOp::delete("a", None)],
        vec![TxnOp::delete("a", range), put("b")],
        vec![put("a"), TxnOp::txn(Txn::new().and_then([put("a")]))],
    ] {
        assert_eq!(refused(client.txn(Txn::new().and_then(ops)).await), wrong);
    }
    let either = Txn::new().and_then([put("a")]).or_else([put("a")]);
    assert!(client.txn(Txn::new().and_then([TxnOp::txn(either)])).await.is_ok());
    // Only a range with an end can overlap.
    let from_key = TxnOp::delete("a", Some(DeleteOptions::new().with_from_key()));
    assert!(client.txn(Txn::new().and_then([from_key, put("b")])).await.is_ok());
}

/// TestV3LargeRequests: a change takes at most 1.5 MiB.
pub(crate) async fn v3_large_requests(test: &mut ConformanceTest) {
    let mut client = test.raw().await;
    let large = vec![0; 1536 * 1024];
    let wrong = (Code::InvalidArgument, "etcdserver: request is too large".to_owned());
    assert_eq!(refused(client.put("a", large.clone(), None).await), wrong);
    assert!(client.put("a", &large[..1_500_000], None).await.is_ok());
}

/// TestV3TxnTooManyOps and empty keys.
pub(crate) async fn v3_txn_too_many_ops(test: &mut ConformanceTest) {
    let mut client = test.raw().await;
    let many: Vec<TxnOp> = (0..129).map(|n| put(&n.to_string())).collect();
    let (code, text) = refused(client.txn(Txn::new().and_then(many)).await);
    assert_eq!((code, text.as_str()), (Code::InvalidArgument, "etcdserver: too many operations in txn request"));
    let (code, text) = refused(client.txn(Txn::new().and_then([put("")])).await);
    assert_eq!((code, text.as_str()), (Code::InvalidArgument, "etcdserver: key is not provided"));
}

/// TestV3PutOnNonExistLease, in a transaction: nothing is applied. etcd before 3.4.44 and 3.5.30 crashes.
pub(crate) async fn txn_with_an_unknown_lease(test: &mut ConformanceTest) {
    if !test.looks_at_leases_in_transactions() {
        return;
    }
    let mut client = test.raw().await;
    let unknown = TxnOp::put("b", "v", Some(PutOptions::new().with_lease(LeaseId(99).0)));
    let (code, text) = refused(client.txn(Txn::new().and_then([put("a"), unknown])).await);
    assert_eq!((code, text.as_str()), (Code::NotFound, "etcdserver: requested lease not found"));
    assert_eq!(client.get("a", None).await.unwrap().count(), 0);
}

/// Every comparison, of a key and of many.
pub(crate) async fn txn_compares(test: &mut ConformanceTest) {
    let mut client = test.raw().await;
    let lease = test.grant(30).await;
    test.put("p/a", lease).await;
    test.put("p/b", lease).await;
    test.put("p/b", lease).await;
    for (compare, holds) in [
        (Compare::version("p/b", CompareOp::Equal, 2), true),
        (Compare::create_revision("p/b", CompareOp::Less, 4), true),
        (Compare::mod_revision("p/b", CompareOp::Greater, 3), true),
        (Compare::value("p/b", CompareOp::NotEqual, "value"), false),
        (Compare::lease("p/b", CompareOp::Equal, lease.0), true),
        (Compare::lease("p/", CompareOp::Equal, lease.0).with_prefix(), true),
        (Compare::version("p/", CompareOp::Equal, 1).with_prefix(), false),
        (Compare::version("none", CompareOp::Equal, 0), true),
        (Compare::value("none", CompareOp::NotEqual, "x"), false),
    ] {
        let answer = client.txn(Txn::new().when([compare.clone()])).await.unwrap();
        assert_eq!(answer.succeeded(), holds, "{compare:?}");
    }
}

/// TestV3CompactCurrentRev and TestV3TxnInvalidRange: the past can be read until it is compacted.
pub(crate) async fn v3_compact_current_rev(test: &mut ConformanceTest) {
    let mut client = test.raw().await;
    for value in ["1", "2", "3"] {
        client.put("foo", value, None).await.unwrap();
    }
    let at = |revision| Some(GetOptions::new().with_revision(revision));
    assert_eq!(client.get("foo", at(3)).await.unwrap().kvs()[0].value(), b"2");
    client.compact(4, None).await.unwrap();
    let gone = (Code::OutOfRange, "etcdserver: mvcc: required revision has been compacted".to_owned());
    let future = (Code::OutOfRange, "etcdserver: mvcc: required revision is a future revision".to_owned());
    assert_eq!(refused(client.get("foo", at(3)).await), gone);
    assert_eq!(refused(client.get("foo", at(9)).await), future);
    assert_eq!(refused(client.compact(4, None).await), gone);
    assert_eq!(refused(client.compact(9, None).await), future);
    let past = TxnOp::get("foo", at(2));
    assert_eq!(refused(client.txn(Txn::new().and_then([put("new"), past])).await), gone);
    assert_eq!(client.get("new", None).await.unwrap().count(), 0);
    assert_eq!(client.get("foo", at(4)).await.unwrap().kvs()[0].value(), b"3");
}

/// What undoing a revoke relies on.
pub(crate) async fn keys_are_created_only_if_absent(test: &mut ConformanceTest) {
    let lease = test.grant(30).await;
    let pairs = |keys: &[&str]| keys.iter().map(|key| (key.as_bytes().to_vec(), b"v".to_vec())).collect::<Vec<_>>();
    let existing = test.cluster.create_keys(&pairs(&["a", "b"]), lease).await.unwrap();
    assert_eq!(existing, [b""; 0]);
    let existing = test.cluster.create_keys(&pairs(&["b", "c", "a"]), lease).await.unwrap();
    assert_eq!(existing, [b"b", b"a"]);
    assert!(!test.has("c").await, "nothing is written");
    let many: Vec<String> = (0..128).map(|n| format!("many/{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(test.cluster.create_keys(&pairs(&many), lease).await.unwrap(), [b""; 0], "as many as fit");
    let gone = test.cluster.create_keys(&pairs(&["d"]), LeaseId(0x99)).await.unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound);
}

/// What changing a TTL relies on: the value stays, and a key that changed meanwhile stops all of it.
pub(crate) async fn keys_move_only_if_unchanged(test: &mut ConformanceTest) {
    let (old, new) = (test.grant(30).await, test.grant(60).await);
    let value = vec![b'x'; 100_000];
    for key in ["a", "b"] {
        test.cluster.put(key.as_bytes(), &value, Some(old)).await.unwrap();
    }
    let mut keys = Vec::new();
    for key in ["a", "b"] {
        keys.push((key.as_bytes().to_vec(), test.cluster.get(key.as_bytes()).await.unwrap().unwrap().mod_revision));
    }
    let moved = test.cluster.move_keys(&keys, new).await.unwrap().expect("they are unchanged");
    for key in ["a", "b"] {
        let pair = test.cluster.get(key.as_bytes()).await.unwrap().unwrap();
        assert_eq!((pair.lease, pair.mod_revision), (Some(new), moved.revision));
        assert!(pair.value == value, "the value stays");
    }
    assert_eq!(test.cluster.move_keys(&keys, old).await.unwrap(), None, "they changed");
    let back: Vec<_> = keys.into_iter().map(|(key, _)| (key, moved.revision)).collect();
    test.cluster.revoke(old).await.unwrap();
    assert_eq!(test.cluster.move_keys(&back, old).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert!(test.has("a").await);
}
