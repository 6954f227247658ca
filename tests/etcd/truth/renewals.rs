//! Leases that others renew: each renewal is told, none is invented, and its time lies within the error that is told.

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
use super::others::{self, Lease, TrueRenewal, Truth};
use super::span::{Span, millis, percentile};
use crate::common::etcd::{Etcd, Version};

/// Who renews what, and for how long.
pub(super) struct Plan {
    /// TTLs of the leases that an engine keeps, half of them as Go's client does.
    kept: &'static [i64],
    /// Of those that are renewed at whim.
    whim: &'static [i64],
    /// Of those that etcdctl keeps.
    etcdctl: &'static [i64],
    span: Duration,
}

pub(super) const SHORT: Plan =
    Plan { kept: &[5, 10, 10, 12], whim: &[10, 15], etcdctl: &[10], span: Duration::from_secs(20) };

pub(super) const LONG: Plan = Plan {
    kept: &[5, 5, 10, 10, 10, 10, 15, 15, 20, 20, 20, 20, 30, 30, 30, 30, 60, 60, 60, 60, 120, 120, 120, 120],
    whim: &[5, 10, 10, 20, 30, 60, 120, 120],
    etcdctl: &[5, 10, 10, 20, 30, 60, 60, 120],
    span: Duration::from_secs(600),
};

/// A renewal so soon after the grant cannot be told from it.
const GRANTED: Duration = Duration::from_millis(2_500);
/// How long after a renewal it is told at the latest: the longest time between polls, and a second.
fn delay(plan: &Plan) -> Duration {
    let longest = [plan.kept, plan.whim, plan.etcdctl].concat().into_iter().max().unwrap_or_default();
    Duration::from_secs(longest.unsigned_abs()) / 9 + Duration::from_secs(1)
}

/// What was told of leases of one TTL, against the truth.
#[derive(Default)]
struct Row {
    leases: usize,
    truths: usize,
    missed: usize,
    invented: usize,
    /// Times that do not lie within the error that was told.
    wrong: usize,
    /// How far from the truth, in seconds.
    errors: Vec<f64>,
    /// How long after it each was told.
    delays: Vec<f64>,
    /// How far from the truth the deadline was held to be after three polls.
    third: Vec<f64>,
    third_wrong: usize,
}

/// All of it, by TTL.
pub(super) struct Outcome {
    rows: BTreeMap<i64, Row>,
    /// How often a lease was called late or at risk that was renewed as always.
    alarms: usize,
}

/// Lets the others renew, and compares.
pub(super) async fn compare(version: Version, plan: &Plan) -> Outcome {
    let etcd = Etcd::start(version).await;
    let event_reader = EventReader::start(&etcd).await;
    let (clock, truth) = (Clock::real(), Truth::default());
    let others = others::connect(&etcd).await;
    let kept = others::grant(&others, plan.kept).await;
    let whim = others::grant(&others, plan.whim).await;
    let by_etcdctl = others::grant(&others, plan.etcdctl).await;
    let all = [&kept[..], &whim, &by_etcdctl].concat();
    let regular = [&kept[..], &by_etcdctl].concat();
    clock.sleep(GRANTED).await;

    let until = clock.now() + plan.span;
    let mut running = vec![spawn(others::keep(others.clone(), clock.clone(), kept, until, truth.clone()))];
    for lease in whim {
        running.push(spawn(others::renew_at_whim(others.clone(), clock.clone(), lease, until, truth.clone())));
    }
    let eyes = others::connect(&etcd).await;
    let beliefs = Beliefs::default();
    let end = until + delay(plan);
    for lease in &all {
        running.push(spawn(sharpen(eyes.clone(), clock.clone(), lease.id, end, beliefs.clone())));
    }
    let etcdctl = |lease: &Lease| others::etcdctl_keeps(&etcd, version, &clock, lease.id, truth.clone());
    let etcdctls: Vec<_> = by_etcdctl.iter().map(etcdctl).collect();
    clock.sleep_until(until).await;
    drop(etcdctls);
    clock.sleep_until(end).await;
    // What was on its way when the others ended is not known to have been carried out.
    let last = Span::between(&clock, until, until).from - 1.0;
    let told = event_reader.events();
    let is_alarm = |told: &&ReportedEvent| {
        ["late", "risk"].contains(&&*told.event) && regular.iter().any(|lease| told.lease == Some(lease.id))
    };
    let alarms = told.iter().filter(|told| told.at.middle() <= last).filter(is_alarm).count();
    Outcome { rows: Outcome::rows(&all, &truth, &told, &beliefs, last), alarms }
}

