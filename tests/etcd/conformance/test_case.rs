//! A server for a case, a client whose connection can be cut, and one whose connection cannot.

use std::time::Duration;

use etcd_client::{Channel, Client};
use etcd_lease::engine::{Engine, Options};
use etcd_lease::wire::{Address, Cluster, KeyWatch, Settings, Target};
use etcd_lease::{KeyRange, LeaseId};
use etcd_sandbox::Sandbox;
use futures_util::{StreamExt, TryStreamExt, stream};
use hyper_util::rt::TokioIo;
use simkit::Clock;
use simkit::pipe::{Dialer, pipe};
use tokio::net::{TcpListener, TcpStream};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Endpoint;
use tower::service_fn;

use super::link::Link;
use crate::common::etcd::{Etcd, Version};
use crate::common::wait::until;

/// A server of its own for each case.
pub(crate) struct ConformanceTest {
    /// The client under test.
    pub(crate) cluster: Cluster,
    /// Another client, with its own connection.
    pub(crate) elsewhere: Cluster,
    /// The clock that the leases run on.
    pub(crate) clock: Clock,
    link: Link,
    server: Server,
}

enum Server {
    Etcd(Etcd),
    Sandbox(Sandbox),
}

impl ConformanceTest {
    /// On a real etcd, in real time.
    pub(crate) async fn real(version: Version) -> ConformanceTest {
        let etcd = Etcd::start(version).await;
        let server = etcd.endpoints().remove(0);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let near = listener.local_addr().expect("an address").to_string();
        let far = server.clone();
        let link = Link::start(TcpListenerStream::new(listener), move || TcpStream::connect(far.clone()));
        ConformanceTest {
            cluster: connect(address(&near)).await,
            elsewhere: connect(address(&server)).await,
            clock: Clock::real(),
            link,
            server: Server::Etcd(etcd),
        }
    }

    /// On the sandbox, over the in-memory transport and on tokio's paused clock.
    pub(crate) async fn sandbox() -> ConformanceTest {
        let clock = Clock::real();
        let sandbox = Sandbox::builder().seed(1).start(clock.clone());
        let far = sandbox.dialer(0);
        let (near, listener) = pipe();
        let dial = far.clone();
        let link = Link::start(listener.map(|knock| Ok(knock.accept())), move || {
            let dial = dial.clone();
            async move { dial.dial().await }
        });
        ConformanceTest {
            cluster: connect(piped(near)).await,
            elsewhere: connect(piped(far)).await,
            clock,
            link,
            server: Server::Sandbox(sandbox),
        }
    }

    /// etcd-client's own client, with its own connection.
    pub(crate) async fn raw(&self) -> Client {
        let endpoint = match &self.server {
            Server::Etcd(etcd) => {
                Endpoint::from_shared(format!("http://{}", etcd.endpoints()[0])).expect("an address").connect_lazy()
            }
            Server::Sandbox(sandbox) => {
                let dialer = sandbox.dialer(0);
                Endpoint::from_static("http://sandbox").connect_with_connector_lazy(service_fn(move |_| {
                    let dialer = dialer.clone();
                    async move { dialer.dial().await.map(TokioIo::new) }
                }))
            }
        };
        Client::from_channel(Channel::Tonic(endpoint), None).await.expect("a lazy connection")
    }

    /// Whether it refuses an unknown lease in a transaction: etcd before the fix of CVE-2026-44283 does not check.
    pub(crate) fn looks_at_leases_in_transactions(&self) -> bool {
        match &self.server {
            Server::Sandbox(_) => true,
            Server::Etcd(etcd) => etcd.version() >= Version::V3_5New,
        }
    }

    /// Starts an engine on the client under test.
    pub(crate) fn engine(&self, options: Options) -> Engine {
        Engine::start(self.cluster.clone(), self.clock.clone(), options)
    }

    /// Cuts the connection of the client under test.
    pub(crate) fn disconnect(&self) {
        self.link.cut();
    }

    /// Restores the connection of the client under test.
    pub(crate) fn reconnect(&self) {
        self.link.mend();
    }

    /// Watches all keys from a revision, as soon as the connection is restored.
    pub(crate) async fn watch_again(&self, from: i64) -> KeyWatch {
        let mut opened = None;
        until("the watch goes on", Duration::from_secs(20), async || {
            opened = self.cluster.watch_keys(&KeyRange::all(), from).await.ok();
            opened.is_some()
        })
        .await;
        opened.expect("it was waited for")
    }

    /// Stops the server.
    pub(crate) fn stop_server(&mut self) {
        match &mut self.server {
            Server::Etcd(etcd) => etcd.kill(0),
            Server::Sandbox(sandbox) => sandbox.faults().down(),
        }
    }

    /// Kills the server and restarts it on its data if it keeps leases of any id: the sandbox is in memory only, and
    /// etcd before 3.5.3 may forget negative ids (etcd-io/etcd#13676).
    pub(crate) async fn restart_if_durable(&mut self) {
        match &mut self.server {
            Server::Sandbox(_) => {}
            Server::Etcd(etcd) if etcd.version() == Version::V3_5_1 => {}
            Server::Etcd(etcd) => {
                etcd.kill(0);
                etcd.restart(0).await;
            }
        }
    }

    /// Waits until a key is gone.
    pub(crate) async fn until_gone(&self, key: &str, limit: Duration) {
        until(&format!("{key} is gone"), limit, async || !self.has(key).await).await;
    }

    /// Whether a key exists.
    pub(crate) async fn has(&self, key: &str) -> bool {
        self.cluster.get(key.as_bytes()).await.expect("get").is_some()
    }

    /// Grants a lease.
    pub(crate) async fn grant(&self, ttl: i64) -> LeaseId {
        self.cluster.grant(None, ttl).await.expect("grant").id
    }

    /// Puts keys with or without a lease, many at a time: one by one, some etcds take 30 ms each.
    pub(crate) async fn put_all(&self, keys: impl Iterator<Item = (String, Option<LeaseId>)>) {
        let puts = keys.map(|(key, lease)| async move { self.cluster.put(key.as_bytes(), b"v", lease).await });
        stream::iter(puts).buffer_unordered(64).try_for_each(|_| async { Ok(()) }).await.expect("put");
    }

    /// Puts a key with a lease.
    pub(crate) async fn put(&self, key: &str, lease: LeaseId) {
        self.cluster.put(key.as_bytes(), b"value", Some(lease)).await.expect("put");
    }
}

fn address(text: &str) -> Target {
    Target::Address(Address::parse(text).expect("an address"))
}

fn piped(dialer: Dialer) -> Target {
    Target::Pipe { name: "sandbox".to_owned(), dialer }
}

async fn connect(target: Target) -> Cluster {
    Cluster::connect(Settings::new(vec![target])).await.expect("a lazy connection")
}
