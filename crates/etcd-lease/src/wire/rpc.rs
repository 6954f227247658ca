//! Calls that this crate makes without etcd-client: those that etcd-client cannot make, and grants and revocations, of which
//! thousands can be in flight.
//!
//! etcd-client cannot make keepalive streams for many leases, calls with replies of more than 4 MiB (lists of leases,
//! the keys of a lease, pages of keys, watches), the login, and calls whose replies have fields that it does not expose
//! (the quota of the database in a status).

use std::marker::PhantomData;

use etcd_client::proto::{
    PbLeaseGrantRequest, PbLeaseGrantResponse, PbLeaseKeepAliveRequest, PbLeaseKeepAliveResponse, PbLeaseLeasesRequest,
    PbLeaseLeasesResponse, PbLeaseRevokeRequest, PbLeaseRevokeResponse, PbLeaseTimeToLiveRequest,
    PbLeaseTimeToLiveResponse, PbMemberListRequest, PbMemberListResponse, PbRangeRequest, PbRangeResponse,
    PbStatusRequest, PbStatusResponse, PbWatchRequest, PbWatchResponse,
};
use futures_util::StreamExt;
use http::uri::PathAndQuery;
use prost::Message;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::client::Grpc;
use tonic::codec::{BufferSettings, Codec};
use tonic::{Request, Status, Streaming};
use tonic_prost::{ProstCodec, ProstDecoder, ProstEncoder};

use super::auth_channel::AuthChannel;
use crate::LeaseId;

const KEEP_ALIVE: PathAndQuery = PathAndQuery::from_static("/etcdserverpb.Lease/LeaseKeepAlive");
const GRANT: PathAndQuery = PathAndQuery::from_static("/etcdserverpb.Lease/LeaseGrant");
const REVOKE: PathAndQuery = PathAndQuery::from_static("/etcdserverpb.Lease/LeaseRevoke");
const RANGE: PathAndQuery = PathAndQuery::from_static("/etcdserverpb.KV/Range");
const WATCH: PathAndQuery = PathAndQuery::from_static("/etcdserverpb.Watch/Watch");
const TIME_TO_LIVE: PathAndQuery = PathAndQuery::from_static("/etcdserverpb.Lease/LeaseTimeToLive");
const LEASES: PathAndQuery = PathAndQuery::from_static("/etcdserverpb.Lease/LeaseLeases");
const STATUS: PathAndQuery = PathAndQuery::from_static("/etcdserverpb.Maintenance/Status");
const MEMBER_LIST: PathAndQuery = PathAndQuery::from_static("/etcdserverpb.Cluster/MemberList");

/// Largest reply in bytes: a list of 20 million leases. A server that lies must not fill the memory with one reply.
const MAX_REPLY: usize = 256 << 20;

/// Bytes of the buffers of one call. They grow if needed. tonic's default, 8 kB each, is too much for thousands of grants.
const CALL_BUFFER: usize = 256;
/// How many bytes are encoded before they are sent, as in tonic.
const YIELD_THRESHOLD: usize = 32 << 10;

/// The codec of calls, with small buffers.
struct CallCodec<Q, A>(PhantomData<(Q, A)>);

impl<Q, A> Codec for CallCodec<Q, A>
where
    Q: Message + Send + 'static,
    A: Message + Default + Send + 'static,
{
    type Encode = Q;
    type Decode = A;
    type Encoder = ProstEncoder<Q>;
    type Decoder = ProstDecoder<A>;

    fn encoder(&mut self) -> Self::Encoder {
        ProstCodec::<Q, A>::raw_encoder(BufferSettings::new(CALL_BUFFER, YIELD_THRESHOLD))
    }

    fn decoder(&mut self) -> Self::Decoder {
        ProstCodec::<Q, A>::raw_decoder(BufferSettings::new(CALL_BUFFER, YIELD_THRESHOLD))
    }
}

