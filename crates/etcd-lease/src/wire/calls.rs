//! The calls to etcd, with this crate's types.

use std::time::Duration;

use etcd_client::PutOptions;
use etcd_client::proto::{PbLeaseKeepAliveResponse, PbLeaseTimeToLiveResponse};
use tokio::sync::mpsc;
use tonic::Status;

use super::cluster::{CallKind, Cluster};
use super::config::DEFAULT_COMMAND_TIMEOUT;
use super::error::CallError;
use super::error_cause::ErrorCause;
use super::header::{header, pb_header};
use super::keepalive_replies::KeepaliveReply;
use super::member::Member;
use super::rpc;
use crate::ttl_status::MAX_TTL;
use crate::{Granted, Header, LeaseId, TimeToLive};

/// The ids of all leases. The leader sorts them by time left; a follower returns them unsorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseList {
    /// The ids.
    pub ids: Vec<LeaseId>,
    /// The reply's header; it names the member that replied.
    pub header: Header,
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyValue {
    /// The key, raw.
    pub key: Vec<u8>,
    /// The value, raw.
    pub value: Vec<u8>,
    /// The lease to which it is attached.
    pub lease: Option<LeaseId>,
    /// The revision that created the key.
    pub create_revision: i64,
    /// The revision of its last change.
    pub mod_revision: i64,
}

/// Renews a lease through one member, on a stream of its own.
pub(super) async fn renew_through(
    member: &Member,
    tried: &'static str,
    id: LeaseId,
) -> Result<PbLeaseKeepAliveResponse, CallError> {
    let (sender, requests) = mpsc::channel(1);
    // The channel is empty and open, so this cannot fail.
    let _ = sender.try_send(id);
    let failed = |status: Status| CallError::from_status(tried, &member.endpoint, &status);
    let mut stream = rpc::keep_alive(&member.channel, requests).await.map_err(failed)?;
    let answer = stream.message().await.map_err(failed)?;
    let answer = answer.ok_or_else(|| failed(Status::unavailable("the server ended the stream")))?;
    if answer.id != id.0 || answer.ttl > MAX_TTL {
        return Err(wrong_lease(tried, member, answer.id, answer.ttl));
    }
    Ok(answer)
}

/// The error for a reply that is about something else than the request, or that etcd cannot have sent.
fn wrong_reply(tried: &'static str, endpoint: &str, what: &str) -> CallError {
    CallError::new(ErrorCause::Other, tried, endpoint, format!("got a wrong reply: {what}"))
}

/// The error for a reply about another lease, or with a TTL in seconds that etcd cannot grant.
fn wrong_lease(tried: &'static str, member: &Member, id: i64, ttl: i64) -> CallError {
    wrong_reply(tried, &member.endpoint, &format!("lease {} with a TTL of {ttl} s", LeaseId(id)))
}

impl From<PbLeaseTimeToLiveResponse> for TimeToLive {
    fn from(reply: PbLeaseTimeToLiveResponse) -> Self {
        TimeToLive {
            id: LeaseId(reply.id),
            ttl: reply.ttl,
            granted_ttl: reply.granted_ttl,
            keys: reply.keys,
            header: pb_header(reply.header),
        }
    }
}

/// How long a list may take. etcd sorts all leases before it replies: a million of them took 10 s on a busy machine.
const LIST_PATIENCE: Duration = Duration::from_secs(60);

impl Cluster {
    /// Grants a lease of `ttl` seconds, with this id or one that etcd chooses. etcd may raise the TTL.
    ///
    /// # Errors
    /// `AlreadyExists`, `TooLargeTtl`, and any error of the connection.
    pub async fn grant(&self, id: Option<LeaseId>, ttl: i64) -> Result<Granted, CallError> {
        const TRIED: &str = "grant a lease";
        let wanted = id.unwrap_or(LeaseId(0));
        // Repeated with the same id, a grant that was carried out would be refused.
        let kind = if id.is_some() { CallKind::WriteOnce } else { CallKind::Write };
        let answer = self
            .call(kind, TRIED, |member| async move {
                let answer = rpc::grant(&member.channel, wanted, ttl).await;
                let answer = answer.map_err(|status| CallError::from_status(TRIED, &member.endpoint, &status))?;
                let is_asked_for = answer.id != 0 && id.is_none_or(|id| id.0 == answer.id);
                let is_possible = is_asked_for && (1..=MAX_TTL).contains(&answer.ttl);
                if is_possible { Ok(answer) } else { Err(wrong_lease(TRIED, &member, answer.id, answer.ttl)) }
            })
            .await?;
        let header = pb_header(answer.header);
        Ok(Granted { id: LeaseId(answer.id), requested_ttl: ttl, ttl: answer.ttl, header })
    }

