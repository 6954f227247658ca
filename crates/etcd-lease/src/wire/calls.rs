//! The calls that leasetop makes, in the domain's words.

use etcd_client::proto::PbResponseHeader;
use etcd_client::{LeaseGrantOptions, PutOptions, ResponseHeader};
use tokio::sync::mpsc;
use tonic::Status;

use super::cluster::CallKind;
use super::{Cluster, Error, KeepaliveReply, rpc};
use crate::Granted;
use crate::Header;
use crate::LeaseId;
use crate::TimeToLive;

/// The ids of all leases: on the leader sorted by time left, on a follower in no order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseList {
    /// The ids.
    pub ids: Vec<LeaseId>,
    /// The answer's header; its member says who answered.
    pub header: Header,
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyValue {
    /// The key, raw.
    pub key: Vec<u8>,
    /// The value, raw.
    pub value: Vec<u8>,
    /// The lease that it is attached to.
    pub lease: Option<LeaseId>,
    /// The revision of its last change.
    pub mod_revision: i64,
}

impl Cluster {
    /// Grants a lease of `ttl` seconds, with this id or one that the server picks. The server may raise the TTL.
    ///
    /// # Errors
    /// `AlreadyExists`, `TooLargeTtl`, and whatever the link does.
    pub async fn grant(&self, id: Option<LeaseId>, ttl: i64) -> Result<Granted, Error> {
        let options = LeaseGrantOptions::new().with_id(id.map_or(0, |id| id.0));
        let answer = self
            .client_call(CallKind::Write, "grant a lease", |mut client| {
                let options = options.clone();
                async move { client.lease_grant(ttl, Some(options)).await }
            })
            .await?;
        let header = header(answer.header());
        Ok(Granted { id: LeaseId(answer.id()), requested_ttl: ttl, ttl: answer.ttl(), header })
    }

    /// Revokes a lease: its keys are deleted in one revision, that of the answer's header.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden`, and whatever the link does.
    pub async fn revoke(&self, id: LeaseId) -> Result<Header, Error> {
        let answer = self
            .client_call(CallKind::Write, "revoke a lease", |mut client| async move { client.lease_revoke(id.0).await })
            .await?;
        Ok(header(answer.header()))
    }

    /// Asks how long a lease has left; an unknown lease is an answer, no error.
    ///
    /// # Errors
    /// `Forbidden` where the user may not read one of its keys and they are asked for; whatever the link does.
    pub async fn time_to_live(&self, id: LeaseId, with_keys: bool) -> Result<TimeToLive, Error> {
        const TRIED: &str = "ask for a lease's time to live";
        let answer = self
            .call(CallKind::Read, TRIED, |member| async move {
                let answer = rpc::time_to_live(&member.channel, id, with_keys).await;
                answer.map_err(|status| Error::from_status(TRIED, &member.endpoint, &status))
            })
            .await?;
        Ok(TimeToLive {
            id: LeaseId(answer.id),
            ttl: answer.ttl,
            granted_ttl: answer.granted_ttl,
            keys: answer.keys,
            header: pb_header(answer.header),
        })
    }

    /// Lists the ids of all leases, however many there are.
    ///
    /// # Errors
    /// `Forbidden` where the user may not read the key of any lease; whatever the link does.
    pub async fn leases(&self) -> Result<LeaseList, Error> {
        const TRIED: &str = "list the leases";
        let answer = self
            .call(CallKind::Read, TRIED, |member| async move {
                let answer = rpc::leases(&member.channel).await;
                answer.map_err(|status| Error::from_status(TRIED, &member.endpoint, &status))
            })
            .await?;
        let ids = answer.leases.iter().map(|lease| LeaseId(lease.id)).collect();
        Ok(LeaseList { ids, header: pb_header(answer.header) })
    }

    /// Renews a lease once, on a stream of its own. A TTL of 0 or less says that the lease does not exist.
    ///
    /// # Errors
    /// `Forbidden`, and whatever the link does.
    pub async fn keep_alive_once(&self, id: LeaseId) -> Result<KeepaliveReply, Error> {
        const TRIED: &str = "renew a lease once";
        self.call(CallKind::Read, TRIED, |member| async move {
            let (question, questions) = mpsc::channel(1);
            // The receiver is at hand and empty: it takes this one.
            let _ = question.try_send(id);
            let failed = |status: Status| Error::from_status(TRIED, &member.endpoint, &status);
            let mut stream = rpc::keep_alive(&member.channel, questions).await.map_err(failed)?;
            let answer = stream.message().await.map_err(failed)?;
            let answer = answer.ok_or_else(|| failed(Status::unavailable("the server ended the stream")))?;
            Ok(KeepaliveReply::from(answer))
        })
        .await
    }

    /// Puts a key, attached to a lease or to none.
    ///
    /// # Errors
    /// `NotFound` where the lease does not exist; `Forbidden`; whatever the link does.
    pub async fn put(&self, key: &[u8], value: &[u8], lease: Option<LeaseId>) -> Result<Header, Error> {
        let options = PutOptions::new().with_lease(lease.map_or(0, |id| id.0));
        let answer = self
            .client_call(CallKind::Write, "put a key", |mut client| {
                let options = options.clone();
                async move { client.put(key, value, Some(options)).await }
            })
            .await?;
        Ok(header(answer.header()))
    }

    /// Reads one key.
    ///
    /// # Errors
    /// `Forbidden`; whatever the link does.
    pub async fn get(&self, key: &[u8]) -> Result<Option<KeyValue>, Error> {
        let answer = self
            .client_call(CallKind::Read, "get a key", |mut client| async move { client.get(key, None).await })
            .await?;
        Ok(answer.kvs().first().map(|pair| KeyValue {
            key: pair.key().to_vec(),
            value: pair.value().to_vec(),
            lease: Some(LeaseId(pair.lease())).filter(|id| id.0 != 0),
            mod_revision: pair.mod_revision(),
        }))
    }
}

fn header(header: Option<&ResponseHeader>) -> Header {
    header.map_or_else(Header::default, |header| Header {
        cluster_id: header.cluster_id(),
        member_id: header.member_id(),
        revision: header.revision(),
        raft_term: header.raft_term(),
    })
}

fn pb_header(header: Option<PbResponseHeader>) -> Header {
    header.map_or_else(Header::default, |header| Header {
        cluster_id: header.cluster_id,
        member_id: header.member_id,
        revision: header.revision,
        raft_term: header.raft_term,
    })
}
