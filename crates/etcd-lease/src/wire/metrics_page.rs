//! The text at a member's `/metrics`.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio_rustls::rustls::ClientConfig;

use super::config::Address;
use super::connect;
use simkit::tasks;

/// Maximum size of an answer in bytes. etcd's is about 100 kB.
const MAX_SIZE: usize = 4 << 20;
/// How long reading `/metrics` may take.
pub(super) const TIMEOUT: Duration = Duration::from_secs(2);

/// Requests `/metrics` over a connection of its own, without ALPN: with ALPN etcd offers only HTTP/2, and without it
/// etcd speaks HTTP/1.1 too.
pub(super) async fn request(address: &Address, tls: Option<&Arc<ClientConfig>>) -> io::Result<String> {
    let tls = tls.map(|config| {
        let mut config = ClientConfig::clone(config);
        config.alpn_protocols.clear();
        Arc::new(config)
    });
    let stream = connect::connect(address, tls, TIMEOUT).await?;
    let (mut requests, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    let _connection = tasks::spawn(async move { drop(connection.await) });
    let request = Request::get("/metrics").header(header::HOST, address.host()).body(Empty::<Bytes>::new());
    let answer = requests.send_request(request.map_err(io::Error::other)?).await.map_err(io::Error::other)?;
    if answer.status() != StatusCode::OK {
        return Err(io::Error::other(format!("HTTP status {}", answer.status())));
    }
    let body = Limited::new(answer.into_body(), MAX_SIZE).collect().await.map_err(io::Error::other)?;
    String::from_utf8(body.to_bytes().into()).map_err(io::Error::other)
}
