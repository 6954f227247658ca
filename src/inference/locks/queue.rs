//! One queue: the candidates of a lock in their order.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use etcd_lease::LeaseId;
use simkit::Timestamp;

/// On what the key of a candidate hangs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyAttachment {
    /// On the lease that it is named after: it goes when that ends.
    OwnLease,
    /// On another lease: it goes when that one ends.
    OtherLease(LeaseId),
    /// On none: nothing takes it away.
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

/// One that holds a lock, or waits for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its key, raw.
    pub key: Arc<[u8]>,
    /// The revision that made the key: the oldest holds.
    pub created: i64,
    /// The lease that the key is named after.
    pub lease: LeaseId,
    /// What the key hangs on.
    pub attachment: KeyAttachment,
}

/// The place of a lease in the line for a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuePosition {
    /// The name of the lock, raw.
    pub lock: Arc<[u8]>,
    /// How many stand before it; none before the holder.
    pub ahead: usize,
    /// How many stand behind it.
    pub behind: usize,
}

/// Since when a lock is held by the one that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldSince {
    /// Since then.
    pub since: Timestamp,
    /// Whether it may have been held before that already, when nobody looked.
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

/// A lock or an election, and all who stand in line for it; one at least.
#[derive(Clone, Debug)]
pub struct LockQueue {
    name: Arc<[u8]>,
    line: BTreeMap<(i64, Arc<[u8]>), Candidate>,
    held: HeldSince,
    /// Whether a key here was ever seen to hang on the lease that it is named after: else its name may be chance.
    is_proven: bool,
}

impl LockQueue {
    pub(super) fn new(name: Arc<[u8]>, held: HeldSince) -> Self {
        LockQueue { name, line: BTreeMap::new(), held, is_proven: false }
    }

    /// The name of the lock: what all its keys begin with, up to the slash, raw.
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// All candidates, the holder first.
    pub fn line(&self) -> impl DoubleEndedIterator<Item = &Candidate> {
        self.line.values()
    }

    /// Who holds it.
    pub fn holder(&self) -> Option<&Candidate> {
        self.line.values().next()
    }

    /// Who is next, and the others that wait, in their order.
    pub fn waiting(&self) -> impl Iterator<Item = &Candidate> {
        self.line.values().skip(1)
    }

    /// How many wait.
    pub fn wait_count(&self) -> usize {
        self.line.len().saturating_sub(1)
    }

    /// Since when it is held by the one that holds it.
    pub fn held(&self) -> HeldSince {
        self.held
    }

    /// Those who stand before a candidate, the holder first.
    pub fn ahead_of(&self, candidate: &Candidate) -> impl DoubleEndedIterator<Item = &Candidate> {
        self.line.range(..(candidate.created, Arc::clone(&candidate.key))).map(|(_, one)| one)
    }

    /// Those who stand behind a candidate.
    pub fn behind(&self, candidate: &Candidate) -> impl DoubleEndedIterator<Item = &Candidate> {
        let place = (candidate.created, Arc::clone(&candidate.key));
        self.line.range((Bound::Excluded(place), Bound::Unbounded)).map(|(_, one)| one)
    }

    /// How many stand before a candidate.
    pub fn place(&self, candidate: &Candidate) -> usize {
        self.ahead_of(candidate).count()
    }

    /// Every lease in line with its place, if its key goes with it.
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

    /// Stands in line; whoever comes first now holds it since then.
    pub(super) fn insert(&mut self, candidate: Candidate, held: HeldSince) {
        let before = self.holding();
        self.is_proven |= candidate.attachment == KeyAttachment::OwnLease;
        self.line.insert((candidate.created, Arc::clone(&candidate.key)), candidate);
        if before != self.holding() {
            self.held = held;
        }
    }

    /// Leaves the line; the next holds it from then on.
    pub(super) fn remove(&mut self, created: i64, key: &[u8], at: Timestamp) {
        let before = self.holding();
        self.line.remove(&(created, Arc::from(key)));
        if before != self.holding() {
            self.held = HeldSince::since(at);
        }
    }

    /// What was known of it before the keys were read anew.
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
