//! The cluster: one channel a member, and we choose among them.
//!
//! etcd-client's own balancer sends calls to dead and hung members too (with one of three down 27 % of calls fail);
//! here the leader comes first, and a member that does not answer is left within a probe.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use etcd_client::Client;
use http::HeaderValue;
use tokio::sync::{mpsc, watch};
use tonic::Status;

use super::auth::AuthSession;
use super::error::{Error, ErrorKind};
use super::member::Member;
use super::{KeepaliveReplies, Settings, Target, prober, rpc, tls};
use crate::ClusterView;
use crate::LeaseId;
use crate::MemberView;
use crate::Reachability;
use simkit::tasks::{self, Task};

/// A cluster: cheap to clone, the connections are shared.
#[derive(Clone)]
pub struct Cluster {
    shared: Arc<SharedState>,
    _prober: Arc<Task>,
}

/// What a call does to the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallKind {
    /// Nothing: it can be asked of another member while the first still owes its answer.
    Read,
    /// Something: it is tried again only where it was not taken in.
    Write,
}

pub(super) struct SharedState {
    pub(super) members: Vec<Member>,
    pub(super) login: Arc<AuthSession>,
    command_timeout: Duration,
    view: watch::Sender<ClusterView>,
    /// Whoever changes it wants all members asked at once.
    pub(super) probe_request: watch::Sender<()>,
}

impl Cluster {
    /// Sets up the connections and begins to ask the members who they are. Nothing is dialled before it is needed.
    ///
    /// # Errors
    /// [`ErrorKind::Tls`] for PEM files that cannot be used; [`ErrorKind::Unavailable`] without any target.
    pub async fn connect(settings: Settings) -> Result<Cluster, Error> {
        if settings.targets.is_empty() {
            return Err(Error::config(ErrorKind::Unavailable, "no endpoint was named".to_owned()));
        }
        let login = Arc::new(AuthSession::new(settings.user.clone()));
        let mut members = Vec::new();
        for target in &settings.targets {
            let tls = tls_for(target, &settings)?;
            members.push(Member::new(target, &settings, tls.as_ref(), &login).await?);
        }
        let unknown = |member: &Member| MemberView { endpoint: member.endpoint.clone(), ..MemberView::default() };
        let view = ClusterView { members: members.iter().map(unknown).collect(), ..ClusterView::default() };
        let shared = Arc::new(SharedState {
            members,
            login,
            command_timeout: settings.command_timeout,
            view: watch::Sender::new(view),
            probe_request: watch::Sender::new(()),
        });
        let prober = tasks::spawn(prober::probe_forever(Arc::clone(&shared), settings.probe_every));
        Ok(Cluster { shared, _prober: Arc::new(prober) })
    }

    /// What is known of the members now.
    pub fn view(&self) -> ClusterView {
        self.shared.view.borrow().clone()
    }

    /// Follows what is known of the members.
    pub fn watch(&self) -> watch::Receiver<ClusterView> {
        self.shared.view.subscribe()
    }

    /// Asks all members anew who they are, since something looks wrong.
    pub fn probe_now(&self) {
        self.shared.probe_request.send_replace(());
    }

    /// Opens a keepalive stream to the chosen member, fed by `questions`. It does not return before the first
    /// question was answered: etcd sends its headers with the first answer.
    ///
    /// # Errors
    /// Whatever the link, the login or the server says; a member's fault makes another one the choice.
    pub async fn keep_alive(&self, questions: mpsc::Receiver<LeaseId>) -> Result<KeepaliveReplies, Error> {
        self.shared.wait_probed().await;
        let member = self.shared.current().clone();
        self.shared.log_in(&member).await?;
        let token = self.shared.login.token();
        let opened = rpc::keep_alive(&member.channel, questions).await;
        let mut answers = KeepaliveReplies { shared: Arc::clone(&self.shared), member, token, stream: None };
        match opened {
            Ok(stream) => answers.stream = Some(stream),
            Err(status) => return Err(answers.failed(&status).await),
        }
        Ok(answers)
    }

    pub(super) fn shared(&self) -> &Arc<SharedState> {
        &self.shared
    }

    /// Carries out one call: at the chosen member, then at the others if it is the member's fault; with a new login if
    /// etcd says that the old one will not do.
    pub(super) async fn call<T, F, C>(&self, kind: CallKind, tried: &'static str, call: C) -> Result<T, Error>
    where
        C: Fn(Member) -> F,
        F: Future<Output = Result<T, Error>>,
    {
        let whole = self.shared.command_timeout;
        let mut endpoint = String::new();
        let attempts = async {
            let mut attempts = 0;
            self.shared.wait_probed().await;
            loop {
                attempts += 1;
                let member = self.shared.current();
                endpoint.clone_from(&member.endpoint);
                let error = match self.attempt(kind, tried, member, &call).await {
                    Err(error) if error.is_members_fault() => error,
                    other => return other,
                };
                self.shared.report_trouble(member, &error);
                let untaken = matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::NoLeader);
                let is_elsewhere = self.shared.current().endpoint != member.endpoint;
                let again = (kind == CallKind::Read || untaken) && is_elsewhere;
                if !again || attempts == self.shared.members.len() {
                    return Err(error);
                }
            }
        };
        let outcome = tokio::time::timeout(whole, attempts).await;
        outcome.unwrap_or_else(|_| Err(Error::timeout(tried, &endpoint)))
    }

    /// One call at one member. A reading is taken elsewhere as soon as the member turns out not to answer.
    async fn attempt<T, F, C>(&self, kind: CallKind, tried: &'static str, member: &Member, call: &C) -> Result<T, Error>
    where
        C: Fn(Member) -> F,
        F: Future<Output = Result<T, Error>>,
    {
        tokio::select! {
            result = self.shared.signed_call(member, call) => result,
            () = self.shared.wait_demoted(member), if kind == CallKind::Read => Err(Error::timeout(tried, &member.endpoint)),
        }
    }

    /// As [`Cluster::call`], with etcd-client's client.
    pub(super) async fn client_call<T, F, C>(&self, kind: CallKind, tried: &'static str, call: C) -> Result<T, Error>
    where
        C: Fn(Client) -> F,
        F: Future<Output = Result<T, etcd_client::Error>>,
    {
        self.call(kind, tried, |member| {
            let answer = call(member.client());
            async move { answer.await.map_err(|error| Error::from_client(tried, &member.endpoint, error)) }
        })
        .await
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("view", &self.view()).finish_non_exhaustive()
    }
}

impl SharedState {
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

    async fn signed_call<T, F, C>(&self, member: &Member, call: &C) -> Result<T, Error>
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

fn tls_for(target: &Target, settings: &Settings) -> Result<Option<Arc<tokio_rustls::rustls::ClientConfig>>, Error> {
    match target {
        Target::Address(address) if address.is_secure() => {
            tls::client_config(&settings.tls.clone().unwrap_or_default()).map(Some)
        }
        _ => Ok(None),
    }
}
