//! What undoing a revoke restores.
//!
//! Each revoke reads the keys of its lease with their values first. The last revoke can be undone, of one lease or of
//! many, within [`UNDO_FOR`]. All values of one revoke may take [`UNDO_LIMIT`] together; leases beyond that cannot be
//! restored.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use super::lease::{Lease, Ownership};
use super::lease_store::LeaseStore;
use etcd_lease::{LeaseId, RenewalSchedule};
use simkit::Timestamp;

/// Maximum number of bytes of keys and values that undoing one revoke restores.
pub const UNDO_LIMIT: usize = 1 << 20;

/// How long after a revoke it can be undone, in real time. Later, its values may be stale.
pub(super) const UNDO_FOR: Duration = Duration::from_secs(300);

/// The keys of a lease with their values.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct LeaseBackup {
    /// The keys with their values. Not escaped.
    pub pairs: Vec<(Vec<u8>, Vec<u8>)>,
    /// Number of keys.
    pub keys: usize,
    /// Bytes of the keys and values.
    pub bytes: usize,
}

/// Why a lease cannot be restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoBackup {
    /// Its keys and values take more than [`UNDO_LIMIT`], alone or with the leases revoked before it.
    TooLarge,
    /// The user may not read its keys.
    Forbidden,
    /// Reading them failed. The reason is not escaped.
    Failed(String),
}

/// A lease to grant again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestoreRequest {
    /// The id it had.
    pub id: LeaseId,
    /// The TTL, in seconds.
    pub ttl: i64,
    /// Whether to keep it alive.
    pub keep_alive: bool,
    /// The renewal schedule. `None` for the engine's default.
    pub pace: Option<RenewalSchedule>,
    /// Its keys with their values.
    pub backup: LeaseBackup,
}

/// The keys and values that an undo would restore.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UndoMeasure {
    /// The first [`LeaseKeys::FIRST`](super::LeaseKeys::FIRST) keys, not escaped.
    pub first: Vec<Vec<u8>>,
    /// Number of keys.
    pub keys: usize,
    /// Bytes of the keys and values.
    pub bytes: usize,
}

/// How much a revoke dialog knows about the undo.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum UndoSize {
    /// Nothing yet.
    #[default]
    Unknown,
    /// The values are being measured.
    Measuring,
    /// There are too many leases to measure.
    TooMany,
    /// The keys and bytes, or why there is no undo.
    Known(Result<UndoMeasure, NoBackup>),
}

/// What became of the keys of a lease that was granted again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RestoredKeys {
    /// The created keys.
    pub created: Vec<Vec<u8>>,
    /// The keys that existed again, so they were left alone.
    pub existing: Vec<Vec<u8>>,
    /// Why the remaining keys were not created. Not escaped.
    pub failure: Option<String>,
}

/// What was known about a lease when its revoke was confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LeaseRecord {
    pub(super) ownership: Ownership,
    pub(super) asked_ttl: Option<i64>,
    pub(super) is_pinned: bool,
    ttl: Option<i64>,
    is_kept_alive: bool,
    pace: Option<RenewalSchedule>,
}

/// A revoke that is not answered yet.
#[derive(Clone, Debug, PartialEq, Eq)]
struct PendingRevoke {
    action: u64,
    record: LeaseRecord,
    backup: Option<Result<LeaseBackup, NoBackup>>,
}

/// A lease that can be restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RevokedLease {
    pub(super) record: LeaseRecord,
    pub(super) request: RestoreRequest,
}

/// What one revoke deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct RevokeAction {
    number: u64,
    at: Timestamp,
    leases: Vec<RevokedLease>,
    /// Number of revoked leases that cannot be restored.
    lost: usize,
    /// Why the first of those leases cannot be restored.
    first_loss: Option<NoBackup>,
}

/// Why there is nothing to undo.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum NothingToUndo {
    /// Nothing was revoked here.
    #[default]
    NothingRevoked,
    /// The last revoke is already undone.
    AlreadyUndone,
    /// The last revoke is too long ago.
    TooLate,
    /// The undo is still running.
    StillRestoring,
    /// The revoked leases cannot be restored.
    Lost(NoBackup),
}

/// The undo of the last revoke.
#[derive(Clone, Debug, Default)]
pub struct Undo {
    actions: u64,
    pending: BTreeMap<LeaseId, PendingRevoke>,
    last: Option<RevokeAction>,
    is_undone: bool,
    /// Leases being restored.
    pub(super) restoring: Option<RestoreJob>,
}

