//! State shared by all calls and streams of a cluster: the members, their login, and the selected member.

use std::future::Future;
use std::pin::pin;
use std::sync::Mutex;
use std::time::Duration;

use futures_util::future::{self, Either};
use http::HeaderValue;
use tokio::sync::watch;
use tonic::Status;

use super::auth_session::AuthSession;
use super::error::CallError;
use super::error_cause::ErrorKind;
use super::member::{Member, Probe};
use crate::cluster::LeaderPath;
use crate::cluster_identity::ClusterIdentity;
use crate::{ClusterView, MemberView, Reachability};
use simkit::Stopwatch;

/// How long a member may take to answer a probe before it counts as hanging. It is longer for a member that is far away.
/// After this time without a reply to a read, the member is probed.
pub(super) const MIN_PROBE_TIMEOUT: Duration = Duration::from_millis(700);

pub(super) struct SharedState {
    pub(super) members: Vec<Member>,
    /// Measures when requests are sent and replies arrive.
    pub(super) age: Stopwatch,
    pub(super) login: AuthSession,
    /// How long a call may take, all its attempts included. See [`SharedState::wait_overdue`] for longer ones.
    pub(super) command_timeout: Duration,
    pub(super) view: watch::Sender<ClusterView>,
    /// Which cluster answers.
    pub(super) identity: Mutex<ClusterIdentity>,
    /// A change makes the prober ask every member at once.
    pub(super) probe_request: watch::Sender<()>,
    /// Whether renewals wait, so that every member is asked all the time.
    pub(super) urgent: watch::Sender<bool>,
}

impl SharedState {
    pub(super) fn new(members: Vec<Member>, login: AuthSession, command_timeout: Duration) -> Self {
        let unknown = |member: &Member| MemberView { endpoint: member.endpoint.clone(), ..MemberView::default() };
        let view = ClusterView { members: members.iter().map(unknown).collect(), ..ClusterView::default() };
        SharedState {
            members,
            age: Stopwatch::start(),
            login,
            command_timeout,
            view: watch::Sender::new(view),
            identity: Mutex::default(),
            probe_request: watch::Sender::new(()),
            urgent: watch::Sender::new(false),
        }
    }

    pub(super) fn view(&self) -> &watch::Sender<ClusterView> {
        &self.view
    }

    /// The chosen member.
    pub(super) fn current(&self) -> &Member {
        &self.members[self.view.borrow().chosen.unwrap_or(0)]
    }

    /// The member for a keepalive stream, and its path to the leader as far as it is known. After streams without a reply
    /// it is another member than the `silent` one, or the same over a new connection.
    pub(super) fn route(&self, unanswered: u32, silent: Option<usize>) -> (&Member, LeaderPath) {
        let view = self.view.borrow();
        let chosen = view.chosen.unwrap_or(0);
        let silent = silent.filter(|_| unanswered > 0);
        let index = silent.map_or(chosen, |silent| view.choose_beside(silent, unanswered));
        let member = &self.members[index];
        // After two streams without a reply, all connections may be dead.
        if silent == Some(index) || unanswered > 1 {
            member.line().replace();
        }
        (member, LeaderPath { member: index, term: view.members[index].raft_term })
    }

    /// Waits until a member is up or all have been probed, so that the first call is not sent to a member that hangs.
    /// Returns at once if there is only one.
    pub(super) async fn wait_probed(&self) {
        let is_probed = |view: &ClusterView| {
            let unknown = view.members.iter().any(|member| member.reachability == Reachability::Unknown);
            view.members.len() == 1 || !unknown || view.members.iter().any(|m| m.reachability == Reachability::Up)
        };
        let mut view = self.view.subscribe();
        // The sender is a field of `self`, so this cannot fail.
        let _ = view.wait_for(is_probed).await;
    }

