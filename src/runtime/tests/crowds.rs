//! Many leases that end together: each death with its cause, as far as the budget allows.

use std::collections::BTreeMap;

use super::follow::Ear;
use super::*;
use crate::app::What;
use simkit::Timestamp;

const TTL: i64 = 30;

/// So many leases granted one after the other, each with a key or bare; with the moment of each grant.
async fn grant(ear: &Ear, count: i64, has_key: bool) -> BTreeMap<LeaseId, Timestamp> {
    let mut granted = BTreeMap::new();
    for number in 1..=count {
        let id = LeaseId(ear.sandbox.grant_as(LeaseId(number), TTL).unwrap());
        granted.insert(id, ear.clock.now());
        if has_key {
            ear.sandbox.put(format!("/crowd/{number}"), "v", Some(id.0)).unwrap();
        }
        ear.wait(0.002_3).await;
    }
    granted
}

/// Each lease with how it was told to have ended.
fn ends(ear: &mut Ear) -> BTreeMap<LeaseId, &'static str> {
    let died = |told: &Told| matches!(told.event.what, What::Died(_));
    let told: Vec<Told> = ear.events().into_iter().filter(died).collect();
    let ends: BTreeMap<_, _> = told.iter().map(|told| (told.event.lease.unwrap(), told.event.word().word())).collect();
    assert_eq!(ends.len(), told.len(), "each is told once");
    ends
}

fn count(ends: &BTreeMap<LeaseId, &'static str>, word: &str) -> usize {
    ends.values().filter(|end| **end == word).count()
}

#[tokio::test(start_paused = true)]
async fn of_those_that_expire_together_hardly_one_is_told_without_its_cause() {
    for (leases, has_key) in [(300, false), (600, false), (1_500, true)] {
        let mut ear = Ear::begin(10_000, |_| ()).await;
        grant(&ear, leases, has_key).await;
        ear.wait(TTL as f64 + 4.0).await;
        let ends = ends(&mut ear);
        let (expired, gone, revoked) = (count(&ends, "expired"), count(&ends, "gone"), count(&ends, "revoked"));
        assert_eq!((expired + gone, revoked), (leases as usize, 0), "{leases}");
        assert!(gone * 50 <= leases as usize, "{gone} of {leases} are told without their cause");
    }
}

#[tokio::test(start_paused = true)]
async fn of_those_that_are_revoked_none_is_called_expired_before_its_time() {
    for (leases, has_key) in [(300, false), (600, false), (1_500, true)] {
        let mut ear = Ear::begin(10_000, |_| ()).await;
        let granted = grant(&ear, leases, has_key).await;
        let spread = |id: &LeaseId| Duration::from_millis(4_000 + (id.0 as u64 * 7_919) % 25_700);
        let mut plan: Vec<_> = granted.iter().map(|(id, granted)| (*granted + spread(id), *id)).collect();
        plan.sort();
        for (at, id) in plan {
            ear.clock.sleep_until(at).await;
            ear.sandbox.revoke(id).unwrap();
        }
        ear.wait(4.0).await;
        let ends = ends(&mut ear);
        assert_eq!((ends.len(), count(&ends, "expired")), (leases as usize, 0), "{leases}");
        assert!(count(&ends, "revoked") * 10 >= leases as usize * 9, "{} of {leases}", count(&ends, "revoked"));
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_beyond_the_budget_is_counted_as_dying() {
    let stage = Stage::begin(exercise(&[]), false).await;
    stage.sandbox.faults().stall_expiry();
    assert!((0..2_000).all(|_| stage.sandbox.grant(TTL).is_ok()));
    stage.wait(TTL as f64 + 3.0).await;
    let text = stage.glass.text();
    assert!(text.contains("2000 dying, removed in 2.0 s") && !text.contains("● ok"), "{text}");
    stage.sandbox.faults().release_expiry();
    stage.wait(4.0).await;
    assert!(!stage.glass.text().contains("dying,"), "{}", stage.glass.text());
}