/// A running undo.
#[derive(Clone, Debug, Default)]
pub(super) struct RestoreJob {
    pub(super) pending: BTreeMap<LeaseId, RevokedLease>,
    /// Leases granted again, with their old and new ids.
    pub(super) restored: Vec<(LeaseId, LeaseId)>,
    /// Number of the granted leases that this program keeps alive.
    pub(super) kept_alive: usize,
    /// Number of created keys.
    pub(super) keys: usize,
    /// The keys that existed again, so they were left alone.
    pub(super) existing: Vec<Vec<u8>>,
    /// Leases that could not be granted again.
    pub(super) failed: Vec<RevokedLease>,
    /// Why the first lease or key was not restored. Not escaped.
    pub(super) first_failure: Option<String>,
}

/// How much of the last revoke can be undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum UndoOffer<'a> {
    /// All of it.
    Whole,
    /// Some of its leases.
    Part { possible: usize, of: usize, why: &'a NoBackup },
    /// Nothing.
    Nothing(&'a NoBackup),
}

impl fmt::Debug for LeaseBackup {
    /// Leaves out the values: they may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LeaseBackup({} keys, {} bytes)", self.keys, self.bytes)
    }
}

impl fmt::Display for NoBackup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoBackup::TooLarge => f.write_str("the values take more than 1 MB"),
            NoBackup::Forbidden => f.write_str("this user may not read the keys"),
            NoBackup::Failed(why) => write!(f, "the values could not be read: {why}"),
        }
    }
}

impl LeaseBackup {
    /// Adds a key with its value.
    ///
    /// # Errors
    /// Returns [`NoBackup::TooLarge`] if the backup then takes more than [`UNDO_LIMIT`].
    pub fn add(&mut self, key: Vec<u8>, value: Vec<u8>) -> Result<(), NoBackup> {
        self.keys += 1;
        self.bytes += key.len() + value.len();
        if self.bytes > UNDO_LIMIT {
            return Err(NoBackup::TooLarge);
        }
        self.pairs.push((key, value));
        Ok(())
    }
}

impl LeaseRecord {
    fn of(lease: &Lease) -> Self {
        LeaseRecord {
            ownership: lease.ownership,
            asked_ttl: lease.asked_ttl,
            is_pinned: lease.is_pinned,
            ttl: lease.granted_ttl,
            is_kept_alive: lease.is_kept_alive,
            pace: lease.engine.as_ref().map(|status| status.pace),
        }
    }

    fn request(&self, id: LeaseId, backup: LeaseBackup) -> Result<RestoreRequest, NoBackup> {
        let ttl = self.ttl.ok_or_else(|| NoBackup::Failed("the TTL is not known yet".to_owned()))?;
        Ok(RestoreRequest { id, ttl, keep_alive: self.is_kept_alive, pace: self.pace, backup })
    }
}

impl Undo {
    /// Records that the revoke of these leases starts. While an earlier one is not answered (its leases are in
    /// `revoking`), they belong to it: replies come in any order, and one undo restores all of them.
    pub(super) fn begin(
        &mut self,
        leases: &LeaseStore,
        revoking: &BTreeSet<LeaseId>,
        ids: impl IntoIterator<Item = LeaseId>,
    ) {
        if !self.waits_for_any(revoking) {
            self.actions += 1;
        }
        let action = self.actions;
        for lease in ids.into_iter().filter_map(|id| leases.alive(id)) {
            let revoke = PendingRevoke { action, record: LeaseRecord::of(lease), backup: None };
            self.pending.insert(lease.id, revoke);
        }
    }

    /// Stores the backup of a lease, unless all backups of its revoke then take more than [`UNDO_LIMIT`].
    pub(super) fn on_backup(&mut self, id: LeaseId, backup: Result<LeaseBackup, NoBackup>) {
        let Some(action) = self.pending.get(&id).map(|revoke| revoke.action) else { return };
        let taken = self.bytes_of(action);
        let fits = |backup: LeaseBackup| {
            if taken + backup.bytes > UNDO_LIMIT { Err(NoBackup::TooLarge) } else { Ok(backup) }
        };
        if let Some(revoke) = self.pending.get_mut(&id) {
            revoke.backup = Some(backup.and_then(fits));
        }
    }

