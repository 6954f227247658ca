//! Well-known clients together: while they are healthy nothing is reported, and then the end of each before its lease ends.

use std::fmt::Write;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use etcd_lease::LeaseId;
use etcd_lease::wire::Cluster;
use serde_json::Value;
use simkit::Clock;
use simkit::tasks::spawn;

use super::event_reader::{self, EventReader, ReportedEvent};
use super::others::{self, Cadence, Lease, Truth};
use super::span::Span;
use crate::common::etcd::{Etcd, Version};

/// How long all clients are healthy. The last part of it is watched by a list.
pub(super) struct Plan {
    healthy: Duration,
}

pub(super) const SHORT: Plan = Plan { healthy: Duration::from_secs(45) };
pub(super) const LONG: Plan = Plan { healthy: Duration::from_secs(600) };

/// How long the list watches for warnings.
const LISTED: Duration = Duration::from_secs(20);

/// A client that renews one lease with one key. `{id}` is the lease in hex, `{dec}` in decimal.
const RENEWING: [(&str, &str, Cadence); 5] = [
    ("Go session", "/jobs/lock/{id}", Cadence { ttl: 10, intervals: &[3.5] }),
    ("Node", "/svc/node/1", Cadence { ttl: 12, intervals: &[4.0] }),
    ("tooz", "/tooz/groups/workers/1", Cadence { ttl: 10, intervals: &[5.0] }),
    ("Patroni", "/service/batman/leader", Cadence { ttl: 30, intervals: &[0.3, 0.4, 2.5, 3.0, 10.0] }),
    ("go-zero", "user.rpc/{dec}", Cadence { ttl: 10, intervals: &[3.5] }),
];

/// Kubernetes' API server: a new lease of 15 s for its key every 10 s.
const HEARTBEAT: (&str, i64, Duration) = ("/registry/masterleases/10.0.0.1", 15, Duration::from_secs(10));
/// A cache: a key on a lease of 20 s every 7 s, never renewed.
const CACHE: (&str, i64, Duration) = ("/cache/page-{dec}", 20, Duration::from_secs(7));

/// What was reported.
pub(super) struct Outcome {
    /// Warnings, `late` and `risk` while all clients were healthy, or of the cache at any time.
    pub(super) false_alarms: Vec<String>,
    /// Clients whose end was not reported before their lease ended, or not with its cause.
    pub(super) unreported: Vec<String>,
}

/// A client that is about to die, and the reported cause of its lease's end.
struct Dying {
    name: &'static str,
    id: LeaseId,
    /// What may announce the end, and what the end is called.
    announced: &'static [&'static str],
    is_never_renewed: bool,
}

/// Lets them all run, ends them, and compares.
pub(super) async fn compare(version: Version, plan: &Plan) -> Outcome {
    let etcd = Etcd::start(version).await;
    let event_reader = EventReader::start(&etcd).await;
    let (clock, cluster) = (Clock::real(), others::connect(&etcd).await);
    let until = clock.now() + plan.healthy + Duration::from_secs(3_600);
    let (mut renewing, mut dying) = (Vec::new(), Vec::new());
    for (name, key, cadence) in RENEWING {
        let lease = register(&cluster, key, cadence.ttl).await;
        let client = others::renew_as(cluster.clone(), clock.clone(), lease, cadence, until, Truth::default());
        renewing.push(spawn(client));
        dying.push(Dying { name, id: lease.id, announced: &["late", "risk"], is_never_renewed: false });
    }
    let newest: Arc<Mutex<Option<LeaseId>>> = Arc::default();
    let heartbeat = spawn(put_again(cluster.clone(), clock.clone(), HEARTBEAT, Arc::clone(&newest)));
    let _cache = spawn(put_again(cluster.clone(), clock.clone(), CACHE, Arc::default()));

    clock.sleep(plan.healthy - LISTED).await;
    let warnings = warnings(&etcd);
    let end = clock.now();
    drop(renewing);
    drop(heartbeat);
    let last = newest.lock().expect("the lock is not poisoned").expect("a heartbeat");
    dying.push(Dying {
        name: "heartbeat",
        id: last,
        announced: &["unrenewed", "late", "risk"],
        is_never_renewed: true,
    });
    // The longest TTL, and etcd's delay.
    clock.sleep(Duration::from_secs(30 + 5)).await;

    let events = event_reader.events();
    let end = Span::between(&clock, end, end).from;
    let all: Vec<LeaseId> = dying.iter().map(|client| client.id).collect();
    let is_false = |event: &&ReportedEvent| {
        let is_alarm = ["late", "risk", "gone"].contains(&&*event.event);
        is_alarm && (event.seen <= end || event.lease.is_none_or(|id| !all.contains(&id)))
    };
    let false_alarms = events.iter().filter(is_false).map(|event| event.object.to_string()).chain(warnings).collect();
    let unreported = dying.iter().filter_map(|client| client.missing(&events)).collect();
    Outcome { false_alarms, unreported }
}

