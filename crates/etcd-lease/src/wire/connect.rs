//! Channels to a target: over TCP or a Unix socket, with or without TLS, or over an in-memory pipe.

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;
use tonic::transport::{Channel, Endpoint};
use tower::{Service, ServiceExt, service_fn};

use super::certificate_text::{end_of_certificate, end_of_expired};
use super::config::{Address, Place, Target};
use super::connection_fault::tls_error;
use super::error_cause::NO_HANDSHAKE;
use super::link::{FirstAnswer, Link, ReadFirst};
use simkit::Stopwatch;

/// etcd closes connections with more than one ping every 5 s (`MinTime` of its keepalive enforcement).
const PING_INTERVAL: Duration = Duration::from_secs(10);
const PING_TIMEOUT: Duration = Duration::from_secs(3);

pub(super) trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

/// A channel that connects when it is first used, and again after the connection broke.
///
/// The outcome of each connection is noted in `link`.
pub(super) fn channel(
    target: &Target,
    tls: Option<&Arc<ClientConfig>>,
    dial_timeout: Duration,
    link: &Arc<Link>,
) -> Channel {
    match target {
        Target::Pipe { dialer, .. } => {
            let dialer = dialer.clone();
            Endpoint::from_static("http://sandbox").connect_with_connector_lazy(service_fn(move |_| {
                let dialer = dialer.clone();
                async move { dialer.dial().await.map(TokioIo::new) }
            }))
        }
        Target::Address(address) => {
            let address = address.clone();
            let link = Arc::clone(link);
            let tls = tls.map(|config| link.observe(config));
            endpoint(&address, tls.is_some()).connect_with_connector_lazy(service_fn(move |_| {
                let (address, tls, link) = (address.clone(), tls.clone(), Arc::clone(&link));
                async move {
                    let connection = dial(&address, tls, dial_timeout, &link).await;
                    connection.inspect_err(|error| link.fail(error)).map(TokioIo::new)
                }
            }))
        }
    }
}

fn endpoint(address: &Address, secure: bool) -> Endpoint {
    Endpoint::from(origin(address, false))
        .origin(origin(address, secure))
        .http2_keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_TIMEOUT)
        .keep_alive_while_idle(false)
}

/// The URI of an address, without a path.
pub(super) fn origin(address: &Address, secure: bool) -> http::Uri {
    let scheme = if secure { "https" } else { "http" };
    let authority = match address.place() {
        Place::Tcp(authority) => authority,
        Place::Unix(_) => "localhost",
    };
    // `Address::parse` has accepted it as the authority of a URI.
    format!("{scheme}://{authority}").parse().unwrap_or_default()
}

/// Connects with TLS if it is given, all within `timeout`. The connection notes in `link` how the server answers first.
async fn dial(
    address: &Address,
    tls: Option<Arc<ClientConfig>>,
    timeout: Duration,
    link: &Arc<Link>,
) -> io::Result<Box<dyn Connection>> {
    link.begin();
    let started = Stopwatch::start();
    let no_answer = |what: &str| io::Error::new(io::ErrorKind::TimedOut, format!("{what} {timeout:?}"));
    let connection = tokio::time::timeout(timeout, open(address, timeout)).await;
    let connection = ReadFirst::new(connection.map_err(|_| no_answer("no connection within"))??);
    let link = Arc::clone(link);
    let Some(config) = tls else { return Ok(Box::new(FirstAnswer::new(connection, false, link))) };
    let name = ServerName::try_from(address.host().to_owned()).map_err(io::Error::other)?;
    let handshake = TlsConnector::from(config).connect(name, connection).into_fallible();
    let rest = timeout.saturating_sub(started.elapsed());
    let handshake = tokio::time::timeout(rest, handshake).await.map_err(|_| no_answer(NO_HANDSHAKE))?;
    let stream = match handshake {
        Ok(stream) => stream,
        Err((error, connection)) => {
            link.note_certificate(tls_error(&error).and_then(end_of_expired));
            return Err(link.handshake_error(error, connection.first()));
        }
    };
    link.note_certificate(certificate_end(&stream));
    Ok(Box::new(FirstAnswer::new(stream, true, link)))
}

/// Connects without TLS.
async fn open(address: &Address, timeout: Duration) -> io::Result<Box<dyn Connection>> {
    match address.place() {
        Place::Tcp(authority) => connect_tcp(authority, timeout).await,
        Place::Unix(path) => connect_unix(path).await,
    }
}

/// Connects to an address of a host. Each of several addresses gets a share of the time, and those of the other IP version
/// are tried after 300 ms as well.
async fn connect_tcp(authority: &str, timeout: Duration) -> io::Result<Box<dyn Connection>> {
    connect_resolved(HttpConnector::new(), authority, timeout).await
}

async fn connect_resolved<R>(
    mut connector: HttpConnector<R>,
    authority: &str,
    timeout: Duration,
) -> io::Result<Box<dyn Connection>>
where
    HttpConnector<R>: Service<http::Uri, Response = TokioIo<TcpStream>, Error: std::error::Error + 'static>,
{
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(timeout));
    let uri = format!("http://{authority}").parse().map_err(io::Error::other)?;
    let connection = connector.oneshot(uri).await.map_err(|error| source_of(&error))?;
    Ok(Box::new(connection.into_inner()))
}

/// The innermost source of an error, which is that of the system.
fn source_of(error: &(dyn std::error::Error + 'static)) -> io::Error {
    let innermost = std::iter::successors(Some(error), |error| error.source()).last().unwrap_or(error);
    let kind = innermost.downcast_ref::<io::Error>().map_or(io::ErrorKind::Other, io::Error::kind);
    io::Error::new(kind, innermost.to_string())
}

#[cfg(unix)]
async fn connect_unix(path: &str) -> io::Result<Box<dyn Connection>> {
    Ok(Box::new(tokio::net::UnixStream::connect(path).await?))
}

#[cfg(not(unix))]
async fn connect_unix(_: &str) -> io::Result<Box<dyn Connection>> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this system has no Unix sockets"))
}

/// Connects without a channel, with TLS if it is given.
pub(super) async fn connect(
    address: &Address,
    tls: Option<Arc<ClientConfig>>,
    timeout: Duration,
) -> io::Result<Box<dyn Connection>> {
    let connection = open(address, timeout).await?;
    let Some(config) = tls else { return Ok(connection) };
    let name = ServerName::try_from(address.host().to_owned()).map_err(io::Error::other)?;
    Ok(Box::new(TlsConnector::from(config).connect(name, connection).await?))
}

/// Makes a TLS handshake to read when the server's certificate ends. `None` if the handshake shows no certificate.
pub(super) async fn read_certificate_end(
    address: &Address,
    tls: Arc<ClientConfig>,
    timeout: Duration,
) -> Option<SystemTime> {
    let handshake = async {
        let connection = open(address, timeout).await.ok()?;
        let name = ServerName::try_from(address.host().to_owned()).ok()?;
        match TlsConnector::from(tls).connect(name, connection).await {
            Ok(stream) => certificate_end(&stream),
            Err(error) => tls_error(&error).and_then(end_of_expired),
        }
    };
    tokio::time::timeout(timeout, handshake).await.ok().flatten()
}

fn certificate_end<S>(stream: &TlsStream<S>) -> Option<SystemTime> {
    let (_, connection) = stream.get_ref();
    end_of_certificate(connection.peer_certificates()?.first()?)
}

#[cfg(test)]
mod tests;
