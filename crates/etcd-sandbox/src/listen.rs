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
    #[error(
        "the sandbox listens only on loopback because it has no passwords, not on {0}; use 127.0.0.1:PORT or [::1]:PORT"
    )]
    NotLoopback(SocketAddr),
    /// The address is in use.
    #[error("cannot listen on {0}: address already in use; choose another port (0 = any)")]
    InUse(SocketAddr),
    /// Any other error.
    #[error("cannot listen on {at}: {source}")]
    Io {
        /// The address.
        at: SocketAddr,
        /// The system error.
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
    /// Serves a member, counted from 0, on a loopback TCP address. Returns the bound address, because port 0 selects
    /// any free port. The address is added to the member list.
    ///
    /// # Errors
    /// If the address is not on loopback or in use, or if the system refuses it.
    ///
    /// # Panics
    /// If the member does not exist.
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
