//! One member: its channels and its status.

use std::sync::Arc;

use etcd_client::proto::PbStatusResponse;
use etcd_client::{Channel as ClientChannel, Client};
use tokio_rustls::rustls::ClientConfig;
use tower::util::BoxCloneSyncService;

use super::auth_channel::{AuthChannel, AuthToken};
use super::config::{Settings, Target};
use super::error::CallError;
use super::error_cause::ErrorCause;
use super::header::pb_header;
use super::line::Line;
use super::rpc;
use crate::cluster_identity::Evidence;
use crate::{Header, MemberAlarm, MemberView, Reachability};
use simkit::Stopwatch;

/// What is tried when a status is read.
pub(super) const READ_STATUS: &str = "read the status";

/// One member of the cluster, which is one endpoint.
#[derive(Clone)]
pub(super) struct Member {
    pub(super) endpoint: String,
    /// Requires a leader. Otherwise a member that lost its quorum answers with stale data and `Ok`.
    pub(super) channel: AuthChannel,
    client: Client,
    /// Does not require a leader, because a member without one has a status and a member list too.
    pub(super) leaderless: AuthChannel,
}

/// The reply to a probe.
pub(super) struct Probe {
    pub(super) view: MemberView,
    pub(super) evidence: Evidence,
}

/// A reported number of bytes; 0, which means unknown, if no database can be that large.
fn bytes(reported: i64) -> u64 {
    const PETABYTE: u64 = 1_000_000_000_000_000;
    u64::try_from(reported).ok().filter(|bytes| *bytes <= PETABYTE).unwrap_or(0)
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
        let leaderless = AuthChannel::new(line, Arc::clone(token), false);
        Ok(Member { endpoint, channel, client, leaderless })
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
        let answer = rpc::status(&self.leaderless).await;
        let answer = answer.map_err(|status| CallError::from_status(READ_STATUS, &self.endpoint, &status))?;
        let received = age.elapsed();
        let header = pb_header(answer.header);
        let view = MemberView { round_trip: Some(received - sent), ..self.view(&answer, header) };
        // Right after a restart, a member without a leader may not know yet what was committed.
        let raft_index = if view.has_leader { answer.raft_index } else { 0 };
        Ok(Probe { view, evidence: Evidence { header, raft_index, sent, received } })
    }

    /// The member, as a status shows it.
    fn view(&self, answer: &PbStatusResponse, header: Header) -> MemberView {
        let reachability = if answer.is_learner {
            Reachability::Down { trouble: CallError::learner(READ_STATUS, &self.endpoint) }
        } else {
            Reachability::Up
        };
        let quota = bytes(answer.db_size_quota);
        MemberView {
            endpoint: self.endpoint.clone(),
            member_id: header.member_id,
            cluster_id: header.cluster_id,
            revision: header.revision,
            alarms: answer.errors.iter().filter_map(|error| alarm(error)).collect(),
            raft_term: header.raft_term,
            is_leader: answer.leader != 0 && answer.leader == header.member_id,
            is_learner: answer.is_learner,
            has_leader: answer.leader != 0,
            leader_id: answer.leader,
            version: answer.version.clone(),
            raft_index: answer.raft_index,
            db_size: bytes(answer.db_size),
            db_size_in_use: bytes(answer.db_size_in_use),
            db_size_quota: if quota == 0 { None } else { Some(quota) },
            certificate_end: self.line().certificate_end(),
            round_trip: None,
            reachability,
        }
    }
}

/// The alarm in an error of a status. etcd versions print it differently, so only its name and the member count.
fn alarm(error: &str) -> Option<MemberAlarm> {
    let causes = [("CORRUPT", ErrorCause::Corrupt), ("NOSPACE", ErrorCause::NoSpace)];
    let (_, cause) = causes.into_iter().find(|(name, _)| error.contains(name))?;
    let id = error.split_once("memberID:").map_or("", |(_, id)| id.trim_start());
    let digits = id.find(|c: char| !c.is_ascii_digit()).map_or(id, |end| &id[..end]);
    Some(MemberAlarm { member_id: digits.parse().unwrap_or(0), cause })
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
        let alarm_of = |member_id, cause| Some(MemberAlarm { member_id, cause });
        for (error, found) in [
            ("memberID:9372538179322589801 alarm:NOSPACE ", alarm_of(9_372_538_179_322_589_801, ErrorCause::NoSpace)),
            ("memberID:1  alarm:CORRUPT", alarm_of(1, ErrorCause::Corrupt)),
            ("alarm:CORRUPT", alarm_of(0, ErrorCause::Corrupt)),
            ("etcdserver: no leader", None),
        ] {
            assert_eq!(alarm(error), found, "{error}");
        }
    }
}
