//! Our own small stub: what etcd-client's cannot do.
//!
//! Many leases on one keepalive stream that opens without naming one; lists of leases, the keys of one, pages of keys and
//! watches beyond etcd-client's 4 MiB; and the login.

use etcd_client::proto::{
    PbLeaseKeepAliveRequest, PbLeaseKeepAliveResponse, PbLeaseLeasesRequest, PbLeaseLeasesResponse,
    PbLeaseTimeToLiveRequest, PbLeaseTimeToLiveResponse, PbRangeRequest, PbRangeResponse, PbWatchRequest,
    PbWatchResponse,
};
use futures_util::StreamExt;
use http::uri::PathAndQuery;
use prost::Message;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::client::Grpc;
use tonic::{Request, Status, Streaming};
use tonic_prost::ProstCodec;

use super::auth_channel::AuthChannel;
use crate::LeaseId;

const KEEP_ALIVE: PathAndQuery = PathAndQuery::from_static("/etcdserverpb.Lease/LeaseKeepAlive");
const RANGE: PathAndQuery = PathAndQuery::from_static("/etcdserverpb.KV/Range");
const WATCH: PathAndQuery = PathAndQuery::from_static("/etcdserverpb.Watch/Watch");
const TIME_TO_LIVE: PathAndQuery = PathAndQuery::from_static("/etcdserverpb.Lease/LeaseTimeToLive");
const LEASES: PathAndQuery = PathAndQuery::from_static("/etcdserverpb.Lease/LeaseLeases");

/// One question, one answer, of any size.
pub(super) async fn unary<Q, A>(channel: &AuthChannel, path: PathAndQuery, question: Q) -> Result<A, Status>
where
    Q: Message + Send + Sync + 'static,
    A: Message + Default + Send + Sync + 'static,
{
    let mut grpc = client(channel).await?;
    let answer = grpc.unary(Request::new(question), path, ProstCodec::<Q, A>::default()).await?;
    Ok(answer.into_inner())
}

/// The ids of all leases, as the member has them in memory.
pub(super) async fn leases(channel: &AuthChannel) -> Result<PbLeaseLeasesResponse, Status> {
    unary(channel, LEASES, PbLeaseLeasesRequest {}).await
}

/// How long a lease has left, with its keys or without.
pub(super) async fn time_to_live(
    channel: &AuthChannel,
    id: LeaseId,
    keys: bool,
) -> Result<PbLeaseTimeToLiveResponse, Status> {
    unary(channel, TIME_TO_LIVE, PbLeaseTimeToLiveRequest { id: id.0, keys }).await
}

/// Keys and values, however heavy.
pub(super) async fn range(channel: &AuthChannel, question: PbRangeRequest) -> Result<PbRangeResponse, Status> {
    unary(channel, RANGE, question).await
}

/// Opens a watch stream fed by `questions`. As with keepalives, it does not return before the first was answered.
pub(super) async fn watch(
    channel: &AuthChannel,
    questions: mpsc::Receiver<PbWatchRequest>,
) -> Result<Streaming<PbWatchResponse>, Status> {
    let mut grpc = client(channel).await?;
    let codec = ProstCodec::<PbWatchRequest, PbWatchResponse>::default();
    let answers = grpc.streaming(Request::new(ReceiverStream::new(questions)), WATCH, codec).await?;
    Ok(answers.into_inner())
}

/// Opens a keepalive stream fed by `questions`. etcd sends its headers with the first answer, so this
/// does not return before a question was answered.
pub(super) async fn keep_alive(
    channel: &AuthChannel,
    questions: mpsc::Receiver<LeaseId>,
) -> Result<Streaming<PbLeaseKeepAliveResponse>, Status> {
    let mut grpc = client(channel).await?;
    let codec = ProstCodec::<PbLeaseKeepAliveRequest, PbLeaseKeepAliveResponse>::default();
    let questions = ReceiverStream::new(questions).map(|id| PbLeaseKeepAliveRequest { id: id.0 });
    let answers = grpc.streaming(Request::new(questions), KEEP_ALIVE, codec).await?;
    Ok(answers.into_inner())
}

async fn client(channel: &AuthChannel) -> Result<Grpc<AuthChannel>, Status> {
    let mut grpc = Grpc::new(channel.clone()).max_decoding_message_size(usize::MAX);
    grpc.ready().await.map_err(Status::from_error)?;
    Ok(grpc)
}
