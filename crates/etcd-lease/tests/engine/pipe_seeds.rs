//! Random days of outages on the whole engine, over the in-memory transport. `tests/measure seeds` runs 100 of them.

use std::time::Duration;

use etcd_lease::engine::Options;
use tonic::Status;

use crate::pipe::{EngineTest, engine_test_of, seconds};
use crate::random::{Rng, cases};

const DAY: f64 = 24.0 * 3600.0;

/// An outage that a lease of 60 s survives: of up to 3 s, or with a way around it.
async fn cause_outage(rng: &mut Rng, test: &EngineTest) {
    let member = usize::try_from(rng.below(3)).unwrap();
    let (all, one) = (test.sandbox.faults(), test.sandbox.faults().on(member));
    let lasting = rng.between(100, 3_000) as f64 / 1_000.0;
    match rng.below(8) {
        0 => {
            one.down();
            all.move_leader((member + 1) % 3);
            seconds(lasting).await;
            one.up();
        }
        1 => {
            one.hang();
            seconds(lasting).await;
            one.resume();
        }
        2 => all.cut_streams(&Status::unknown("not a primary lessor")),
        3 => {
            all.delay(Duration::from_millis(400));
            seconds(lasting).await;
            all.delay(Duration::ZERO);
        }
        4 => {
            all.lose_leader();
            seconds(lasting).await;
            all.move_leader(member);
        }
        5 => all.silence_connections(),
        6 => {
            // It is frozen for much longer than the election takes.
            one.hang();
            seconds(1.5).await;
            all.move_leader((member + 1) % 3);
            seconds(lasting * 5.0).await;
            one.resume();
        }
        _ => all.refill(),
    }
}

async fn one_day(seed: u64) {
    let mut rng = Rng::new(seed);
    let test = engine_test_of(3, Options::default()).await;
    let mut kept = Vec::new();
    for ttl in [60, 120, 3600] {
        kept.push(test.keep(ttl).await);
    }
    while test.clock.now().since_start().as_secs_f64() < DAY {
        cause_outage(&mut rng, &test).await;
        seconds(rng.between(30, 1_800) as f64).await;
    }
    for mut lease in kept {
        assert!(test.alive(lease.id()), "seed {seed}");
        assert!(lease.next().await.is_some() && lease.ended().is_none(), "seed {seed}: {:?}", lease.ended());
    }
}

#[tokio::test(start_paused = true)]
async fn short_outages_over_the_pipe_lose_no_lease() {
    // A day takes 1.5 s in a debug build, and 15 times as long as a day of the scheduler alone.
    for seed in 0..cases(20) / 10 {
        one_day(seed).await;
    }
}
