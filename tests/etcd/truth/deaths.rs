//! Scripted ends of leases and of their keys: each is reported with its cause.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use etcd_lease::wire::{Cluster, WatchUpdate};
use etcd_lease::{KeyRange, KeyState, LeaseId};
use futures_util::{StreamExt, stream};
use simkit::Clock;
use simkit::tasks::{Task, spawn};

use super::event_reader::{EventReader, ReportedEvent};
use super::others::{self, Rng};
use super::span::Span;
use crate::common::etcd::{Etcd, Version};

/// Number of ends, ends at a time, and TTLs.
pub(super) struct Plan {
    ends: usize,
    together: usize,
    ttls: (f64, f64),
}

pub(super) const SHORT: Plan = Plan { ends: 42, together: 42, ttls: (5.0, 8.0) };
pub(super) const LONG: Plan = Plan { ends: 1_050, together: 60, ttls: (5.0, 15.0) };

/// How a lease or its key ends. A lease whose key was detached expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Expires,
    ExpiresBare,
    Revoked,
    RevokedBare,
    KeyDeleted,
    KeyDetached,
    KeyMoved,
}

const ENDS: [End; 7] =
    [End::Expires, End::ExpiresBare, End::Revoked, End::RevokedBare, End::KeyDeleted, End::KeyDetached, End::KeyMoved];

impl End {
    fn has_key(self) -> bool {
        !matches!(self, End::ExpiresBare | End::RevokedBare)
    }

    fn is_revoke(self) -> bool {
        matches!(self, End::Revoked | End::RevokedBare)
    }

    /// The expected event and cause of its key before the lease ends.
    fn of_key(self) -> Option<(&'static str, Option<&'static str>)> {
        match self {
            End::KeyDeleted => Some(("detached", Some("deleted"))),
            End::KeyDetached => Some(("detached", Some("put"))),
            End::KeyMoved => Some(("moved", None)),
            _ => None,
        }
    }

    /// The expected event of the lease.
    fn of_lease(self) -> &'static str {
        match self {
            End::KeyMoved => "replaced",
            _ if self.is_revoke() => "revoked",
            _ => "expired",
        }
    }
}

/// An end as it really happened.
struct Death {
    id: LeaseId,
    end: End,
    /// When it was revoked, or its deadline.
    at: Span,
    /// Whether it existed only between two lists.
    is_short: bool,
}

/// What was reported about one kind of ends.
#[derive(Default)]
struct Row {
    total: usize,
    right: usize,
    unknown: usize,
    wrong: usize,
    unreported: usize,
    /// A lease without a key between two lists cannot be noticed.
    unseen: usize,
    lags: usize,
    lags_wrong: usize,
}

/// The results by kind.
pub(super) struct Outcome(BTreeMap<End, Row>);

/// Ends leases and compares.
pub(super) async fn compare(version: Version, plan: &Plan) -> Outcome {
    let etcd = Etcd::start(version).await;
    let event_reader = EventReader::start(&etcd).await;
    let test = EndTest::new(&etcd).await;
    let scripts = (0..plan.ends).map(|number| test.run_lease(number, plan));
    let deaths: Vec<Death> = stream::iter(scripts).buffer_unordered(plan.together).collect().await;
    // The next list shows that a lease without a key is gone.
    test.clock.sleep(Duration::from_secs(3)).await;
    let removed = test.removed.lock().expect("the lock is not poisoned");
    Outcome::of(&deaths, &event_reader.events(), &removed)
}

/// When keys were deleted, by the test's own watch.
type Removed = BTreeMap<Vec<u8>, Span>;

struct EndTest<'a> {
    etcd: &'a Etcd,
    cluster: Cluster,
    clock: Clock,
    removed: Arc<Mutex<Removed>>,
    /// A lease that keys are moved to.
    other: LeaseId,
    _watch: Task<()>,
}

