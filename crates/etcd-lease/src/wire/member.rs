//! One member: its channels and what its Status says.

use std::sync::Arc;

use etcd_client::{Channel as ClientChannel, Client};
use tokio_rustls::rustls::ClientConfig;
use tower::util::BoxCloneSyncService;

use super::auth::AuthSession;
use super::auth_channel::AuthChannel;
use super::connect;
use super::error::Error;
use super::link::Link;
use super::{Settings, Target};
use crate::MemberView;
use crate::Reachability;
use simkit::Stopwatch;

/// One member of the cluster, as one endpoint.
#[derive(Clone)]
pub(super) struct Member {
    pub(super) endpoint: String,
    /// Requires a leader: without it a member that lost its quorum answers with stale data and Ok.
    pub(super) channel: AuthChannel,
    client: Client,
    /// Requires none: a Status answer is wanted from a member without a leader too.
    status: Client,
}

impl Member {
    pub(super) async fn new(
        target: &Target,
        settings: &Settings,
        tls: Option<&Arc<ClientConfig>>,
        login: &Arc<AuthSession>,
    ) -> Result<Self, Error> {
        let link = Arc::new(Link::default());
        let raw = connect::channel(target, tls, settings.dial_timeout, &link);
        let endpoint = target.to_string();
        let channel = login.channel(raw.clone(), true, Arc::clone(&link));
        let client = client_on(channel.clone(), &endpoint).await?;
        let status = client_on(login.channel(raw, false, link), &endpoint).await?;
        Ok(Member { endpoint, channel, client, status })
    }

    /// etcd-client's client for this member.
    pub(super) fn client(&self) -> Client {
        self.client.clone()
    }

    /// Asks the member of which cluster it is, by its id, and who in it.
    ///
    /// # Errors
    /// Whatever the link says. With authentication on, etcd 3.5.28 and later answer nobody who is not logged in.
    pub(super) async fn probe(&self) -> Result<(u64, MemberView), Error> {
        let sent = Stopwatch::start();
        let answer = self.status.clone().status().await;
        let answer = answer.map_err(|error| Error::from_client("ask for its status", &self.endpoint, error))?;
        let header = answer.header();
        let member_id = header.map_or(0, etcd_client::ResponseHeader::member_id);
        let view = MemberView {
            endpoint: self.endpoint.clone(),
            member_id,
            revision: header.map_or(0, etcd_client::ResponseHeader::revision),
            raft_term: answer.raft_term(),
            is_leader: answer.leader() != 0 && answer.leader() == member_id,
            has_leader: answer.leader() != 0,
            version: answer.version().to_owned(),
            round_trip: Some(sent.elapsed()),
            reachability: Reachability::Up,
        };
        Ok((header.map_or(0, etcd_client::ResponseHeader::cluster_id), view))
    }
}

/// etcd-client on our signed channel: it logs in nowhere and dials nothing here.
async fn client_on(channel: AuthChannel, endpoint: &str) -> Result<Client, Error> {
    let service = BoxCloneSyncService::new(channel);
    Client::from_channel(ClientChannel::Custom(service), None)
        .await
        .map_err(|error| Error::from_client("set up a client", endpoint, error))
}
