//! An engine on a sandbox, over the in-memory transport and on tokio's paused clock.

use std::time::Duration;

use etcd_lease::engine::{Engine, KeepAlive, Options, Response};
use etcd_lease::wire::{Cluster, Settings, Target};
use etcd_lease::{Ended, LeaseId};
use etcd_sandbox::Sandbox;
use simkit::Clock;

pub(crate) struct EngineTest {
    pub(crate) sandbox: Sandbox,
    pub(crate) cluster: Cluster,
    pub(crate) engine: Engine,
    pub(crate) clock: Clock,
}

pub(crate) async fn engine_test(options: Options) -> EngineTest {
    engine_test_of(1, options).await
}

/// With a clock that runs `speed` times as fast as real time.
pub(crate) async fn engine_test_at(speed: u32) -> EngineTest {
    bench_on(Clock::with_speed(speed), 1, Options::default()).await
}

pub(crate) async fn engine_test_of(members: usize, options: Options) -> EngineTest {
    bench_on(Clock::real(), members, options).await
}

async fn bench_on(clock: Clock, members: usize, options: Options) -> EngineTest {
    let sandbox = Sandbox::builder().members(members).seed(1).start(clock.clone());
    let target = |member| Target::Pipe { name: format!("m{member}"), dialer: sandbox.dialer(member) };
    let settings = Settings::new((0..members).map(target).collect());
    // Slow probes save time over days of virtual time. After an error a member is probed at once anyway.
    let settings = Settings { probe_every: Duration::from_secs(20), ..settings };
    let cluster = Cluster::connect(settings).await.unwrap();
    let engine = Engine::start(cluster.clone(), clock.clone(), options);
    EngineTest { sandbox, cluster, engine, clock }
}

impl EngineTest {
    /// Grants a lease and keeps it alive.
    pub(crate) async fn keep(&self, ttl: i64) -> KeepAlive {
        let sent = self.clock.now();
        let granted = self.cluster.grant(None, ttl).await.unwrap();
        self.engine.keep_granted(&granted, sent)
    }

    pub(crate) fn alive(&self, id: LeaseId) -> bool {
        self.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>().contains(&id)
    }
}

pub(crate) async fn seconds(seconds: f64) {
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
}

/// The remaining responses and the reason of the end.
pub(crate) async fn rest(mut kept: KeepAlive) -> (Vec<Response>, Ended) {
    let mut responses = Vec::new();
    while let Some(response) = kept.next().await {
        responses.push(response);
    }
    (responses, kept.ended().cloned().unwrap())
}
