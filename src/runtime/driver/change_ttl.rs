//! Changing the TTL of a lease: grant a new lease, move the keys, revoke the old lease. A failed step undoes the steps
//! before it.

use futures_util::stream::{self, StreamExt};

use super::EffectContext;
use crate::app::{ChangeTtlRequest, ChangedTtl, MAX_MOVED_KEYS, Msg, too_many_keys};
use crate::error_table::sentence;
use etcd_lease::wire::{CallError, ErrorKind};
use etcd_lease::{Granted, LeaseId, TtlStatus};

/// Maximum number of keys read concurrently.
const READS: usize = 8;

/// A key with its modification revision.
type KeyVersion = (Vec<u8>, i64);

/// The keys at their new lease.
struct MovedKeys {
    /// The keys, with the revision of the move.
    keys: Vec<KeyVersion>,
    answer: Granted,
}

/// Why the TTL was not changed.
struct Failure {
    /// What failed and what was undone.
    message: String,
    /// The new lease, if it was revoked, and the revision after that.
    revoked: Option<(LeaseId, i64)>,
}

impl Failure {
    fn of(message: String) -> Self {
        Failure { message, revoked: None }
    }
}

impl EffectContext {
    pub(super) async fn change_ttl(self, request: ChangeTtlRequest) {
        let id = request.id;
        let msg = match self.try_to_change_ttl(&request).await {
            Ok(changed) => Msg::TtlChanged { id, changed },
            Err(Failure { message, revoked }) => Msg::ChangeTtlFailed { id, message, revoked },
        };
        self.send(msg);
    }

    /// Grants a lease, moves the keys to it and revokes the old lease. If a step fails, undoes the steps before it.
    ///
    /// # Errors
    /// Returns what failed and what was undone.
    async fn try_to_change_ttl(&self, request: &ChangeTtlRequest) -> Result<ChangedTtl, Failure> {
        let keys = self.keys_to_move(request.id).await?;
        let sent = self.clock.now();
        let answer = self.cluster.grant(None, request.ttl).await.map_err(|error| Failure::of(sentence(&error)))?;
        self.send(Msg::Replaced { id: request.id, sent, received: self.clock.now(), answer });
        let moved = self.move_to_new(keys, answer).await?;
        if request.keep_alive {
            self.reader.keep_granted(answer, sent, request.pace);
        }
        let revision = match self.revoke_old(request).await {
            Ok(revision) => revision,
            Err(why) => self.back_out(request, &moved, &why).await?,
        };
        let keys = moved.keys.into_iter().map(|(key, _)| key).collect();
        Ok(ChangedTtl { answer, keep_alive: request.keep_alive, keys, revision })
    }

    /// The keys of a lease with their modification revisions.
    async fn keys_to_move(&self, id: LeaseId) -> Result<Vec<KeyVersion>, Failure> {
        let failed = |error: CallError| Failure::of(error.to_string());
        let answer = self.cluster.time_to_live(id, true).await.map_err(failed)?;
        if answer.ttl_status() == TtlStatus::Missing {
            return Err(Failure::of("it is gone".to_owned()));
        }
        if answer.keys.len() > MAX_MOVED_KEYS {
            return Err(Failure::of(too_many_keys(answer.keys.len())));
        }
        let read = |key: Vec<u8>| async move { (self.cluster.get(&key).await, key) };
        let mut read = std::pin::pin!(stream::iter(answer.keys).map(read).buffered(READS));
        let mut keys = Vec::new();
        while let Some((pair, key)) = read.next().await {
            match pair {
                Ok(Some(pair)) if pair.lease == Some(id) => keys.push((key, pair.mod_revision)),
                Ok(_) => (),
                Err(error) => return Err(failed(error)),
            }
        }
        Ok(keys)
    }

