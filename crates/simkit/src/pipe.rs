//! In-memory connections that replace TCP in tests and sandboxes.
//!
//! The operating system is not involved, so a paused tokio clock advances correctly.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use futures_util::Stream;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::sync::{mpsc, oneshot};

/// The buffer of one direction, in bytes.
const PIPE_BYTES: usize = 256 * 1024;
/// Maximum number of connections waiting to be accepted.
const BACKLOG: usize = 64;

/// The side that connects. Every [`dial`](Dialer::dial) opens a new connection.
#[derive(Clone, Debug)]
pub struct Dialer {
    incoming: mpsc::Sender<Incoming>,
    received: Arc<AtomicU64>,
}

/// The side that accepts: a stream of incoming connections.
#[derive(Debug)]
pub struct Listener(mpsc::Receiver<Incoming>);

/// An incoming connection: [`accept`](Incoming::accept) it, or drop it to refuse it.
#[derive(Debug)]
pub struct Incoming {
    stream: PipeStream,
    accepted: oneshot::Sender<()>,
}

/// One end of one connection.
#[derive(Debug)]
pub struct PipeStream {
    stream: DuplexStream,
    /// Bytes read from all streams of this side.
    received: Arc<AtomicU64>,
}

/// A listener, and the dialer that connects to it.
pub fn pipe() -> (Dialer, Listener) {
    let (sender, receiver) = mpsc::channel(BACKLOG);
    (Dialer { incoming: sender, received: Arc::default() }, Listener(receiver))
}

impl Dialer {
    /// Bytes read from all connections of this dialer and its clones.
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// Opens a connection.
    ///
    /// # Errors
    /// `ConnectionRefused` if the listener is gone or refuses the connection.
    pub async fn dial(&self) -> io::Result<PipeStream> {
        let refused = || io::Error::new(io::ErrorKind::ConnectionRefused, "no listener on the in-memory pipe");
        let (near, far) = tokio::io::duplex(PIPE_BYTES);
        let (accepted, answer) = oneshot::channel();
        let far = PipeStream { stream: far, received: Arc::default() };
        self.incoming.send(Incoming { stream: far, accepted }).await.map_err(|_| refused())?;
        answer.await.map_err(|_| refused())?;
        Ok(PipeStream { stream: near, received: Arc::clone(&self.received) })
    }
}

impl Incoming {
    /// Accepts the connection.
    pub fn accept(self) -> PipeStream {
        // If the dialer is gone, the stream reads as closed.
        let _ = self.accepted.send(());
        self.stream
    }
}

impl Stream for Listener {
    type Item = Incoming;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Incoming>> {
        self.0.poll_recv(cx)
    }
}

impl AsyncRead for PipeStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        self.received.fetch_add((buf.filled().len() - before) as u64, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for PipeStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