impl Dying {
    /// What was not reported of its end.
    fn missing(&self, events: &[ReportedEvent]) -> Option<String> {
        let of_it: Vec<&ReportedEvent> = events.iter().filter(|event| event.lease == Some(self.id)).collect();
        let told = || of_it.iter().map(|event| format!("\n    {}", event.object)).collect::<String>();
        let Some(end) = of_it.iter().find(|event| event.event == "expired") else {
            return Some(format!("{}: no end{}", self.name, told()));
        };
        let is_early = |event: &&&ReportedEvent| self.announced.contains(&&*event.event) && event.seen < end.at.from;
        let is_caused = end.object["never_renewed"].as_bool().unwrap_or(false) == self.is_never_renewed;
        if of_it.iter().any(|event| is_early(&event)) && is_caused {
            return None;
        }
        Some(format!("{}:{}", self.name, told()))
    }
}

impl Outcome {
    /// What was wrong, one line each.
    pub(super) fn table(&self) -> String {
        let mut text = String::new();
        for (what, lines) in [("false alarm", &self.false_alarms), ("not reported", &self.unreported)] {
            for line in lines {
                // Writing to a string cannot fail.
                let _ = writeln!(text, "{what}: {line}");
            }
        }
        text
    }

    /// Lines of `name value` for tests/measure.
    pub(super) fn figures(&self) -> String {
        format!("false_alarms {}\nunreported {}\n", self.false_alarms.len(), self.unreported.len())
    }
}

/// Grants a lease and puts a key on it.
async fn register(cluster: &Cluster, key: &str, ttl: i64) -> Lease {
    let id = cluster.grant(None, ttl).await.expect("a lease").id;
    let key = key.replace("{id}", &id.to_string()).replace("{dec}", &id.0.to_string());
    cluster.put(key.as_bytes(), b"here", Some(id)).await.expect("a key");
    Lease { id, ttl }
}

/// Puts a key on a new lease again and again, without renewing any. Notes the newest lease.
async fn put_again(
    cluster: Cluster,
    clock: Clock,
    (key, ttl, every): (&'static str, i64, Duration),
    newest: Arc<Mutex<Option<LeaseId>>>,
) {
    let mut next = clock.now();
    loop {
        let lease = register(&cluster, key, ttl).await;
        *newest.lock().expect("the lock is not poisoned") = Some(lease.id);
        next = next + every;
        clock.sleep_until(next).await;
    }
}

/// The leases that have a warning, after a list has watched them for a while.
fn warnings(etcd: &Etcd) -> Vec<String> {
    let mut command = Command::new(event_reader::program());
    command.args(["--endpoints", &etcd.endpoints().join(","), "list", "-w", "json"]);
    command.args(["--for", &format!("{}s", LISTED.as_secs())]);
    let output = tokio::task::block_in_place(|| command.output()).expect("leasetop runs");
    let listed: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let leases = listed["leases"].as_array().expect("leases");
    let has_warning = |lease: &&Value| lease["warnings"].as_array().is_some_and(|warnings| !warnings.is_empty());
    leases.iter().filter(has_warning).map(Value::to_string).collect()
}
