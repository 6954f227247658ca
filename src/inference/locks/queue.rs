//! The queue of one lock: its candidates in order.

use std::cmp::Ordering;
use std::collections::BTreeSet;
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
    /// The key was deleted at this time, while its lease lives.
    Deleted(Timestamp),
}

/// How the candidates of a lock are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockKind {
    /// `NAME/ID`, with the lease in hex.
    Hex,
    /// `NAME/ID`, with the lease in decimal.
    Decimal,
    /// The key is the lock, and its lease is the holder. The waiters have no key.
    OneKey,
}

/// Why a name is taken for a lock, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LockEvidence {
    /// The config file says so.
    Pattern,
    /// Known clients name their locks like this.
    Name,
    /// The key was created again, after its end, by a lease that was there before.
    HandedOver,
    /// The key was created again at once after its end, by a newer lease: a lock, or a service that registered again.
    CreatedAgain,
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

/// A former holder: its key was deleted while the lease of the key lives.
#[derive(Clone, Debug)]
pub(super) struct FormerHolder {
    pub(super) candidate: Candidate,
    /// The lease that its key was attached to. It differs from the lease of the candidate if the key was misplaced.
    pub(super) key_lease: LeaseId,
}

impl FormerHolder {
    /// The leases whose end removes it. They differ only if its key was misplaced.
    pub(super) fn leases(&self) -> [LeaseId; 2] {
        [self.candidate.lease, self.key_lease]
    }
}

/// A candidate, ordered by the create revision of its key. A map would store the revision and the key a second time.
#[derive(Clone, Debug)]
struct InLine(Candidate);

impl InLine {
    /// A value that is equal to the candidate with this create revision and key, to find it in a set.
    fn at(created: i64, key: &[u8]) -> Self {
        InLine(Candidate { key: Arc::from(key), created, lease: LeaseId(0), attachment: KeyAttachment::NoLease })
    }

    fn place(&self) -> (i64, &[u8]) {
        (self.0.created, &self.0.key)
    }
}

impl PartialEq for InLine {
    fn eq(&self, other: &Self) -> bool {
        self.place() == other.place()
    }
}

impl Eq for InLine {}

impl PartialOrd for InLine {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for InLine {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place().cmp(&other.place())
    }
}

/// A lock or an election with its candidates, at least one.
#[derive(Clone, Debug)]
pub struct LockQueue {
    prefix: Arc<[u8]>,
    kind: LockKind,
    line: BTreeSet<InLine>,
    /// The last holder, if its key was deleted while its lease lives.
    keyless: Option<FormerHolder>,
    held: HeldSince,
    evidence: Option<LockEvidence>,
    /// Whether any key was ever attached to the lease that it is named after. Otherwise the names may be coincidental.
    has_own_key: bool,
}

impl LockQueue {
    pub(super) fn new(prefix: Arc<[u8]>, kind: LockKind, held: HeldSince) -> Self {
        LockQueue { prefix, kind, line: BTreeSet::new(), keyless: None, held, evidence: None, has_own_key: false }
    }

    /// The name of the lock: its key, or the common prefix of its keys up to the slash. Not escaped.
    pub fn name(&self) -> &[u8] {
        if self.kind == LockKind::OneKey {
            &self.prefix
        } else {
            self.prefix.strip_suffix(b"/").unwrap_or(&self.prefix)
        }
    }

    /// The key, or the common prefix of the keys with the slash.
    pub(super) fn prefix(&self) -> &[u8] {
        &self.prefix
    }

    /// The key, or the common prefix of the keys with the slash, as a shared pointer.
    pub(super) fn shared_prefix(&self) -> &Arc<[u8]> {
        &self.prefix
    }

    /// How its candidates are named.
    pub fn kind(&self) -> LockKind {
        self.kind
    }

    /// Why it is taken for a lock. `None` if it is not.
    pub fn evidence(&self) -> Option<LockEvidence> {
        self.evidence
    }

