//! Leases that others renew: each renewal is reported, none is invented, and its time is within the reported error.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use etcd_lease::LeaseId;
use etcd_lease::wire::Cluster;
use leasetop::inference::lease_inference::{Inferred, LeaseInference};
use simkit::Clock;
use simkit::Timestamp;
use simkit::tasks::spawn;

use super::event_reader::{EventReader, ReportedEvent};
use super::others::{self, CADENCES, Cadence, Lease, TrueRenewal, Truth};
use super::span::{Span, millis, percentile};
use crate::common::etcd::{Etcd, Version};

/// Which clients renew which leases, and for how long.
pub(super) struct Plan {
    /// TTLs of the leases that an engine keeps alive, half of them as Go's client does.
    kept: &'static [i64],
    /// TTLs of the leases that are renewed at random.
    random: &'static [i64],
    /// TTLs of the leases that etcdctl keeps alive.
    etcdctl: &'static [i64],
    /// Leases that are renewed as well-known clients do.
    scripted: &'static [Cadence],
    span: Duration,
}

pub(super) const SHORT: Plan = Plan {
    kept: &[5, 10, 10, 12],
    random: &[10, 15],
    etcdctl: &[10],
    scripted: &CADENCES,
    span: Duration::from_secs(20),
};

pub(super) const LONG: Plan = Plan {
    kept: &[5, 5, 10, 10, 10, 10, 15, 15, 20, 20, 20, 20, 30, 30, 30, 30, 60, 60, 60, 60, 120, 120, 120, 120],
    random: &[5, 10, 10, 20, 30, 60, 120, 120],
    etcdctl: &[5, 10, 10, 20, 30, 60, 60, 120],
    scripted: &CADENCES,
    span: Duration::from_secs(600),
};

/// A renewal so soon after the grant cannot be distinguished from it.
const GRANTED: Duration = Duration::from_millis(2_500);
/// A renewal is reported at most this long after it: the longest time between polls, and a second.
fn delay(plan: &Plan) -> Duration {
    let scripted: Vec<i64> = plan.scripted.iter().map(|cadence| cadence.ttl).collect();
    let longest = [plan.kept, plan.random, plan.etcdctl, &scripted].concat().into_iter().max().unwrap_or_default();
    Duration::from_secs(longest.unsigned_abs()) / 9 + Duration::from_secs(1)
}

/// What was reported about leases of one TTL, compared with the truth.
#[derive(Default)]
struct Row {
    leases: usize,
    truths: usize,
    missed: usize,
    invented: usize,
    /// Times outside the reported error.
    wrong: usize,
    /// How far from the truth, in seconds.
    errors: Vec<f64>,
    /// How long after it each renewal was reported.
    delays: Vec<f64>,
    /// Error of the inferred deadline after three polls.
    third: Vec<f64>,
    third_wrong: usize,
}

/// The results by TTL.
pub(super) struct Outcome {
    rows: BTreeMap<i64, Row>,
    /// How often a regularly renewed lease was reported as late or at risk.
    alarms: usize,
}