impl EndTest<'_> {
    async fn new(etcd: &Etcd) -> EndTest<'_> {
        let (cluster, clock) = (others::connect(etcd).await, Clock::real());
        let removed = Arc::default();
        let other = cluster.grant(None, 100_000).await.expect("a lease").id;
        let watch = spawn(watch(cluster.clone(), clock.clone(), Arc::clone(&removed)));
        EndTest { etcd, cluster, clock, removed, other, _watch: watch }
    }

    fn seconds(&self, seconds: f64) -> impl Future<Output = ()> {
        self.clock.sleep(Duration::from_secs_f64(seconds))
    }

    /// One lease from its grant to its end.
    async fn run_lease(&self, number: usize, plan: &Plan) -> Death {
        let end = ENDS[number % ENDS.len()];
        let mut rng = Rng::new(LeaseId(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(number as u64 + 1) as i64));
        let ttl = rng.between(plan.ttls.0, plan.ttls.1) as i64;
        let sent = self.clock.now();
        let id = self.cluster.grant(None, ttl).await.expect("a lease").id;
        let born = Span::between(&self.clock, sent, self.clock.now());
        let mut renewed = born;
        let key = key_of(id);
        if end.has_key() {
            self.cluster.put(&key, b"v", Some(id)).await.expect("a key");
        }
        if rng.between(0.0, 1.0) < 0.5 {
            self.seconds(ttl as f64 * rng.between(0.3, 0.6)).await;
            let sent = self.clock.now();
            self.cluster.keep_alive_once(id).await.expect("a renewal");
            renewed = Span::between(&self.clock, sent, self.clock.now());
        }
        self.seconds(rng.between(0.6, ttl as f64 - 0.6)).await;
        let at = self.bring_about(end, id, &key).await.unwrap_or(renewed.later(ttl as f64));
        // Give etcd time to remove expired leases.
        if !end.is_revoke() {
            while self.cluster.time_to_live(id, false).await.is_ok_and(|answer| answer.granted_ttl > 0) {
                self.seconds(0.3).await;
            }
        }
        let is_short = at.to - born.from < 1.1;
        Death { id, end, at, is_short }
    }

    /// Ends the lease; returns when, for a revoke.
    async fn bring_about(&self, end: End, id: LeaseId, key: &[u8]) -> Option<Span> {
        let sent = self.clock.now();
        let cluster = &self.cluster;
        match end {
            End::Expires | End::ExpiresBare => return None,
            End::Revoked | End::RevokedBare => drop(cluster.revoke(id).await.expect("a revoke")),
            End::KeyDeleted => drop(self.etcd.ctl(&["del", &String::from_utf8_lossy(key)])),
            End::KeyDetached => drop(cluster.put(key, b"w", None).await.expect("a put")),
            End::KeyMoved => drop(cluster.put(key, b"w", Some(self.other)).await.expect("a put")),
        }
        end.is_revoke().then(|| Span::between(&self.clock, sent, self.clock.now()))
    }
}

fn key_of(id: LeaseId) -> Vec<u8> {
    format!("truth/{id}").into_bytes()
}

/// Notes when each key was deleted.
async fn watch(cluster: Cluster, clock: Clock, removed: Arc<Mutex<Removed>>) {
    /// How long the watch may take on a busy machine.
    const DELAY: Duration = Duration::from_millis(300);
    let mut watch = cluster.watch_keys(&KeyRange::prefix(b"truth/"), 1).await.expect("a watch");
    loop {
        let WatchUpdate::Changes { changes, .. } = watch.next().await else { continue };
        let now = clock.now();
        for change in changes.into_iter().filter(|change| change.now == KeyState::Deleted) {
            let at = Span::between(&clock, now.before(DELAY), now);
            removed.lock().expect("the lock is not poisoned").insert(change.key, at);
        }
    }
}

