//! Many leases kept alive by one consumer, with their renewals and ends.

use std::collections::HashMap;
use std::time::Duration;

use etcd_lease::engine::{Consumer, Delivery, Engine, Options};
use etcd_lease::wire::Cluster;
use etcd_lease::{Ended, Granted, LeaseId};
use futures_util::future::try_join_all;
use simkit::Clock;
use simkit::Timestamp;

pub(crate) struct Fleet {
    pub(crate) engine: Engine,
    clock: Clock,
    consumer: Consumer,
    leases: Vec<LeaseId>,
    renewals: HashMap<LeaseId, u32>,
    ended: HashMap<LeaseId, Ended>,
}

impl Fleet {
    /// Grants leases and keeps them alive.
    pub(crate) async fn launch(cluster: &Cluster, count: usize, ttl: i64) -> Fleet {
        let clock = Clock::real();
        let at = clock.now();
        let granted = try_join_all((0..count).map(|_| cluster.grant(None, ttl))).await.expect("grants");
        Fleet::keep(cluster, clock, &granted, at)
    }

    /// Keeps granted leases alive.
    pub(crate) fn keep(cluster: &Cluster, clock: Clock, granted: &[Granted], at: Timestamp) -> Fleet {
        let engine = Engine::start(cluster.clone(), clock.clone(), Options::default());
        let consumer = engine.consumer();
        for lease in granted {
            consumer.keep_granted(lease, at);
        }
        let leases = granted.iter().map(|lease| lease.id).collect();
        Fleet { engine, clock, consumer, leases, renewals: HashMap::new(), ended: HashMap::new() }
    }

    /// Requests a renewal of every lease at once.
    pub(crate) fn renew_all_now(&self) {
        self.leases.iter().for_each(|lease| self.engine.renew_now(*lease));
    }

    /// Waits until every lease that has not ended has been renewed `times` times from now on.
    pub(crate) async fn all_renewed(&mut self, times: u32, limit: Duration) {
        self.renewals.clear();
        let since = self.clock.now();
        let renewed = async {
            while !self.leases.iter().all(|lease| self.ended.contains_key(lease) || self.renewed(lease) >= times) {
                self.read(since).await;
            }
        };
        let in_time = tokio::time::timeout(limit, renewed).await.is_ok();
        let behind = self.leases.iter().filter(|lease| self.renewed(lease) < times).count();
        assert!(in_time, "{behind} of {} leases not renewed {times} times within {limit:?}", self.leases.len());
    }

    /// The leases that have ended, with the reason.
    pub(crate) fn ended(&self) -> &HashMap<LeaseId, Ended> {
        &self.ended
    }

    fn renewed(&self, lease: &LeaseId) -> u32 {
        self.renewals.get(lease).copied().unwrap_or_default()
    }

    /// Reads one delivery; responses from before `since` do not count.
    async fn read(&mut self, since: Timestamp) {
        match self.consumer.next().await.expect("leases are kept") {
            Delivery::Response(response) if response.at < since => {}
            Delivery::Response(response) => *self.renewals.entry(response.id).or_default() += 1,
            Delivery::Ended(lease, ended) => drop(self.ended.insert(lease, ended)),
        }
    }
}
