//! State shared by all members: the store, the leader and the scripted faults.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use etcd_client::proto::PbResponseHeader;
use fastrand::Rng;
use tokio::sync::watch;
use tonic::Status;

use super::MemberStats;
use super::faults::CallFault;
use super::store::{RenewOutcome, RequestError, Store};
use crate::LeaseId;
use simkit::Clock;
use simkit::Timestamp;

/// etcd's default election timeout. A new leader adds it to every TTL.
pub(super) const ELECTION_TIMEOUT: Duration = Duration::from_secs(1);

/// The raft term and index of a new cluster.
const FIRST_TERM: u64 = 2;
const FIRST_INDEX: u64 = 4;

/// The shared state behind a lock, and the clock.
pub(super) struct SharedCluster {
    pub(super) clock: Clock,
    state: Mutex<ClusterState>,
    changes: watch::Sender<()>,
    revisions: watch::Sender<i64>,
}

pub(super) struct ClusterState {
    pub(super) store: Store,
    pub(super) cluster_id: u64,
    /// For new ids.
    random: Rng,
    pub(super) members: Vec<MemberState>,
    /// The index of the leader; `None` without a quorum.
    pub(super) leader: Option<usize>,
    pub(super) term: u64,
    /// Number of requested changes. It replaces the raft log index.
    pub(super) index: u64,
    pub(super) forbidden: HashSet<LeaseId>,
    /// Scripted faults of single calls.
    pub(super) call_faults: Vec<CallFault>,
    pub(super) expiry_stalled: bool,
    /// Keepalive requests received, by lease.
    pub(super) keep_alives: HashMap<LeaseId, u64>,
    /// The first deadline when the expiry loop planned its next tick. An earlier one wakes it.
    pub(super) planned_deadline: Timestamp,
    /// Whether something changed that a task may be waiting for.
    pub(super) has_changed: bool,
}

pub(super) struct MemberState {
    pub(super) id: u64,
    pub(super) client_urls: Vec<String>,
    pub(super) up: bool,
    pub(super) is_learner: bool,
    /// How often the member's connections were closed. A connection closes when this changes.
    pub(super) closes: u64,
    /// How often the member's connections were silenced.
    pub(super) silences: u64,
    pub(super) hung: bool,
    pub(super) delay: Duration,
    /// How long the member takes for a list of the leases, besides `delay`.
    pub(super) list_time: Duration,
    /// How often the member's keepalive streams were cut.
    pub(super) cuts: u64,
    /// The status of the last cut of keepalive streams.
    pub(super) cut_with: Status,
    /// How often the member's watch streams were cut.
    pub(super) watch_cuts: u64,
    /// The status of the last cut of watch streams.
    pub(super) watch_cut_with: Status,
    pub(super) stats: MemberStats,
    /// The old data that a member that lags has.
    pub(super) lags_with: Option<Box<Store>>,
}

impl SharedCluster {
    pub(super) fn new(clock: Clock, members: usize, seed: u64) -> Self {
        let (changes, revisions) = (watch::Sender::new(()), watch::Sender::new(1));
        SharedCluster { clock, state: Mutex::new(ClusterState::new(members, seed)), changes, revisions }
    }

