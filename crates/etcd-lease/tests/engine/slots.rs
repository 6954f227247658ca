//! Slots of the scheduler: a reused slot belongs only to its new lease.

use etcd_lease::LeaseId;
use etcd_lease::engine::{Delivery, Options};
use futures_util::FutureExt;

use crate::pipe::{bench, seconds};

#[tokio::test(start_paused = true)]
async fn a_lease_in_a_reused_slot_gets_its_responses() {
    let bench = bench(Options::default()).await;
    let (first, second) = (LeaseId(bench.sandbox.grant(5).unwrap()), LeaseId(bench.sandbox.grant(5).unwrap()));
    let mut consumer = bench.engine.consumer();
    consumer.keep_alive(first);
    seconds(1.0).await;
    // Both commands reach the engine in one batch.
    consumer.stop_keep_alive(first);
    consumer.keep_alive(second);
    seconds(20.0).await;
    assert!(!bench.alive(first) && bench.alive(second));
    let next = consumer.next().now_or_never().flatten();
    assert!(matches!(next, Some(Delivery::Response(response)) if response.id == second), "{next:?}");
    consumer.stop_keep_alive(second);
    seconds(10.0).await;
    assert!(!bench.alive(second), "it is not kept alive");
}