/// Makes a call with one request and one reply.
pub(super) async fn unary<Q, A>(channel: &AuthChannel, path: PathAndQuery, request: Q) -> Result<A, Status>
where
    Q: Message + Send + Sync + 'static,
    A: Message + Default + Send + Sync + 'static,
{
    let mut grpc = client(channel).await?;
    let answer = grpc.unary(Request::new(request), path, CallCodec::<Q, A>(PhantomData)).await?;
    Ok(answer.into_inner())
}

/// Grants a lease of `ttl` seconds. With id 0, etcd chooses the id.
pub(super) async fn grant(channel: &AuthChannel, id: LeaseId, ttl: i64) -> Result<PbLeaseGrantResponse, Status> {
    unary(channel, GRANT, PbLeaseGrantRequest { ttl, id: id.0 }).await
}

/// Revokes a lease.
pub(super) async fn revoke(channel: &AuthChannel, id: LeaseId) -> Result<PbLeaseRevokeResponse, Status> {
    unary(channel, REVOKE, PbLeaseRevokeRequest { id: id.0 }).await
}

/// Lists the ids of all leases.
pub(super) async fn leases(channel: &AuthChannel) -> Result<PbLeaseLeasesResponse, Status> {
    unary(channel, LEASES, PbLeaseLeasesRequest {}).await
}

/// Reads the status of the member.
pub(super) async fn status(channel: &AuthChannel) -> Result<PbStatusResponse, Status> {
    unary(channel, STATUS, PbStatusRequest {}).await
}

/// Reads the member list, as the member knows it.
pub(super) async fn member_list(channel: &AuthChannel) -> Result<PbMemberListResponse, Status> {
    unary(channel, MEMBER_LIST, PbMemberListRequest { linearizable: false }).await
}

/// Reads the time left of a lease, with or without its keys.
pub(super) async fn time_to_live(
    channel: &AuthChannel,
    id: LeaseId,
    keys: bool,
) -> Result<PbLeaseTimeToLiveResponse, Status> {
    unary(channel, TIME_TO_LIVE, PbLeaseTimeToLiveRequest { id: id.0, keys }).await
}

/// Reads keys and values.
pub(super) async fn range(channel: &AuthChannel, request: PbRangeRequest) -> Result<PbRangeResponse, Status> {
    unary(channel, RANGE, request).await
}

/// Opens a watch stream that sends `requests`. It returns after the first reply, because etcd sends its headers with
/// that.
pub(super) async fn watch(
    channel: &AuthChannel,
    requests: mpsc::Receiver<PbWatchRequest>,
) -> Result<Streaming<PbWatchResponse>, Status> {
    let mut grpc = client(channel).await?;
    let codec = ProstCodec::<PbWatchRequest, PbWatchResponse>::default();
    let answers = grpc.streaming(Request::new(ReceiverStream::new(requests)), WATCH, codec).await?;
    Ok(answers.into_inner())
}

/// Opens a keepalive stream that sends a renewal for each id from `requests`. It returns after the first reply, because
/// etcd sends its headers with that.
pub(super) async fn keep_alive(
    channel: &AuthChannel,
    requests: mpsc::Receiver<LeaseId>,
) -> Result<Streaming<PbLeaseKeepAliveResponse>, Status> {
    let mut grpc = client(channel).await?;
    let codec = ProstCodec::<PbLeaseKeepAliveRequest, PbLeaseKeepAliveResponse>::default();
    let requests = ReceiverStream::new(requests).map(|id| PbLeaseKeepAliveRequest { id: id.0 });
    let answers = grpc.streaming(Request::new(requests), KEEP_ALIVE, codec).await?;
    Ok(answers.into_inner())
}

/// A client that accepts replies of up to [`MAX_REPLY`] bytes.
async fn client(channel: &AuthChannel) -> Result<Grpc<AuthChannel>, Status> {
    let mut grpc = Grpc::new(channel.clone()).max_decoding_message_size(MAX_REPLY);
    grpc.ready().await.map_err(Status::from_error)?;
    Ok(grpc)
}