    /// Whether the value of its key names the holder. Keys that may be those of a service have other values.
    pub fn names_holder(&self) -> bool {
        self.kind == LockKind::OneKey && self.evidence.is_some_and(|evidence| evidence != LockEvidence::CreatedAgain)
    }

    /// Whether its clients release the lock by revoking the lease and never delete only the key, as Vitess does.
    pub fn is_released_by_revoking(&self) -> bool {
        self.kind == LockKind::Decimal && self.evidence == Some(LockEvidence::Name) && self.prefix.ends_with(b"locks/")
    }

    /// When this former holder seems to have released the lock: its key was deleted while its lease lives. `None` if its
    /// client would have revoked the lease.
    pub fn released_at(&self, candidate: &Candidate) -> Option<Timestamp> {
        match candidate.attachment {
            KeyAttachment::Deleted(at) if !self.is_released_by_revoking() => Some(at),
            _ => None,
        }
    }

    /// The candidates that have a key, in order.
    fn in_line(&self) -> impl DoubleEndedIterator<Item = &Candidate> + ExactSizeIterator {
        self.line.iter().map(|InLine(candidate)| candidate)
    }

    /// All candidates: a former holder whose key was deleted, the holder, and the waiters in order.
    pub fn line(&self) -> impl DoubleEndedIterator<Item = &Candidate> {
        self.keyless().into_iter().chain(self.in_line())
    }

    /// The candidates that a cursor can select. A former holder whose key has another holder is not among them, because
    /// candidates are found by their keys.
    pub fn selectable(&self) -> impl DoubleEndedIterator<Item = &Candidate> {
        let key = self.holder().map(|holder| &holder.key);
        let keyless = self.keyless().into_iter().filter(move |candidate| Some(&candidate.key) != key);
        keyless.chain(self.in_line())
    }

    /// All candidates, each with the number of candidates before it; `None` for a former holder.
    pub fn numbered(&self) -> impl DoubleEndedIterator<Item = (&Candidate, Option<usize>)> {
        let count = self.line.len();
        let keyless = self.keyless().into_iter().map(|candidate| (candidate, None));
        keyless.chain(self.in_line().zip(0..count).map(|(candidate, place)| (candidate, Some(place))))
    }

    /// The candidate that holds the lock.
    pub fn holder(&self) -> Option<&Candidate> {
        self.in_line().next()
    }

    /// The former holder whose key was deleted while its lease lives.
    pub fn keyless(&self) -> Option<&Candidate> {
        self.keyless.as_ref().map(|former| &former.candidate)
    }

    /// The waiters in order, the next holder first.
    pub fn waiting(&self) -> impl Iterator<Item = &Candidate> {
        self.in_line().skip(1)
    }

    /// Number of waiters. Waiters for a lock of one key have no key and do not count.
    pub fn wait_count(&self) -> usize {
        self.line.len().saturating_sub(1)
    }

    /// Number of keys.
    pub(super) fn len(&self) -> usize {
        self.line.len()
    }

    /// When the holder acquired the lock.
    pub fn held(&self) -> HeldSince {
        self.held
    }

    /// The candidates before this one, the nearest first, each with the number of candidates before it; `None` for a former
    /// holder.
    pub fn ahead_of(&self, candidate: &Candidate) -> impl Iterator<Item = (&Candidate, Option<usize>)> {
        let place = self.place(candidate);
        let ahead = self.line.range(..InLine(candidate.clone())).rev();
        let ahead = ahead.map(|InLine(one)| one).zip((0..place.unwrap_or(0)).rev().map(Some));
        ahead.chain(self.keyless().into_iter().filter(move |_| place.is_some()).map(|one| (one, None)))
    }

    /// The candidates after this one, each with the number of candidates before it.
    pub fn behind(&self, candidate: &Candidate) -> impl Iterator<Item = (&Candidate, Option<usize>)> {
        let place = self.place(candidate);
        let from = match place {
            Some(_) => Bound::Excluded(InLine(candidate.clone())),
            None => Bound::Unbounded,
        };
        let behind = self.line.range((from, Bound::Unbounded)).map(|InLine(one)| one);
        behind.zip((place.map_or(0, |place| place + 1)..).map(Some))
    }

