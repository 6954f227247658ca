//! Three members whose leader is moved: every TTL restarts, which is neither a renewal nor an end.

use std::time::Duration;

use simkit::Clock;
use simkit::tasks::spawn;

use super::event_reader::{EventReader, ReportedEvent};
use super::others::{self, Truth};
use crate::common::etcd::{Etcd, Version};
use crate::common::wait::until;

/// How often the leader is moved, and how long it leads.
pub(super) struct Plan {
    moves: usize,
    between: Duration,
}

pub(super) const SHORT: Plan = Plan { moves: 3, between: Duration::from_secs(4) };
pub(super) const LONG: Plan = Plan { moves: 10, between: Duration::from_secs(12) };

/// TTLs of leases renewed at random, and of leases that are not renewed.
const RENEWED: [i64; 6] = [20, 20, 30, 30, 60, 60];
const LEFT_ALONE: [i64; 6] = [180, 180, 300, 300, 600, 600];

/// What was reported.
pub(super) struct Outcome {
    moves: usize,
    truths: usize,
    reported: usize,
    /// Reported renewals that never happened.
    pub(super) invented: usize,
    /// Leases reported as ended; all are alive.
    pub(super) lost: usize,
    /// Reported TTL resets.
    pub(super) refills: usize,
    terms: usize,
}

/// Moves the leader, and compares.
pub(super) async fn compare(version: Version, plan: &Plan) -> Outcome {
    let etcd = Etcd::cluster(version).await;
    let event_reader = EventReader::start(&etcd).await;
    let (clock, truth) = (Clock::real(), Truth::default());
    let others = others::connect(&etcd).await;
    let renewed = others::grant(&others, &RENEWED).await;
    let left_alone = others::grant(&others, &LEFT_ALONE).await;
    clock.sleep(Duration::from_secs(3)).await;
    let end = clock.now() + plan.between * u32::try_from(plan.moves + 1).expect("a few");
    let renewing: Vec<_> = renewed
        .iter()
        .map(|lease| spawn(others::renew_at_random(others.clone(), clock.clone(), *lease, end, truth.clone())))
        .collect();
    for _ in 0..plan.moves {
        clock.sleep(plan.between).await;
        move_leader(&etcd).await;
    }
    clock.sleep_until(end + Duration::from_secs(5)).await;
    drop(renewing);
    let all = [renewed, left_alone].concat();
    let live =
        async |lease: &others::Lease| others.time_to_live(lease.id, false).await.is_ok_and(|it| it.granted_ttl > 0);
    for lease in &all {
        assert!(live(lease).await, "the test itself lost {lease:?}");
    }
    Outcome::of(plan.moves, &truth, &all, &event_reader.events())
}

/// Moves the leadership to the next member.
async fn move_leader(etcd: &Etcd) {
    let leader = etcd.leader().await;
    let next = (leader + 1) % 3;
    let listed = etcd.ctl(&["member", "list"]);
    // `id, started, name, ...`
    let is_next = |line: &&str| line.split(", ").nth(2) == Some(&*format!("m{next}"));
    let id = listed.lines().find(is_next).and_then(|line| line.split(", ").next()).expect("a member");
    etcd.ctl(&["move-leader", id]);
    until("the next member leads", Duration::from_secs(20), async || {
        etcd.metric(next, "etcd_server_is_leader").await == Some(1.0)
    })
    .await;
}

impl Outcome {
    fn of(moves: usize, truth: &Truth, leases: &[others::Lease], reported: &[ReportedEvent]) -> Outcome {
        let count = |names: &[&str]| reported.iter().filter(|reported| names.contains(&&*reported.event)).count();
        let was = |reported: &ReportedEvent| {
            let renewals = truth.of(reported.lease.expect("a renewal is a lease's"));
            renewals.iter().any(|renewal| renewal.at.fits(reported.at))
        };
        Outcome {
            moves,
            truths: leases.iter().map(|lease| truth.of(lease.id).len()).sum(),
            reported: count(&["renewed"]),
            invented: reported.iter().filter(|reported| reported.event == "renewed" && !was(reported)).count(),
            lost: count(&["expired", "revoked", "gone"]),
            refills: count(&["refilled"]),
            terms: count(&["term"]),
        }
    }

    /// A summary of a few lines.
    pub(super) fn table(&self) -> String {
        let Outcome { moves, truths, reported, invented, lost, refills, terms } = self;
        format!(
            "leader moved {moves} times, {terms} terms reported\n{truths} renewals, {reported} reported, {invented} invented\n\
             {refills} refills reported, {lost} leases called lost"
        )
    }

    /// Lines of `name value` for tests/measure.
    pub(super) fn figures(&self) -> String {
        let Outcome { moves, invented, lost, refills, .. } = self;
        format!("moves {moves}\ninvented {invented}\nlost {lost}\nrefills {refills}\n")
    }
}
