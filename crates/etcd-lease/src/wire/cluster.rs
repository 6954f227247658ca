//! The cluster: one channel per member, and the choice among them.
//!
//! etcd-client's own balancer also sends calls to members that are down or hang: with one of three down, 27 % of the
//! calls fail. Here the leader is preferred, and a member that does not answer is left within one probe.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use etcd_client::Client;
use tokio::sync::{mpsc, watch};

use super::auth_session::AuthSession;
use super::config::Settings;
use super::error::CallError;
use super::error_cause::{ErrorCause, ErrorKind};
use super::header::Reply;
use super::keepalive_replies::KeepaliveReplies;
use super::member::Member;
use super::outside_members::OutsideMembers;
use super::shared_state::SharedState;
use super::{prober, rpc, tls};
use crate::cluster::LeaderPath;
use crate::{ClusterView, LeaseId};
use simkit::tasks::{self, Task};

/// A cluster. A clone is cheap: it shares the connections.
#[derive(Clone)]
pub struct Cluster {
    shared: Arc<SharedState>,
    outside: Arc<OutsideMembers>,
    _prober: Arc<Task>,
}

/// The streams without a reply that a new keepalive stream replaces.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Retry {
    /// How many streams in a row got no reply in time.
    pub(crate) unanswered: u32,
    /// The member of the oldest of them that is still open.
    pub(crate) silent: Option<usize>,
}

/// The pause before a read that another cluster answered is repeated.
const OTHER_CLUSTER_RETRY: Duration = Duration::from_millis(100);

/// Whether a call changes the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallKind {
    /// Read-only, or a renewal: it can be sent again before the first has replied, to another member or over another connection.
    Read,
    /// A write that does no harm if it is carried out twice. It is sent to another member if this one refused it or the
    /// connection failed, but not if no reply came in time. Go's client repeats grants and revokes too (`retry.go`).
    Write,
    /// A write that must not be carried out twice, because the second reply would differ from the first. It is sent to
    /// another member only if this one surely did not process it.
    WriteOnce,
}

impl Cluster {
    /// Sets up the connections and starts to probe the members. Nothing is dialled before it is needed.
    ///
    /// # Errors
    /// [`ErrorKind::Tls`] for PEM files that cannot be used; [`ErrorKind::Unavailable`] without any target.
    pub async fn connect(settings: Settings) -> Result<Cluster, CallError> {
        if settings.targets.is_empty() {
            return Err(CallError::config(
                ErrorKind::Unavailable,
                ErrorCause::Other,
                "no endpoint is given".to_owned(),
            ));
        }
        let login = AuthSession::new(settings.user.clone());
        let mut members = Vec::new();
        for target in &settings.targets {
            let tls = tls::config_for(target, &settings)?;
            members.push(Member::new(target, &settings, tls.as_ref(), login.shared_token()).await?);
        }
        let shared = Arc::new(SharedState::new(members, login, settings.command_timeout));
        let client_certificate_end = tls::client_certificate_end(&settings)?;
        shared.view.send_modify(|view| view.client_certificate_end = client_certificate_end);
        let prober = tasks::spawn(prober::probe_forever(Arc::clone(&shared), settings.probe_every));
        Ok(Cluster { shared, outside: Arc::new(OutsideMembers::new(settings)), _prober: Arc::new(prober) })
    }

    /// The current state of the members.
    pub fn view(&self) -> ClusterView {
        self.shared.view().borrow().clone()
    }

    /// Subscribes to the state of the members.
    pub fn watch(&self) -> watch::Receiver<ClusterView> {
        self.shared.view().subscribe()
    }

    /// Probes all members now, after a sign of a problem.
    pub fn probe_now(&self) {
        self.shared.probe_request.send_replace(());
    }

    /// Sets whether renewals wait. While they do, every member is asked about ten times a second who leads.
    pub(crate) fn set_urgent(&self, is_urgent: bool) {
        self.shared.urgent.send_if_modified(|urgent| std::mem::replace(urgent, is_urgent) != is_urgent);
    }

    /// Opens a keepalive stream. The stream sends a renewal for each id from `requests`. `path` is set as soon as the
    /// member is chosen.
    ///
    /// It returns after the first reply, because etcd sends its headers with that.
    ///
    /// # Errors
    /// The error of the connection, the login or the server. If the member is at fault another one is chosen.
    pub(crate) async fn keep_alive(
        &self,
        requests: mpsc::Receiver<LeaseId>,
        retry: Retry,
        path: &OnceLock<LeaderPath>,
    ) -> Result<KeepaliveReplies, CallError> {
        self.shared.wait_probed().await;
        let (member, chosen) = self.shared.route(retry.unanswered, retry.silent);
        let member = member.clone();
        let _ = path.set(chosen);
        self.shared.log_in(&member).await?;
        let token = self.shared.login.token();
        let sent = self.shared.age.elapsed();
        let opened = rpc::keep_alive(&member.channel, requests).await;
        let mut replies =
            KeepaliveReplies { shared: Arc::clone(&self.shared), member, token, opened: sent, stream: None };
        match opened {
            Ok(stream) => replies.stream = Some(stream),
            Err(status) => return Err(replies.failed(&status).await),
        }
        Ok(replies)
    }

