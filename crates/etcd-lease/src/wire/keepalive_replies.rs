//! The replies of one keepalive stream.

use std::sync::Arc;
use std::time::Duration;

use etcd_client::proto::{PbLeaseKeepAliveResponse, PbResponseHeader};
use futures_util::FutureExt;
use http::HeaderValue;
use tonic::{Status, Streaming};

use super::error::CallError;
use super::member::Member;
use super::shared_state::SharedState;
use crate::LeaseId;

/// Maximum number of replies in a batch. A server that floods always has more.
const MAX_BATCH: usize = 256;

/// The reply to one renewal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeepaliveReply {
    /// The id of the lease.
    pub id: LeaseId,
    /// The full TTL in seconds; 0 or less if the lease does not exist.
    pub ttl: i64,
    /// The header's revision, which etcd takes before the renewal.
    pub revision: i64,
}

impl From<PbLeaseKeepAliveResponse> for KeepaliveReply {
    fn from(reply: PbLeaseKeepAliveResponse) -> Self {
        let revision = reply.header.map_or(0, |header| header.revision);
        KeepaliveReply { id: LeaseId(reply.id), ttl: reply.ttl, revision }
    }
}

/// The replies of one keepalive stream, in the order of the requests.
pub struct KeepaliveReplies {
    pub(super) shared: Arc<SharedState>,
    pub(super) member: Member,
    pub(super) token: Option<HeaderValue>,
    /// When it was opened, as an age of the [`SharedState`].
    pub(super) opened: Duration,
    pub(super) stream: Option<Streaming<PbLeaseKeepAliveResponse>>,
}

impl KeepaliveReplies {
    /// The endpoint of the member that replies.
    pub fn endpoint(&self) -> &str {
        &self.member.endpoint
    }

    /// Waits for the next reply, and adds to `batch` all that have arrived.
    ///
    /// # Errors
    /// Why the stream ended. A login that is too old is replaced before this returns.
    pub async fn next(&mut self, batch: &mut Vec<KeepaliveReply>) -> Result<(), CallError> {
        let first = match &mut self.stream {
            Some(stream) => stream.message().await,
            None => Ok(None),
        };
        let mut checked = None;
        self.on_message(first, &mut checked, batch).await?;
        while batch.len() < MAX_BATCH
            && let Some(more) = self.stream.as_mut().and_then(|stream| stream.message().now_or_never())
        {
            self.on_message(more, &mut checked, batch).await?;
        }
        Ok(())
    }

    /// Adds the reply in a message to `batch`, or returns why the stream ended. `checked` is the header that was
    /// checked last: most replies of a batch have the same one.
    async fn on_message(
        &mut self,
        message: Result<Option<PbLeaseKeepAliveResponse>, Status>,
        checked: &mut Option<PbResponseHeader>,
        batch: &mut Vec<KeepaliveReply>,
    ) -> Result<(), CallError> {
        match message {
            Ok(Some(reply)) => {
                if reply.header.is_none() || reply.header != *checked {
                    if let Err(status) = self.shared.check_stream(&self.member.endpoint, reply.header, self.opened) {
                        return Err(self.failed(&status).await);
                    }
                    *checked = reply.header;
                }
                batch.push(KeepaliveReply::from(reply));
                Ok(())
            }
            Ok(None) => Err(self.failed(&Status::unavailable("the server ended the stream")).await),
            Err(status) => Err(self.failed(&status).await),
        }
    }

    pub(super) async fn failed(&self, status: &Status) -> CallError {
        self.shared.failed("keep leases alive", &self.member, self.token.clone(), status).await
    }
}
