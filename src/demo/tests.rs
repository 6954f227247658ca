//! The lives of the others, on a paused clock.

use super::*;
use etcd_lease::LeaseId;
use etcd_lease::wire::{Settings, Target};
use etcd_sandbox::Sandbox;

struct DemoTest {
    sandbox: Sandbox,
    clock: Clock,
    _others: DemoClients,
}

/// A stage with an audience of one lease.
async fn start(clock: Clock) -> DemoTest {
    let sandbox = Sandbox::builder().seed(1).start(clock.clone());
    sandbox.grant(3_600).unwrap();
    let target = Target::Pipe { name: "sandbox".to_owned(), dialer: sandbox.dialer(0) };
    let cluster = Cluster::connect(Settings::new(vec![target])).await.unwrap();
    DemoTest { _others: DemoClients::start(cluster, clock.clone(), 1), sandbox, clock }
}

impl DemoTest {
    async fn wait(&self, seconds: u64) {
        self.clock.sleep(Duration::from_secs(seconds)).await;
    }

    /// The lease that a key hangs on, if it is there.
    fn holder(&self, key: &str) -> Option<LeaseId> {
        Some(LeaseId(self.sandbox.get(key)?.lease))
    }

    /// Those in line for the lock that live, oldest first.
    fn line(&self) -> Vec<LeaseId> {
        let key = |id: &LeaseId| self.sandbox.get(format!("/locks/nightly/{:x}", id.0));
        let mut keys: Vec<_> = self
            .sandbox
            .leases()
            .into_iter()
            .map(LeaseId)
            .collect::<Vec<_>>()
            .into_iter()
            .filter_map(|id| Some((key(&id)?, id)))
            .collect();
        keys.sort_by_key(|(key, _)| key.create_revision);
        keys.into_iter().map(|(_, id)| id).collect()
    }

    /// How often each second of a span something holds.
    async fn seconds_of(&self, seconds: u64, holds: impl Fn(&DemoTest) -> bool) -> u64 {
        let mut count = 0;
        for _ in 0..seconds {
            self.wait(1).await;
            count += u64::from(holds(self));
        }
        count
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_comes_before_the_audience() {
    let clock = Clock::real();
    let sandbox = Sandbox::builder().seed(1).start(clock.clone());
    let target = Target::Pipe { name: "sandbox".to_owned(), dialer: sandbox.dialer(0) };
    let cluster = Cluster::connect(Settings::new(vec![target])).await.unwrap();
    let _others = DemoClients::start(cluster, clock.clone(), 1);
    clock.sleep(Duration::from_secs(60)).await;
    assert_eq!(sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>(), []);
}

#[tokio::test(start_paused = true)]
async fn the_healthy_one_keeps_its_lease_and_comes_back_if_it_is_taken_away() {
    let test = start(Clock::real()).await;
    test.wait(2).await;
    let lease = test.holder("/billing/10.0.0.5").unwrap();
    assert_eq!(test.seconds_of(300, |test| test.holder("/billing/10.0.0.5") == Some(lease)).await, 300);
    assert_eq!(test.sandbox.keep_alives(lease), 30);
    test.sandbox.revoke(lease).unwrap();
    test.wait(15).await;
    assert!(test.holder("/billing/10.0.0.5").is_some_and(|anew| anew != lease));
}

#[tokio::test(start_paused = true)]
async fn the_mortal_one_expires_and_comes_back() {
    let test = start(Clock::real()).await;
    let is_there = |test: &DemoTest| test.holder("/worker/10.0.0.9").is_some();
    test.wait(2).await;
    let first = test.holder("/worker/10.0.0.9").unwrap();
    // 28 s of renewals, 20 s of dying, 25 s of absence.
    let there = test.seconds_of(73 * 4, is_there).await;
    assert!((4 * 47..=4 * 49).contains(&there), "{there}");
    assert_eq!(test.sandbox.keep_alives(first), 4);
}

#[tokio::test(start_paused = true)]
async fn the_leak_leaves_leases_without_a_key() {
    let test = start(Clock::real()).await;
    test.wait(40).await;
    let mut leaked = test.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>();
    let has_key = |id: &LeaseId| test.holder("/cron/last-run") == Some(*id);
    leaked.retain(|id| test.sandbox.deadline(*id) < test.sandbox.deadline(test.holder("/cron/last-run").unwrap()));
    leaked.retain(|id| !has_key(id) && !test.line().contains(id) && test.sandbox.keep_alives(*id) == 0);
    assert_eq!(leaked.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_lock_has_a_holder_two_who_wait_and_one_who_has_died() {
    let test = start(Clock::real()).await;
    test.wait(30).await;
    let line = test.line();
    let renewals: Vec<u64> = line.iter().map(|id| test.sandbox.keep_alives(*id)).collect();
    assert_eq!(renewals, [2, 2, 1, 0]);
    test.wait(20).await;
    assert_eq!(test.line()[..3], line[1..], "the first has given it back, and stands behind the dead one");
    assert_eq!(test.line().len(), 4);
    test.wait(20).await;
    assert!(!test.line().contains(&line[3]), "it is out of time");
    assert_eq!(test.seconds_of(600, |test| (2..=4).contains(&test.line().len())).await, 600);
}

#[tokio::test(start_paused = true)]
async fn who_renews_late_has_little_left() {
    let test = start(Clock::real()).await;
    test.wait(4).await;
    let late = test.line()[2];
    let least = |test: &DemoTest| test.sandbox.deadline(late).unwrap() - test.clock.now();
    let close = test.seconds_of(54, |test| least(test) < Duration::from_secs(4)).await;
    assert!((5..=7).contains(&close), "{close} seconds of three rounds");
}

#[tokio::test(start_paused = true)]
async fn they_are_never_so_many_that_a_small_screen_has_no_room_for_ones_own() {
    let test = start(Clock::real()).await;
    // Twelve rows at 80x24, three of them one's own; here the audience is one.
    assert_eq!(test.seconds_of(900, |test| test.sandbox.leases().len() > 10).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_fast_clock_plays_the_same_piece() {
    let test = start(Clock::with_speed(60)).await;
    test.wait(30).await;
    assert_eq!(test.line().len(), 4);
    assert!(test.seconds_of(600, |test| test.line().len() >= 2).await > 580);
}

#[tokio::test(start_paused = true)]
async fn a_sandbox_that_was_away_finds_them_all_again() {
    let test = start(Clock::real()).await;
    test.wait(20).await;
    test.sandbox.faults().down();
    test.wait(120).await;
    test.sandbox.faults().up();
    test.wait(60).await;
    assert!(test.line().len() >= 2 && test.holder("/billing/10.0.0.5").is_some());
    let renewals = |test: &DemoTest| test.sandbox.stats(0).keep_alives;
    let before = renewals(&test);
    test.wait(60).await;
    assert!(renewals(&test) >= before + 18, "two or three that renew six times, one three times, one now and then");
}