    pub(super) fn shared(&self) -> &Arc<SharedState> {
        &self.shared
    }

    pub(super) fn outside(&self) -> &OutsideMembers {
        &self.outside
    }

    /// Makes one call: to the chosen member, then to the others if the member is at fault.
    pub(super) async fn call<T, F, C>(&self, kind: CallKind, tried: &'static str, call: C) -> Result<T, CallError>
    where
        T: Reply,
        C: Fn(Member) -> F,
        F: Future<Output = Result<T, CallError>>,
    {
        self.call_within(Duration::ZERO, kind, tried, call).await
    }

    /// Makes one call as [`Cluster::call`] does, but waits for up to `patience` while the member answers status requests.
    pub(super) async fn call_within<T, F, C>(
        &self,
        patience: Duration,
        kind: CallKind,
        tried: &'static str,
        call: C,
    ) -> Result<T, CallError>
    where
        T: Reply,
        C: Fn(Member) -> F,
        F: Future<Output = Result<T, CallError>>,
    {
        let timeout = self.shared.command_timeout;
        let mut endpoint = String::new();
        let mut other_cluster = None;
        let attempts = async {
            let mut attempts = 0;
            self.shared.wait_probed().await;
            loop {
                let member = self.shared.current();
                endpoint.clone_from(&member.endpoint);
                let is_read = kind == CallKind::Read;
                let (attempt, is_left) = tokio::select! {
                    attempt = self.attempt(kind, tried, member, &call) => (attempt, false),
                    // A follower can wait for a leader that is gone.
                    () = self.shared.wait_outranked(member), if is_read => continue,
                    // A read fails as soon as the member is known not to answer, so that another one is tried.
                    () = self.shared.wait_demoted(member), if is_read => (Err(self.shared.why_left(tried, member)), true),
                };
                let error = match attempt {
                    Err(error) if error.is_members_fault() => error,
                    Err(error) if error.kind() == ErrorKind::OtherCluster => {
                        other_cluster = Some(error);
                        tokio::time::sleep(OTHER_CLUSTER_RETRY).await;
                        continue;
                    }
                    other => return other,
                };
                attempts += 1;
                // The view already has the reason why a member that was left is down. It can differ from this error.
                if !is_left {
                    self.shared.report_trouble(member, &error);
                }
                let is_elsewhere = is_left || self.shared.current().endpoint != member.endpoint;
                let may_repeat = match kind {
                    CallKind::Read => true,
                    CallKind::Write => error.is_refusal_of_member(),
                    CallKind::WriteOnce => error.is_unprocessed(),
                };
                if !may_repeat || !is_elsewhere || attempts == self.shared.members.len() {
                    return Err(error);
                }
            }
        };
        let outcome = tokio::select! {
            outcome = attempts => Some(outcome),
            () = self.shared.wait_overdue(timeout, patience) => None,
        };
        outcome.unwrap_or_else(|| Err(other_cluster.unwrap_or_else(|| CallError::timeout(tried, &endpoint))))
    }

    /// Makes one call to one member.
    async fn attempt<T, F, C>(
        &self,
        kind: CallKind,
        tried: &'static str,
        member: &Member,
        call: &C,
    ) -> Result<T, CallError>
    where
        T: Reply,
        C: Fn(Member) -> F,
        F: Future<Output = Result<T, CallError>>,
    {
        let sent = self.shared.age.elapsed();
        let reply = match kind {
            CallKind::Read => self.shared.signed_read(member, call).await?,
            CallKind::Write | CallKind::WriteOnce => self.shared.signed_call(member, call).await?,
        };
        self.shared.check_reply((tried, &member.endpoint), kind, reply.header(), sent)?;
        Ok(reply)
    }

    /// Makes one call as [`Cluster::call`] does, with etcd-client's client.
    pub(super) async fn client_call<T, F, C>(
        &self,
        kind: CallKind,
        tried: &'static str,
        call: C,
    ) -> Result<T, CallError>
    where
        T: Reply,
        C: Fn(Client) -> F,
        F: Future<Output = Result<T, etcd_client::Error>>,
    {
        self.call(kind, tried, |member| {
            let reply = call(member.client());
            async move { reply.await.map_err(|error| CallError::from_client(tried, &member.endpoint, error)) }
        })
        .await
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("view", &self.view()).finish_non_exhaustive()
    }
}
