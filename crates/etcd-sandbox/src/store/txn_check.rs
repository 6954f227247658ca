//! Checks a transaction before it runs (`checkTxnRequest` and `checkIntervals` in etcd's `v3rpc/key.go`).

use std::collections::HashSet;

use etcd_client::proto::{PbTxnOpRequest, PbTxnRequest, PbTxnRequestOp};

use super::kv::{check_delete, check_put};
use super::{RequestError, Span, range};

/// Maximum number of comparisons or operations in a transaction (`--max-txn-ops`).
const MAX_TXN_OPS: usize = 128;

pub(super) fn check(request: &PbTxnRequest) -> Result<(), RequestError> {
    check_below(request, MAX_TXN_OPS)?;
    Writes::of(&request.success)?;
    Writes::of(&request.failure)?;
    Ok(())
}

/// Nested transactions share the limit of the outer ones.
fn check_below(request: &PbTxnRequest, max_ops: usize) -> Result<(), RequestError> {
    let length = request.compare.len().max(request.success.len()).max(request.failure.len());
    let ops_left = max_ops.checked_sub(length).ok_or(RequestError::TooManyOps)?;
    if request.compare.iter().any(|compare| compare.key.is_empty()) {
        return Err(RequestError::NoKey);
    }
    request.success.iter().chain(&request.failure).try_for_each(|op| check_op(op, ops_left))
}

fn check_op(op: &PbTxnRequestOp, ops_left: usize) -> Result<(), RequestError> {
    match &op.request {
        Some(PbTxnOpRequest::RequestRange(asked)) => range::check(asked),
        Some(PbTxnOpRequest::RequestPut(asked)) => check_put(asked),
        Some(PbTxnOpRequest::RequestDeleteRange(asked)) => check_delete(asked),
        Some(PbTxnOpRequest::RequestTxn(within)) => check_below(within, ops_left),
        // etcd answers an operation without a request like this (`checkTxnRequest`).
        None => Err(RequestError::KeyNotFound),
    }
}

/// The writes of one branch. No key may be put twice, or put and deleted.
#[derive(Default)]
struct Writes<'a> {
    puts: HashSet<&'a [u8]>,
    deletes: Vec<Span<'a>>,
}

impl<'a> Writes<'a> {
    /// Collects the writes of operations. A put is checked against the deletes and puts so far, so they come in the order of
    /// etcd's `checkIntervals`: deletes, transactions in them, puts.
    fn of(ops: &'a [PbTxnRequestOp]) -> Result<Self, RequestError> {
        let mut writes = Writes::default();
        let requests = || ops.iter().filter_map(|op| op.request.as_ref());
        for request in requests() {
            if let PbTxnOpRequest::RequestDeleteRange(asked) = request {
                writes.deletes.push(Span { key: &asked.key, end: &asked.range_end });
            }
        }
        for request in requests() {
            if let PbTxnOpRequest::RequestTxn(within) = request {
                writes.either(Writes::of(&within.success)?, Writes::of(&within.failure)?)?;
            }
        }
        for request in requests() {
            if let PbTxnOpRequest::RequestPut(asked) = request {
                writes.put(&asked.key)?;
            }
        }
        Ok(writes)
    }

    /// Only one of the two branches runs, so both may put the same key.
    fn either(&mut self, one: Writes<'a>, other: Writes<'a>) -> Result<(), RequestError> {
        one.puts.union(&other.puts).try_for_each(|key| self.put(key))?;
        self.deletes.extend(one.deletes.into_iter().chain(other.deletes));
        Ok(())
    }

    fn put(&mut self, key: &'a [u8]) -> Result<(), RequestError> {
        let is_new = self.puts.insert(key);
        // etcd takes the end of a delete "from this key on" as a plain key here, so such a delete conflicts with no put.
        let is_from_key = |span: &Span<'_>| span.end == [0];
        let is_deleted = self.deletes.iter().any(|span| !is_from_key(span) && span.contains(key));
        if is_new && !is_deleted { Ok(()) } else { Err(RequestError::DuplicateKey) }
    }
}
