//! A thousand seeds of 24 hours of trouble on the schedule: nothing healthy is lost, every end has its true reason.

use std::time::Duration;

use etcd_lease::{Ended, LeaseId, RenewalSchedule};
use simkit::Timestamp;

use crate::world::{Dice, Trouble, World, ms};

const DAY: Timestamp = Timestamp::from_nanos(24 * 3600 * 1_000_000_000);
const SEEDS: u64 = 500;

fn lease_of(dice: &mut Dice) -> u64 {
    // Short ones cost most of the time: 25,000 renewals a day for 10 s.
    if dice.below(12) == 0 { 10 } else { dice.pick(&[60, 120, 600, 3600]) }
}

/// Troubles that a healthy lease has to survive: each leaves it more time than it takes to come back.
#[test]
fn survivable_troubles_lose_nothing_in_500_days() {
    for seed in 0..SEEDS {
        let mut dice = Dice::new(seed);
        let pace = dice.pick(&[RenewalSchedule::Clientv3, RenewalSchedule::Exact]);
        let mut world = World::new(pace, ms(dice.between(1, 20)));
        let ttls: Vec<u64> = (0..3).map(|_| lease_of(&mut dice)).collect();
        for (n, ttl) in ttls.iter().enumerate() {
            world.grant(i64::try_from(n + 1).unwrap(), *ttl, dice.below(4) != 0);
        }
        while world.now < DAY {
            let troubles =
                [Trouble::Down, Trouble::Hung, Trouble::Cut, Trouble::Stopped, Trouble::Refill, Trouble::Backlog];
            let trouble = dice.pick(&troubles);
            world.begin(trouble, ms(dice.between(100, 3_000)));
            let calm = dice.between(15_000, 3_600_000);
            world.run_until((world.now + ms(calm)).min(DAY));
        }
        assert!(world.ended.is_empty(), "seed {seed}: TTLs {ttls:?}, lost {:?}", world.ended);
        let least: f64 = ttls.iter().map(|ttl| 86_400.0 / (*ttl as f64 / 3.0 + 1.0)).sum();
        assert!(world.renewals as f64 >= least * 0.98, "seed {seed}: {} renewals, {least} wanted", world.renewals);
        let bound = 8 * world.sends + 20_000;
        assert!(world.turns <= bound, "seed {seed}: {} turns for {} renewals", world.turns, world.sends);
    }
}

/// Troubles of any length, revokes and forbidden leases: whatever ends, ends for the reason that is true.
#[test]
fn every_end_has_its_true_reason_in_500_days() {
    for seed in SEEDS..2 * SEEDS {
        let mut dice = Dice::new(seed);
        let mut world = World::new(RenewalSchedule::Clientv3, ms(dice.between(1, 50)));
        let mut granted: Vec<(LeaseId, u64)> = Vec::new();
        while world.now < DAY {
            if world.scheduler.len() < 4 {
                let (id, ttl) = (i64::try_from(granted.len() + 1).unwrap(), lease_of(&mut dice));
                world.grant(id, ttl, dice.below(3) != 0);
                granted.push((LeaseId(id), ttl));
            }
            let (victim, ttl) = granted[granted.len() - 1];
            match dice.below(12) {
                0 => world.revoke(victim),
                1 => world.forbid(victim),
                2 => world.begin(Trouble::Down, Duration::from_secs(ttl * 2)),
                3 => world.begin(Trouble::Hung, Duration::from_secs(ttl * 2)),
                4 => world.begin(Trouble::Stopped, Duration::from_secs(ttl + 5)),
                5 => world.begin(Trouble::Backlog, ms(dice.between(1_000, 30_000))),
                _ => world.begin(dice.pick(&[Trouble::Cut, Trouble::Refill]), Duration::ZERO),
            }
            world.run_until((world.now + ms(dice.between(1_000, 4_000_000))).min(DAY));
        }
        judge(seed, &world, &granted);
    }
}

fn judge(seed: u64, world: &World, granted: &[(LeaseId, u64)]) {
    for (id, (at, ended)) in &world.ended {
        let ttl = Duration::from_secs(granted.iter().find(|(granted, _)| granted == id).unwrap().1);
        let removed = world.removed.get(id);
        let silence = at.since(world.answered_any[id]);
        let told =
            format!("seed {seed}: {id} of {ttl:?} ended {ended:?} at {at:?}, removed {removed:?}, silent {silence:?}");
        match ended {
            Ended::Expired => {
                // Said at once when the server reads below zero, before it is removed.
                let expired = removed.is_some_and(|(_, expired)| *expired);
                // Revoked while we were cut off: when we hear of it, its deadline has passed as well.
                let passed = world.last_answer.get(id).is_some_and(|last| at.since(*last) >= ttl);
                assert!(expired || passed || world.holds(*id), "{told}");
            }
            Ended::NotFound => assert!(removed.is_some(), "{told}"),
            Ended::Forbidden { .. } => assert!(world.forbidden.contains(id), "{told}"),
            Ended::Unanswered { .. } => assert!(silence >= ttl || silence >= Duration::from_secs(5), "{told}"),
            Ended::Cancelled | Ended::Closed => panic!("{told}"),
        }
    }
    let kept = world.scheduler.len();
    assert_eq!(kept + world.ended.len(), granted.len(), "seed {seed}: every lease is kept or has ended");
}
