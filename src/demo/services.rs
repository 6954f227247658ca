//! Services with one lease each: a healthy one, one that stops renewing, one that leaks leases.

use std::time::Duration;

use super::client::{Client, ClientStopped};

/// Renews at a third of its TTL.
pub(super) async fn healthy(client: &Client) -> Result<(), ClientStopped> {
    let lease = client.grant(30).await?;
    lease.put("/billing/10.0.0.5", "10.0.0.5:8080").await?;
    Err(lease.keep(10).await)
}

/// Renews four times and then stops, so the lease expires.
pub(super) async fn stops_renewing(client: &Client) -> Result<(), ClientStopped> {
    const TTL: u64 = 20;
    let lease = client.grant(TTL as i64).await?;
    lease.put("/worker/10.0.0.9", "10.0.0.9:8080").await?;
    lease.renew(7, 4).await?;
    client.clock.sleep(Duration::from_secs(TTL)).await;
    Ok(())
}

/// One run of a job that grants a new lease each time and never revokes it: the key moves to the newest lease.
pub(super) async fn leaking(client: &Client) -> Result<(), ClientStopped> {
    let lease = client.grant(45).await?;
    lease.put("/cron/last-run", "ok").await
}
