//! The queue of one lock: its candidates in order.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use etcd_lease::LeaseId;
use simkit::Timestamp;

/// The lease that the key of a candidate is attached to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyAttachment {
    /// The lease that it is named after: the key is deleted when that lease ends.
    OwnLease,
    /// Another lease: the key is deleted when that one ends.
    OtherLease(LeaseId),
    /// No lease, so the key is never deleted with one.
    NoLease,
}

impl KeyAttachment {
    pub(super) fn of(named: LeaseId, lease: Option<LeaseId>) -> Self {
        match lease {
            Some(lease) if lease == named => KeyAttachment::OwnLease,
            Some(other) => KeyAttachment::OtherLease(other),
            None => KeyAttachment::NoLease,
        }
    }
}

/// The holder of a lock, or one of its waiters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its key, not escaped.
    pub key: Arc<[u8]>,
    /// The create revision of the key: the lowest holds the lock.
    pub created: i64,
    /// The lease that the key is named after.
    pub lease: LeaseId,
    /// The lease that the key is attached to.
    pub attachment: KeyAttachment,
}

/// The position of a lease in a lock queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuePosition {
    /// The name of the lock, not escaped.
    pub lock: Arc<[u8]>,
    /// Number of candidates before it; 0 for the holder.
    pub ahead: usize,
    /// Number of candidates after it.
    pub behind: usize,
}

/// How long a lock has been held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldSince {
    /// The known start of holding the lock.
    pub since: Timestamp,
    /// Whether the true start may be earlier, before the keys were read.
    pub is_least: bool,
}

impl HeldSince {
    pub(super) fn since(since: Timestamp) -> Self {
        HeldSince { since, is_least: false }
    }

    pub(super) fn at_least_since(since: Timestamp) -> Self {
        HeldSince { since, is_least: true }
    }
}

/// A lock or an election with its candidates, at least one.
#[derive(Clone, Debug)]
pub struct LockQueue {
    name: Arc<[u8]>,
    line: BTreeMap<(i64, Arc<[u8]>), Candidate>,
    held: HeldSince,
    /// Whether any key was ever attached to the lease that it is named after. Otherwise the names may be coincidental.
    is_proven: bool,
}

impl LockQueue {
    pub(super) fn new(name: Arc<[u8]>, held: HeldSince) -> Self {
        LockQueue { name, line: BTreeMap::new(), held, is_proven: false }
    }

    /// The name of the lock: the common prefix of its keys up to the slash, not escaped.
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// All candidates, the holder first.
    pub fn line(&self) -> impl DoubleEndedIterator<Item = &Candidate> {
        self.line.values()
    }

    /// The candidate that holds the lock.
    pub fn holder(&self) -> Option<&Candidate> {
        self.line.values().next()
    }

    /// The waiters in order, the next holder first.
    pub fn waiting(&self) -> impl Iterator<Item = &Candidate> {
        self.line.values().skip(1)
    }

    /// Number of waiters.
    pub fn wait_count(&self) -> usize {
        self.line.len().saturating_sub(1)
    }

    /// When the holder acquired the lock.
    pub fn held(&self) -> HeldSince {
        self.held
    }

    /// The candidates before this one, the holder first.
    pub fn ahead_of(&self, candidate: &Candidate) -> impl DoubleEndedIterator<Item = &Candidate> {
        self.line.range(..(candidate.created, Arc::clone(&candidate.key))).map(|(_, one)| one)
    }

    /// The candidates after this one.
    pub fn behind(&self, candidate: &Candidate) -> impl DoubleEndedIterator<Item = &Candidate> {
        let place = (candidate.created, Arc::clone(&candidate.key));
        self.line.range((Bound::Excluded(place), Bound::Unbounded)).map(|(_, one)| one)
    }

    /// Number of candidates before this one.
    pub fn place(&self, candidate: &Candidate) -> usize {
        self.ahead_of(candidate).count()
    }

    /// Every lease whose end deletes its key, with its position.
    pub(super) fn places(&self) -> impl Iterator<Item = (LeaseId, QueuePosition)> {
        let place = |(ahead, candidate): (usize, &Candidate)| {
            let behind = self.line.len() - 1 - ahead;
            (candidate.lease, QueuePosition { lock: Arc::clone(&self.name), ahead, behind })
        };
        self.line
            .values()
            .enumerate()
            .filter(|(_, candidate)| candidate.attachment == KeyAttachment::OwnLease)
            .map(place)
    }

    pub(super) fn is_proven(&self) -> bool {
        self.is_proven
    }

    pub(super) fn is_empty(&self) -> bool {
        self.line.is_empty()
    }

    pub(super) fn candidate(&self, created: i64, key: &[u8]) -> Option<&Candidate> {
        self.line.get(&(created, Arc::from(key)))
    }

    /// Adds a candidate. If it changes the holder, the lock is held since `held`.
    pub(super) fn insert(&mut self, candidate: Candidate, held: HeldSince) {
        let before = self.holding();
        self.is_proven |= candidate.attachment == KeyAttachment::OwnLease;
        self.line.insert((candidate.created, Arc::clone(&candidate.key)), candidate);
        if before != self.holding() {
            self.held = held;
        }
    }

    /// Removes a candidate. If it was the holder, the next one holds the lock from `at` on.
    pub(super) fn remove(&mut self, created: i64, key: &[u8], at: Timestamp) {
        let before = self.holding();
        self.line.remove(&(created, Arc::from(key)));
        if before != self.holding() {
            self.held = HeldSince::since(at);
        }
    }

    /// Carries over the state from before the keys were read again.
    pub(super) fn carry_over(&mut self, before: Option<&LockQueue>) {
        let Some(before) = before else { return };
        self.is_proven |= before.is_proven;
        if self.holding() == before.holding() {
            self.held = before.held;
        }
    }

    fn holding(&self) -> Option<(i64, Arc<[u8]>)> {
        self.line.keys().next().cloned()
    }
}
