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
        renew(&cluster, &clock, lease.id, &truth).await;
    }
}

/// How a client renews a lease: the intervals after the grant, of which the last repeats.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cadence {
    pub(super) ttl: i64,
    pub(super) intervals: &'static [f64],
}

/// What well-known clients do with a TTL of 10 s or more and an interval of 2 s or more.
pub(super) const CADENCES: [Cadence; 9] = [
    // Go's clientv3: a third of the TTL, at the next half second.
    Cadence { ttl: 10, intervals: &[3.5] },
    // Node's etcd3 and Python's etcd3-py: exactly a third.
    Cadence { ttl: 30, intervals: &[10.0] },
    // jetcd: a third, checked every half second.
    Cadence { ttl: 20, intervals: &[6.7, 7.0] },
    // tooz: half.
    Cadence { ttl: 15, intervals: &[7.5] },
    // A lock that is renewed ten times per TTL.
    Cadence { ttl: 20, intervals: &[2.0] },
    // Patroni: several times when it becomes the leader, then at each turn of its loop.
    Cadence { ttl: 30, intervals: &[2.5, 3.0, 2.5, 10.0] },
    // A loop of its own, with a third more than half of the TTL.
    Cadence { ttl: 12, intervals: &[8.0] },
    // A loop that renews at the last moment.
    Cadence { ttl: 10, intervals: &[6.0, 8.5] },
    // The same lock with twice the TTL.
    Cadence { ttl: 40, intervals: &[4.0] },
];

/// Grants a lease for each cadence.
pub(super) async fn grant_scripted(cluster: &Cluster, cadences: &[Cadence]) -> Vec<(Lease, Cadence)> {
    let ttls: Vec<i64> = cadences.iter().map(|cadence| cadence.ttl).collect();
    grant(cluster, &ttls).await.into_iter().zip(cadences.iter().copied()).collect()
}

/// Renews a lease at its cadence until then.
pub(super) async fn renew_as(
    cluster: Cluster,
    clock: Clock,
    lease: Lease,
    cadence: Cadence,
    until: Timestamp,
    truth: Truth,
) {
    let last = cadence.intervals.last().copied().expect("an interval");
    let mut next = clock.now();
    for wait in cadence.intervals.iter().copied().chain(std::iter::repeat(last)) {
        next = next + Duration::from_secs_f64(wait);
        if next > until {
            return;
        }
        clock.sleep_until(next).await;
        renew(&cluster, &clock, lease.id, &truth).await;
    }
}

/// Renews a lease once and records it.
pub(super) async fn renew(cluster: &Cluster, clock: &Clock, id: LeaseId, truth: &Truth) {
    let sent = clock.now();
    // Without a leader etcd does not answer; it may still have applied the request.
    let is_sure = cluster.keep_alive_once(id).await.is_ok();
    truth.note(id, Span::between(clock, sent, clock.now()), is_sure);
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
            let now = seconds(clock.wall(clock.now()));
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
