//! One member: its channels and its status.

use std::sync::Arc;

use etcd_client::{Channel as ClientChannel, Client};
use tokio_rustls::rustls::ClientConfig;
use tower::util::BoxCloneSyncService;

use super::auth_channel::{AuthChannel, AuthToken};
use super::config::{Settings, Target};
use super::error::CallError;
use super::error_cause::ErrorCause;
use super::header::header;
use super::line::Line;
use crate::cluster_identity::Evidence;
use crate::{Header, MemberView, Reachability};
use simkit::Stopwatch;

/// One member of the cluster, which is one endpoint.
#[derive(Clone)]
pub(super) struct Member {
    pub(super) endpoint: String,
    /// Requires a leader. Otherwise a member that lost its quorum answers with stale data and `Ok`.
    pub(super) channel: AuthChannel,
    client: Client,
    /// Does not require a leader, because a member without one has a status too.
    status: Client,
}

/// The reply to a probe.
pub(super) struct Probe {
    pub(super) view: MemberView,
    pub(super) evidence: Evidence,
}

impl Member {
    pub(super) async fn new(
        target: &Target,
        settings: &Settings,
        tls: Option<&Arc<ClientConfig>>,
        token: &Arc<AuthToken>,
    ) -> Result<Self, CallError> {
        let line = Arc::new(Line::new(target, tls, settings.dial_timeout));
        let endpoint = target.to_string();
        let channel = AuthChannel::new(Arc::clone(&line), Arc::clone(token), true);
        let client = client_on(channel.clone(), &endpoint).await?;
        let status = client_on(AuthChannel::new(line, Arc::clone(token), false), &endpoint).await?;
        Ok(Member { endpoint, channel, client, status })
    }

    /// etcd-client's client for this member.
    pub(super) fn client(&self) -> Client {
        self.client.clone()
    }

    /// Its connection.
    pub(super) fn line(&self) -> &Line {
        self.channel.line()
    }

    /// Asks the member for its status. `age` is that of the [`SharedState`](super::shared_state::SharedState).
    ///
    /// # Errors
    /// Any error of the connection. With authentication enabled, etcd 3.5.28 and later require a login.
    pub(super) async fn probe(&self, age: Stopwatch) -> Result<Probe, CallError> {
        let sent = age.elapsed();
        let answer = self.status.clone().status().await;
        let answer = answer.map_err(|error| CallError::from_client("read the status", &self.endpoint, error))?;
        let received = age.elapsed();
        let header = Header { raft_term: answer.raft_term(), ..header(answer.header()) };
        let has_leader = answer.leader() != 0;
        let reachability = if answer.is_learner() {
            Reachability::Down { trouble: CallError::learner("read the status", &self.endpoint) }
        } else {
            Reachability::Up
        };
        let view = MemberView {
            endpoint: self.endpoint.clone(),
            member_id: header.member_id,
            cluster_id: header.cluster_id,
            revision: header.revision,
            alarm: alarm(answer.errors()),
            raft_term: header.raft_term,
            is_leader: has_leader && answer.leader() == header.member_id,
            is_learner: answer.is_learner(),
            has_leader,
            version: answer.version().to_owned(),
            db_size_in_use: answer.raft_used_db_size().unsigned_abs(),
            round_trip: Some(received - sent),
            reachability,
        };
        // Right after a restart, a member without a leader may not know yet what was committed.
        let raft_index = if has_leader { answer.raft_index() } else { 0 };
        Ok(Probe { view, evidence: Evidence { header, raft_index, sent, received } })
    }
}

/// The alarm in the errors of a status. etcd versions print it differently, so only its name counts.
fn alarm(errors: &[String]) -> Option<ErrorCause> {
    let has = |name: &str| errors.iter().any(|error| error.contains(name));
    if has("CORRUPT") {
        return Some(ErrorCause::Corrupt);
    }
    if has("NOSPACE") { Some(ErrorCause::NoSpace) } else { None }
}

/// etcd-client on our channel, which does the dialling and the login.
async fn client_on(channel: AuthChannel, endpoint: &str) -> Result<Client, CallError> {
    let service = BoxCloneSyncService::new(channel);
    Client::from_channel(ClientChannel::Custom(service), None)
        .await
        .map_err(|error| CallError::from_client("set up a client", endpoint, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_is_found_however_a_version_prints_it() {
        for (error, found) in [
            ("memberID:9372538179322589801 alarm:NOSPACE ", Some(ErrorCause::NoSpace)),
            ("memberID:1  alarm:CORRUPT", Some(ErrorCause::Corrupt)),
            ("etcdserver: no leader", None),
        ] {
            assert_eq!(alarm(&[error.to_owned()]), found, "{error}");
        }
    }
}