    /// Moves the keys to the new lease. If that fails, revokes the new lease, unless it may have the keys.
    ///
    /// If the outcome of the move is unknown, the lease of the first key shows it: all keys move in one transaction.
    async fn move_to_new(&self, keys: Vec<KeyVersion>, answer: Granted) -> Result<MovedKeys, Failure> {
        if keys.is_empty() {
            return Ok(MovedKeys { keys, answer });
        }
        match self.cluster.move_keys(&keys, answer.id).await {
            Ok(Some(header)) => Ok(moved(keys, header.revision, answer)),
            Ok(None) => Err(self.revoke_new(answer.id, "one of its keys changed meanwhile").await),
            Err(error) if is_outcome_known(&error) => Err(self.revoke_new(answer.id, &error.to_string()).await),
            Err(error) => match self.cluster.get(&keys[0].0).await {
                Ok(Some(pair)) if pair.lease == Some(answer.id) => Ok(moved(keys, pair.mod_revision, answer)),
                Ok(_) => Err(self.revoke_new(answer.id, &error.to_string()).await),
                Err(_) => Err(Failure::of(format!("{error}; its keys may be at the new lease {}", answer.id))),
            },
        }
    }

    /// Revokes the new lease, which has no keys. Returns the failure `why` with what was undone.
    async fn revoke_new(&self, new: LeaseId, why: &str) -> Failure {
        match self.cluster.revoke(new).await {
            Ok(header) => {
                let message = format!("{why}; everything was undone");
                Failure { message, revoked: Some((new, header.revision)) }
            }
            Err(_) => Failure::of(format!("{why}; undone, except that the new lease {new} expires by itself")),
        }
    }

    /// Stops keeping the old lease alive and revokes it, unless a key was attached to it meanwhile. Returns the
    /// revision after the revoke, or that of the last query if the lease turns out to be gone.
    async fn revoke_old(&self, request: &ChangeTtlRequest) -> Result<i64, String> {
        let left = self.cluster.time_to_live(request.id, true).await.map_err(|error| error.to_string())?;
        if !left.keys.is_empty() {
            return Err("another key was attached to it meanwhile".to_owned());
        }
        self.reader.stop_keep_alive(request.id);
        let error = match self.cluster.revoke(request.id).await {
            Ok(header) => return Ok(header.revision),
            Err(error) => error,
        };
        // A revoke without a reply may have been carried out.
        let is_gone = error.kind() == ErrorKind::NotFound
            || !is_outcome_known(&error)
                && self
                    .cluster
                    .time_to_live(request.id, false)
                    .await
                    .is_ok_and(|now| now.ttl_status() == TtlStatus::Missing);
        if is_gone {
            return Ok(left.header.revision);
        }
        Err(error.to_string())
    }

    /// Moves the keys back to the old lease and revokes the new one. Returns the revision if the old lease turns out to
    /// be gone: then the change is complete.
    async fn back_out(&self, request: &ChangeTtlRequest, moved: &MovedKeys, why: &str) -> Result<i64, Failure> {
        let new = moved.answer.id;
        if !moved.keys.is_empty() {
            match self.cluster.move_keys(&moved.keys, request.id).await {
                Ok(Some(_)) => (),
                Ok(None) => {
                    let message = format!("{why}; its keys changed meanwhile and stay at the new lease {new}");
                    return Err(Failure::of(message));
                }
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(moved.answer.header.revision),
                Err(error) => {
                    return Err(Failure::of(format!("{why}; its keys stay at the new lease {new}: {error}")));
                }
            }
        }
        self.reader.stop_keep_alive(new);
        if request.keep_alive {
            self.reader.start_keep_alive(request.id, request.pace);
        }
        Err(self.revoke_new(new, why).await)
    }
}

fn moved(keys: Vec<KeyVersion>, revision: i64, answer: Granted) -> MovedKeys {
    MovedKeys { keys: keys.into_iter().map(|(key, _)| (key, revision)).collect(), answer }
}

/// Whether a failed write was certainly not carried out.
fn is_outcome_known(error: &CallError) -> bool {
    !matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Unavailable | ErrorKind::Other)
}
