//! The whole engine on a sandbox during 24 hours of random faults, for a few seeds.

use std::time::Duration;

use etcd_lease::engine::Options;
use tonic::Status;

use crate::pipe::{EngineTest, bench_of, seconds};
use crate::simulation::Rng;

const DAY: f64 = 24.0 * 3600.0;

/// A fault of up to 3 s, which a lease of 60 s has to survive.
async fn fault(rng: &mut Rng, bench: &EngineTest) {
    let member = usize::try_from(rng.below(3)).unwrap();
    let (all, one) = (bench.sandbox.faults(), bench.sandbox.faults().on(member));
    let lasting = rng.between(100, 3_000) as f64 / 1_000.0;
    match rng.below(6) {
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
        _ => all.refill(),
    }
}

async fn a_day(seed: u64) {
    let mut rng = Rng::new(seed);
    let bench = bench_of(3, Options::default()).await;
    let mut kept = Vec::new();
    for ttl in [60, 120, 3600] {
        kept.push(bench.keep(ttl).await);
    }
    while bench.clock.now().since_start().as_secs_f64() < DAY {
        fault(&mut rng, &bench).await;
        seconds(rng.between(30, 1_800) as f64).await;
    }
    for mut lease in kept {
        assert!(bench.alive(lease.id()), "seed {seed}");
        assert!(lease.next().await.is_some() && lease.ended().is_none(), "seed {seed}: {:?}", lease.ended());
    }
}

#[tokio::test(start_paused = true)]
async fn five_days_of_faults_lose_no_lease() {
    for seed in 0..5 {
        a_day(seed).await;
    }
}
