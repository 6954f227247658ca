//! Servers that are not etcd: the same message each time, which names what they probably are.

use std::convert::Infallible;
use std::task::{Context, Poll};

use etcd_client::proto::PbLeaseKeepAliveResponse;
use etcd_lease::wire::{Address, Cluster, ErrorCause, Settings, Target};
use etcd_lease::{LeaseId, MAX_TTL};
use futures_util::future::{Ready, ready};
use http::{HeaderMap, HeaderValue};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use prost::Message;
use simkit::tasks::{self, Task};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::transport::Server;
use tower::Service;

/// Enough for each order of the events to occur, in case the message depends on it.
const TRIES: usize = 20;

/// A service beside etcd's that gives every request the same answer. With the name of one of etcd's services it is what a web
/// server or a proxy answers.
#[derive(Clone)]
struct Answering<const NAME: usize> {
    status: u16,
    content_type: &'static str,
    /// The message of a gRPC reply that succeeds; `None` for an empty body.
    message: Option<Bytes>,
}

const GRPC_STATUS: http::HeaderName = http::HeaderName::from_static("grpc-status");
const NAMES: [&str; 2] = ["etcdserverpb.Lease", "helloworld.Greeter"];

impl<const NAME: usize> NamedService for Answering<NAME> {
    const NAME: &'static str = NAMES[NAME];
}

impl<const NAME: usize> Service<http::Request<Body>> for Answering<NAME> {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: http::Request<Body>) -> Self::Future {
        let answer = http::Response::builder().status(self.status).header("content-type", self.content_type);
        let succeeds = || ready(Some(Ok(HeaderMap::from_iter([(GRPC_STATUS, HeaderValue::from_static("0"))]))));
        let body = self.message.clone().map(|message| Body::new(Full::new(message).with_trailers(succeeds())));
        ready(Ok(answer.body(body.unwrap_or_default()).expect("a response")))
    }
}

async fn serve<const NAME: usize>(status: u16, content_type: &'static str) -> (String, Task) {
    serve_with(Answering::<NAME> { status, content_type, message: None }).await
}

async fn serve_with<const NAME: usize>(service: Answering<NAME>) -> (String, Task) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = Server::builder().add_service(service);
    let serving = async move { server.serve_with_incoming(TcpListenerStream::new(listener)).await.unwrap() };
    (address, tasks::spawn(serving))
}

/// The cause and the message of each of many calls, which are the same.
async fn always(address: &str) -> (ErrorCause, String) {
    let settings = Settings::new(vec![Target::Address(Address::parse(address).unwrap())]);
    let mut all = Vec::new();
    for _ in 0..TRIES {
        let error = Cluster::connect(settings.clone()).await.unwrap().leases().await.unwrap_err();
        all.push((error.cause(), error.message().to_owned()));
    }
    all.dedup();
    assert_eq!(all.len(), 1, "{all:#?}");
    all.swap_remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_server_with_http2_is_named_with_its_status() {
    for status in [200, 400, 403, 404] {
        let (address, _serving) = serve::<0>(status, "text/html").await;
        let message = format!("a web server answers there with HTTP status {status}, not etcd");
        assert_eq!(always(&address).await, (ErrorCause::NotGrpc, message));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_does_not_reach_etcd_is_named_with_its_status() {
    for status in [502, 503, 504] {
        let (address, _serving) = serve::<0>(status, "text/html").await;
        let message = format!("a proxy answers there with HTTP status {status}");
        assert_eq!(always(&address).await, (ErrorCause::ProxyFailed, message));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grpc_server_that_is_not_etcd_does_not_know_the_request() {
    let (address, _serving) = serve::<1>(200, "application/grpc").await;
    assert_eq!(always(&address).await.0, ErrorCause::Unimplemented);
}

/// The replies to a renewal and to a grant have the same fields.
#[tokio::test(flavor = "multi_thread")]
async fn a_reply_about_another_lease_or_with_a_ttl_that_etcd_cannot_grant_is_an_error() {
    let asked = LeaseId(7);
    for (id, ttl) in [(8, 10), (7, MAX_TTL + 1)] {
        let reply = PbLeaseKeepAliveResponse { header: None, id, ttl }.encode_to_vec();
        let prefix = [&[0][..], &u32::try_from(reply.len()).unwrap().to_be_bytes()].concat();
        let message = Some([prefix, reply].concat().into());
        let (address, _serving) =
            serve_with(Answering::<0> { status: 200, content_type: "application/grpc", message }).await;
        let settings = Settings::new(vec![Target::Address(Address::parse(&address).unwrap())]);
        let cluster = Cluster::connect(settings).await.unwrap();
        let renewed = cluster.keep_alive_once(asked).await.unwrap_err();
        let granted = cluster.grant(Some(asked), 10).await.unwrap_err();
        let wrong = format!("at {address}: got a wrong reply: lease {} with a TTL of {ttl} s", LeaseId(id));
        assert_eq!(renewed.to_string(), format!("could not renew a lease once {wrong}"));
        assert_eq!(granted.to_string(), format!("could not grant a lease {wrong}"));
        assert_eq!((renewed.cause(), granted.cause()), (ErrorCause::Other, ErrorCause::Other));
    }
}
