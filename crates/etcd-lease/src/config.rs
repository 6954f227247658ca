//! The configuration of a client.

use std::time::Duration;

use crate::engine::Options;
use crate::wire::{Address, BadEndpoint, Settings, Target, TlsFiles, User};
use crate::{Error, RenewalSchedule};
use simkit::Clock;
use simkit::pipe::Dialer;

/// The limits of [`Config::probe_interval`].
const MIN_PROBE_INTERVAL: Duration = Duration::from_millis(100);
const MAX_PROBE_INTERVAL: Duration = Duration::from_secs(24 * 3600);

/// How to reach a cluster, and how to keep its leases alive.
///
/// ```
/// use std::time::Duration;
/// use etcd_lease::{Config, TlsFiles};
///
/// let config = Config::new(["https://etcd-1:2379", "https://etcd-2:2379"])
///     .tls(TlsFiles { ca: Some("ca.pem".into()), ..TlsFiles::default() })
///     .user("worker", "password")
///     .call_timeout(Duration::from_secs(3));
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Config {
    endpoints: Vec<String>,
    dialers: Vec<Dialer>,
    settings: Settings,
    options: Options,
    clock: Option<Clock>,
}

impl Config {
    /// A cluster with these endpoints: `host:port`, `http://host:port` or `https://host:port`.
    ///
    /// Name every member: a call fails over only to members that are listed here. The endpoints are checked by
    /// [`Client::connect`](crate::Client::connect).
    pub fn new<E: Into<String>>(endpoints: impl IntoIterator<Item = E>) -> Self {
        Config {
            endpoints: endpoints.into_iter().map(Into::into).collect(),
            dialers: Vec::new(),
            settings: Settings::new(Vec::new()),
            options: Options::default(),
            clock: None,
        }
    }

    /// A cluster that is reached over in-memory connections, such as an etcd-sandbox, for tests.
    pub fn in_memory(dialers: impl IntoIterator<Item = Dialer>) -> Self {
        let none: [&str; 0] = [];
        Config { dialers: dialers.into_iter().collect(), ..Config::new(none) }
    }

    /// The user to log in as. A token that has expired is replaced. After a wrong password, the next logins are 5 s and a
    /// minute later, then every ten minutes; until then, each call fails. Default: no login.
    pub fn user(mut self, name: impl Into<String>, password: impl Into<String>) -> Self {
        self.settings.user = Some(User { name: name.into(), password: password.into() });
        self
    }

    /// The TLS files for `https://` endpoints. Default: the CA certificates of the system, no client certificate.
    pub fn tls(mut self, files: TlsFiles) -> Self {
        self.settings.tls = Some(files);
        self
    }

    /// How long to wait for a connection. Default: 2 s.
    pub fn dial_timeout(mut self, timeout: Duration) -> Self {
        self.settings.dial_timeout = timeout;
        self
    }

    /// How long to wait for the answer to a call, including attempts at other members. Default: 5 s. With 5 s or more, a list
    /// of the leases may take a minute while the member answers status requests. Keepalives do not wait for it: after a
    /// tenth of the TTL, from 250 ms to 1 s, they are sent over another connection as well; later while etcd is slow.
    pub fn call_timeout(mut self, timeout: Duration) -> Self {
        self.settings.command_timeout = timeout;
        self
    }

    /// How often the status of each member is queried, from every 100 ms to once a day; other values become the nearest of
    /// these. Default: 1 s.
    pub fn probe_interval(mut self, interval: Duration) -> Self {
        self.settings.probe_every = interval.clamp(MIN_PROBE_INTERVAL, MAX_PROBE_INTERVAL);
        self
    }

    /// Maximum number of unread responses per lease. Further ones are dropped and counted. Default: 16, as in Go's
    /// clientv3.
    ///
    /// With 0 a response is delivered only to a reader that waits for it.
    pub fn queue_capacity(mut self, responses: usize) -> Self {
        self.options.queue_capacity = responses;
        self
    }

    /// How many keepalive streams all leases share. Default: 4. One additional stream is reserved for renewals that may
    /// block.
    pub fn streams(mut self, streams: usize) -> Self {
        self.options.streams = streams;
        self
    }

    /// When renewals are due. Default: [`RenewalSchedule::Clientv3`].
    pub fn schedule(mut self, schedule: RenewalSchedule) -> Self {
        self.options.pace = schedule;
        self
    }

    /// The clock of the leases. Default: real time. For tests with an etcd-sandbox whose clock runs faster.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Checks the endpoints. Returns the settings of the connection, the options of the engine, and the clock.
    pub(crate) fn into_parts(self) -> Result<(Settings, Options, Clock), Error> {
        let addresses: Result<Vec<Address>, BadEndpoint> =
            self.endpoints.iter().map(|endpoint| Address::parse(endpoint)).collect();
        let mut settings = self.settings;
        settings.targets = addresses?.into_iter().map(Target::Address).collect();
        settings.targets.extend(self.dialers.into_iter().enumerate().map(in_memory_target));
        if settings.targets.is_empty() {
            return Err(Error::NoEndpoint);
        }
        Ok((settings, self.options, self.clock.unwrap_or_else(Clock::real)))
    }
}

fn in_memory_target((index, dialer): (usize, Dialer)) -> Target {
    Target::Pipe { name: format!("in-memory-{index}"), dialer }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_probe_interval_becomes_a_possible_one() {
        let interval = |asked| Config::new(["a:1"]).probe_interval(asked).settings.probe_every;
        let asked = [Duration::ZERO, Duration::from_secs(5), Duration::MAX];
        assert_eq!(asked.map(interval), [MIN_PROBE_INTERVAL, Duration::from_secs(5), MAX_PROBE_INTERVAL]);
    }
}
