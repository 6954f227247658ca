//! What can go wrong, scripted.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use tonic::Status;

use super::cluster_state::{MemberState, SharedCluster};
use crate::LeaseId;

/// Scripts the sandbox's faults: of all members, or of one ([`on`](Faults::on)).
///
/// Each takes effect at once and stays until it is taken back.
#[derive(Clone)]
pub struct Faults {
    cluster: Arc<SharedCluster>,
    members: Range<usize>,
}

impl Faults {
    pub(super) fn new(cluster: Arc<SharedCluster>, members: Range<usize>) -> Self {
        Faults { cluster, members }
    }

    /// The same for one member alone, counted from 0.
    ///
    /// # Panics
    /// If there is no such member.
    #[must_use]
    pub fn on(&self, member: usize) -> Faults {
        let members = self.cluster.with(|state, _| state.members.len());
        assert!(member < members, "the sandbox has {members} members, and no member {member}");
        Faults { cluster: self.cluster.clone(), members: member..member + 1 }
    }

    /// Every answer goes out that much after the request was carried out; zero takes it back.
    ///
    /// As on a slow server, a keepalive stream takes up its next request only after the answer.
    pub fn delay(&self, delay: Duration) {
        self.each(|member| member.delay = delay);
    }

    /// The members stop, as by SIGSTOP: connections stay and requests are taken, but nothing is carried out nor
    /// answered, and while it is the leader no lease is removed.
    pub fn hang(&self) {
        self.each(|member| member.hung = true);
    }

    /// The members go on, and carry out what was asked of them meanwhile.
    pub fn resume(&self) {
        self.each(|member| member.hung = false);
    }

    /// Ends every open keepalive stream with a status; new ones are served.
    pub fn cut_streams(&self, with: &Status) {
        self.each(|member| {
            member.cuts += 1;
            member.cut_with = with.clone();
        });
    }

    /// Ends every open watch stream with a status; new ones are served.
    pub fn cut_watches(&self, with: &Status) {
        self.each(|member| {
            member.watch_cuts += 1;
            member.watch_cut_with = with.clone();
        });
    }

    /// The members are gone: their connections break, and new ones are refused (on TCP: closed at once, so that the
    /// port is not lost). A leader takes the leadership with it: until [`move_leader`](Faults::move_leader) there is
    /// none.
    pub fn down(&self) {
        self.each(|member| {
            member.up = false;
            member.lives += 1;
        });
        self.cluster.with(|state, _| state.leader = state.leader.filter(|leader| !self.members.contains(leader)));
    }

    /// The members are back. If there is no leader, the first of them is elected, which refills every lease.
    pub fn up(&self) {
        self.each(|member| member.up = true);
        let leads = self.members.start;
        self.cluster.with(|state, now| {
            if state.leader.is_none() {
                state.elect(leads, now);
            }
        });
    }

    /// Every keepalive of this lease ends its stream with "permission denied", as from etcd 3.4.42 and 3.5.28 on
    /// where it holds a key that the user may not write.
    pub fn forbid(&self, lease: impl Into<LeaseId>) {
        self.cluster.with(|state, _| state.forbidden.insert(lease.into()));
    }

    /// Takes a [`forbid`](Faults::forbid) back.
    pub fn allow(&self, lease: impl Into<LeaseId>) {
        self.cluster.with(|state, _| state.forbidden.remove(&lease.into()));
    }

    /// Expired leases are no longer removed: a backlog that does not move.
    pub fn stall_expiry(&self) {
        self.set_stalled(true);
    }

    /// Expired leases are removed again, at most 500 every 500 ms.
    pub fn release_expiry(&self) {
        self.set_stalled(false);
    }

    /// There is no leader any more: nothing expires, and what needs a leader is refused after etcd's 7 s.
    pub fn lose_leader(&self) {
        self.cluster.with(|state, _| {
            state.leader = None;
            state.has_changed = true;
        });
    }

    /// A member wins an election: a new raft term, and every lease gets its full TTL and a second; 1,000 leases and
    /// more are spread further, as etcd does.
    ///
    /// # Panics
    /// If there is no such member.
    pub fn move_leader(&self, to: usize) {
        let to = self.on(to).members.start;
        self.cluster.with(|state, now| state.elect(to, now));
    }

    /// The present leader wins an election again, as after its restart: see [`move_leader`](Faults::move_leader).
    /// Without a leader it is member 0.
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

impl std::fmt::Debug for Faults {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Faults").field("members", &self.members).finish_non_exhaustive()
    }
}
