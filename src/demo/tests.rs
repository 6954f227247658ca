//! The demo's clients on a paused clock.

use super::*;
use etcd_lease::LeaseId;
use etcd_lease::wire::{Settings, Target};
use etcd_sandbox::Sandbox;

struct DemoTest {
    sandbox: Sandbox,
    clock: Clock,
    _clients: DemoClients,
}

/// A sandbox with the demo's clients and one lease of the user.
async fn start(clock: Clock) -> DemoTest {
    let sandbox = Sandbox::builder().seed(1).start(clock.clone());
    sandbox.grant(3_600).unwrap();
    let target = Target::Pipe { name: "sandbox".to_owned(), dialer: sandbox.dialer(0) };
    let cluster = Cluster::connect(Settings::new(vec![target])).await.unwrap();
    DemoTest { _clients: DemoClients::start(cluster, clock.clone(), 1), sandbox, clock }
}

impl DemoTest {
    async fn wait(&self, seconds: u64) {
        self.clock.sleep(Duration::from_secs(seconds)).await;
    }

    /// The lease of a key, if the key exists.
    fn holder(&self, key: &str) -> Option<LeaseId> {
        Some(LeaseId(self.sandbox.get(key)?.lease))
    }

    /// The living candidates for the lock, oldest first.
    fn queue(&self) -> Vec<LeaseId> {
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

    /// In how many of the next `seconds` seconds a condition holds.
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
async fn the_clients_wait_for_the_first_lease() {
    let clock = Clock::real();
    let sandbox = Sandbox::builder().seed(1).start(clock.clone());
    let target = Target::Pipe { name: "sandbox".to_owned(), dialer: sandbox.dialer(0) };
    let cluster = Cluster::connect(Settings::new(vec![target])).await.unwrap();
    let _clients = DemoClients::start(cluster, clock.clone(), 1);
    clock.sleep(Duration::from_secs(60)).await;
    assert_eq!(sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>(), []);
}

#[tokio::test(start_paused = true)]
async fn the_healthy_service_keeps_its_lease_and_restarts_after_a_revoke() {
    let test = start(Clock::real()).await;
    test.wait(2).await;
    let lease = test.holder("/billing/10.0.0.5").unwrap();
    assert_eq!(test.seconds_of(300, |test| test.holder("/billing/10.0.0.5") == Some(lease)).await, 300);
    assert_eq!(test.sandbox.keep_alives(lease), 30);
    test.sandbox.revoke(lease).unwrap();
    test.wait(15).await;
    assert!(test.holder("/billing/10.0.0.5").is_some_and(|new| new != lease));
}

#[tokio::test(start_paused = true)]
async fn the_stopping_service_expires_and_comes_back() {
    let test = start(Clock::real()).await;
    let is_there = |test: &DemoTest| test.holder("/worker/10.0.0.9").is_some();
    test.wait(2).await;
    let first = test.holder("/worker/10.0.0.9").unwrap();
    // 28 s of renewals, 20 s until it expires, 25 s without it.
    let there = test.seconds_of(73 * 4, is_there).await;
    assert!((4 * 47..=4 * 49).contains(&there), "{there}");
    assert_eq!(test.sandbox.keep_alives(first), 4);
}

#[tokio::test(start_paused = true)]
async fn the_leaking_job_leaves_leases_without_keys() {
    let test = start(Clock::real()).await;
    test.wait(40).await;
    let mut leaked = test.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>();
    let has_key = |id: &LeaseId| test.holder("/cron/last-run") == Some(*id);
    leaked.retain(|id| test.sandbox.deadline(*id) < test.sandbox.deadline(test.holder("/cron/last-run").unwrap()));
    leaked.retain(|id| !has_key(id) && !test.queue().contains(id) && test.sandbox.keep_alives(*id) == 0);
    assert_eq!(leaked.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_lock_has_a_holder_two_waiters_and_a_dead_one() {
    let test = start(Clock::real()).await;
    test.wait(30).await;
    let queue = test.queue();
    let renewals: Vec<u64> = queue.iter().map(|id| test.sandbox.keep_alives(*id)).collect();
    assert_eq!(renewals, [2, 2, 1, 0]);
    test.wait(20).await;
    assert_eq!(test.queue()[..3], queue[1..], "the first holder has released it and is now behind the dead waiter");
    assert_eq!(test.queue().len(), 4);
    test.wait(20).await;
    assert!(!test.queue().contains(&queue[3]), "it has expired");
    assert_eq!(test.seconds_of(600, |test| (2..=4).contains(&test.queue().len())).await, 600);
}

#[tokio::test(start_paused = true)]
async fn a_late_renewer_has_little_time_left() {
    let test = start(Clock::real()).await;
    test.wait(4).await;
    let late = test.queue()[2];
    let least = |test: &DemoTest| test.sandbox.deadline(late).unwrap() - test.clock.now();
    let close = test.seconds_of(54, |test| least(test) < Duration::from_secs(4)).await;
    assert!((5..=7).contains(&close), "{close} seconds of three rounds");
}

#[tokio::test(start_paused = true)]
async fn the_clients_leave_room_for_own_leases_on_a_small_screen() {
    let test = start(Clock::real()).await;
    // 80x24 shows 12 rows. Three of them are for the user's own leases; here the user has one.
    assert_eq!(test.seconds_of(900, |test| test.sandbox.leases().len() > 10).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_fast_clock_gives_the_same_result() {
    let test = start(Clock::with_speed(60)).await;
    test.wait(30).await;
    assert_eq!(test.queue().len(), 4);
    assert!(test.seconds_of(600, |test| test.queue().len() >= 2).await > 580);
}

#[tokio::test(start_paused = true)]
async fn the_clients_return_after_an_outage() {
    let test = start(Clock::real()).await;
    test.wait(20).await;
    test.sandbox.faults().down();
    test.wait(120).await;
    test.sandbox.faults().up();
    test.wait(60).await;
    assert!(test.queue().len() >= 2 && test.holder("/billing/10.0.0.5").is_some());
    let renewals = |test: &DemoTest| test.sandbox.stats(0).keep_alives;
    let before = renewals(&test);
    test.wait(60).await;
    assert!(renewals(&test) >= before + 18, "two or three clients renew six times, one three times, one sometimes");
}
