use std::net::SocketAddr;
use std::path::Path;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::Name;
use rcgen::{CertificateParams, CertifiedKey, KeyPair, generate_simple_self_signed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use super::*;
use crate::wire::{Cluster, ErrorKind, Settings, TlsFiles};
use simkit::tasks::{self, Task};

/// Enough for each order of the events to occur, in case the message depends on it.
const TRIES: usize = 30;
const TIMEOUT: Duration = Duration::from_secs(1);
const ALERT: [u8; 7] = [0x15, 3, 1, 0, 2, 2, 70];
const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];

/// A server that answers every connection in one way.
async fn server<F>(answer: impl Fn(TcpStream) -> F + Send + Sync + 'static) -> (String, Task)
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let serving = tasks::spawn(async move {
        loop {
            let (connection, _) = listener.accept().await.unwrap();
            answer(connection).await;
        }
    });
    (address, serving)
}

/// Closes the connection with unread data in it, which resets it.
async fn reset(mut connection: TcpStream) {
    let _ = connection.read_u8().await;
}

/// Closes the connection after reading what has arrived.
async fn close(mut connection: TcpStream) {
    let _ = connection.read(&mut [0; 65536]).await;
    let _ = connection.shutdown().await;
}

/// Sends some bytes, then resets the connection.
async fn say(mut connection: TcpStream, bytes: &[u8]) {
    let _ = connection.read_u8().await;
    let _ = connection.write_all(bytes).await;
}

async fn error(endpoint: &str, tls: Option<&TlsFiles>) -> (ErrorKind, String) {
    let mut settings = Settings::new(vec![Target::Address(Address::parse(endpoint).unwrap())]);
    settings.tls = tls.cloned();
    let error = Cluster::connect(settings).await.unwrap().leases().await.unwrap_err();
    (error.kind(), error.message().to_owned())
}

