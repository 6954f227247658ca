//! Serves the metrics over HTTP.
//!
//! A scrape asks the event loop for the figures, which are always up to date, and turns them into text in the server's
//! task. A client that reads slowly or not at all delays nothing else.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{AbortHandle, abortable};
use futures_util::stream::FuturesUnordered;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use crate::app::metrics::MetricsSnapshot;
use crate::report::{MetricsFormat, metrics_text};
use simkit::tasks::{Task, spawn};

/// Maximum number of open connections. A further one closes the oldest that has sent no request, or waits if all have.
const MAX_CONNECTIONS: usize = 16;
/// How long the head of a request may take to arrive.
const HEADER_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection lasts at most. It serves one request.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the event loop may take to answer.
const SCRAPE_TIMEOUT: Duration = Duration::from_secs(3);
/// Maximum size of the head of a request, in bytes.
const MAX_HEAD: usize = 16 * 1024;
/// How long to wait after a failed accept: the process has no free file descriptor.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// A request for the figures, to be answered by the event loop.
#[derive(Debug)]
pub(super) struct Scrape(oneshot::Sender<MetricsSnapshot>);

impl Scrape {
    /// Answers the request.
    pub(super) fn answer(self, snapshot: MetricsSnapshot) {
        // This fails only if the client is gone.
        let _ = self.0.send(snapshot);
    }
}

/// Why the metrics cannot be served.
#[derive(Debug, thiserror::Error)]
#[error("cannot serve metrics on {address}: {}", reason(.error))]
pub struct MetricsListenError {
    /// The address.
    pub address: SocketAddr,
    /// The system error.
    pub error: io::Error,
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "address already in use; choose another port (0 = any)".to_owned(),
        _ => error.to_string(),
    }
}

/// A running server. It ends when it is dropped.
#[derive(Debug)]
pub struct MetricsServer {
    /// The address it listens on.
    pub address: SocketAddr,
    scrapes: mpsc::Receiver<Scrape>,
    _task: Task,
}

impl MetricsServer {
    /// Listens on an address. Port 0 selects a free port.
    ///
    /// # Errors
    /// If the address is in use, or the system refuses it.
    pub async fn listen(address: SocketAddr) -> Result<Self, MetricsListenError> {
        let failed = |error| MetricsListenError { address, error };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (sender, scrapes) = mpsc::channel(MAX_CONNECTIONS);
        Ok(MetricsServer { address, scrapes, _task: spawn(serve(listener, sender)) })
    }

    /// The next request for the figures.
    pub(super) async fn next(&mut self) -> Scrape {
        match self.scrapes.recv().await {
            Some(scrape) => scrape,
            None => pending().await,
        }
    }
}

/// A connection whose request has not arrived yet.
struct Waiting {
    has_asked: Arc<AtomicBool>,
    connection: AbortHandle,
}

impl Waiting {
    fn is_silent(&self) -> bool {
        !self.has_asked.load(Ordering::Relaxed)
    }
}

async fn serve(listener: TcpListener, scrapes: mpsc::Sender<Scrape>) {
    let mut connections = FuturesUnordered::new();
    let mut waiting = VecDeque::<Waiting>::new();
    loop {
        waiting.retain(Waiting::is_silent);
        tokio::select! {
            // Reads what has arrived first, so that no connection with a request is closed.
            biased;
            Some(_) = connections.next() => (),
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS || !waiting.is_empty() => match accepted {
                Ok((stream, _)) => {
                    waiting.retain(Waiting::is_silent);
                    if connections.len() >= MAX_CONNECTIONS && let Some(oldest) = waiting.pop_front() {
                        oldest.connection.abort();
                    }
                    let has_asked = Arc::new(AtomicBool::new(false));
                    let serving = serve_connection(stream, scrapes.clone(), has_asked.clone());
                    let (serving, connection) = abortable(serving);
                    connections.push(serving);
                    waiting.push_back(Waiting { has_asked, connection });
                }
                Err(_) => tokio::time::sleep(ACCEPT_RETRY).await,
            },
        }
    }
}

/// Answers one request. Errors end the connection. `has_asked` is set when the request has arrived, and at the end.
async fn serve_connection(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    scrapes: mpsc::Sender<Scrape>,
    has_asked: Arc<AtomicBool>,
) {
    let answer = |request| {
        has_asked.store(true, Ordering::Relaxed);
        respond(request, &scrapes)
    };
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_HEAD)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service_fn(answer));
    let _ = tokio::time::timeout(CONNECTION_TIMEOUT, connection).await;
    has_asked.store(true, Ordering::Relaxed);
}

async fn respond(
    request: Request<Incoming>,
    scrapes: &mpsc::Sender<Scrape>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    const METHODS: &str = "GET, HEAD";
    if request.method() != Method::GET && request.method() != Method::HEAD {
        let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are supported\n");
        response.headers_mut().insert(ALLOW, HeaderValue::from_static(METHODS));
        return Ok(response);
    }
    Ok(match request.uri().path() {
        "/metrics" => metrics(&request, scrapes).await,
        "/" => text(StatusCode::OK, "leasetop serves metrics of etcd leases at /metrics.\n"),
        _ => text(StatusCode::NOT_FOUND, "not found; the metrics are at /metrics\n"),
    })
}

