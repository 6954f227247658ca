//! The connection to one member, which can be replaced by a new one.
//!
//! An established connection can go dead silently, for example when a firewall or NAT forgets it, while new connections
//! work. The ping finds that out after 13 s, which is too late for a short TTL.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio_rustls::rustls::ClientConfig;
use tonic::transport::Channel;
use tower::BoxError;

use super::config::Target;
use super::connect;
use super::link::Link;

/// The connection to one member.
pub(super) struct Line {
    target: Target,
    tls: Option<Arc<ClientConfig>>,
    dial_timeout: Duration,
    link: Arc<Link>,
    current: Mutex<Current>,
}

struct Current {
    channel: Channel,
    /// Counts the connections that were replaced.
    number: u64,
}

impl Line {
    /// Dials when it is first used.
    pub(super) fn new(target: &Target, tls: Option<&Arc<ClientConfig>>, dial_timeout: Duration) -> Self {
        let link = Arc::new(Link::default());
        let channel = connect::channel(target, tls, dial_timeout, &link);
        let current = Mutex::new(Current { channel, number: 0 });
        Line { target: target.clone(), tls: tls.cloned(), dial_timeout, link, current }
    }

    /// The channel over the newest connection.
    pub(super) fn channel(&self) -> Channel {
        self.current().channel.clone()
    }

    /// The number of the newest connection.
    pub(super) fn number(&self) -> u64 {
        self.current().number
    }

    /// Makes new requests use a new connection, unless the connection of this number was replaced already. Requests in
    /// progress stay on the old one.
    pub(super) fn replace(&self, number: u64) {
        let mut current = self.current();
        if current.number == number {
            current.channel = connect::channel(&self.target, self.tls.as_ref(), self.dial_timeout, &self.link);
            current.number += 1;
        }
    }

    /// The reason for which the server refused the newest connection, otherwise the error of the transport.
    pub(super) fn explain(&self, error: impl Into<BoxError>) -> BoxError {
        self.link.explain(error)
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").field("target", &self.target).finish_non_exhaustive()
    }
}
