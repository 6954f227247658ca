//! Listening on TCP.

use std::io;
use std::net::SocketAddr;
use std::sync::PoisonError;

use tokio::net::TcpListener;

use super::{Sandbox, connection};
use simkit::tasks::spawn;

/// Why the sandbox cannot listen on an address.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The address is not on this machine's loopback.
    #[error("the sandbox has no passwords and listens on loopback only, not on {0}: give 127.0.0.1:PORT or [::1]:PORT")]
    NotLoopback(SocketAddr),
    /// Somebody listens there already.
    #[error("cannot listen on {0}: something else does already (an etcd?); stop it or give another port, 0 for any")]
    InUse(SocketAddr),
    /// Anything else.
    #[error("cannot listen on {at}: {source}; give another address with --listen")]
    Io {
        /// The address.
        at: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

impl ListenError {
    fn new(at: SocketAddr, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::AddrInUse => ListenError::InUse(at),
            _ => ListenError::Io { at, source },
        }
    }
}

impl Sandbox {
    /// Serves a member, counted from 0, on a loopback TCP address too, and tells the address that it got: port 0 takes
    /// any free one. The member list names it from now on.
    ///
    /// # Errors
    /// When the address is not on loopback, taken, or refused by the system.
    ///
    /// # Panics
    /// If there is no such member.
    pub async fn listen(&self, member: usize, at: SocketAddr) -> Result<SocketAddr, ListenError> {
        if !at.ip().is_loopback() {
            return Err(ListenError::NotLoopback(at));
        }
        let failed = |error| ListenError::new(at, error);
        let listener = TcpListener::bind(at).await.map_err(failed)?;
        let bound = listener.local_addr().map_err(failed)?;
        let member = self.member(member);
        member.with(|member| member.client_urls.push(format!("http://{bound}")));
        let mut tasks = self.0.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.push(spawn(connection::serve_tcp(member, listener)));
        Ok(bound)
    }
}