/// Checks that the message does not depend on the order of the events.
async fn always(endpoint: &str, tls: Option<&TlsFiles>, kind: ErrorKind, message: &str) {
    for _ in 0..TRIES {
        assert_eq!(error(endpoint, tls).await, (kind, message.to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_tls_on_one_side_only() {
    let silent = "the server closed the connection during the TLS handshake";
    let plain = "the server closed the connection without an answer";
    let (address, _serving) = server(reset).await;
    always(&format!("https://{address}"), None, ErrorKind::Unavailable, silent).await;
    always(&address, None, ErrorKind::Unavailable, plain).await;
    let (address, _serving) = server(close).await;
    always(&format!("https://{address}"), None, ErrorKind::Unavailable, silent).await;
    always(&address, None, ErrorKind::Unavailable, plain).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_what_answered() {
    let (address, _serving) = server(|connection| say(connection, &ALERT)).await;
    let message = "the server answered in TLS";
    always(&address, None, ErrorKind::Tls, message).await;
    for (answer, message) in [
        (&b"HTTP/1.0 400 Bad Request\r\n\r\n"[..], "a web server with HTTP/1 answers there, not etcd"),
        (b"<!DOCTYPE HTML>", "a web server with HTTP/1 answers there, not etcd"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "an SSH server answers there, not etcd"),
        (b"220 mail.example ESMTP\r\n", "a mail or FTP server answers there, not etcd"),
        (b"-ERR unknown command 'PRI'\r\n", "a Redis server answers there, not etcd"),
    ] {
        let (address, _serving) = server(move |connection| say(connection, answer)).await;
        always(&address, None, ErrorKind::Unavailable, message).await;
        always(&format!("https://{address}"), None, ErrorKind::Unavailable, message).await;
    }
    let (address, _serving) = server(|connection| say(connection, b"\x05\0\0\0\x0a9.1.0\0")).await;
    always(&address, None, ErrorKind::Unavailable, "the server does not use HTTP/2").await;
    let message = "the server answered without TLS";
    always(&format!("https://{address}"), None, ErrorKind::Tls, message).await;
    let (address, _serving) = server(|connection| say(connection, &SETTINGS)).await;
    assert_eq!(error(&address, None).await.1, "the server closed the connection");
}

/// One self-signed certificate: the server's, the client's and the authority of both.
fn certificate(folder: &Path, not_after: Option<i32>) -> (TlsFiles, ServerConfig) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let authority = CertificateDer::from(cert.der().to_vec());
    let mut roots = RootCertStore::empty();
    roots.add(authority.clone()).unwrap();
    let provider = Arc::new(ring::default_provider());
    let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(clients.build().unwrap())
        .with_single_cert(vec![authority], PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap())
        .unwrap();
    let write = |name: &str, pem: &str| {
        let path = folder.join(name);
        std::fs::write(&path, pem).unwrap();
        path
    };
    let mut files = TlsFiles { ca: Some(write("ca.pem", &cert.pem())), ..TlsFiles::default() };
    if let Some(year) = not_after {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.not_after = rcgen::date_time_ymd(year, 1, 1);
        files.cert = Some(write("cert.pem", &params.self_signed(&key).unwrap().pem()));
        files.key = Some(write("cert.key", &key.serialize_pem()));
    }
    (files, server)
}

async fn verifying(config: ServerConfig) -> (String, Task) {
    let acceptor = TlsAcceptor::from(Arc::new(config));
    server(move |connection| {
        let acceptor = acceptor.clone();
        async move { drop(acceptor.accept(connection).await) }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn names_a_missing_or_wrong_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let (files, config) = certificate(folder.path(), None);
    let (address, _serving) = verifying(config).await;
    let message = "the server requires a client certificate";
    always(&format!("https://{address}"), Some(&files), ErrorKind::Tls, message).await;

    let (files, config) = certificate(folder.path(), Some(2001));
    let connected = Cluster::connect(Settings {
        tls: Some(files),
        ..Settings::new(vec![Target::Address(Address::parse("https://127.0.0.1:1").unwrap())])
    });
    let expired = connected.await.unwrap_err();
    assert!(expired.message().contains("cert.pem expired "), "before anything is dialled: {expired}");
    drop(config);

    let (files, config) = certificate(folder.path(), Some(4001));
    let (address, _serving) = verifying(config).await;
    let (kind, message) = error(&format!("https://{address}"), Some(&files)).await;
    assert!(message.starts_with("the server rejected the client certificate ("), "{message}");
    always(&format!("https://{address}"), Some(&files), kind, &message).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_a_server_that_has_tls_without_http2() {
    let folder = tempfile::tempdir().unwrap();
    let (files, mut config) = certificate(folder.path(), None);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let (address, _serving) = verifying(config).await;
    let message = "a server with TLS but without HTTP/2 answers there, not etcd";
    always(&format!("https://{address}"), Some(&files), ErrorKind::Unavailable, message).await;
}

#[tokio::test]
async fn a_server_that_does_not_answer_the_handshake_was_reached() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = Address::parse(&format!("https://{}", listener.local_addr().unwrap())).unwrap();
    let tls = crate::wire::tls::client_config(&TlsFiles::default()).unwrap();
    let dialled = dial(&address, Some(tls), TIMEOUT, &Arc::default()).await;
    assert_eq!(dialled.err().unwrap().to_string(), "no reply to the TLS handshake within 1s");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn dials_a_unix_socket() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("etcd.sock");
    let endpoint = format!("unix://{}", path.display());
    let (kind, message) = error(&endpoint, None).await;
    assert!(kind == ErrorKind::Unavailable && message.starts_with("No such file"), "{kind:?} {message}");
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let _serving = tasks::spawn(async move {
        loop {
            let (mut connection, _) = listener.accept().await.unwrap();
            let _ = connection.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    always(&endpoint, None, ErrorKind::Unavailable, "a web server with HTTP/1 answers there, not etcd").await;
}

/// Resolves every name to the same addresses.
#[derive(Clone)]
struct Resolving(Vec<SocketAddr>);

impl Service<Name> for Resolving {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = std::future::Ready<io::Result<Self::Response>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Name) -> Self::Future {
        std::future::ready(Ok(self.0.clone().into_iter()))
    }
}

#[tokio::test]
async fn each_address_of_a_name_is_tried() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let there = listener.local_addr().unwrap();
    let at = move |last| SocketAddr::from(([127, 0, 0, last], there.port()));
    // Its backlog is full, so the kernel drops further requests to connect.
    let full = TcpSocket::new_v4().unwrap();
    full.bind(at(2)).unwrap();
    let _full = full.listen(0).unwrap();
    let _pending: Vec<_> = (0..4).map(|_| tasks::spawn(async move { drop(TcpStream::connect(at(2)).await) })).collect();
    let (refused, silent) = (at(3), at(2));
    let authority = format!("etcd.example:{}", there.port());
    for addresses in [vec![refused, there], vec![silent, there]] {
        let connector = HttpConnector::new_with_resolver(Resolving(addresses));
        let connection = connect_resolved(connector, &authority, TIMEOUT).await;
        assert!(connection.is_ok(), "{:?}", connection.err());
    }
    let connector = HttpConnector::new_with_resolver(Resolving(vec![refused]));
    let error = connect_resolved(connector, &authority, TIMEOUT).await.err().unwrap();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused, "{error}");
}