    /// Number of candidates before this one. `None` for a former holder.
    pub fn place(&self, candidate: &Candidate) -> Option<usize> {
        match candidate.attachment {
            KeyAttachment::Deleted(_) => None,
            _ => Some(self.line.range(..InLine(candidate.clone())).count()),
        }
    }

    /// Every lease whose end deletes its key, with its position.
    pub(super) fn places(&self) -> impl Iterator<Item = (LeaseId, QueuePosition)> {
        let lock: Arc<[u8]> = Arc::from(self.name());
        let place = move |(ahead, candidate): (usize, &Candidate)| {
            let behind = self.line.len() - 1 - ahead;
            (candidate.lease, QueuePosition { lock: Arc::clone(&lock), ahead, behind })
        };
        self.in_line().enumerate().filter(|(_, candidate)| candidate.attachment == KeyAttachment::OwnLease).map(place)
    }

    pub(super) fn is_proven(&self) -> bool {
        self.has_own_key && self.evidence.is_some()
    }

    /// Whether its keys may belong to a lock or to a service: both name such keys after their leases.
    pub(super) fn is_undecided(&self) -> bool {
        self.has_own_key && self.evidence.is_none()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.line.is_empty() && self.keyless.is_none()
    }

    pub(super) fn candidate(&self, created: i64, key: &[u8]) -> Option<&Candidate> {
        let keyless = self.keyless().filter(|candidate| *candidate.key == *key);
        self.line.get(&InLine::at(created, key)).map(|InLine(one)| one).or(keyless)
    }

    /// Adds a candidate. If it changes the holder, the lock is held since `held`.
    pub(super) fn insert(&mut self, candidate: Candidate, held: HeldSince) {
        let before = self.holding();
        self.line.replace(InLine(candidate));
        if before != self.holding() {
            self.held = held;
        }
    }

    /// Sets all candidates at once. The nodes of the set are full then, which saves memory.
    pub(super) fn fill(&mut self, candidates: Vec<Candidate>) {
        self.line = candidates.into_iter().map(InLine).collect();
    }

    /// Notes that a key is attached to the lease that it is named after, and why the name is a lock, if it is.
    pub(super) fn note_own_key(&mut self, evidence: Option<LockEvidence>) {
        self.has_own_key = true;
        self.evidence = self.evidence.into_iter().chain(evidence).min();
    }

    /// Removes a candidate. Returns it if it was the holder; the next one holds the lock from `at` on.
    pub(super) fn remove(&mut self, created: i64, key: &[u8], at: Timestamp) -> Option<Candidate> {
        let before = self.holding();
        let removed = self.line.take(&InLine::at(created, key)).map(|InLine(one)| one);
        if before == self.holding() {
            return None;
        }
        self.held = HeldSince::since(at);
        removed
    }

    /// Sets the former holder. Returns the one before it.
    pub(super) fn set_keyless(&mut self, former: FormerHolder) -> Option<FormerHolder> {
        self.keyless.replace(former)
    }

    /// Removes and returns the former holder.
    pub(super) fn take_keyless(&mut self) -> Option<FormerHolder> {
        self.keyless.take()
    }

    /// Removes and returns the former holder if its key is named after this lease.
    pub(super) fn take_keyless_of(&mut self, lease: LeaseId) -> Option<FormerHolder> {
        self.keyless.take_if(|former| former.candidate.lease == lease)
    }

    /// Carries over the state from before the keys were read again.
    pub(super) fn carry_over(&mut self, before: Option<&LockQueue>) {
        let Some(before) = before else { return };
        self.has_own_key |= before.has_own_key;
        self.evidence = self.evidence.into_iter().chain(before.evidence).min();
        if self.holding() == before.holding() {
            self.held = before.held;
        }
    }

    fn holding(&self) -> Option<(i64, LeaseId, Arc<[u8]>)> {
        let holder = self.holder()?;
        Some((holder.created, holder.lease, Arc::clone(&holder.key)))
    }
}
