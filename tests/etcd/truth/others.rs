//! Other clients. Each records its actions with their times.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use etcd_lease::engine::{Delivery, Engine, Options};
use etcd_lease::wire::{Address, Cluster, Settings, Target};
use etcd_lease::{LeaseId, RenewalSchedule};
use simkit::Clock;
use simkit::Timestamp;

use super::span::{Span, seconds};
use crate::common::etcd::{Etcd, Version};
use crate::common::guard::Guarded;

/// A lease that a client renews.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lease {
    pub(super) id: LeaseId,
    pub(super) ttl: i64,
}

/// A renewal as it really happened.
#[derive(Clone, Copy, Debug)]
pub(super) struct TrueRenewal {
    pub(super) at: Span,
    /// Whether a reply arrived. Otherwise the renewal may or may not have been applied.
    pub(super) is_sure: bool,
}

/// The renewals as they really happened.
#[derive(Clone, Debug, Default)]
pub(super) struct Truth(Arc<Mutex<BTreeMap<LeaseId, Vec<TrueRenewal>>>>);

impl Truth {
    pub(super) fn note(&self, id: LeaseId, at: Span, is_sure: bool) {
        self.0.lock().expect("the lock is not poisoned").entry(id).or_default().push(TrueRenewal { at, is_sure });
    }

    /// Those of a lease, in their order.
    pub(super) fn of(&self, id: LeaseId) -> Vec<TrueRenewal> {
        self.0.lock().expect("the lock is not poisoned").get(&id).cloned().unwrap_or_default()
    }
}

/// A connection of its own.
pub(super) async fn connect(etcd: &Etcd) -> Cluster {
    let target = |text: &String| Target::Address(Address::parse(text).expect("an address"));
    let settings = Settings::new(etcd.endpoints().iter().map(target).collect());
    Cluster::connect(settings).await.expect("a cluster")
}

/// Grants leases of these TTLs.
pub(super) async fn grant(cluster: &Cluster, ttls: &[i64]) -> Vec<Lease> {
    let mut leases = Vec::new();
    for ttl in ttls {
        leases.push(Lease { id: cluster.grant(None, *ttl).await.expect("a lease").id, ttl: *ttl });
    }
    leases
}

/// Keeps leases alive until then, as Go's client does or exactly every third of the TTL.
pub(super) async fn keep(cluster: Cluster, clock: Clock, leases: Vec<Lease>, until: Timestamp, truth: Truth) {
    let engine = Engine::start(cluster, clock.clone(), Options::default());
    let mut consumer = engine.consumer();
    for (number, lease) in leases.iter().enumerate() {
        let pace = if number % 2 == 0 { RenewalSchedule::Clientv3 } else { RenewalSchedule::Exact };
        consumer.keep_alive_with_schedule(lease.id, Some(pace));
    }
    let end = clock.sleep_until(until);
    tokio::pin!(end);
    loop {
        tokio::select! {
            () = &mut end => return engine.close().await,
            Some(delivery) = consumer.next() => if let Delivery::Response(response) = delivery {
                truth.note(response.id, Span::between(&clock, response.at.before(response.round_trip), response.at), true);
            },
        }
    }
}

/// Renews a lease at random times until then, early enough not to lose it.
pub(super) async fn renew_at_random(cluster: Cluster, clock: Clock, lease: Lease, until: Timestamp, truth: Truth) {
    let mut rng = Rng::new(lease.id);
    loop {
        let ttl = lease.ttl as f64;
        let wait = (ttl * rng.between(0.25, 0.6)).max(2.2_f64.min(ttl * 0.6));
        let next = clock.now() + Duration::from_secs_f64(wait);
        if next > until {
            return;
        }
        clock.sleep_until(next).await;
        let sent = clock.now();
        // Without a leader etcd does not answer; it may still have applied the request.
        let is_sure = cluster.keep_alive_once(lease.id).await.is_ok();
        truth.note(lease.id, Span::between(&clock, sent, clock.now()), is_sure);
    }
}

/// An etcdctl that keeps a lease alive until it is dropped.
pub(super) fn etcdctl_keeps(etcd: &Etcd, version: Version, clock: &Clock, id: LeaseId, truth: Truth) -> Guarded {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let mut command = Command::new(version.program("etcdctl"));
    command.env_clear().arg("--endpoints").arg(etcd.endpoints().join(","));
    command.args(["lease", "keep-alive", "--", &id.to_string()]).stdout(writer).stderr(Stdio::null());
    let process = Guarded::start(&mut command);
    listen(BufReader::new(reader), clock.clone(), id, truth);
    process
}

/// etcdctl prints a line per reply; it and its line may have been delayed by a busy machine.
#[expect(clippy::disallowed_methods, reason = "a pipe is read by a thread, while the test goes on")]
fn listen(lines: impl BufRead + Send + 'static, clock: Clock, id: LeaseId, truth: Truth) {
    const DELAY: f64 = 0.5;
    std::thread::spawn(move || {
        for _ in lines.lines().map_while(Result::ok).filter(|line| line.contains("keepalived")) {
            let now = seconds(clock.wall_now());
            truth.note(id, Span { from: now - DELAY, to: now }, true);
        }
    });
}

/// Pseudo-random numbers that are the same in each run.
pub(super) struct Rng(u64);

impl Rng {
    pub(super) fn new(id: LeaseId) -> Rng {
        Rng(id.0.unsigned_abs() | 1)
    }

    /// The next of them, from `low` up to `high`.
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        low + (high - low) * (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}