    /// Runs a function under the lock. Wakes waiting tasks if it changed something.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut ClusterState, Timestamp) -> T) -> T {
        let mut state = self.lock();
        let outcome = act(&mut state, self.clock.now());
        let has_changed = std::mem::take(&mut state.has_changed);
        let revision = state.store.keys().revision();
        drop(state);
        self.revisions.send_if_modified(|known| {
            // A restore can lower it.
            let is_new = *known != revision;
            *known = revision;
            is_new
        });
        if has_changed {
            self.changes.send_replace(());
        }
        outcome
    }

    /// Waits until `find` returns a value. It is called after every change and must not change anything before it
    /// returns one.
    pub(super) async fn until<T>(&self, mut find: impl FnMut(&mut ClusterState, Timestamp) -> Option<T>) -> T {
        let mut changes = self.changes();
        loop {
            if let Some(found) = self.with(&mut find) {
                return found;
            }
            // The sender is a field of `self`, so this cannot fail.
            let _ = changes.changed().await;
        }
    }

    /// Notifies about changes from now on.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// Notifies about revisions from now on.
    pub(super) fn revisions(&self) -> watch::Receiver<i64> {
        self.revisions.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, ClusterState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClusterState {
    pub(super) fn new(members: usize, seed: u64) -> Self {
        let mut random = Rng::with_seed(seed);
        ClusterState {
            cluster_id: random.u64(..),
            members: (0..members).map(|_| MemberState::new(random.u64(..))).collect(),
            random: Rng::with_seed(!seed),
            store: Store::new(random),
            leader: Some(0),
            term: FIRST_TERM,
            index: FIRST_INDEX,
            forbidden: HashSet::new(),
            call_faults: Vec::new(),
            expiry_stalled: false,
            keep_alives: HashMap::new(),
            planned_deadline: Timestamp::NEVER,
            has_changed: false,
        }
    }

    /// The header of a reply of a member.
    pub(super) fn header(&self, member: usize) -> PbResponseHeader {
        PbResponseHeader {
            cluster_id: self.cluster_id,
            member_id: self.members[member].id,
            revision: self.store.keys().revision(),
            raft_term: self.term,
        }
    }

    /// Grants a lease. Wakes the expiry loop if it would sleep past the deadline.
    pub(super) fn grant(
        &mut self,
        id: Option<LeaseId>,
        ttl: i64,
        now: Timestamp,
    ) -> Result<(LeaseId, i64), RequestError> {
        let (id, ttl) = self.store.grant(id, ttl, now)?;
        self.has_changed |= self.store.leases().earliest() < Some(self.planned_deadline);
        Ok((id, ttl))
    }

    /// Revokes a lease, and wakes renewals that wait for its removal.
    pub(super) fn revoke(&mut self, id: LeaseId) -> Result<(), RequestError> {
        self.has_changed = true;
        self.store.revoke(id)
    }

    /// Renews a lease. Returns the TTL in seconds, 0 if the lease does not exist, or `None` while the renewal must wait
    /// for the removal of the lease.
    pub(super) fn renew(&mut self, id: LeaseId, now: Timestamp) -> Option<i64> {
        match self.store.renew(id, now) {
            RenewOutcome::Renewed(ttl) => Some(ttl),
            RenewOutcome::Missing => Some(0),
            RenewOutcome::Dying => None,
        }
    }

    /// Elects a member. This starts a new term and refills every lease.
    pub(super) fn elect(&mut self, member: usize, now: Timestamp) {
        self.leader = Some(member);
        self.term += 1;
        self.store.refill(now, ELECTION_TIMEOUT);
        self.has_changed = true;
    }

    /// Restarts all members with other data. Their connections are reset. The raft log starts again, and every lease has
    /// its full TTL. With `new_ids`, the cluster and the members have other ids.
    pub(super) fn restore(&mut self, store: Store, new_ids: bool, now: Timestamp) {
        self.store = store;
        self.store.refill(now, ELECTION_TIMEOUT);
        self.term = FIRST_TERM;
        self.index = FIRST_INDEX;
        if new_ids {
            self.cluster_id = self.random.u64(..);
        }
        for member in &mut self.members {
            member.closes += 1;
            member.lags_with = None;
            if new_ids {
                member.id = self.random.u64(..);
            }
        }
        self.has_changed = true;
    }

    /// Exchanges data and ids with another cluster. Connections stay open.
    pub(super) fn swap(&mut self, other: &mut ClusterState) {
        std::mem::swap(&mut self.store, &mut other.store);
        std::mem::swap(&mut self.cluster_id, &mut other.cluster_id);
        std::mem::swap(&mut self.term, &mut other.term);
        std::mem::swap(&mut self.index, &mut other.index);
        for (member, other) in self.members.iter_mut().zip(&mut other.members) {
            std::mem::swap(&mut member.id, &mut other.id);
        }
        self.has_changed = true;
        other.has_changed = true;
    }

    /// Whether a member can serve a request that needs more than its own data.
    pub(super) fn serves(&self, member: usize) -> bool {
        self.leader.is_some() && self.members[member].lags_with.is_none()
    }

    /// Serves a read with the data that the member has, which lags if that is scripted.
    pub(super) fn with_data_of<T>(&mut self, member: usize, read: impl FnOnce(&mut ClusterState) -> T) -> T {
        let Some(mut old) = self.members[member].lags_with.take() else { return read(self) };
        std::mem::swap(&mut self.store, &mut *old);
        let outcome = read(self);
        std::mem::swap(&mut self.store, &mut *old);
        self.members[member].lags_with = Some(old);
        outcome
    }

    /// Whether expired leases are removed. Only a leader that does not hang removes them.
    pub(super) fn expiring(&self) -> bool {
        !self.expiry_stalled && self.leader.is_some_and(|leader| !self.members[leader].hung)
    }
}

impl MemberState {
    fn new(id: u64) -> Self {
        MemberState {
            id,
            client_urls: Vec::new(),
            up: true,
            is_learner: false,
            closes: 0,
            silences: 0,
            hung: false,
            delay: Duration::ZERO,
            list_time: Duration::ZERO,
            cuts: 0,
            cut_with: Status::ok(""),
            watch_cuts: 0,
            watch_cut_with: Status::ok(""),
            stats: MemberStats::default(),
            lags_with: None,
        }
    }
}