/// Lets the other clients renew, and compares.
pub(super) async fn compare(version: Version, plan: &Plan) -> Outcome {
    let etcd = Etcd::start(version).await;
    let event_reader = EventReader::start(&etcd).await;
    let (clock, truth) = (Clock::real(), Truth::default());
    let others = others::connect(&etcd).await;
    let kept = others::grant(&others, plan.kept).await;
    let random = others::grant(&others, plan.random).await;
    let by_etcdctl = others::grant(&others, plan.etcdctl).await;
    let scripted = others::grant_scripted(&others, plan.scripted).await;
    let steady: Vec<Lease> = scripted.iter().map(|(lease, _)| *lease).collect();
    let all = [&kept[..], &random, &by_etcdctl, &steady].concat();
    let regular = [&kept[..], &by_etcdctl, &steady].concat();
    clock.sleep(GRANTED).await;

    let until = clock.now() + plan.span;
    let mut running = vec![spawn(others::keep(others.clone(), clock.clone(), kept, until, truth.clone()))];
    for lease in random {
        running.push(spawn(others::renew_at_random(others.clone(), clock.clone(), lease, until, truth.clone())));
    }
    for (lease, cadence) in scripted {
        running.push(spawn(others::renew_as(others.clone(), clock.clone(), lease, cadence, until, truth.clone())));
    }
    let poller = others::connect(&etcd).await;
    let deadlines = InferredDeadlines::default();
    let end = until + delay(plan);
    for lease in &all {
        running.push(spawn(poll_deadlines(poller.clone(), clock.clone(), lease.id, end, deadlines.clone())));
    }
    let etcdctl = |lease: &Lease| others::etcdctl_keeps(&etcd, version, &clock, lease.id, truth.clone());
    let etcdctls: Vec<_> = by_etcdctl.iter().map(etcdctl).collect();
    clock.sleep_until(until).await;
    drop(etcdctls);
    clock.sleep_until(end).await;
    // Requests in flight when the clients ended may or may not have been applied.
    let last = Span::between(&clock, until, until).from - 1.0;
    let reported = event_reader.events();
    let is_alarm = |reported: &&ReportedEvent| {
        ["late", "risk"].contains(&&*reported.event) && regular.iter().any(|lease| reported.lease == Some(lease.id))
    };
    let alarms = reported.iter().filter(|reported| reported.at.middle() <= last).filter(is_alarm).count();
    Outcome { rows: Outcome::rows(&all, &truth, &reported, &deadlines, last), alarms }
}

/// The inferred deadline of a lease after the third poll of a renewal.
type InferredDeadlines = Arc<Mutex<Vec<(LeaseId, Span)>>>;

/// Polls a lease as the program does, and records the deadline after three polls of each renewal.
async fn poll_deadlines(cluster: Cluster, clock: Clock, id: LeaseId, until: Timestamp, deadlines: InferredDeadlines) {
    let (mut observed, mut polls) = (LeaseInference::default(), None);
    while clock.now() < until {
        clock.sleep_until(observed.next_poll(clock.now())).await;
        let sent = clock.now();
        let Ok(answer) = cluster.time_to_live(id, false).await else { continue };
        polls = match (observed.apply_reply(&answer, sent, clock.now()).inferred, polls) {
            (Inferred::Renewed(_), _) => Some(1),
            (Inferred::Missing, _) => return,
            (_, polls) => polls.map(|polls| polls + 1),
        };
        if let (Some(3), Some(bounds)) = (polls, observed.bounds()) {
            let deadline = Span::between(&clock, bounds.earliest, bounds.latest);
            deadlines.lock().expect("the lock is not poisoned").push((id, deadline));
        }
    }
}

impl Outcome {
    fn rows(
        leases: &[Lease],
        truth: &Truth,
        reported: &[ReportedEvent],
        deadlines: &InferredDeadlines,
        last: f64,
    ) -> BTreeMap<i64, Row> {
        let mut rows: BTreeMap<i64, Row> = BTreeMap::new();
        let deadlines = deadlines.lock().expect("the lock is not poisoned");
        for lease in leases {
            let row = rows.entry(lease.ttl).or_default();
            let renewals = truth.of(lease.id);
            let reported =
                reported.iter().filter(|reported| reported.lease == Some(lease.id) && reported.event == "renewed");
            row.add(lease.ttl, &renewals, reported, last);
            let is_known = |deadline: &Span| deadline.middle() - lease.ttl as f64 <= last;
            let of_it = deadlines.iter().filter(|(id, deadline)| *id == lease.id && is_known(deadline));
            of_it.for_each(|(_, deadline)| row.check_deadline(lease.ttl, &renewals, *deadline));
        }
        rows
    }

    fn sum(&self, from_ttl: i64, count: impl Fn(&Row) -> usize) -> usize {
        self.rows.range(from_ttl..).map(|(_, row)| count(row)).sum()
    }

    /// How many renewals there were.
    pub(super) fn truths(&self) -> usize {
        self.sum(0, |row| row.truths)
    }

    /// How many were not reported, of leases of at least this TTL.
    pub(super) fn missed(&self, from_ttl: i64) -> usize {
        self.sum(from_ttl, |row| row.missed)
    }

