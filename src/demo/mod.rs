//! The other clients of the demo, which use the sandbox beside the user's own leases.
//!
//! Each is a real client that calls the sandbox's API and uses the sandbox's clock. They start again after they end, so that
//! everything that can happen to a lease shows within a minute or two:
//!
//! ```text
//!  services.rs   /billing/...        healthy: 30 s, renewed every 10 s
//!                /worker/...         renews its lease of 20 s four times, lets it expire and later comes back
//!                /cron/last-run      leaks a lease of 45 s every 16 s; only the newest has the key
//!  queue.rs      /locks/nightly/...  four candidates for a lock: two healthy ones, one that renews late, a dead one
//! ```

mod client;
mod queue;
mod services;
#[cfg(test)]
mod tests;

use std::time::Duration;

use client::{Client, ClientStopped};
use etcd_lease::wire::Cluster;
use simkit::Clock;
use simkit::tasks::{Task, spawn};

/// The other clients of the demo. They stop when this is dropped.
#[derive(Debug)]
pub struct DemoClients {
    _task: Task,
}

impl DemoClients {
    /// Starts the clients as soon as the sandbox has `min_leases` leases, so that the user's own leases come first.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn start(cluster: Cluster, clock: Clock, min_leases: usize) -> DemoClients {
        DemoClients { _task: spawn(run_clients(Client { cluster, clock }, min_leases)) }
    }
}

/// Runs all clients at the same time. The candidates for the lock start one after the other.
async fn run_clients(client: Client, min_leases: usize) {
    client.wait_for_leases(min_leases).await;
    let client = &client;
    tokio::join!(
        client.repeat(0, 1, || services::healthy(client)),
        client.repeat(1, 25, || services::stops_renewing(client)),
        client.repeat(2, 16, || services::leaking(client)),
        client.repeat(0, 5, || queue::hold_lock_once(client, 30, 10)),
        client.repeat(1, 5, || queue::hold_lock_once(client, 30, 10)),
        client.repeat(2, 5, || queue::hold_lock_once(client, 20, 18)),
        client.repeat(3, 20, || queue::abandon_queue(client)),
    );
}

impl Client {
    /// Calls `run` again and again: first after `after` seconds, then with `pause` seconds between the runs.
    async fn repeat<F>(&self, after: u64, pause: u64, run: impl Fn() -> F)
    where
        F: Future<Output = Result<(), ClientStopped>>,
    {
        self.clock.sleep(Duration::from_secs(after)).await;
        loop {
            // The next run starts however this one ended.
            let _ = run().await;
            self.clock.sleep(Duration::from_secs(pause)).await;
        }
    }
}
