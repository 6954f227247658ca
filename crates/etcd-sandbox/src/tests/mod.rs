//! The sandbox as a client sees it, over the pipe and on a paused clock.

mod faults;
mod kv;
mod lease;
mod members;
mod watch;

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use etcd_client::proto::{PbLeaseKeepAliveRequest, PbLeaseKeepAliveResponse};
use etcd_client::{Channel, Client, ConnectOptions};
use hyper_util::rt::TokioIo;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::client::Grpc;
use tonic::transport::{Endpoint, Uri};
use tonic::{Request, Status, Streaming};
use tonic_prost::ProstCodec;
use tower::Service;

use super::Sandbox;
use crate::LeaseId;
use simkit::Clock;
use simkit::pipe::{Dialer, PipeStream};

/// Connects tonic over a pipe.
struct Connector(Dialer);

impl Service<Uri> for Connector {
    type Response = TokioIo<PipeStream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let dialer = self.0.clone();
        Box::pin(async move { dialer.dial().await.map(TokioIo::new) })
    }
}

fn start(members: usize) -> Sandbox {
    Sandbox::builder().members(members).seed(1).start(Clock::real())
}

fn channel(sandbox: &Sandbox, member: usize) -> tonic::transport::Channel {
    Endpoint::from_static("http://sandbox").connect_with_connector_lazy(Connector(sandbox.dialer(member)))
}

async fn client(sandbox: &Sandbox, member: usize) -> Client {
    Client::from_channel(Channel::Tonic(channel(sandbox, member)), None).await.unwrap()
}

async fn client_that_requires_a_leader(sandbox: &Sandbox, member: usize) -> Client {
    let options = ConnectOptions::new().with_require_leader(true);
    Client::from_channel(Channel::Tonic(channel(sandbox, member)), Some(options)).await.unwrap()
}

/// The status of a failed call.
fn refused<T: std::fmt::Debug>(outcome: Result<T, etcd_client::Error>) -> Status {
    match outcome.unwrap_err() {
        etcd_client::Error::GRpcStatus(status) => status,
        other => panic!("not an error of the server: {other}"),
    }
}

async fn seconds(seconds: f64) {
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
}

/// A keepalive stream that sends on request and reads every reply, including the first.
struct Asker {
    requests: mpsc::UnboundedSender<PbLeaseKeepAliveRequest>,
    answers: Streaming<PbLeaseKeepAliveResponse>,
}

impl Asker {
    /// Opens a stream and renews these leases. It opens with the first reply.
    async fn open(sandbox: &Sandbox, member: usize, ids: &[LeaseId], require_leader: bool) -> Result<Asker, Status> {
        let (requests, sent) = mpsc::unbounded_channel();
        for id in ids {
            requests.send(PbLeaseKeepAliveRequest { id: *id }).unwrap();
        }
        let mut request = Request::new(UnboundedReceiverStream::new(sent));
        if require_leader {
            request.metadata_mut().insert("hasleader", "true".parse().unwrap());
        }
        let mut grpc = Grpc::new(channel(sandbox, member));
        grpc.ready().await.map_err(|error| Status::from_error(error.into()))?;
        let path = http::uri::PathAndQuery::from_static("/etcdserverpb.Lease/LeaseKeepAlive");
        let answers = grpc.streaming(request, path, ProstCodec::default()).await?.into_inner();
        Ok(Asker { requests, answers })
    }

    fn ask(&self, id: LeaseId) {
        self.requests.send(PbLeaseKeepAliveRequest { id }).unwrap();
    }

    /// The id and TTL of the next reply.
    async fn answer(&mut self) -> Result<(LeaseId, i64), Status> {
        let answer = self.answers.message().await?.ok_or_else(|| Status::aborted("the stream has ended"))?;
        Ok((answer.id, answer.ttl))
    }
}
