//! A server that speaks etcd's protocol and lies.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use etcd_client::proto::*;
use fastrand::Rng;
use futures_util::future::{BoxFuture, FutureExt, ready};
use futures_util::stream::{self, Stream, StreamExt};
use prost::Message;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tonic::body::Body;
use tonic::server::{Grpc, NamedService};
use tonic::transport::Server;
use tonic::transport::server::Connected;
use tonic::{Request, Response, Status, Streaming};
use tonic_prost::ProstCodec;
use tower::{Service, service_fn};

use simkit::pipe::{Dialer, PipeStream, pipe};
use simkit::tasks::{Task, spawn};

/// What the server lies about. About everything else it tells one simple truth: ten leases of 60 s, each with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lie {
    /// Replies are about leases that were not asked for; the list has the ids 0, negative ones and each id twice.
    Ids,
    /// Times left, granted TTLs and counts are 0, negative or as large as the type allows.
    Numbers,
    /// Keepalive streams reply without end to what was never asked for.
    Unasked,
    /// Watches report changes without end: other keys, leases and revisions each time.
    Watches,
    /// The header has another revision, term, member and cluster each time.
    Headers,
    /// Keys have a megabyte.
    Keys,
    /// A thousand members without names, at addresses where nobody is, and others each time.
    Members,
    /// The list has a thousand other leases each time.
    Lists,
    /// Pages of keys never end.
    Pages,
    /// All of these, in turn.
    Everything,
}

pub(super) const LIES: [Lie; 10] = [
    Lie::Ids,
    Lie::Numbers,
    Lie::Unasked,
    Lie::Watches,
    Lie::Headers,
    Lie::Keys,
    Lie::Members,
    Lie::Lists,
    Lie::Pages,
    Lie::Everything,
];

const EXTREMES: [i64; 10] =
    [i64::MIN, i64::MIN + 1, -9_000_000_001, -1, 0, 1, 60, 9_000_000_001, i64::MAX - 1, i64::MAX];
/// Messages of a flood between two pauses, because a paused clock only advances while everything waits.
const FLOOD: usize = 10;
const PAUSE: Duration = Duration::from_millis(50);
/// The pause between messages with long keys.
const LARGE_PAUSE: Duration = Duration::from_secs(1);

#[derive(Clone)]
struct Liar {
    lie: Lie,
    rng: Arc<Mutex<Rng>>,
}

/// Starts a server. It ends with the task.
pub(super) fn start(lie: Lie) -> (Dialer, Task) {
    let (dialer, listener) = pipe();
    let liar = Liar { lie, rng: Arc::new(Mutex::new(Rng::with_seed(lie as u64))) };
    let connections = listener.map(|incoming| Ok::<_, Infallible>(Connection(incoming.accept())));
    let served = Server::builder()
        .add_service(Lease(liar.clone()))
        .add_service(Kv(liar.clone()))
        .add_service(Watch(liar.clone()))
        .add_service(Cluster(liar.clone()))
        .add_service(Maintenance(liar))
        .serve_with_incoming(connections);
    (dialer, spawn(async move { drop(served.await) }))
}

/// A connection as tonic takes it.
struct Connection(PipeStream);

impl Connected for Connection {
    type ConnectInfo = ();

    fn connect_info(&self) {}
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

macro_rules! services {
    ($($service:ident $name:literal)*) => {$(
        #[derive(Clone)]
        struct $service(Liar);

        impl NamedService for $service {
            const NAME: &'static str = $name;
        }

        impl Service<http::Request<Body>> for $service {
            type Response = http::Response<Body>;
            type Error = Infallible;
            type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

            fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
                Poll::Ready(Ok(()))
            }

            fn call(&mut self, request: http::Request<Body>) -> Self::Future {
                self.0.clone().answer(request).map(Ok).boxed()
            }
        }
    )*};
}

services! {
    Lease "etcdserverpb.Lease"
    Kv "etcdserverpb.KV"
    Watch "etcdserverpb.Watch"
    Cluster "etcdserverpb.Cluster"
    Maintenance "etcdserverpb.Maintenance"
}

async fn unary<Q, A>(request: http::Request<Body>, reply: impl Fn(Q) -> A) -> http::Response<Body>
where
    Q: Message + Default + 'static,
    A: Message + Default + 'static,
{
    let service = service_fn(|request: Request<Q>| ready(Ok(Response::new(reply(request.into_inner())))));
    Grpc::new(ProstCodec::<A, Q>::default()).unary(service, request).await
}

type Replies<A> = Pin<Box<dyn Stream<Item = Result<A, Status>> + Send>>;