    /// Revokes a lease. Its keys are deleted in one revision, which is that of the reply's header.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden`, and any error of the connection.
    pub async fn revoke(&self, id: LeaseId) -> Result<Header, CallError> {
        const TRIED: &str = "revoke a lease";
        let answer = self
            .call(CallKind::Write, TRIED, |member| async move {
                let answer = rpc::revoke(&member.channel, id).await;
                answer.map_err(|status| CallError::from_status(TRIED, &member.endpoint, &status))
            })
            .await?;
        Ok(pb_header(answer.header))
    }

    /// Reads the time left of a lease. An unknown lease is not an error: see [`TimeToLive::ttl_status`].
    ///
    /// # Errors
    /// `Forbidden` if `with_keys` is set and the user may not read one of the keys; any error of the connection.
    pub async fn time_to_live(&self, id: LeaseId, with_keys: bool) -> Result<TimeToLive, CallError> {
        const TRIED: &str = "read the time left of a lease";
        let answer = self
            .call(CallKind::Read, TRIED, |member| async move {
                let answer = rpc::time_to_live(&member.channel, id, with_keys).await;
                let answer = answer.map_err(|status| CallError::from_status(TRIED, &member.endpoint, &status))?;
                let is_asked_for = answer.id == id.0;
                let wrong = || wrong_reply(TRIED, &member.endpoint, &format!("lease {}", LeaseId(answer.id)));
                if is_asked_for { Ok(answer) } else { Err(wrong()) }
            })
            .await?;
        Ok(answer.into())
    }

    /// Lists the ids of all leases, without a limit on their number. etcd takes seconds for a million leases, so this waits
    /// for up to a minute while the member answers status requests, unless the timeout of a call is shorter than by default.
    ///
    /// # Errors
    /// `Forbidden` if the user may not read a key of any lease; any error of the connection.
    pub async fn leases(&self) -> Result<LeaseList, CallError> {
        const TRIED: &str = "list the leases";
        let has_own_limit = self.shared().command_timeout < DEFAULT_COMMAND_TIMEOUT;
        let patience = if has_own_limit { Duration::ZERO } else { LIST_PATIENCE };
        let answer = self
            .call_within(patience, CallKind::Read, TRIED, |member| async move {
                let answer = rpc::leases(&member.channel).await;
                answer.map_err(|status| CallError::from_status(TRIED, &member.endpoint, &status))
            })
            .await?;
        // No lease has the id 0: in etcd it means that a key has no lease.
        let ids = answer.leases.iter().map(|lease| LeaseId(lease.id)).filter(|id| id.0 != 0).collect();
        Ok(LeaseList { ids, header: pb_header(answer.header) })
    }

    /// Renews a lease once, on a stream of its own. A TTL of 0 or less means that the lease does not exist.
    ///
    /// # Errors
    /// `Forbidden`, and any error of the connection.
    pub async fn keep_alive_once(&self, id: LeaseId) -> Result<KeepaliveReply, CallError> {
        const TRIED: &str = "renew a lease once";
        self.call(CallKind::Read, TRIED, |member| async move { renew_through(&member, TRIED, id).await })
            .await
            .map(KeepaliveReply::from)
    }

    /// Writes a key, attached to a lease or not.
    ///
    /// # Errors
    /// `NotFound` if the lease does not exist; `Forbidden`; any error of the connection.
    pub async fn put(&self, key: &[u8], value: &[u8], lease: Option<LeaseId>) -> Result<Header, CallError> {
        let options = PutOptions::new().with_lease(lease.map_or(0, |id| id.0));
        let answer = self
            .client_call(CallKind::WriteOnce, "put a key", |mut client| {
                let options = options.clone();
                async move { client.put(key, value, Some(options)).await }
            })
            .await?;
        Ok(header(answer.header()))
    }

    /// Reads one key.
    ///
    /// # Errors
    /// `Forbidden`; any error of the connection.
    pub async fn get(&self, key: &[u8]) -> Result<Option<KeyValue>, CallError> {
        let answer = self
            .client_call(CallKind::Read, "get a key", |mut client| async move { client.get(key, None).await })
            .await?;
        Ok(answer.kvs().first().map(|pair| KeyValue {
            key: pair.key().to_vec(),
            value: pair.value().to_vec(),
            lease: Some(LeaseId(pair.lease())).filter(|id| id.0 != 0),
            create_revision: pair.create_revision(),
            mod_revision: pair.mod_revision(),
        }))
    }
}
