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
use simkit::Stopwatch;

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
    /// When it was set up.
    since: Stopwatch,
}

/// Several streams may miss their replies at the same time. They share the new connection.
const MIN_AGE: Duration = Duration::from_millis(200);

impl Line {
    /// Dials when it is first used.
    pub(super) fn new(target: &Target, tls: Option<&Arc<ClientConfig>>, dial_timeout: Duration) -> Self {
        let link = Arc::new(Link::default());
        let channel = connect::channel(target, tls, dial_timeout, &link);
        let current = Mutex::new(Current { channel, since: Stopwatch::start() });
        Line { target: target.clone(), tls: tls.cloned(), dial_timeout, link, current }
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