async fn streaming<Q, A>(
    request: http::Request<Body>,
    replies: impl Fn(Streaming<Q>) -> Replies<A> + Sync,
) -> http::Response<Body>
where
    Q: Message + Default + Send + 'static,
    A: Message + Default + Send + 'static,
{
    let service = service_fn(|request: Request<Streaming<Q>>| ready(Ok(Response::new(replies(request.into_inner())))));
    Grpc::new(ProstCodec::<A, Q>::default()).streaming(service, request).await
}

/// Messages without end, with a pause after so many of them.
fn flood<A: Send + 'static>((messages, pause): (usize, Duration), make: impl Fn() -> A + Send + 'static) -> Replies<A> {
    let paced = stream::iter(0_usize..).then(move |n| {
        let message = make();
        async move {
            if n % messages == messages - 1 {
                tokio::time::sleep(pause).await;
            }
            Ok(message)
        }
    });
    paced.boxed()
}

impl Liar {
    async fn answer(self, request: http::Request<Body>) -> http::Response<Body> {
        let me = &self;
        match request.uri().path().rsplit('/').next().unwrap_or_default() {
            "LeaseLeases" => unary(request, |_: PbLeaseLeasesRequest| me.leases()).await,
            "LeaseTimeToLive" => unary(request, |asked| me.time_to_live(&asked)).await,
            "LeaseGrant" => unary(request, |asked| me.granted(&asked)).await,
            "LeaseRevoke" => {
                unary(request, |_: PbLeaseRevokeRequest| PbLeaseRevokeResponse { header: me.header() }).await
            }
            "LeaseKeepAlive" => streaming(request, |asked| me.keep_alives(asked)).await,
            "Range" => unary(request, |asked| me.range(&asked)).await,
            "Watch" => streaming(request, |asked| me.watch(asked)).await,
            "MemberList" => unary(request, |_: PbMemberListRequest| me.members()).await,
            "Status" => unary(request, |_: PbStatusRequest| me.status()).await,
            "Alarm" => unary(request, |_: PbAlarmRequest| PbAlarmResponse::default()).await,
            other => Status::unimplemented(other.to_owned()).into_http(),
        }
    }

    fn random<T>(&self, pick: impl FnOnce(&mut Rng) -> T) -> T {
        pick(&mut self.rng.lock().unwrap())
    }

    fn lies(&self, lie: Lie) -> bool {
        self.lie == lie || self.lie == Lie::Everything && self.random(|rng| rng.u8(..10) == 0)
    }

    fn extreme(&self) -> i64 {
        self.random(|rng| *rng.choice(&EXTREMES).unwrap())
    }

    fn number(&self, honest: i64) -> i64 {
        if self.lies(Lie::Numbers) { self.extreme() } else { honest }
    }

    fn id(&self, honest: i64) -> i64 {
        if self.lies(Lie::Ids) { self.random(|rng| rng.i64(-3..3)) } else { honest }
    }

    fn header(&self) -> Option<PbResponseHeader> {
        if !self.lies(Lie::Headers) {
            return Some(PbResponseHeader { cluster_id: 1, member_id: 1, revision: 100, raft_term: 2 });
        }
        Some(PbResponseHeader {
            cluster_id: self.random(|rng| rng.u64(0..4)),
            member_id: self.random(|rng| rng.u64(..)),
            revision: self.random(|rng| rng.i64(..)),
            raft_term: self.random(|rng| rng.u64(..)),
        })
    }

    fn leases(&self) -> PbLeaseLeasesResponse {
        let mut ids: Vec<i64> = (1..=10).collect();
        if self.lies(Lie::Ids) {
            ids.extend([0, 0, -1, -1, i64::MIN, i64::MAX, 1, 1, 2]);
        }
        if self.lies(Lie::Lists) {
            ids.extend((0..1_000).map(|_| self.random(|rng| rng.i64(..))));
        }
        let leases = ids.into_iter().map(|id| PbLeaseStatus { id }).collect();
        PbLeaseLeasesResponse { header: self.header(), leases }
    }

    fn time_to_live(&self, asked: &PbLeaseTimeToLiveRequest) -> PbLeaseTimeToLiveResponse {
        let keys = if asked.keys { vec![self.key(asked.id)] } else { Vec::new() };
        PbLeaseTimeToLiveResponse {
            header: self.header(),
            id: self.id(asked.id),
            ttl: self.number(40),
            granted_ttl: self.number(60),
            keys,
        }
    }