impl Outcome {
    fn of(deaths: &[Death], reported: &[ReportedEvent], removed: &Removed) -> Outcome {
        let mut rows: BTreeMap<End, Row> = BTreeMap::new();
        for death in deaths {
            let of_it: Vec<&ReportedEvent> =
                reported.iter().filter(|reported| reported.lease == Some(death.id)).collect();
            rows.entry(death.end).or_default().add(death, &of_it, removed.get(&key_of(death.id)));
        }
        Outcome(rows)
    }

    fn sum(&self, count: impl Fn(&Row) -> usize) -> usize {
        self.0.values().map(count).sum()
    }

    /// How many ends there were.
    pub(super) fn total(&self) -> usize {
        self.sum(|row| row.total)
    }

    /// How many were reported with a wrong cause.
    pub(super) fn wrong(&self) -> usize {
        self.sum(|row| row.wrong)
    }

    /// How many were reported with an unknown cause.
    pub(super) fn unknown(&self) -> usize {
        self.sum(|row| row.unknown)
    }

    /// How many were not reported, or more than once.
    pub(super) fn unreported(&self) -> usize {
        self.sum(|row| row.unreported)
    }

    /// How many removal delays were outside the reported error.
    pub(super) fn lags_wrong(&self) -> usize {
        self.sum(|row| row.lags_wrong)
    }

    /// Reported compared with actual ends, one line per kind.
    pub(super) fn table(&self) -> String {
        let mut text = "         kind  ends  right  unknown  wrong  unreported  unseen  lags  outside\n".to_owned();
        for (end, row) in &self.0 {
            let Row { total, right, unknown, wrong, unreported, unseen, lags, lags_wrong } = row;
            let kind = format!("{end:?}");
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "{kind:>13}  {total:>4}  {right:>5}  {unknown:>7}  {wrong:>5}  {unreported:>10}  {unseen:>6}  {lags:>4}  {lags_wrong:>7}"
            );
        }
        text
    }

    /// Lines of `name value` for tests/measure.
    pub(super) fn figures(&self) -> String {
        format!(
            "ends {}\nwrong {}\nunknown_percent {:.1}\nunreported {}\nlags_outside {}\n",
            self.total(),
            self.wrong(),
            self.unknown() as f64 * 100.0 / self.total().max(1) as f64,
            self.unreported(),
            self.lags_wrong(),
        )
    }
}

impl Row {
    fn add(&mut self, death: &Death, reported: &[&ReportedEvent], removed: Option<&Span>) {
        self.total += 1;
        if reported.is_empty() && !death.end.has_key() && death.is_short {
            self.unseen += 1;
            return;
        }
        let of = |names: &[&str]| {
            reported.iter().filter(|reported| names.contains(&&*reported.event)).copied().collect::<Vec<_>>()
        };
        let key_is_right = match (death.end.of_key(), &of(&["detached", "moved"])[..]) {
            (None, []) => true,
            (Some((event, cause)), [reported]) => reported.event == event && reported.object["cause"].as_str() == cause,
            _ => false,
        };
        match &of(&["expired", "revoked", "replaced", "gone"])[..] {
            [reported] if reported.event == "gone" => self.unknown += 1,
            [reported] if reported.event == death.end.of_lease() && key_is_right => {
                self.right += 1;
                self.hold_lag(death, reported, removed);
            }
            [_] => self.wrong += 1,
            _ => self.unreported += 1,
        }
    }

    /// The removal delay shown by key deletions.
    fn hold_lag(&mut self, death: &Death, reported: &ReportedEvent, removed: Option<&Span>) {
        let lag = reported.object["lag"].as_f64().zip(reported.object["lag_error"].as_f64());
        let (Some((lag, error)), Some(removed), End::Expires) = (lag, removed, death.end) else { return };
        let truly = Span { from: removed.from - death.at.to, to: removed.to - death.at.from };
        self.lags += 1;
        self.lags_wrong += usize::from(!truly.fits(Span::around(lag, error)));
    }
}