    /// Bytes of all backups of a revoke.
    fn bytes_of(&self, action: u64) -> usize {
        let pending = self.pending.values().filter(|revoke| revoke.action == action);
        let pending = pending.filter_map(|revoke| revoke.backup.as_ref()?.as_ref().ok());
        let done = self.last.iter().filter(|last| last.number == action).flat_map(|last| &last.leases);
        pending.chain(done.map(|lease| &lease.request.backup)).map(|backup| backup.bytes).sum()
    }

    /// Records that a lease was revoked. It can now be restored if its backup was read.
    pub(super) fn on_revoked(&mut self, id: LeaseId, at: Timestamp) {
        let Some(PendingRevoke { action, record, backup }) = self.pending.remove(&id) else { return };
        let Some(backup) = backup else { return };
        if self.last.as_ref().is_none_or(|last| last.number != action) {
            self.last = Some(RevokeAction { number: action, ..RevokeAction::default() });
            self.is_undone = false;
        }
        let Some(last) = &mut self.last else { return };
        last.at = at;
        match backup.and_then(|backup| record.request(id, backup)) {
            Ok(request) => last.leases.push(RevokedLease { record, request }),
            Err(why) => {
                last.lost += 1;
                last.first_loss.get_or_insert(why);
            }
        }
    }

    /// Records that a lease was not revoked.
    pub(super) fn on_failure(&mut self, id: LeaseId) {
        self.pending.remove(&id);
    }

    /// How much of the revoke that began last can be undone, however long ago it was. `None` if it revoked nothing so far, or
    /// is undone. An earlier revoke may still be possible to undo.
    pub(super) fn offer(&self) -> Option<UndoOffer<'_>> {
        let last = self.last.as_ref().filter(|last| last.number == self.actions)?;
        Some(match &last.first_loss {
            None => UndoOffer::Whole,
            Some(why) if last.leases.is_empty() => UndoOffer::Nothing(why),
            Some(why) => UndoOffer::Part { possible: last.leases.len(), of: last.leases.len() + last.lost, why },
        })
    }

    /// When the last revoke can no longer be undone, at this clock speed. `None` if it cannot be undone.
    pub(super) fn until(&self, clock_speed: u32) -> Option<Timestamp> {
        let last = self.last.as_ref().filter(|last| !last.leases.is_empty())?;
        Some(last.at + UNDO_FOR * clock_speed)
    }

    /// Whether the last revoke can be undone at `now`.
    pub(super) fn is_possible(&self, clock_speed: u32, now: Timestamp) -> bool {
        self.restoring.is_none() && self.until(clock_speed).is_some_and(|until| now < until)
    }

    /// Whether the revoke of one of these leases can be undone once it is answered.
    pub(super) fn waits_for_any(&self, revoking: &BTreeSet<LeaseId>) -> bool {
        self.pending.keys().any(|id| revoking.contains(id))
    }

    /// Removes and returns the leases to restore. No revoke may be running.
    ///
    /// # Errors
    /// Returns why there is nothing to undo.
    pub(super) fn take(&mut self, clock_speed: u32, now: Timestamp) -> Result<Vec<RevokedLease>, NothingToUndo> {
        if self.restoring.is_some() {
            return Err(NothingToUndo::StillRestoring);
        }
        // What is left was stopped or skipped.
        self.pending.clear();
        let Some(last) = &self.last else {
            return Err(if self.is_undone { NothingToUndo::AlreadyUndone } else { NothingToUndo::NothingRevoked });
        };
        if last.leases.is_empty()
            && let Some(why) = &last.first_loss
        {
            return Err(NothingToUndo::Lost(why.clone()));
        }
        if !self.is_possible(clock_speed, now) {
            return Err(NothingToUndo::TooLate);
        }
        self.is_undone = true;
        Ok(self.last.take().map_or_else(Vec::new, |last| last.leases))
    }

    /// Offers leases whose undo failed for another undo, as if they were revoked at `now`.
    pub(super) fn give_back(&mut self, leases: Vec<RevokedLease>, now: Timestamp) {
        if leases.is_empty() {
            return;
        }
        self.actions += 1;
        self.is_undone = false;
        self.last = Some(RevokeAction { number: self.actions, at: now, leases, ..RevokeAction::default() });
    }

    /// Frees the values of a revoke that can no longer be undone.
    pub(super) fn expire(&mut self, clock_speed: u32, now: Timestamp) {
        if let (Some(until), Some(last)) = (self.until(clock_speed), &mut self.last)
            && until <= now
        {
            last.leases.iter_mut().for_each(|lease| lease.request.backup = LeaseBackup::default());
        }
    }
}