    fn granted(&self, asked: &PbLeaseGrantRequest) -> PbLeaseGrantResponse {
        let id = if asked.id == 0 { 1_000 + self.random(|rng| rng.i64(..1_000_000)) } else { asked.id };
        let (id, ttl) = (self.id(id), self.number(asked.ttl));
        PbLeaseGrantResponse { header: self.header(), id, ttl, error: String::new() }
    }

    fn renewal(&self, id: i64) -> PbLeaseKeepAliveResponse {
        PbLeaseKeepAliveResponse { header: self.header(), id: self.id(id), ttl: self.number(60) }
    }

    fn keep_alives(&self, asked: Streaming<PbLeaseKeepAliveRequest>) -> Replies<PbLeaseKeepAliveResponse> {
        let me = self.clone();
        if self.lies(Lie::Unasked) {
            return flood((FLOOD, PAUSE), move || me.renewal(me.random(|rng| rng.i64(1..20))));
        }
        asked.map(move |asked| Ok(me.renewal(asked?.id))).boxed()
    }

    fn key(&self, id: i64) -> Vec<u8> {
        let name = format!("/service/{id}").into_bytes();
        if self.lies(Lie::Keys) { [name, vec![b'k'; 1_000_000]].concat() } else { name }
    }

    fn pair(&self, id: i64) -> PbKeyValue {
        PbKeyValue {
            key: self.key(id),
            create_revision: self.number(id.saturating_abs()),
            mod_revision: self.number(90),
            version: self.number(1),
            value: Vec::new(),
            lease: self.id(id),
        }
    }

    fn range(&self, asked: &PbRangeRequest) -> PbRangeResponse {
        let is_endless = self.lies(Lie::Pages);
        let first = if is_endless { self.random(|rng| rng.i64(..)) } else { 1 };
        let kvs: Vec<PbKeyValue> = (0..10).map(|n| self.pair(first.saturating_add(n))).collect();
        let kvs = if asked.count_only || is_endless && self.random(|rng| rng.bool()) { Vec::new() } else { kvs };
        PbRangeResponse { header: self.header(), kvs, more: is_endless, count: self.number(10) }
    }

    fn watch(&self, asked: Streaming<PbWatchRequest>) -> Replies<PbWatchResponse> {
        let (me, other) = (self.clone(), self.clone());
        let created =
            asked.map(move |_| Ok(PbWatchResponse { header: me.header(), created: true, ..Default::default() }));
        if !self.lies(Lie::Watches) && !self.lies(Lie::Keys) {
            return created.boxed();
        }
        let pace = if self.lie == Lie::Watches { (FLOOD, PAUSE) } else { (1, LARGE_PAUSE) };
        created.take(1).chain(flood(pace, move || other.change())).boxed()
    }

    fn change(&self) -> PbWatchResponse {
        let id = self.random(|rng| rng.i64(-5..100_000));
        let event = PbEvent { r#type: self.random(|rng| rng.i32(0..3)), kv: Some(self.pair(id)), prev_kv: None };
        let before = Some(self.pair(id.saturating_add(1)));
        let event = PbEvent { prev_kv: if self.random(|rng| rng.bool()) { before } else { None }, ..event };
        PbWatchResponse {
            header: self.header(),
            watch_id: self.random(|rng| rng.i64(-1..3)),
            compact_revision: if self.random(|rng| rng.u8(..) == 0) { self.extreme() } else { 0 },
            events: vec![event],
            ..Default::default()
        }
    }

    fn members(&self) -> PbMemberListResponse {
        let honest = PbMember { id: 1, name: "one".to_owned(), client_ur_ls: Vec::new(), ..Default::default() };
        let lie = |_| PbMember {
            id: self.random(|rng| rng.u64(..50)),
            client_ur_ls: vec![format!("http://127.0.0.1:{}", self.random(|rng| rng.u16(..10)))],
            ..Default::default()
        };
        let members = if self.lies(Lie::Members) { (0..1_000).map(lie).collect() } else { vec![honest] };
        PbMemberListResponse { header: self.header(), members }
    }

    fn status(&self) -> PbStatusResponse {
        let honest = PbStatusResponse {
            header: self.header(),
            version: "3.5.30".to_owned(),
            db_size: self.number(20_000),
            db_size_in_use: self.number(10_000),
            db_size_quota: self.number(0),
            leader: 1,
            raft_index: 50,
            raft_term: 2,
            raft_applied_index: 50,
            ..Default::default()
        };
        if !self.lies(Lie::Headers) {
            return honest;
        }
        let random = |_| self.random(|rng| rng.u64(..));
        let [leader, raft_index, raft_term, raft_applied_index] = [0; 4].map(random);
        PbStatusResponse { leader, raft_index, raft_term, raft_applied_index, ..honest }
    }
}
