//! Transactions: comparisons, then operations, all in one revision.

use std::cmp::Ordering;

use etcd_client::CompareOp;
use etcd_client::proto::{
    PbCompare, PbCompareTarget, PbDeleteRequest, PbKeyValue, PbPutRequest, PbRangeRequest, PbResponseHeader,
    PbResponseOp, PbTargetUnion, PbTxnOpRequest, PbTxnOpResponse, PbTxnRequest, PbTxnResponse,
};

use super::txn_check::check;
use super::{RequestError, Span, Store};

/// The branches that a transaction takes. All comparisons, including those of nested transactions, use the keys before
/// the transaction.
struct TxnPlan<'a> {
    succeeded: bool,
    steps: Vec<TxnStep<'a>>,
}

enum TxnStep<'a> {
    Range(&'a PbRangeRequest),
    Put(&'a PbPutRequest),
    Delete(&'a PbDeleteRequest),
    Txn(TxnPlan<'a>),
}

impl Store {
    /// Runs a transaction. All its writes share one revision.
    ///
    /// # Errors
    /// `TooManyOps`, `NoKey`, `DuplicateKey`, and the errors of its operations. On an error nothing is changed.
    pub(crate) fn txn(&mut self, request: &PbTxnRequest) -> Result<PbTxnResponse, RequestError> {
        check(request)?;
        let plan = self.plan(request);
        self.check_plan(&plan)?;
        self.keys.start_txn();
        let answer = self.run_plan(plan);
        self.keys.end_txn();
        answer
    }

    fn plan<'a>(&self, request: &'a PbTxnRequest) -> TxnPlan<'a> {
        let succeeded = request.compare.iter().all(|compare| self.holds(compare));
        let ops = if succeeded { &request.success } else { &request.failure };
        let steps = ops.iter().filter_map(|op| {
            Some(match op.request.as_ref()? {
                PbTxnOpRequest::RequestRange(asked) => TxnStep::Range(asked),
                PbTxnOpRequest::RequestPut(asked) => TxnStep::Put(asked),
                PbTxnOpRequest::RequestDeleteRange(asked) => TxnStep::Delete(asked),
                PbTxnOpRequest::RequestTxn(within) => TxnStep::Txn(self.plan(within)),
            })
        });
        TxnPlan { succeeded, steps: steps.collect() }
    }

    /// Whether a comparison is true for all its keys. A missing key compares as zeros, except that comparing its value
    /// is false.
    fn holds(&self, compare: &PbCompare) -> bool {
        let mut found = self.keys.range(Span { key: &compare.key, end: &compare.range_end }).peekable();
        if found.peek().is_some() {
            return found.all(|entry| holds_of(compare, entry));
        }
        compare.target() != PbCompareTarget::Value && holds_of(compare, &PbKeyValue::default())
    }

    fn check_plan(&self, plan: &TxnPlan<'_>) -> Result<(), RequestError> {
        plan.steps.iter().try_for_each(|step| match step {
            TxnStep::Range(asked) if asked.revision > 0 => self.keys.check_revision(asked.revision),
            TxnStep::Put(asked) => self.can_put(asked),
            TxnStep::Txn(within) => self.check_plan(within),
            TxnStep::Range(_) | TxnStep::Delete(_) => Ok(()),
        })
    }

    fn run_plan(&mut self, plan: TxnPlan<'_>) -> Result<PbTxnResponse, RequestError> {
        let mut responses = Vec::new();
        for step in plan.steps {
            let response = Some(self.step(step)?);
            responses.push(PbResponseOp { response });
        }
        Ok(PbTxnResponse { header: None, succeeded: plan.succeeded, responses })
    }

    fn step(&mut self, step: TxnStep<'_>) -> Result<PbTxnOpResponse, RequestError> {
        let mut answer = match step {
            TxnStep::Range(asked) => PbTxnOpResponse::ResponseRange(self.range(asked)?),
            TxnStep::Put(asked) => PbTxnOpResponse::ResponsePut(self.put(asked.clone())?),
            TxnStep::Delete(asked) => PbTxnOpResponse::ResponseDeleteRange(self.delete(asked)?),
            TxnStep::Txn(within) => PbTxnOpResponse::ResponseTxn(self.run_plan(within)?),
        };
        // In these headers etcd fills in only the revision.
        let header = Some(PbResponseHeader { revision: self.keys.revision(), ..Default::default() });
        match &mut answer {
            PbTxnOpResponse::ResponseRange(answer) => answer.header = header,
            PbTxnOpResponse::ResponsePut(answer) => answer.header = header,
            PbTxnOpResponse::ResponseDeleteRange(answer) => answer.header = header,
            PbTxnOpResponse::ResponseTxn(answer) => answer.header = header,
        }
        Ok(answer)
    }
}

fn holds_of(compare: &PbCompare, entry: &PbKeyValue) -> bool {
    let ordering = order(compare, entry);
    match CompareOp::try_from(compare.result) {
        Ok(CompareOp::Equal) => ordering == Ordering::Equal,
        Ok(CompareOp::NotEqual) => ordering != Ordering::Equal,
        Ok(CompareOp::Greater) => ordering == Ordering::Greater,
        Ok(CompareOp::Less) => ordering == Ordering::Less,
        // etcd also accepts unknown comparisons.
        Err(_) => true,
    }
}

/// Compares a key with the target. A missing target is 0 or the empty value.
fn order(compare: &PbCompare, entry: &PbKeyValue) -> Ordering {
    use PbCompareTarget as Target;
    use PbTargetUnion as With;
    match (compare.target(), &compare.target_union) {
        (Target::Version, Some(With::Version(with))) => entry.version.cmp(with),
        (Target::Create, Some(With::CreateRevision(with))) => entry.create_revision.cmp(with),
        (Target::Mod, Some(With::ModRevision(with))) => entry.mod_revision.cmp(with),
        (Target::Lease, Some(With::Lease(with))) => entry.lease.cmp(with),
        (Target::Value, Some(With::Value(with))) => entry.value.cmp(with),
        (Target::Version, _) => entry.version.cmp(&0),
        (Target::Create, _) => entry.create_revision.cmp(&0),
        (Target::Mod, _) => entry.mod_revision.cmp(&0),
        (Target::Lease, _) => entry.lease.cmp(&0),
        (Target::Value, _) => entry.value.as_slice().cmp(&[]),
    }
}

#[cfg(test)]
mod tests {
    use etcd_client::proto::PbTxnRequestOp;

    use fastrand::Rng;

    use super::*;
    use simkit::Timestamp;

    fn store() -> Store {
        let mut store = Store::new(Rng::with_seed(1));
        store.grant(Some(7), 10, Timestamp::START).unwrap();
        store.put(write("k", 7)).unwrap();
        store
    }

    fn write(key: &str, lease: i64) -> PbPutRequest {
        PbPutRequest { key: key.into(), value: b"v".to_vec(), lease, ..Default::default() }
    }

    fn op(request: PbTxnOpRequest) -> PbTxnRequestOp {
        PbTxnRequestOp { request: Some(request) }
    }

    fn put(key: &str) -> PbTxnRequestOp {
        op(PbTxnOpRequest::RequestPut(write(key, 0)))
    }

    fn remove(key: &str, end: &str) -> PbTxnRequestOp {
        let asked = PbDeleteRequest { key: key.into(), range_end: end.into(), prev_kv: true };
        op(PbTxnOpRequest::RequestDeleteRange(asked))
    }

    fn get(key: &str) -> PbTxnRequestOp {
        op(PbTxnOpRequest::RequestRange(PbRangeRequest { key: key.into(), ..Default::default() }))
    }

    fn within(request: PbTxnRequest) -> PbTxnRequestOp {
        op(PbTxnOpRequest::RequestTxn(request))
    }

    fn doing(success: Vec<PbTxnRequestOp>) -> PbTxnRequest {
        PbTxnRequest { success, ..Default::default() }
    }

    fn compare(key: &str, op: CompareOp, with: PbTargetUnion) -> PbCompare {
        let target = match with {
            PbTargetUnion::Version(_) => PbCompareTarget::Version,
            PbTargetUnion::CreateRevision(_) => PbCompareTarget::Create,
            PbTargetUnion::ModRevision(_) => PbCompareTarget::Mod,
            PbTargetUnion::Value(_) => PbCompareTarget::Value,
            PbTargetUnion::Lease(_) => PbCompareTarget::Lease,
        };
        let (result, target) = (op.into(), target.into());
        PbCompare { result, target, key: key.into(), range_end: Vec::new(), target_union: Some(with) }
    }

    #[test]
    fn everything_can_be_compared() {
        use PbTargetUnion as With;
        let store = store();
        let holds = |key, op, with| store.holds(&compare(key, op, with));
        assert!(holds("k", CompareOp::Equal, With::Version(1)));
        assert!(holds("k", CompareOp::Equal, With::CreateRevision(2)));
        assert!(holds("k", CompareOp::Less, With::ModRevision(3)));
        assert!(holds("k", CompareOp::Equal, With::Lease(7)));
        assert!(holds("k", CompareOp::Equal, With::Value(b"v".to_vec())));
        assert!(holds("k", CompareOp::Greater, With::Value(b"a".to_vec())));
        assert!(!holds("k", CompareOp::NotEqual, With::Version(1)));
        assert!(holds("none", CompareOp::Equal, With::CreateRevision(0)));
        assert!(!holds("none", CompareOp::NotEqual, With::Value(b"v".to_vec())), "the comparison of a value is false");
    }

    #[test]
    fn a_transaction_has_one_revision_and_sees_its_own_writes() {
        let mut store = store();
        let answer = store.txn(&doing(vec![put("a"), remove("k", ""), put("b"), get("a")])).unwrap();
        assert!(answer.succeeded);
        assert_eq!(store.keys().revision(), 3);
        let Some(PbTxnOpResponse::ResponseRange(seen)) = &answer.responses[3].response else { panic!("{answer:?}") };
        assert_eq!((seen.kvs[0].mod_revision, seen.header.as_ref().unwrap().revision), (3, 3));
        assert_eq!(store.leases().keys(7).count(), 0);
        store.txn(&doing(vec![get("a")])).unwrap();
        assert_eq!(store.keys().revision(), 3, "a read does not change the revision");
    }

    #[test]
    fn what_is_within_compares_what_was_before() {
        let mut store = store();
        let absent = vec![compare("a", CompareOp::Equal, PbTargetUnion::Version(0))];
        let inner = PbTxnRequest { compare: absent.clone(), success: vec![put("b")], failure: vec![put("c")] };
        let outer =
            PbTxnRequest { compare: absent, success: vec![put("a"), within(inner)], failure: vec![remove("a", "z")] };
        store.txn(&outer).unwrap();
        assert!(store.keys().get(b"b").is_some() && store.keys().get(b"c").is_none());
        assert!(!store.txn(&outer).unwrap().succeeded);
        assert!(store.keys().get(b"a").is_none());
    }

    #[test]
    fn a_refused_transaction_does_nothing() {
        let mut store = store();
        let unknown = op(PbTxnOpRequest::RequestPut(write("x", 9)));
        assert_eq!(store.txn(&doing(vec![put("a"), unknown])), Err(RequestError::LeaseNotFound));
        let kept = PbPutRequest { ignore_lease: true, ..write("x", 0) };
        let kept = op(PbTxnOpRequest::RequestPut(kept));
        assert_eq!(store.txn(&doing(vec![put("a"), kept])), Err(RequestError::KeyNotFound));
        let future = PbRangeRequest { key: b"k".to_vec(), revision: 99, ..Default::default() };
        let future = op(PbTxnOpRequest::RequestRange(future));
        assert_eq!(store.txn(&doing(vec![put("a"), future])), Err(RequestError::FutureRevision));
        assert_eq!((store.keys().revision(), store.keys().get(b"a").is_none()), (2, true));
    }

    #[test]
    fn bad_transactions_are_refused() {
        let mut store = store();
        let mut refusal = |success| store.txn(&doing(success)).unwrap_err();
        assert_eq!(refusal((0..129).map(|n| put(&n.to_string())).collect()), RequestError::TooManyOps);
        assert_eq!(refusal(vec![put("")]), RequestError::NoKey);
        assert_eq!(refusal(vec![PbTxnRequestOp { request: None }]), RequestError::KeyNotFound);
        assert_eq!(refusal(vec![put("a"), put("a")]), RequestError::DuplicateKey);
        assert_eq!(refusal(vec![put("b"), remove("a", "c")]), RequestError::DuplicateKey);
        assert_eq!(refusal(vec![put("a"), within(doing(vec![put("a")]))]), RequestError::DuplicateKey);
        assert_eq!(refusal(vec![remove("a", ""), within(doing(vec![put("a")]))]), RequestError::DuplicateKey);
        let either = PbTxnRequest { success: vec![put("a")], failure: vec![put("a")], ..Default::default() };
        assert!(store.txn(&doing(vec![within(either)])).is_ok(), "only one of the two is done");
        let nobody = PbTxnRequest {
            compare: vec![compare("", CompareOp::Equal, PbTargetUnion::Version(0))],
            ..Default::default()
        };
        assert_eq!(store.txn(&nobody), Err(RequestError::NoKey));
    }
}