/// Where a lease's deadline was held to be after the third poll of a renewal.
type Beliefs = Arc<Mutex<Vec<(LeaseId, Span)>>>;

/// Polls a lease by the rule that the program uses, and notes what is known after three polls of each renewal.
async fn sharpen(cluster: Cluster, clock: Clock, id: LeaseId, until: Timestamp, beliefs: Beliefs) {
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
            beliefs.lock().expect("nobody panicked").push((id, deadline));
        }
    }
}

impl Outcome {
    fn rows(
        leases: &[Lease],
        truth: &Truth,
        told: &[ReportedEvent],
        beliefs: &Beliefs,
        last: f64,
    ) -> BTreeMap<i64, Row> {
        let mut rows: BTreeMap<i64, Row> = BTreeMap::new();
        let beliefs = beliefs.lock().expect("nobody panicked");
        for lease in leases {
            let row = rows.entry(lease.ttl).or_default();
            let deeds = truth.of(lease.id);
            let told = told.iter().filter(|told| told.lease == Some(lease.id) && told.event == "renewed");
            row.add(lease.ttl, &deeds, told, last);
            let is_known = |deadline: &Span| deadline.middle() - lease.ttl as f64 <= last;
            let of_it = beliefs.iter().filter(|(id, deadline)| *id == lease.id && is_known(deadline));
            of_it.for_each(|(_, deadline)| row.believe(lease.ttl, &deeds, *deadline));
        }
        rows
    }

    fn sum(&self, from_ttl: i64, count: impl Fn(&Row) -> usize) -> usize {
        self.rows.range(from_ttl..).map(|(_, row)| count(row)).sum()
    }

    /// How many renewals there truly were.
    pub(super) fn truths(&self) -> usize {
        self.sum(0, |row| row.truths)
    }

    /// How many were not told, of leases of at least this TTL.
    pub(super) fn missed(&self, from_ttl: i64) -> usize {
        self.sum(from_ttl, |row| row.missed)
    }

    /// How many were told and never were.
    pub(super) fn invented(&self, from_ttl: i64) -> usize {
        self.sum(from_ttl, |row| row.invented)
    }

    /// How many were outside of the error that was told.
    pub(super) fn wrong(&self) -> usize {
        self.sum(0, |row| row.wrong + row.third_wrong)
    }

    /// Inferred against true, a line a TTL.
    pub(super) fn table(&self) -> String {
        let mut text = "  TTL  leases   true  missed  invented  outside   error ms p50  p99   told after ms p50  p99   third poll ms p99  outside\n".to_owned();
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

    /// How often a lease was called late or at risk that was renewed as always.
    pub(super) fn alarms(&self) -> usize {
        self.alarms
    }

    /// `name value` a line, for tests/measure.
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
    /// Each renewal is looked for among those that were told: the nearest, if it is near.
    fn add<'a>(&mut self, ttl: i64, deeds: &[TrueRenewal], told: impl Iterator<Item = &'a ReportedEvent>, last: f64) {
        let near = (ttl as f64 / 8.0).max(0.75);
        let mut left: Vec<&TrueRenewal> = deeds.iter().collect();
        self.leases += 1;
        self.truths += deeds.iter().filter(|deed| deed.is_sure).count();
        for told in told {
            let distance = |deed: &&TrueRenewal| deed.at.distance(told.at.middle());
            let place = (0..left.len()).min_by(|a, b| distance(&left[*a]).total_cmp(&distance(&left[*b])));
            match place.filter(|place| distance(&left[*place]) <= near) {
                Some(place) => self.found(left.remove(place), told),
                None => self.invented += usize::from(told.at.middle() <= last),
            }
        }
        self.missed += left.iter().filter(|deed| deed.is_sure).count();
    }

    fn found(&mut self, deed: &TrueRenewal, told: &ReportedEvent) {
        self.errors.push(deed.at.distance(told.at.middle()));
        self.delays.push(told.seen - deed.at.middle());
        self.wrong += usize::from(!deed.at.fits(told.at));
    }

    /// After three polls the deadline lies there: a TTL after one of the renewals.
    fn believe(&mut self, ttl: i64, deeds: &[TrueRenewal], deadline: Span) {
        let (at, ttl) = (deadline.middle(), ttl as f64);
        let truly = deeds.iter().map(|deed| deed.at.later(ttl));
        let Some(nearest) = truly.min_by(|a, b| a.distance(at).total_cmp(&b.distance(at))) else { return };
        self.third.push(nearest.distance(at));
        self.third_wrong += usize::from(!nearest.fits(deadline));
    }
}
