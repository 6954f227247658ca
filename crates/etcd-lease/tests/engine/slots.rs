//! Slots of the scheduler: a reused slot belongs to its new lease alone.

use etcd_lease::LeaseId;
use etcd_lease::engine::{Delivery, Options};
use futures_util::FutureExt;

use crate::pipe::{engine_test, seconds};

#[tokio::test(start_paused = true)]
async fn a_lease_that_reuses_a_slot_gets_its_own_responses() {
    let test = engine_test(Options::default()).await;
    let (first, second) = (LeaseId(test.sandbox.grant(5).unwrap()), LeaseId(test.sandbox.grant(5).unwrap()));
    let mut consumer = test.engine.consumer();
    consumer.keep_alive(first);
    seconds(1.0).await;
    // Both commands reach the engine in one batch.
    consumer.stop_keep_alive(first);
    consumer.keep_alive(second);
    seconds(20.0).await;
    assert!(!test.alive(first) && test.alive(second));
    let next = consumer.next().now_or_never().flatten();
    assert!(matches!(next, Some(Delivery::Response(response)) if response.id == second), "{next:?}");
    consumer.stop_keep_alive(second);
    seconds(10.0).await;
    assert!(!test.alive(second), "not kept alive");
}
