//! From a target to a channel: TCP, TLS over TCP, or a pipe; one way in for all three.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;
use tonic::transport::{Channel, Endpoint};
use tower::service_fn;

use super::{Address, Target};

/// etcd punishes pings more frequent than 5 s (`MinTime` of its keepalive enforcement).
const PING_EVERY: Duration = Duration::from_secs(10);
const PING_TIMEOUT: Duration = Duration::from_secs(3);

trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

/// A channel that connects when it is first used, and again whenever the connection broke.
pub(super) fn channel(target: &Target, tls: Option<&Arc<ClientConfig>>, dial_timeout: Duration) -> Channel {
    match target {
        Target::Pipe { dialer, .. } => {
            let dialer = dialer.clone();
            Endpoint::from_static("http://sandbox").connect_with_connector_lazy(service_fn(move |_| {
                let dialer = dialer.clone();
                async move { dialer.dial().await.map(TokioIo::new) }
            }))
        }
        Target::Address(address) => {
            let (address, tls) = (address.clone(), tls.cloned());
            endpoint(&address, tls.is_some()).connect_with_connector_lazy(service_fn(move |_| {
                let (address, tls) = (address.clone(), tls.clone());
                async move { dial(&address, tls, dial_timeout).await.map(TokioIo::new) }
            }))
        }
    }
}

fn endpoint(address: &Address, secure: bool) -> Endpoint {
    let scheme = if secure { "https" } else { "http" };
    let uri = |scheme: &str| -> http::Uri {
        // An Address has been parsed as a URI's authority.
        format!("{scheme}://{}", address.authority()).parse().unwrap_or_default()
    };
    Endpoint::from(uri("http"))
        .origin(uri(scheme))
        .http2_keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_TIMEOUT)
        .keep_alive_while_idle(false)
}

async fn dial(address: &Address, tls: Option<Arc<ClientConfig>>, timeout: Duration) -> io::Result<Box<dyn Connection>> {
    let connection = async {
        let tcp = TcpStream::connect(address.authority()).await?;
        tcp.set_nodelay(true)?;
        let Some(config) = tls else { return Ok(Box::new(tcp) as Box<dyn Connection>) };
        let name = ServerName::try_from(address.host().to_owned()).map_err(io::Error::other)?;
        let stream = TlsConnector::from(config).connect(name, tcp).await?;
        Ok(Box::new(stream) as Box<dyn Connection>)
    };
    let no_answer = || io::Error::new(io::ErrorKind::TimedOut, format!("no connection within {timeout:?}"));
    tokio::time::timeout(timeout, connection).await.map_err(|_| no_answer())?
}
