//! Scripted faults.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use tonic::Status;

use super::cluster_state::{ClusterState, MemberState, SharedCluster};
use crate::LeaseId;

/// A call that a fault can be scripted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// LeaseGrant.
    Grant,
    /// LeaseRevoke.
    Revoke,
    /// LeaseTimeToLive.
    TimeToLive,
    /// Range.
    Range,
    /// Txn.
    Txn,
}

/// A scripted fault of one call.
#[derive(Clone, Debug)]
pub(super) struct CallFault {
    call: Call,
    /// How many calls of this kind come before it.
    skip: usize,
    status: Status,
    /// Whether the call is processed and only its reply is lost.
    is_processed: bool,
}

/// How to answer a call that has a fault.
pub(super) struct CallFaultReply {
    pub(super) status: Status,
    pub(super) is_processed: bool,
}

/// Scripts faults of all members, or of one member ([`on`](Faults::on)).
///
/// A fault takes effect immediately and lasts until it is reverted.
#[derive(Clone)]
pub struct Faults {
    cluster: Arc<SharedCluster>,
    members: Range<usize>,
}

impl Faults {
    pub(super) fn new(cluster: Arc<SharedCluster>, members: Range<usize>) -> Self {
        Faults { cluster, members }
    }

    /// Limits the faults to one member, counted from 0.
    ///
    /// # Panics
    /// If the member does not exist.
    #[must_use]
    pub fn on(&self, member: usize) -> Faults {
        let members = self.cluster.with(|state, _| state.members.len());
        assert!(member < members, "no member {member}: the sandbox has {members} members");
        Faults { cluster: self.cluster.clone(), members: member..member + 1 }
    }

    /// Delays each reply by `delay` after the request was processed. Zero reverts it.
    ///
    /// As on a slow server, a keepalive stream processes its next request only after the reply.
    pub fn delay(&self, delay: Duration) {
        self.each(|member| member.delay = delay);
    }

    /// Makes each list of the leases take this long, as with very many leases. Zero reverts it.
    pub fn list_slowly(&self, time: Duration) {
        self.each(|member| member.list_time = time);
    }

    /// Makes the members hang, as after SIGSTOP. Connections stay open and accept requests, but requests are neither
    /// processed nor answered. While the leader hangs, no lease is removed, and what the others forward to it waits.
    pub fn hang(&self) {
        self.each(|member| member.hung = true);
    }

    /// Resumes the members. They process the requests that arrived in the meantime.
    pub fn resume(&self) {
        self.each(|member| member.hung = false);
    }

    /// Silences the open connections of the members for good, as when a firewall has forgotten them: nothing that is sent
    /// arrives. New connections work.
    pub fn silence_connections(&self) {
        self.each(|member| member.silences += 1);
    }

    /// Makes the members learners, which refuse all requests but their status and serializable reads. Open streams stay.
    pub fn learner(&self) {
        self.each(|member| member.is_learner = true);
    }

    /// Promotes the members to voting members.
    pub fn promote(&self) {
        self.each(|member| member.is_learner = false);
    }

    /// Ends every open keepalive stream with a status. New ones can be opened.
    pub fn cut_streams(&self, with: &Status) {
        self.each(|member| {
            member.cuts += 1;
            member.cut_with = with.clone();
        });
    }

    /// Ends every open watch stream with a status. New ones can be opened.
    pub fn cut_watches(&self, with: &Status) {
        self.each(|member| {
            member.watch_cuts += 1;
            member.watch_cut_with = with.clone();
        });
    }

    /// Takes the members down. Their connections are reset and new ones refused (on TCP: closed immediately, so that
    /// the port stays reserved). If the leader goes down, the cluster has no leader until
    /// [`move_leader`](Faults::move_leader).
    pub fn down(&self) {
        self.cluster.with(|state, _| {
            for member in &mut state.members[self.members.clone()] {
                member.up = false;
                member.closes += 1;
            }
            state.leader = state.leader.filter(|leader| !self.members.contains(leader));
            state.has_changed = true;
        });
    }

