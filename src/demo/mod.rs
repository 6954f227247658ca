//! Other clients on the sandbox: what the demo shows beside one's own leases.
//!
//! Each is a real client that calls over the wire and lives by the sandbox's clock; none knows of the monitor. Their lives
//! are short and begin anew, so that whatever a lease can go through is seen within a minute or two:
//!
//! ```text
//!  services.rs   /billing/...        healthy: 30 s, renewed every 10 s
//!                /worker/...         renews four times and stops; its lease of 20 s expires, later it comes back
//!                /cron/last-run      leaks: a lease of 45 s every 16 s, the key on the newest alone
//!  queue.rs      /locks/nightly/...  four in line for a lock: two that are well, one that renews late, one that has died
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

/// The other clients, until this is dropped.
#[derive(Debug)]
pub struct DemoClients {
    _life: Task,
}

impl DemoClients {
    /// Lets them come as soon as there are so many leases: whoever looks on sees his own first.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn start(cluster: Cluster, clock: Clock, min_leases: usize) -> DemoClients {
        DemoClients { _life: spawn(run_clients(Client { cluster, clock }, min_leases)) }
    }
}

/// All lives side by side. Those who stand in line come one after the other.
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
    /// After so many seconds one life after the other, with a pause of so many seconds between them.
    async fn repeat<F>(&self, after: u64, pause: u64, life: impl Fn() -> F)
    where
        F: Future<Output = Result<(), ClientStopped>>,
    {
        self.clock.sleep(Duration::from_secs(after)).await;
        loop {
            // However it ended, the next one begins.
            let _ = life().await;
            self.clock.sleep(Duration::from_secs(pause)).await;
        }
    }
}