    /// How many reported ones never happened.
    pub(super) fn invented(&self, from_ttl: i64) -> usize {
        self.sum(from_ttl, |row| row.invented)
    }

    /// How many were outside the reported error.
    pub(super) fn wrong(&self) -> usize {
        self.sum(0, |row| row.wrong + row.third_wrong)
    }

    /// Inferred compared with actual renewals, one line per TTL.
    pub(super) fn table(&self) -> String {
        let mut text = "  TTL  leases   true  missed  invented  outside   error ms p50  p99       after ms p50  p99   third poll ms p99  outside\n".to_owned();
        for (ttl, row) in &self.rows {
            let Row { leases, truths, missed, invented, wrong, errors, delays, third, third_wrong } = row;
            let of = |values: &[f64], hundredths| millis(percentile(values, hundredths));
            let (error, late) = ((of(errors, 50), of(errors, 99)), (of(delays, 50), of(delays, 99)));
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "{ttl:>5}  {leases:>6}  {truths:>5}  {missed:>6}  {invented:>8}  {wrong:>7}  {:>13} {:>4}  {:>18} {:>4}  {:>18}  {third_wrong:>7}",
                error.0,
                error.1,
                late.0,
                late.1,
                of(third, 99),
            );
        }
        let _ = writeln!(text, "{} called late or at risk though renewed as always", self.alarms);
        text
    }

    /// How often a regularly renewed lease was reported as late or at risk.
    pub(super) fn alarms(&self) -> usize {
        self.alarms
    }

    /// Lines of `name value` for tests/measure.
    pub(super) fn figures(&self) -> String {
        let third: Vec<f64> = self.rows.range(10..).flat_map(|(_, row)| row.third.iter().copied()).collect();
        let third = percentile(&third, 99).map_or(f64::INFINITY, |seconds| seconds * 1e3);
        format!(
            "renewals {}\nmissed {}\ninvented {}\noutside {}\nthird_poll_ms {third:.0}\nmissed_below_10 {}\ninvented_below_10 {}\nalarms {}\n",
            self.truths(),
            self.missed(10),
            self.invented(10),
            self.wrong(),
            self.missed(0) - self.missed(10),
            self.invented(0) - self.invented(10),
            self.alarms,
        )
    }
}

impl Row {
    /// Matches each renewal with the nearest reported one, if it is near.
    fn add<'a>(
        &mut self,
        ttl: i64,
        renewals: &[TrueRenewal],
        reported: impl Iterator<Item = &'a ReportedEvent>,
        last: f64,
    ) {
        let near = (ttl as f64 / 8.0).max(0.75);
        let mut left: Vec<&TrueRenewal> = renewals.iter().collect();
        self.leases += 1;
        self.truths += renewals.iter().filter(|renewal| renewal.is_sure).count();
        for reported in reported {
            let distance = |renewal: &&TrueRenewal| renewal.at.distance(reported.at.middle());
            let place = (0..left.len()).min_by(|a, b| distance(&left[*a]).total_cmp(&distance(&left[*b])));
            match place.filter(|place| distance(&left[*place]) <= near) {
                Some(place) => self.found(left.remove(place), reported),
                None => self.invented += usize::from(reported.at.middle() <= last),
            }
        }
        self.missed += left.iter().filter(|renewal| renewal.is_sure).count();
    }

    fn found(&mut self, renewal: &TrueRenewal, reported: &ReportedEvent) {
        self.errors.push(renewal.at.distance(reported.at.middle()));
        self.delays.push(reported.seen - renewal.at.middle());
        self.wrong += usize::from(!renewal.at.fits(reported.at));
    }

    /// After three polls the deadline is one TTL after one of the renewals.
    fn check_deadline(&mut self, ttl: i64, renewals: &[TrueRenewal], deadline: Span) {
        let (at, ttl) = (deadline.middle(), ttl as f64);
        let truly = renewals.iter().map(|renewal| renewal.at.later(ttl));
        let Some(nearest) = truly.min_by(|a, b| a.distance(at).total_cmp(&b.distance(at))) else { return };
        self.third.push(nearest.distance(at));
        self.third_wrong += usize::from(!nearest.fits(deadline));
    }
}
