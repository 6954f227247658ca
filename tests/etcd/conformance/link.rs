//! A connection from a client to a server that can be cut.

use std::future::Future;
use std::io;

use futures_util::stream::{FuturesUnordered, Stream, StreamExt};
use simkit::tasks::{self, Task};
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::sync::watch;

/// Forwards bytes until it is cut; then open and new connections break at once.
pub(crate) struct Link {
    open: watch::Sender<bool>,
    _carrier: Task,
}

impl Link {
    /// Forwards incoming connections to the target of `dial`.
    pub(crate) fn start<Near, Far, Dial>(
        mut incoming: impl Stream<Item = io::Result<Near>> + Send + Unpin + 'static,
        dial: impl Fn() -> Dial + Send + 'static,
    ) -> Link
    where
        Near: AsyncRead + AsyncWrite + Send + Unpin + 'static,
        Far: AsyncRead + AsyncWrite + Send + Unpin + 'static,
        Dial: Future<Output = io::Result<Far>> + Send + 'static,
    {
        let open = watch::Sender::new(true);
        let state = open.subscribe();
        let carrier = tasks::spawn(async move {
            let mut carried = FuturesUnordered::new();
            loop {
                tokio::select! {
                    Some(near) = incoming.next() => carried.push(carry(near, dial(), state.clone())),
                    Some(()) = carried.next(), if !carried.is_empty() => {}
                    else => break,
                }
            }
        });
        Link { open, _carrier: carrier }
    }

    /// Breaks open connections and refuses new ones.
    pub(crate) fn cut(&self) {
        self.open.send_replace(false);
    }

    /// Lets new connections through again.
    pub(crate) fn mend(&self) {
        self.open.send_replace(true);
    }
}

/// Forwards one connection until an end closes it or the link is cut.
async fn carry<Near, Far>(
    near: io::Result<Near>,
    dial: impl Future<Output = io::Result<Far>>,
    mut open: watch::Receiver<bool>,
) where
    Near: AsyncRead + AsyncWrite + Unpin,
    Far: AsyncRead + AsyncWrite + Unpin,
{
    let carried = async { copy_bidirectional(&mut near?, &mut dial.await?).await };
    tokio::select! {
        biased;
        _ = open.wait_for(|open| !open) => {}
        _ = carried => {}
    }
}
