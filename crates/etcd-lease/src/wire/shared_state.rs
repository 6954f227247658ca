//! What the parts of a cluster's connection share: the members, the login, and which member calls go to.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use tokio::sync::watch;
use tonic::Status;

use super::auth::AuthSession;
use super::error::Error;
use super::error_kind::ErrorKind;
use super::member::Member;
use crate::{ClusterView, MemberView, Reachability};

/// The members of a cluster, the login, and what is known of the members.
pub(super) struct SharedState {
    pub(super) members: Vec<Member>,
    pub(super) login: Arc<AuthSession>,
    command_timeout: Duration,
    view: watch::Sender<ClusterView>,
    /// Whoever changes it wants all members asked at once.
    pub(super) probe_request: watch::Sender<()>,
}

impl SharedState {
    /// Nothing is known of the members yet.
    pub(super) fn new(members: Vec<Member>, login: Arc<AuthSession>, command_timeout: Duration) -> Self {
        let unknown = |member: &Member| MemberView { endpoint: member.endpoint.clone(), ..MemberView::default() };
        let view = ClusterView { members: members.iter().map(unknown).collect(), ..ClusterView::default() };
        SharedState {
            members,
            login,
            command_timeout,
            view: watch::Sender::new(view),
            probe_request: watch::Sender::new(()),
        }
    }

    /// What is known of the members now.
    pub(super) fn view(&self) -> ClusterView {
        self.view.borrow().clone()
    }

    /// Follows what is known of the members.
    pub(super) fn watch(&self) -> watch::Receiver<ClusterView> {
        self.view.subscribe()
    }

    pub(super) fn current(&self) -> &Member {
        &self.members[self.view.borrow().chosen.unwrap_or(0)]
    }

    /// With several members, waits until one is known to answer or all are known not to: the first that was named may
    /// be the one that hangs.
    pub(super) async fn wait_probed(&self) {
        let is_probed = |view: &ClusterView| {
            let unknown = view.members.iter().any(|member| member.reachability == Reachability::Unknown);
            view.members.len() == 1 || !unknown || view.members.iter().any(|m| m.reachability == Reachability::Up)
        };
        let mut view = self.view.subscribe();
        // The sender lives in `self`.
        let _ = view.wait_for(is_probed).await;
    }

    /// Waits until another member is the choice because this one does not answer.
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

    /// Logs in only where the member asks for it: one that hangs must not hold up the login of the others.
    pub(super) async fn probe_logged_in(&self, member: &Member) -> Result<(u64, MemberView), Error> {
        let token = self.login.token();
        match member.probe().await {
            Err(error) if error.is_stale_login() && self.login.has_user() => {
                self.refresh(member, token).await?;
                member.probe().await
            }
            result => result,
        }
    }

    pub(super) async fn log_in(&self, member: &Member) -> Result<(), Error> {
        if self.login.is_missing() { self.refresh(member, None).await } else { Ok(()) }
    }

    /// Why a stream did not open or ended. A member's fault makes another one the choice, and a login that is too old
    /// is replaced: an open stream keeps the `token` that it was opened with.
    pub(super) async fn failed(
        &self,
        tried: &'static str,
        member: &Member,
        token: Option<HeaderValue>,
        status: &Status,
    ) -> Error {
        let error = Error::from_status(tried, &member.endpoint, status);
        if error.is_members_fault() {
            self.report_trouble(member, &error);
            return error;
        }
        let renewed =
            if error.is_stale_login() && self.login.has_user() { self.refresh(member, token).await } else { Ok(()) };
        renewed.err().unwrap_or(error)
    }

    /// How long a call may take.
    pub(super) fn command_timeout(&self) -> Duration {
        self.command_timeout
    }

    pub(super) async fn refresh(&self, member: &Member, stale: Option<HeaderValue>) -> Result<(), Error> {
        let result = self.login.refresh(&member.channel, stale).await;
        result.map_err(|status| Error::from_status("log in", &member.endpoint, &status))
    }

    /// One call at one member, with a new login if etcd says that the old one will not do.
    pub(super) async fn signed_call<T, F, C>(&self, member: &Member, call: &C) -> Result<T, Error>
    where
        C: Fn(Member) -> F,
        F: Future<Output = Result<T, Error>>,
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

    /// A member did not do what it should: another is chosen at once where there is a better one, and all are asked anew.
    /// One that says that there is no leader answers all the same.
    pub(super) fn report_trouble(&self, member: &Member, error: &Error) {
        self.view.send_modify(|view| {
            for seen in view.members.iter_mut().filter(|seen| seen.endpoint == member.endpoint) {
                if error.kind() == ErrorKind::NoLeader {
                    (seen.is_leader, seen.has_leader) = (false, false);
                } else {
                    seen.reachability = Reachability::Down { trouble: error.message().to_owned() };
                }
            }
            view.chosen = view.choose();
        });
        self.probe_request.send_replace(());
    }

    pub(super) fn record_probe(&self, index: usize, (cluster_id, seen): (Option<u64>, MemberView)) {
        self.view.send_if_modified(|view| {
            let news = view.members[index] != seen;
            view.members[index] = seen;
            view.cluster_id = cluster_id.unwrap_or(view.cluster_id);
            // While nobody answers the choice moves with each trouble, not with each question.
            let anybody_up = view.members.iter().any(|member| member.reachability == Reachability::Up);
            if anybody_up || view.chosen.is_none() {
                view.chosen = view.choose();
            }
            news
        });
    }
}
