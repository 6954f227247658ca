//! Reads the time left of many leases.
//!
//! Through tonic and hyper a request takes about 45 µs of CPU, most of it for the allocations of their layers. This reader
//! speaks HTTP/2 over a connection of its own. A request that fails is repeated as any other call, which chooses another
//! member, logs in again and explains the error.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use etcd_client::proto::{PbLeaseTimeToLiveRequest, PbLeaseTimeToLiveResponse};
use h2::client::{Builder, SendRequest};
use http::{HeaderMap, HeaderValue, Method, Request, Uri, header};
use hyper::body::Bytes;
use prost::Message;

use super::cluster::{CallKind, Cluster};
use super::error::CallError;
use super::header::Reply;
use super::line::Line;
use crate::{LeaseId, TimeToLive};
use simkit::tasks::{self, Task};

const TRIED: &str = "read the time left of a lease";
const PATH: &str = "/etcdserverpb.Lease/LeaseTimeToLive";
/// Bytes that the server may send ahead on each stream.
const STREAM_WINDOW: u32 = 1 << 20;
/// Bytes that the server may send ahead in total.
const CONNECTION_WINDOW: u32 = 16 << 20;
/// Bytes before each message: a flag for compression, and the length.
const PREFIX: usize = 5;

/// Reads the time left of many leases. A clone shares the connection.
#[derive(Clone)]
pub struct LeaseReader {
    cluster: Cluster,
    connection: Option<Arc<Connection>>,
}

struct Connection {
    requests: SendRequest<Bytes>,
    uri: Uri,
    headers: HeaderMap,
    endpoint: String,
    has_failed: AtomicBool,
    _task: Task<()>,
}

impl Cluster {
    /// Creates a reader for many leases with a connection to the chosen member. If that fails, the reader makes
    /// ordinary calls.
    pub async fn lease_reader(&self) -> LeaseReader {
        let shared = self.shared();
        shared.wait_probed().await;
        let member = shared.current();
        let timeout = shared.command_timeout;
        let connected = match shared.log_in(member).await {
            Ok(()) => tokio::time::timeout(timeout, Connection::open(member.line(), shared.login.token())).await.ok(),
            Err(_) => None,
        };
        LeaseReader { cluster: self.clone(), connection: connected.and_then(Result::ok).map(Arc::new) }
    }
}

impl LeaseReader {
    /// Reads the time left of a lease, as [`Cluster::time_to_live`].
    ///
    /// # Errors
    /// Those of [`Cluster::time_to_live`].
    pub async fn time_to_live(&self, id: LeaseId, with_keys: bool) -> Result<TimeToLive, CallError> {
        match &self.connection {
            Some(connection) if !connection.has_failed.load(Ordering::Relaxed) => {
                match self.read(connection, id, with_keys).await {
                    Some(reply) => Ok(reply.into()),
                    None => self.cluster.time_to_live(id, with_keys).await,
                }
            }
            _ => self.cluster.time_to_live(id, with_keys).await,
        }
    }

    /// Makes the request over the connection. `None` without a valid reply about this lease of this cluster. A
    /// connection that fails is not used again.
    async fn read(&self, connection: &Connection, id: LeaseId, with_keys: bool) -> Option<PbLeaseTimeToLiveResponse> {
        let shared = self.cluster.shared();
        let sent = shared.age.elapsed();
        let request = PbLeaseTimeToLiveRequest { id: id.0, keys: with_keys };
        let reply = tokio::time::timeout(shared.command_timeout, connection.call(&request)).await;
        let Ok(Ok(reply)) = reply else {
            connection.has_failed.store(true, Ordering::Relaxed);
            return None;
        };
        let reply = PbLeaseTimeToLiveResponse::decode(reply?).ok().filter(|reply| reply.id == id.0)?;
        let from = (TRIED, &*connection.endpoint);
        shared.check_reply(from, CallKind::Read, reply.header(), sent).ok()?;
        Some(reply)
    }
}

impl Connection {
    async fn open(line: &Line, token: Option<HeaderValue>) -> io::Result<Self> {
        let (stream, origin) = line.open().await?;
        let mut builder = Builder::new();
        builder.initial_window_size(STREAM_WINDOW).initial_connection_window_size(CONNECTION_WINDOW);
        let (requests, connection) = builder.handshake(stream).await.map_err(io::Error::other)?;
        let mut parts = origin.into_parts();
        parts.path_and_query = Some(PATH.parse().map_err(io::Error::other)?);
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        headers.insert(header::TE, HeaderValue::from_static("trailers"));
        headers.insert("hasleader", HeaderValue::from_static("true"));
        headers.extend(token.map(|token| (header::HeaderName::from_static("token"), token)));
        Ok(Connection {
            requests,
            uri: Uri::from_parts(parts).map_err(io::Error::other)?,
            headers,
            endpoint: line.to_string(),
            has_failed: AtomicBool::new(false),
            _task: tasks::spawn(async move { drop(connection.await) }),
        })
    }

    /// The message of the reply. `None` if the server refuses the request.
    async fn call(&self, message: &impl Message) -> Result<Option<Bytes>, h2::Error> {
        let mut requests = self.requests.clone().ready().await?;
        let mut request = Request::new(());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        let (response, mut upload) = requests.send_request(request, false)?;
        upload.send_data(framed(message), true)?;
        let mut body = response.await?.into_body();
        let mut chunks = Vec::new();
        while let Some(chunk) = body.data().await {
            let chunk = chunk?;
            body.flow_control().release_capacity(chunk.len())?;
            chunks.push(chunk);
        }
        let trailers = body.trailers().await?;
        let is_ok = trailers.is_some_and(|trailers| trailers.get("grpc-status").is_some_and(|status| status == "0"));
        let received = if chunks.len() == 1 { chunks.pop() } else { Some(chunks.concat().into()) };
        Ok(received.filter(|_| is_ok).and_then(unframed))
    }
}

/// A message with its prefix, not compressed.
fn framed(message: &impl Message) -> Bytes {
    let mut bytes = vec![0; PREFIX];
    bytes[1..].copy_from_slice(&(message.encoded_len() as u32).to_be_bytes());
    bytes.extend(message.encode_to_vec());
    bytes.into()
}

/// The message behind the prefix. `None` if there is not exactly one, or if it is compressed.
fn unframed(mut bytes: Bytes) -> Option<Bytes> {
    let prefix: [u8; PREFIX] = bytes.get(..PREFIX)?.try_into().ok()?;
    let [flag, length @ ..] = prefix;
    let message = bytes.split_off(PREFIX);
    if flag == 0 && u32::from_be_bytes(length) as usize == message.len() { Some(message) } else { None }
}