    /// Waits until another member leads in a newer term than any of this cluster that was known when the wait began.
    pub(super) async fn wait_outranked(&self, member: &Member) {
        let mut view = self.view.subscribe();
        let term = view.borrow().here().map(|seen| seen.raft_term).max().unwrap_or(0);
        let is_outranked = |view: &ClusterView| {
            view.leader().is_some_and(|leader| leader.raft_term > term && leader.endpoint != member.endpoint)
        };
        if view.wait_for(is_outranked).await.is_err() {
            std::future::pending().await
        }
    }

    /// Waits until another member is chosen because this one does not answer.
    pub(super) async fn wait_demoted(&self, member: &Member) {
        let mut view = self.view.subscribe();
        let is_demoted = |view: &ClusterView| {
            let this = view.members.iter().find(|seen| seen.endpoint == member.endpoint);
            let down = this.is_some_and(|seen| matches!(seen.reachability, Reachability::Down { .. }));
            down && view.current().is_some_and(|other| other.endpoint != member.endpoint)
        };
        if view.wait_for(is_demoted).await.is_err() {
            std::future::pending().await
        }
    }

    /// Waits for the time that a call may take: `timeout`, or up to `patience` while the chosen member is up. One status that
    /// comes late does not end it.
    pub(super) async fn wait_overdue(&self, timeout: Duration, patience: Duration) {
        /// Enough for a status request that shows whether the member hangs.
        const PROBE_TIME: Duration = Duration::from_secs(1);
        let (mut waited, mut failed_checks) = (Duration::ZERO, 0);
        while waited + timeout < patience && failed_checks < 2 {
            let pause = if failed_checks == 0 { timeout.saturating_sub(PROBE_TIME) } else { Duration::ZERO };
            tokio::time::sleep(pause).await;
            self.probe_request.send_replace(());
            tokio::time::sleep(PROBE_TIME).await;
            waited += pause + PROBE_TIME;
            let is_up = self.view.borrow().current().is_some_and(|member| member.reachability == Reachability::Up);
            failed_checks = if is_up { 0 } else { failed_checks + 1 };
        }
        if failed_checks < 2 {
            tokio::time::sleep(patience.max(timeout).saturating_sub(waited)).await;
        }
    }

    /// The error of a request that was given up because its member is down: why it is down, or a timeout if that would
    /// end the call, which tries another member instead.
    pub(super) fn why_left(&self, tried: &'static str, member: &Member) -> CallError {
        let view = self.view.borrow();
        let seen = view.members.iter().find(|seen| seen.endpoint == member.endpoint);
        match seen.map(|seen| &seen.reachability) {
            Some(Reachability::Down { trouble }) if trouble.is_members_fault() => trouble.trying(tried),
            _ => CallError::timeout(tried, &member.endpoint),
        }
    }

    /// Logs in if the `answer` of a member to a status request, which was sent with `token`, shows that this is needed
    /// and possible. Returns the answer to use, or the error of the login.
    ///
    /// The login comes after the answer, so that a member that hangs does not delay the login of the others. A member
    /// that answers and refuses the login refuses everything else too, although older versions of etcd answer the
    /// status to anyone.
    pub(super) async fn probe_logged_in(
        &self,
        member: &Member,
        token: Option<HeaderValue>,
        answer: Result<Probe, CallError>,
    ) -> Result<Probe, CallError> {
        match &answer {
            Err(error) if error.is_stale_login() && self.login.has_user() => {
                self.refresh(member, token).await?;
                member.probe(self.age).await
            }
            // Without a leader the login would wait.
            Ok(seen) if self.login.is_missing() && seen.view.has_leader => match self.refresh(member, None).await {
                Err(error) if error.is_refused_login() => Err(error),
                _ => answer,
            },
            _ => answer,
        }
    }

    /// Logs in if a user is configured and has not logged in yet.
    pub(super) async fn log_in(&self, member: &Member) -> Result<(), CallError> {
        if self.login.is_missing() { self.refresh(member, None).await } else { Ok(()) }
    }

