//! Waiting for a condition instead of a fixed time.

use std::time::Duration;

/// How often a condition is checked.
const STEP: Duration = Duration::from_millis(20);

/// Waits until `holds` returns true; false if `limit` passes first.
pub(crate) async fn within(limit: Duration, mut holds: impl AsyncFnMut() -> bool) -> bool {
    let held = async {
        while !holds().await {
            tokio::time::sleep(STEP).await;
        }
    };
    tokio::time::timeout(limit, held).await.is_ok()
}

/// Waits until `holds` returns true, and panics with `what` after `limit`.
pub(crate) async fn until(what: &str, limit: Duration, holds: impl AsyncFnMut() -> bool) {
    assert!(within(limit, holds).await, "not within {limit:?}: {what}");
}
