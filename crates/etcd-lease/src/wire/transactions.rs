//! Transactions that write keys only as long as nobody else changes them.

use etcd_client::{Compare, CompareOp, GetOptions, PutOptions, Txn, TxnOp, TxnOpResponse};

use super::cluster::{CallKind, Cluster};
use super::error::CallError;
use super::header::header;
use crate::{Header, LeaseId};

impl Cluster {
    /// Creates keys in one transaction, attached to a lease, if none of them exists. Returns the keys that exist; if
    /// there are any, nothing is written.
    ///
    /// At most 128 keys fit into a transaction, unless etcd runs with another `--max-txn-ops`.
    ///
    /// # Errors
    /// `NotFound` if the lease does not exist; `Forbidden`; any error of the connection.
    pub async fn create_keys(&self, pairs: &[(Vec<u8>, Vec<u8>)], lease: LeaseId) -> Result<Vec<Vec<u8>>, CallError> {
        let is_absent = |key: &[u8]| Compare::create_revision(key, CompareOp::Equal, 0);
        let put = |(key, value): &(Vec<u8>, Vec<u8>)| {
            TxnOp::put(key.as_slice(), value.as_slice(), Some(PutOptions::new().with_lease(lease.0)))
        };
        let look = |key: &[u8]| TxnOp::get(key, Some(GetOptions::new().with_keys_only()));
        let txn = Txn::new()
            .when(pairs.iter().map(|(key, _)| is_absent(key)).collect::<Vec<_>>())
            .and_then(pairs.iter().map(put).collect::<Vec<_>>())
            .or_else(pairs.iter().map(|(key, _)| look(key)).collect::<Vec<_>>());
        let answer = self
            .client_call(CallKind::WriteOnce, "create the keys", |mut client| {
                let txn = txn.clone();
                async move { client.txn(txn).await }
            })
            .await?;
        if answer.succeeded() {
            return Ok(Vec::new());
        }
        let found = answer.op_responses().into_iter().filter_map(|response| match response {
            TxnOpResponse::Get(found) => found.kvs().first().map(|pair| pair.key().to_vec()),
            _ => None,
        });
        Ok(found.collect())
    }

    /// Attaches keys to another lease in one transaction, with the values that they have. Each key comes with its
    /// modification revision. If one of them has changed since, nothing is written and `None` is returned.
    ///
    /// etcd keeps the value itself (`ignore_value`), so values of any size move. At most 128 keys fit into a
    /// transaction, unless etcd runs with another `--max-txn-ops`.
    ///
    /// # Errors
    /// `NotFound` if the lease does not exist; `Forbidden`; any error of the connection.
    pub async fn move_keys(&self, keys: &[(Vec<u8>, i64)], to: LeaseId) -> Result<Option<Header>, CallError> {
        let is_unchanged =
            |(key, revision): &(Vec<u8>, i64)| Compare::mod_revision(key.as_slice(), CompareOp::Equal, *revision);
        let options = PutOptions::new().with_lease(to.0).with_ignore_value();
        let put = |(key, _): &(Vec<u8>, i64)| TxnOp::put(key.as_slice(), Vec::new(), Some(options.clone()));
        let txn = Txn::new()
            .when(keys.iter().map(is_unchanged).collect::<Vec<_>>())
            .and_then(keys.iter().map(put).collect::<Vec<_>>());
        let answer = self
            .client_call(CallKind::WriteOnce, "move the keys", |mut client| {
                let txn = txn.clone();
                async move { client.txn(txn).await }
            })
            .await?;
        Ok(if answer.succeeded() { Some(header(answer.header())) } else { None })
    }
}