    /// Handles the `status` with which a stream did not open or ended, and returns it as an error.
    ///
    /// If the member is at fault another one is chosen. If the login is too old it is replaced, because an open stream
    /// keeps the `token` with which it was opened.
    pub(super) async fn failed(
        &self,
        tried: &'static str,
        member: &Member,
        token: Option<HeaderValue>,
        status: &Status,
    ) -> CallError {
        let error = CallError::from_status(tried, &member.endpoint, status);
        if error.is_members_fault() {
            self.report_trouble(member, &error);
            return error;
        }
        if error.is_stale_login()
            && self.login.has_user()
            && let Err(refused) = self.refresh(member, token).await
        {
            return refused;
        }
        error
    }

    /// Replaces the `stale` token by a new login at this member.
    async fn refresh(&self, member: &Member, stale: Option<HeaderValue>) -> Result<(), CallError> {
        let result = self.login.refresh(&member.channel, stale).await;
        result.map_err(|status| CallError::from_status("log in", &member.endpoint, &status))
    }

    /// Calls a member, and once more after a new login if etcd rejects the old one.
    pub(super) async fn signed_call<T, F, C>(&self, member: &Member, call: &C) -> Result<T, CallError>
    where
        C: Fn(Member) -> F,
        F: Future<Output = Result<T, CallError>>,
    {
        self.log_in(member).await?;
        let token = self.login.token();
        match call(member.clone()).await {
            Err(error) if error.is_stale_login() && self.login.has_user() => {
                self.refresh(member, token).await?;
                call(member.clone()).await
            }
            result => result,
        }
    }

    /// Reads from a member as [`SharedState::signed_call`] does. If the reply is late, the member is probed; if a probe shows
    /// that the connection is dead, the read is sent over the new one as well. On a member that is only slow, it is sent once.
    pub(super) async fn signed_read<T, F, C>(&self, member: &Member, call: &C) -> Result<T, CallError>
    where
        C: Fn(Member) -> F,
        F: Future<Output = Result<T, CallError>>,
    {
        let dead = member.line().wait_dead();
        let probe_if_late = async {
            tokio::time::sleep(MIN_PROBE_TIMEOUT).await;
            self.probe_request.send_replace(());
            dead.await;
        };
        let mut first = pin!(self.signed_call(member, call));
        tokio::select! {
            result = &mut first => return result,
            () = probe_if_late => (),
        }
        // Rare, so that it takes no room in every read.
        let second = Box::pin(self.signed_call(member, call));
        match future::select(first, second).await {
            Either::Left((Err(error), second)) if error.is_members_fault() => second.await,
            Either::Left((result, _)) | Either::Right((result, _)) => result,
        }
    }

    /// Records that a member failed. Selects a better member immediately if one is known, and probes all members. A
    /// member that reports a missing leader counts as reachable.
    pub(super) fn report_trouble(&self, member: &Member, error: &CallError) {
        self.view.send_modify(|view| {
            for seen in view.members.iter_mut().filter(|seen| seen.endpoint == member.endpoint) {
                if error.kind() == ErrorKind::NoLeader {
                    seen.is_leader = false;
                    seen.has_leader = false;
                    seen.leader_id = 0;
                } else {
                    seen.is_learner = error.kind() == ErrorKind::Learner;
                    seen.reachability = Reachability::Down { trouble: error.clone() };
                }
            }
            view.chosen = view.choose();
        });
        self.probe_request.send_replace(());
    }

    /// Whether a member is down because it refused the login or requires one.
    pub(super) fn is_login_refused(&self, index: usize) -> bool {
        match &self.view.borrow().members[index].reachability {
            Reachability::Down { trouble } => trouble.kind() == ErrorKind::Unauthenticated,
            _ => false,
        }
    }

    /// Records what a probe showed about a member, and chooses a member again.
    pub(super) fn record_probe(&self, index: usize, seen: MemberView) {
        self.view.send_if_modified(|view| {
            let is_new = view.members[index] != seen;
            view.members[index] = seen;
            // While no member answers, the choice changes with each failed call and not with each probe.
            let any_up = view.members.iter().any(|member| member.reachability == Reachability::Up);
            if any_up || view.chosen.is_none() {
                view.chosen = view.choose();
            }
            is_new
        });
    }
}

#[cfg(test)]
mod tests;