async fn metrics(request: &Request<Incoming>, scrapes: &mpsc::Sender<Scrape>) -> Response<Full<Bytes>> {
    let format = format(request);
    let (sender, answer) = oneshot::channel();
    let asked = async {
        scrapes.send(Scrape(sender)).await.ok()?;
        answer.await.ok()
    };
    let Ok(Some(snapshot)) = tokio::time::timeout(SCRAPE_TIMEOUT, asked).await else {
        return text(StatusCode::SERVICE_UNAVAILABLE, "leasetop did not answer in time\n");
    };
    let mut response = Response::new(Full::from(metrics_text(snapshot, format)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
    response
}

/// The format that the client accepts. A client that names none, such as curl, gets the one that promtool reads.
fn format(request: &Request<Incoming>) -> MetricsFormat {
    let accepted = request.headers().get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    if accepted.into_iter().any(|value| value.contains("application/openmetrics-text")) {
        MetricsFormat::OpenMetrics
    } else {
        MetricsFormat::Prometheus
    }
}

fn text(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

#[cfg(test)]
impl MetricsServer {
    /// A server that does not listen, and the sender of its requests.
    pub(super) fn in_memory() -> (Self, mpsc::Sender<Scrape>) {
        let (sender, scrapes) = mpsc::channel(1);
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        (MetricsServer { address, scrapes, _task: spawn(pending()) }, sender)
    }
}

#[cfg(test)]
impl Scrape {
    /// A request, and the receiver of its answer.
    pub(super) fn new() -> (Self, oneshot::Receiver<MetricsSnapshot>) {
        let (sender, answer) = oneshot::channel();
        (Scrape(sender), answer)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;
    use crate::app::{AppConfig, AppState, metrics_snapshot};
    use simkit::Timestamp;

    /// The server's reply to a request. With `is_stuck`, the event loop never answers.
    async fn reply(request: &str, is_stuck: bool) -> String {
        let (mut client, server) = tokio::io::duplex(1 << 20);
        let (mut metrics, scrapes) = MetricsServer::in_memory();
        let answering = spawn(async move {
            let mut app = AppState::new(AppConfig::default(), Timestamp::START);
            let mut kept = Vec::new();
            loop {
                let scrape = metrics.next().await;
                if is_stuck {
                    kept.push(scrape);
                } else {
                    scrape.answer(metrics_snapshot(&mut app, Timestamp::START));
                }
            }
        });
        let serving = spawn(serve_connection(server, scrapes, Arc::default()));
        client.write_all(request.as_bytes()).await.unwrap();
        let mut reply = String::new();
        client.read_to_string(&mut reply).await.unwrap();
        serving.await.unwrap();
        drop(answering);
        reply
    }

    fn get(path: &str, header: &str) -> String {
        format!("GET {path} HTTP/1.1\r\nhost: here\r\n{header}\r\n")
    }

    #[tokio::test(start_paused = true)]
    async fn the_client_chooses_the_format() {
        let plain = reply(&get("/metrics", ""), false).await;
        assert!(plain.starts_with("HTTP/1.1 200 OK\r\n"), "{plain}");
        assert!(plain.contains("content-type: text/plain; version=0.0.4; charset=utf-8\r\n"), "{plain}");
        assert!(plain.contains("\n# TYPE leasetop_renewals_total counter\n"), "{plain}");
        let prometheus = "accept: application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5\r\n";
        let open = reply(&get("/metrics", prometheus), false).await;
        assert!(
            open.contains("content-type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n"),
            "{open}"
        );
        assert!(open.contains("\n# TYPE leasetop_renewals counter\n") && open.ends_with("\n# EOF\n"), "{open}");
    }

    #[tokio::test(start_paused = true)]
    async fn other_requests_get_one_sentence() {
        for (request, status, text) in [
            (get("/", ""), "200 OK", "leasetop serves metrics of etcd leases at /metrics.\n"),
            (get("/other", ""), "404 Not Found", "not found; the metrics are at /metrics\n"),
            (get("/metrics", "").replace("GET", "POST"), "405 Method Not Allowed", "only GET and HEAD are supported\n"),
        ] {
            let reply = reply(&request, false).await;
            assert!(reply.starts_with(&format!("HTTP/1.1 {status}\r\n")) && reply.ends_with(text), "{reply}");
        }
        let head = reply(&get("/metrics", "").replace("GET", "HEAD"), false).await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");
    }

    #[tokio::test(start_paused = true)]
    async fn neither_a_stuck_loop_nor_a_slow_client_keeps_a_connection() {
        let stuck = reply(&get("/metrics", ""), true).await;
        assert!(stuck.starts_with("HTTP/1.1 503 "), "{stuck}");
        assert_eq!(reply("GET /metrics HTTP/1.1\r\nhost:", false).await, "", "the head never ends");
        let long = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(MAX_HEAD));
        assert!(reply(&long, false).await.starts_with("HTTP/1.1 4"), "too long");
    }

    #[tokio::test]
    async fn idle_connections_do_not_delay_a_request() {
        let server = MetricsServer::listen(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let mut idle = Vec::new();
        for _ in 0..3 * MAX_CONNECTIONS {
            idle.push(TcpStream::connect(server.address).await.unwrap());
        }
        let asking = async {
            let mut client = TcpStream::connect(server.address).await?;
            client.write_all(get("/", "").as_bytes()).await?;
            let mut reply = String::new();
            client.read_to_string(&mut reply).await.map(|_| reply)
        };
        let reply = tokio::time::timeout(HEADER_TIMEOUT / 2, asking).await.expect("a reply in time").unwrap();
        assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
    }
}
