//! Reading the keys of leases before they are revoked, and restoring them.

use futures_util::stream::{self, Stream, StreamExt};

use super::super::call_failure::call_failure;
use super::{EffectContext, MAX_IN_FLIGHT};
use crate::app::{LeaseBackup, LeaseKeys, Msg, NoBackup, RestoreRequest, RestoredKeys, UNDO_LIMIT, UndoMeasure};
use crate::error_table::sentence;
use etcd_lease::LeaseId;
use etcd_lease::wire::ErrorKind;

/// Maximum number of values read concurrently. Each may take megabytes.
const READS: usize = 8;
/// Maximum number of keys created in one transaction: etcd's default of `--max-txn-ops`.
const MAX_TXN_OPS: usize = 128;
/// Maximum number of attempts to create keys while other clients create some of them.
const TRIES: usize = 5;

impl EffectContext {
    /// Reads the keys and values of a lease, and then revokes it, even if they could not be read. The backup is
    /// delivered before the revoke is sent.
    pub(super) fn revoke(self, id: LeaseId) -> impl Stream<Item = Msg> + Send {
        let running = self.budget.start();
        let context = self.clone();
        let read = async move {
            let (keys, backup) = context.back_up(id).await;
            (Msg::BackedUp { id, backup }, keys, running)
        };
        stream::once(read).flat_map(move |(backed_up, keys, running)| {
            let context = self.clone();
            let revoke = async move {
                let _running = running;
                context.revoke_now(id, keys).await
            };
            stream::once(std::future::ready(backed_up)).chain(stream::once(revoke))
        })
    }

    /// Revokes a lease and stops keeping it alive. `keys` is the number of keys that are deleted with it, which etcd
    /// does not report.
    async fn revoke_now(self, id: LeaseId, keys: Option<usize>) -> Msg {
        match self.cluster.revoke(id).await {
            Ok(header) => {
                self.reader.stop_keep_alive(id);
                Msg::Revoked { id, revision: header.revision, keys_deleted: keys }
            }
            Err(error) => Msg::RevokeFailed { id, failure: call_failure(&error) },
        }
    }

    /// Reads the keys of a lease with their values, unless the budget is exhausted. Also returns the number of keys, if
    /// it is known.
    async fn back_up(&self, id: LeaseId) -> (Option<usize>, Result<LeaseBackup, NoBackup>) {
        let keys = match self.cluster.time_to_live(id, true).await {
            Ok(answer) => answer.keys,
            Err(error) => return (None, Err(no_backup(&error))),
        };
        let count = keys.len();
        if self.budget.is_exhausted() && count > 0 {
            return (Some(count), Err(NoBackup::TooLarge));
        }
        let backup = self.read_pairs(id, keys).await;
        self.budget.add(backup.as_ref().map_or(0, |backup| backup.bytes));
        (Some(count), backup)
    }

    /// Reads keys in full. Keys that are no longer attached to the lease are left out: its revoke does not delete them.
    async fn read_pairs(&self, id: LeaseId, keys: Vec<Vec<u8>>) -> Result<LeaseBackup, NoBackup> {
        let read = |key: Vec<u8>| async move { (self.cluster.get(&key).await, key) };
        let mut values = std::pin::pin!(stream::iter(keys).map(read).buffered(READS));
        let mut backup = LeaseBackup::default();
        while let Some((value, key)) = values.next().await {
            match value {
                Ok(Some(pair)) if pair.lease == Some(id) => backup.add(key, pair.value)?,
                Ok(_) => (),
                Err(error) => return Err(no_backup(&error)),
            }
        }
        Ok(backup)
    }

    /// Measures the keys and values of leases, and keeps only the names of the first keys. Stops at [`UNDO_LIMIT`], and
    /// at the first key that cannot be read.
    pub(super) async fn measure_undo(self, ids: Vec<LeaseId>) -> Msg {
        let mut total = UndoMeasure::default();
        for id in &ids {
            let backup = match self.cluster.time_to_live(*id, true).await {
                Ok(answer) => self.read_pairs(*id, answer.keys).await,
                Err(error) => Err(no_backup(&error)),
            };
            match backup {
                Ok(one) => {
                    total.keys += one.keys;
                    total.bytes += one.bytes;
                    let keys = LeaseKeys::of(one.pairs.into_iter().map(|(key, _)| key).collect());
                    total.first.extend(keys.names().map(<[u8]>::to_vec));
                    total.first.truncate(LeaseKeys::FIRST);
                }
                Err(why) => return Msg::UndoMeasured { ids, size: Err(why) },
            }
            if total.bytes > UNDO_LIMIT {
                return Msg::UndoMeasured { ids, size: Err(NoBackup::TooLarge) };
            }
        }
        Msg::UndoMeasured { ids, size: Ok(total) }
    }

    /// Grants revoked leases again.
    pub(super) async fn restore_all(self, requests: Vec<RestoreRequest>) {
        let restore = move |request| self.clone().restore(request);
        stream::iter(requests).for_each_concurrent(MAX_IN_FLIGHT, restore).await;
    }

    /// Grants a lease with its old id, or with another one if the old id exists again, and creates its keys.
    async fn restore(self, request: RestoreRequest) {
        let RestoreRequest { id, ttl, keep_alive, pace, backup } = request;
        let mut sent = self.clock.now();
        let mut granted = self.cluster.grant(Some(id), ttl).await;
        if granted.as_ref().is_err_and(|error| error.kind() == ErrorKind::AlreadyExists) {
            sent = self.clock.now();
            granted = self.cluster.grant(None, ttl).await;
        }
        let answer = match granted {
            Ok(answer) => answer,
            Err(error) => return self.send(Msg::RestoreFailed { id, failure: call_failure(&error) }),
        };
        let received = self.clock.now();
        if keep_alive {
            self.reader.keep_granted(answer, sent, pace);
        }
        self.send(Msg::Replaced { id, sent, received, answer });
        let keys = self.create_all(backup.pairs, answer.id).await;
        self.send(Msg::Restored { id, new: answer.id, keys });
    }

    async fn create_all(&self, pairs: Vec<(Vec<u8>, Vec<u8>)>, lease: LeaseId) -> RestoredKeys {
        let mut keys = RestoredKeys::default();
        for chunk in pairs.chunks(MAX_TXN_OPS) {
            if let Err(failure) = self.create_some(chunk.to_vec(), lease, &mut keys).await {
                keys.failure = Some(failure);
                break;
            }
        }
        keys
    }

    /// Creates keys in one transaction, and records in `keys` which were created and which exist already. If some
    /// exist, tries again without them.
    async fn create_some(
        &self,
        mut pairs: Vec<(Vec<u8>, Vec<u8>)>,
        lease: LeaseId,
        keys: &mut RestoredKeys,
    ) -> Result<(), String> {
        for _ in 0..TRIES {
            if pairs.is_empty() {
                return Ok(());
            }
            let existing = self.cluster.create_keys(&pairs, lease).await.map_err(|error| sentence(&error))?;
            if existing.is_empty() {
                keys.created.extend(pairs.into_iter().map(|(key, _)| key));
                return Ok(());
            }
            pairs.retain(|(key, _)| !existing.contains(key));
            keys.existing.extend(existing);
        }
        Err(format!("other clients keep creating them, so {} were not restored", pairs.len()))
    }
}

fn no_backup(error: &etcd_lease::wire::CallError) -> NoBackup {
    match error.kind() {
        ErrorKind::Forbidden => NoBackup::Forbidden,
        _ => NoBackup::Failed(sentence(error)),
    }
}
