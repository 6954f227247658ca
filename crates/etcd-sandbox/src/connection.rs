//! Connections to a member, over a pipe or TCP. They close when the member goes down.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use etcd_client::proto::{PbClusterServer, PbKvServer, PbLeaseServer, PbMaintenanceServer, PbWatchServer};
use futures_util::{FutureExt, Stream, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use tonic::transport::server::Connected;

use super::member::MemberServer;
use super::services::Auth;
use simkit::pipe;

/// Serves a member on its pipe until all dialers are dropped.
pub(super) async fn serve_pipe(member: MemberServer, listener: pipe::Listener) {
    let here = member.clone();
    let accepted =
        listener.filter_map(move |incoming| std::future::ready(MemberConnection::new(&here, || incoming.accept())));
    serve(member, accepted).await;
}

/// Serves a member on a TCP listener. A member that is down closes accepted connections.
pub(super) async fn serve_tcp(member: MemberServer, listener: TcpListener) {
    let here = member.clone();
    let accepted = TcpListenerStream::new(listener).filter_map(move |stream| {
        let stream = stream.inspect_err(|error| tracing::warn!(%error, "the sandbox did not accept a connection")).ok();
        std::future::ready(stream.and_then(|stream| MemberConnection::new(&here, || undelayed(stream))))
    });
    serve(member, accepted).await;
}

/// Disables Nagle's algorithm, as etcd does. A failure only makes the connection slower.
fn undelayed(stream: TcpStream) -> TcpStream {
    let _ = stream.set_nodelay(true);
    stream
}

async fn serve<C>(member: MemberServer, connections: impl Stream<Item = MemberConnection<C>>)
where
    C: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    // The limit of etcd (`--max-concurrent-streams`).
    let served = Server::builder()
        .max_concurrent_streams(u32::MAX)
        .add_service(PbLeaseServer::new(member.clone()))
        .add_service(PbKvServer::new(member.clone()))
        .add_service(PbMaintenanceServer::new(member.clone()))
        .add_service(PbClusterServer::new(member.clone()))
        .add_service(PbWatchServer::new(member))
        .add_service(Auth)
        .serve_with_incoming(connections.map(Ok::<_, Infallible>));
    if let Err(error) = served.await {
        tracing::warn!(%error, "the sandbox stopped serving");
    }
}

/// A connection that is reset when its member goes down.
struct MemberConnection<C> {
    stream: C,
    member: MemberServer,
    /// How often the member's connections had been silenced when this one was accepted.
    silences: u64,
    broken: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl<C> MemberConnection<C> {
    /// Accepts a connection to a member. `None` if the member is down.
    fn new(member: &MemberServer, accept: impl FnOnce() -> C) -> Option<Self> {
        let (up, closes, silences) = member.with(|member| (member.up, member.closes, member.silences));
        let here = member.clone();
        let broken = async move { here.until(|member| (member.closes > closes).then_some(())).await };
        up.then(|| MemberConnection { stream: accept(), member: member.clone(), silences, broken: broken.boxed() })
    }

    fn is_silent(&self) -> bool {
        self.member.with(|member| member.silences) > self.silences
    }

    /// Fails once the member has closed its connections.
    fn check(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match self.broken.poll_unpin(cx) {
            Poll::Ready(()) => {
                self.broken = std::future::ready(()).boxed();
                Err(io::ErrorKind::ConnectionReset.into())
            }
            Poll::Pending => Ok(()),
        }
    }
}

impl<C: AsyncRead + Unpin> AsyncRead for MemberConnection<C> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        if self.is_silent() {
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<C: AsyncWrite + Unpin> AsyncWrite for MemberConnection<C> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.is_silent() {
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl<C> Connected for MemberConnection<C> {
    type ConnectInfo = ();

    fn connect_info(&self) {}
}