    /// Brings the members back up. Without a leader, the first of them is elected, which refills every lease.
    pub fn up(&self) {
        self.each(|member| member.up = true);
        let leads = self.members.start;
        self.cluster.with(|state, now| {
            if state.leader.is_none() {
                state.elect(leads, now);
            }
        });
    }

    /// Makes each renewal of this lease end its stream with "permission denied", as in etcd since 3.4.42 and 3.5.28 if
    /// the user may not write one of the attached keys.
    pub fn forbid(&self, lease: impl Into<LeaseId>) {
        self.cluster.with(|state, _| state.forbidden.insert(lease.into()));
    }

    /// Reverts [`forbid`](Faults::forbid).
    pub fn allow(&self, lease: impl Into<LeaseId>) {
        self.cluster.with(|state, _| state.forbidden.remove(&lease.into()));
    }

    /// Refuses one call with a status, after `skip` calls of its kind. It is not processed.
    pub fn refuse(&self, call: Call, skip: usize, status: Status) {
        self.script(CallFault { call, skip, status, is_processed: false });
    }

    /// Processes one call, after `skip` calls of its kind, and replies with a status as if the reply was lost.
    pub fn lose_reply(&self, call: Call, skip: usize, status: Status) {
        self.script(CallFault { call, skip, status, is_processed: true });
    }

    fn script(&self, fault: CallFault) {
        self.cluster.with(|state, _| state.call_faults.push(fault));
    }

    /// Makes the members answer lists, statuses, serializable reads and watches with the current data from now on, as a
    /// member that lags does. Other requests wait.
    pub fn lag(&self) {
        self.cluster.with(|state, _| {
            let data = state.store.clone();
            self.members.clone().for_each(|member| state.members[member].lags_with = Some(Box::new(data.clone())));
        });
    }

    /// Reverts [`lag`](Faults::lag).
    pub fn catch_up(&self) {
        self.each(|member| member.lags_with = None);
    }

    /// Stops the removal of expired leases.
    pub fn stall_expiry(&self) {
        self.set_stalled(true);
    }

    /// Resumes the removal of expired leases, at most 500 every 500 ms.
    pub fn release_expiry(&self) {
        self.set_stalled(false);
    }

    /// Removes the leader. No lease expires, and requests that need a leader fail after 7 s, as in etcd.
    pub fn lose_leader(&self) {
        self.cluster.with(|state, _| {
            state.leader = None;
            state.has_changed = true;
        });
    }

    /// Elects a member. The raft term increases, and every lease gets its full TTL plus 1 s. With 1,000 or more leases
    /// the deadlines are spread, as in etcd.
    ///
    /// # Panics
    /// If the member does not exist.
    pub fn move_leader(&self, to: usize) {
        let to = self.on(to).members.start;
        self.cluster.with(|state, now| state.elect(to, now));
    }

    /// Elects the current leader again, as after its restart, or member 0 if there is no leader. See
    /// [`move_leader`](Faults::move_leader).
    pub fn refill(&self) {
        self.cluster.with(|state, now| state.elect(state.leader.unwrap_or_default(), now));
    }

    fn set_stalled(&self, stalled: bool) {
        self.cluster.with(|state, _| {
            state.expiry_stalled = stalled;
            state.has_changed = true;
        });
    }

    fn each(&self, change: impl Fn(&mut MemberState)) {
        self.cluster.with(|state, _| {
            state.members[self.members.clone()].iter_mut().for_each(change);
            state.has_changed = true;
        });
    }
}

impl ClusterState {
    /// Counts this call for the faults of its kind. Removes and returns the first one that is due.
    pub(super) fn take_call_fault(&mut self, call: Call) -> Option<CallFaultReply> {
        let mut due = None;
        for (place, fault) in self.call_faults.iter_mut().enumerate().filter(|(_, fault)| fault.call == call) {
            match fault.skip.checked_sub(1) {
                Some(left) => fault.skip = left,
                None => due = due.or(Some(place)),
            }
        }
        let CallFault { status, is_processed, .. } = self.call_faults.remove(due?);
        Some(CallFaultReply { status, is_processed })
    }
}

impl std::fmt::Debug for Faults {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Faults").field("members", &self.members).finish_non_exhaustive()
    }
}
