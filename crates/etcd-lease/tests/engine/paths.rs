//! Renewals through frozen leaders, dead connections and elections: each goes out again as soon as there is a way.

use std::time::Duration;

use etcd_lease::LeaseId;
use etcd_lease::engine::{KeepAlive, Options};

use crate::pipe::{EngineTest, engine_test_of, seconds};

const LEASES: usize = 20;

async fn kept(test: &EngineTest, ttl: i64) -> Vec<KeepAlive> {
    let mut kept = Vec::new();
    for _ in 0..LEASES {
        kept.push(test.keep(ttl).await);
    }
    kept
}

/// The longest interval between the responses of each lease, of which none was lost.
async fn longest(test: &EngineTest, kept: Vec<KeepAlive>) -> Duration {
    let mut longest = Duration::ZERO;
    for mut lease in kept {
        assert!(test.alive(lease.id()), "{} was lost", lease.id());
        let mut last = None;
        while let Ok(response) = tokio::time::timeout(Duration::from_millis(1), lease.next()).await {
            let at = response.expect("kept alive").at;
            longest = longest.max(last.map_or(Duration::ZERO, |last| at.since(last)));
            last = Some(at);
        }
    }
    longest
}

fn assert_within(interval: Duration, limit: f64) {
    assert!(interval <= Duration::from_secs_f64(limit), "{interval:?} and not {limit} s");
}

#[tokio::test(start_paused = true)]
async fn a_frozen_leader_delays_renewals_only_until_the_election() {
    let test = engine_test_of(3, Options::default()).await;
    let kept = kept(&test, 10).await;
    seconds(6.9).await;
    // They are due at 7.0 s. Followers forward them to the frozen leader and wait there.
    test.sandbox.faults().on(0).hang();
    seconds(1.8).await;
    test.sandbox.faults().move_leader(1);
    seconds(12.2).await;
    test.sandbox.faults().on(0).resume();
    seconds(5.0).await;
    assert_within(longest(&test, kept).await, 3.5 + 1.7 + 0.2);
}

#[tokio::test(start_paused = true)]
async fn a_lost_quorum_delays_renewals_only_until_a_member_knows_a_leader() {
    let test = engine_test_of(3, Options::default()).await;
    let kept = kept(&test, 10).await;
    seconds(6.9).await;
    test.sandbox.faults().lose_leader();
    seconds(4.9).await;
    test.sandbox.faults().move_leader(2);
    seconds(5.0).await;
    assert_within(longest(&test, kept).await, 3.5 + 4.8 + 0.2);
}

#[tokio::test(start_paused = true)]
async fn dead_connections_are_replaced_in_time_for_short_ttls() {
    for members in [1, 3] {
        for (ttl, limit, resend) in [(2, 1.3, 0.25), (10, 4.6, 1.0)] {
            let test = engine_test_of(members, Options::default()).await;
            let kept = kept(&test, ttl).await;
            for _ in 0..3 {
                seconds(8.3).await;
                test.sandbox.faults().silence_connections();
            }
            seconds(8.0).await;
            // With several members, the first attempt is another member over a dead connection.
            let limit = if members == 1 { limit } else { limit + resend };
            assert_within(longest(&test, kept).await, limit);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_member_alone_gets_more_time() {
    let test = engine_test_of(1, Options::default()).await;
    test.sandbox.faults().delay(Duration::from_millis(1_800));
    let lease = test.keep(10).await;
    seconds(120.0).await;
    let opened = test.sandbox.stats(0).streams_opened;
    seconds(60.0).await;
    assert!(test.alive(lease.id()));
    assert_eq!(test.sandbox.stats(0).streams_opened, opened, "no further stream");
}

#[tokio::test(start_paused = true)]
async fn renewals_are_spread_over_streams_that_reply_to_one_after_the_other() {
    const LEASES: usize = 1_500;
    let test = engine_test_of(1, Options::default()).await;
    let mut kept = Vec::new();
    for _ in 0..LEASES {
        kept.push(test.keep(5).await);
    }
    let opened = || test.sandbox.stats(0).streams_opened;
    seconds(4.0).await;
    let before = opened();
    test.sandbox.faults().delay(Duration::from_millis(250));
    seconds(15.0).await;
    assert_eq!(test.sandbox.leases().len(), LEASES, "4 streams would get 16 replies a second");
    test.sandbox.faults().delay(Duration::ZERO);
    seconds(10.0).await;
    let during = opened();
    assert!((100..2_000).contains(&(during - before)), "{}", during - before);
    seconds(10.0).await;
    assert!(opened() - during < 10, "{} streams after it", opened() - during);
    assert!(test.sandbox.stats(0).streams_open <= 5, "{} streams are open", test.sandbox.stats(0).streams_open);
    assert_eq!(kept.len(), test.sandbox.leases().len());
}

#[tokio::test(start_paused = true)]
async fn a_read_on_a_dead_connection_is_repeated_on_a_new_one() {
    let test = engine_test_of(1, Options::default()).await;
    let id = LeaseId(test.sandbox.grant(5).unwrap());
    test.cluster.leases().await.unwrap();
    test.sandbox.faults().silence_connections();
    let since = test.clock.now();
    let mut adopted = test.engine.keep_alive(id);
    adopted.next().await.expect("renewed");
    let lasted = test.clock.now().since(since);
    assert!(lasted > Duration::from_secs(1), "{lasted:?}: the connection was not dead");
    assert_within(lasted, 2.0);
}
