//! The cluster: one channel a member, and we choose among them.
//!
//! etcd-client's own balancer sends calls to dead and hung members too (with one of three down 27 % of calls fail);
//! here the leader comes first, and a member that does not answer is left within a probe.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use etcd_client::Client;
use tokio::sync::{mpsc, watch};

use super::auth::AuthSession;
use super::error::Error;
use super::error_kind::ErrorKind;
use super::member::Member;
use super::shared_state::SharedState;
use super::{KeepaliveReplies, Settings, Target, prober, rpc, tls};
use crate::ClusterView;
use crate::LeaseId;
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
        let shared = Arc::new(SharedState::new(members, login, settings.command_timeout));
        let prober = tasks::spawn(prober::probe_forever(Arc::clone(&shared), settings.probe_every));
        Ok(Cluster { shared, _prober: Arc::new(prober) })
    }

    /// What is known of the members now.
    pub fn view(&self) -> ClusterView {
        self.shared.view()
    }

    /// Follows what is known of the members.
    pub fn watch(&self) -> watch::Receiver<ClusterView> {
        self.shared.watch()
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
        let whole = self.shared.command_timeout();
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

fn tls_for(target: &Target, settings: &Settings) -> Result<Option<Arc<tokio_rustls::rustls::ClientConfig>>, Error> {
    match target {
        Target::Address(address) if address.is_secure() => {
            tls::client_config(&settings.tls.clone().unwrap_or_default()).map(Some)
        }
        _ => Ok(None),
    }
}
