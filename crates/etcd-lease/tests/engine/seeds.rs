//! Random days of outages on the scheduler alone: no healthy lease is lost, and every end has its true reason.
//!
//! A day costs 50 to 100 ms in a debug build, so the tests run few of them; `tests/measure seeds` runs 1,000 of each.

use std::time::Duration;

use etcd_lease::{Ended, LeaseId, RenewalSchedule};
use simkit::Timestamp;

use crate::random::{Rng, cases, ms};
use crate::simulation::{Disturbance, Simulation};

const DAY: Timestamp = Timestamp::from_nanos(24 * 3600 * 1_000_000_000);
const DAYS: u64 = 80;
/// Where the seeds of the second test start, so that both see different days.
const FIRST_SEED: u64 = 1_000_000;

fn lease_of(rng: &mut Rng) -> u64 {
    // Short ones cost most of the time: 25,000 renewals a day for 10 s.
    if rng.below(12) == 0 { 10 } else { rng.pick(&[60, 120, 600, 3600]) }
}

/// Outages that a healthy lease survives: each leaves it more time than a reconnect takes.
#[test]
fn short_outages_lose_no_lease() {
    for seed in 0..cases(DAYS) {
        let mut rng = Rng::new(seed);
        let pace = rng.pick(&[RenewalSchedule::Clientv3, RenewalSchedule::Exact]);
        let mut simulation = Simulation::new(pace, ms(rng.between(1, 20)));
        let ttls: Vec<u64> = (0..3).map(|_| lease_of(&mut rng)).collect();
        for (n, ttl) in ttls.iter().enumerate() {
            simulation.grant(i64::try_from(n + 1).unwrap(), *ttl, rng.below(4) != 0);
        }
        while simulation.now < DAY {
            let troubles = [
                Disturbance::Down,
                Disturbance::Hung,
                Disturbance::Cut,
                Disturbance::Stopped,
                Disturbance::Refill,
                Disturbance::Backlog,
                Disturbance::DeadConnections,
                Disturbance::FrozenLeader,
            ];
            let trouble = rng.pick(&troubles);
            // A path exists all the time, or again after an election.
            let longest = match trouble {
                Disturbance::DeadConnections | Disturbance::FrozenLeader => 15_000,
                _ => 3_000,
            };
            simulation.start(trouble, ms(rng.between(100, longest)));
            let calm = rng.between(15_000, 3_600_000);
            simulation.run_until((simulation.now + ms(calm)).min(DAY));
        }
        assert!(simulation.ended.is_empty(), "seed {seed}: TTLs {ttls:?}, lost {:?}", simulation.ended);
        let least: f64 = ttls.iter().map(|ttl| 86_400.0 / (*ttl as f64 / 3.0 + 1.0)).sum();
        assert!(
            simulation.renewals as f64 >= least * 0.98,
            "seed {seed}: {} renewals, {least} wanted",
            simulation.renewals
        );
        let bound = 8 * simulation.sends + 20_000;
        assert!(simulation.turns <= bound, "seed {seed}: {} turns for {} renewals", simulation.turns, simulation.sends);
    }
}

/// Outages of any length, revokes and forbidden leases: every lease that ends reports its true reason.
#[test]
fn every_end_reports_its_true_reason() {
    for seed in FIRST_SEED..FIRST_SEED + cases(DAYS) {
        let mut rng = Rng::new(seed);
        let mut simulation = Simulation::new(RenewalSchedule::Clientv3, ms(rng.between(1, 50)));
        let mut granted: Vec<(LeaseId, u64)> = Vec::new();
        while simulation.now < DAY {
            if simulation.scheduler.len() < 4 {
                let (id, ttl) = (i64::try_from(granted.len() + 1).unwrap(), lease_of(&mut rng));
                simulation.grant(id, ttl, rng.below(3) != 0);
                granted.push((LeaseId(id), ttl));
            }
            let (victim, ttl) = granted[granted.len() - 1];
            match rng.below(12) {
                0 => simulation.revoke(victim),
                1 => simulation.forbid(victim),
                2 => simulation.start(Disturbance::Down, Duration::from_secs(ttl * 2)),
                3 => simulation.start(Disturbance::Hung, Duration::from_secs(ttl * 2)),
                4 => simulation.start(Disturbance::Stopped, Duration::from_secs(ttl + 5)),
                5 => simulation.start(Disturbance::Backlog, ms(rng.between(1_000, 30_000))),
                6 => simulation.start(Disturbance::DeadConnections, ms(rng.between(1_000, 30_000))),
                7 => simulation.start(Disturbance::FrozenLeader, ms(rng.between(1_000, 30_000))),
                _ => simulation.start(rng.pick(&[Disturbance::Cut, Disturbance::Refill]), Duration::ZERO),
            }
            simulation.run_until((simulation.now + ms(rng.between(1_000, 4_000_000))).min(DAY));
        }
        judge(seed, &simulation, &granted);
    }
}

fn judge(seed: u64, simulation: &Simulation, granted: &[(LeaseId, u64)]) {
    for (id, (at, ended)) in &simulation.ended {
        let ttl = Duration::from_secs(granted.iter().find(|(granted, _)| granted == id).unwrap().1);
        let removed = simulation.removed.get(id);
        let silence = at.since(simulation.answered_any[id]);
        let reported =
            format!("seed {seed}: {id} of {ttl:?} ended {ended:?} at {at:?}, removed {removed:?}, silent {silence:?}");
        match ended {
            Ended::Expired => {
                // Reported as soon as the TTL reply is below zero, before the server removes it.
                let expired = removed.is_some_and(|(_, expired)| *expired);
                // Revoked during an outage: its deadline has passed when we learn of it.
                let passed = simulation.last_answer.get(id).is_some_and(|last| at.since(*last) >= ttl);
                assert!(expired || passed || simulation.holds(*id), "{reported}");
            }
            Ended::NotFound => assert!(removed.is_some(), "{reported}"),
            Ended::Forbidden { .. } => assert!(simulation.forbidden.contains(id), "{reported}"),
            Ended::NotStarted { .. } => assert!(silence >= Duration::from_secs(5), "{reported}"),
            Ended::Unanswered { .. } => assert!(silence >= ttl || silence >= Duration::from_secs(5), "{reported}"),
            Ended::Cancelled | Ended::Closed => panic!("{reported}"),
        }
    }
    let kept = simulation.scheduler.len();
    assert_eq!(kept + simulation.ended.len(), granted.len(), "seed {seed}: every lease is kept or has ended");
}
