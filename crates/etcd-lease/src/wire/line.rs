//! The connection to one member, which can be replaced by a new one.
//!
//! An established connection can go dead silently, for example when a firewall or NAT forgets it, while new connections
//! work. The ping finds that out after 13 s, which is too late for a short TTL.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use http::Uri;
use tokio::sync::watch;
use tokio_rustls::rustls::ClientConfig;
use tonic::transport::Channel;
use tower::BoxError;

use super::config::Target;
use super::connect::{self, Connection};
use super::link::Link;
use super::metrics_page;
use simkit::Stopwatch;

/// The connection to one member.
pub(super) struct Line {
    target: Target,
    tls: Option<Arc<ClientConfig>>,
    dial_timeout: Duration,
    link: Arc<Link>,
    current: Mutex<Current>,
    /// Counts the connections that were found dead.
    dead: watch::Sender<u32>,
}

struct Current {
    channel: Channel,
    /// When it was set up.
    since: Stopwatch,
}

/// A younger connection is not replaced: several streams may miss their replies at the same time, and then share the
/// new one.
const MIN_AGE: Duration = Duration::from_millis(200);

impl Line {
    /// Sets up a connection that is dialled when it is first used.
    pub(super) fn new(target: &Target, tls: Option<&Arc<ClientConfig>>, dial_timeout: Duration) -> Self {
        let link = Arc::new(Link::default());
        let channel = connect::channel(target, tls, dial_timeout, &link);
        let current = Mutex::new(Current { channel, since: Stopwatch::start() });
        Line { target: target.clone(), tls: tls.cloned(), dial_timeout, link, current, dead: watch::Sender::new(0) }
    }

    /// The channel over the newest connection.
    pub(super) fn channel(&self) -> Channel {
        self.current().channel.clone()
    }

    /// Makes new requests use a new connection, unless the current one was set up just now. Requests in progress stay on
    /// the old one.
    pub(super) fn replace(&self) {
        let mut current = self.current();
        if current.since.elapsed() >= MIN_AGE {
            let channel = connect::channel(&self.target, self.tls.as_ref(), self.dial_timeout, &self.link);
            *current = Current { channel, since: Stopwatch::start() };
        }
    }

    /// Notes that a connection is dead: the member replied over the one that replaced it, and not over this one.
    pub(super) fn note_dead(&self) {
        self.dead.send_modify(|dead| *dead = dead.wrapping_add(1));
    }

    /// Waits until a connection is found dead. Those found dead before this call do not count.
    pub(super) fn wait_dead(&self) -> impl Future<Output = ()> + use<> {
        let mut dead = self.dead.subscribe();
        async move {
            if dead.changed().await.is_err() {
                std::future::pending().await
            }
        }
    }

    /// The reason for which the server refused the newest connection, otherwise the error of the transport.
    pub(super) fn explain(&self, error: impl Into<BoxError>) -> BoxError {
        self.link.explain(error)
    }

    /// When the certificate that the server presented last ends. `None` in plain text, and before the first handshake.
    pub(super) fn certificate_end(&self) -> Option<SystemTime> {
        self.link.certificate_end()
    }

    /// Reads when the server's certificate ends, in a handshake of its own: etcd may have loaded a new certificate since
    /// this connection was made. Nothing happens in plain text.
    pub(super) async fn reread_certificate(&self) {
        if let (Target::Address(address), Some(tls)) = (&self.target, &self.tls) {
            let end = connect::read_certificate_end(address, Arc::clone(tls), self.dial_timeout).await;
            self.link.note_certificate(end);
        }
    }

    /// Opens another connection. Returns it with the origin of its requests.
    pub(super) async fn open(&self) -> io::Result<(Box<dyn Connection>, Uri)> {
        match &self.target {
            Target::Address(address) => {
                let stream = connect::connect(address, self.tls.clone(), self.dial_timeout).await?;
                Ok((stream, connect::origin(address, self.tls.is_some())))
            }
            Target::Pipe { dialer, .. } => Ok((Box::new(dialer.dial().await?), Uri::from_static("http://sandbox/"))),
        }
    }

    /// The text at `/metrics`.
    pub(super) async fn metrics(&self) -> io::Result<String> {
        match &self.target {
            Target::Address(address) => metrics_page::request(address, self.tls.as_ref()).await,
            Target::Pipe { .. } => Err(io::Error::other("an embedded etcd has no metrics")),
        }
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.target.fmt(f)
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").field("target", &self.target).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use rcgen::{CertificateParams, KeyPair};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;
    use tokio_rustls::rustls::ServerConfig;
    use tokio_rustls::rustls::crypto::ring;
    use tokio_rustls::rustls::pki_types::PrivateKeyDer;

    use super::*;
    use crate::wire::config::{Address, TlsFiles};
    use crate::wire::tls;
    use simkit::tasks;

    /// A server whose certificate ends at the start of this year, and the certificate in PEM.
    fn server(year: i32) -> (TlsAcceptor, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(year, 1, 1);
        let certificate = params.self_signed(&key).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
            .unwrap();
        (TlsAcceptor::from(Arc::new(config)), certificate.pem())
    }

    fn year(end: Option<SystemTime>) -> Option<u64> {
        const YEAR: f64 = 365.2425 * 86_400.0;
        let since = end?.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        Some(1970 + (since.as_secs_f64() / YEAR).round() as u64)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_renewed_and_an_expired_certificate_are_noticed_without_a_new_connection() {
        let servers = [3000, 3010, 2001].map(server);
        let folder = tempfile::tempdir().unwrap();
        let ca = folder.path().join("ca.pem");
        std::fs::write(&ca, servers.each_ref().map(|(_, pem)| pem.as_str()).concat()).unwrap();
        let files = TlsFiles { ca: Some(ca), ..TlsFiles::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("https://{}", listener.local_addr().unwrap());
        let _serving = tasks::spawn(async move {
            for (acceptor, _) in servers {
                let (connection, _) = listener.accept().await.unwrap();
                drop(acceptor.accept(connection).await);
            }
        });
        let target = Target::Address(Address::parse(&address).unwrap());
        let config = tls::client_config(&files).unwrap();
        let line = Line::new(&target, Some(&config), Duration::from_secs(5));
        assert_eq!(line.certificate_end(), None);
        for expected in [3000, 3010, 2001] {
            line.reread_certificate().await;
            assert_eq!(year(line.certificate_end()), Some(expected));
        }
    }
}
