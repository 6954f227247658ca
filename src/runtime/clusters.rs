//! The clusters that the monitor can run on, and engines that keep leases alive on those that are not displayed.

use std::fmt;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, select_all};

use super::environment::{EnvironmentFactory, OwnedResources};
use super::session::RunningEngine;
use crate::app::{AppConfig, BackgroundLeases, KeptLease, Ownership};
use etcd_lease::wire::{Cluster, ErrorKind};
use etcd_lease::{LeaseId, engine};
use simkit::Clock;

/// A cluster, and what the monitor needs to run on it.
#[derive(Clone, Debug)]
pub struct ClusterSetup {
    /// The cluster or the sandbox.
    pub cluster: Cluster,
    /// The clock of the engine and the polls. The sandbox's clock, if there is one.
    pub clock: Clock,
    /// Resources that must live as long as the cluster.
    pub resources: Option<OwnedResources>,
    /// Creates another sandbox for a restart. `None` for a real cluster.
    pub environments: Option<EnvironmentFactory>,
    /// Engine options.
    pub engine: engine::Options,
    /// Configuration of the state.
    pub config: AppConfig,
    /// The program with its connection flags, such as `leasetop --endpoints a:2379`.
    pub command: String,
}

/// Connects to a cluster by its name.
#[derive(Clone)]
pub struct ClusterConnector(Arc<dyn Fn(String) -> BoxFuture<'static, Result<ClusterSetup, String>> + Send + Sync>);

impl ClusterConnector {
    /// A connector from a function. It must not prompt for a password. Its error is shown to the user.
    pub fn new<F>(connect: impl Fn(String) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<ClusterSetup, String>> + Send + 'static,
    {
        ClusterConnector(Arc::new(move |name| connect(name).boxed()))
    }

    pub(super) async fn connect(&self, name: String) -> Result<ClusterSetup, String> {
        (self.0)(name).await
    }
}

impl fmt::Debug for ClusterConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClusterConnector")
    }
}

/// A cluster that is not displayed, with the leases that are kept alive on it.
pub(super) struct ParkedCluster {
    pub(super) setup: ClusterSetup,
    pub(super) running: RunningEngine,
    pub(super) leases: Vec<KeptLease>,
}

/// A lease that ended on a cluster that is not displayed.
pub(super) struct EndedInBackground {
    pub(super) cluster: String,
    pub(super) id: LeaseId,
    pub(super) why: String,
}

/// The clusters that are not displayed.
#[derive(Default)]
pub(super) struct BackgroundClusters(Vec<ParkedCluster>);

impl BackgroundClusters {
    pub(super) fn add(&mut self, parked: ParkedCluster) {
        self.0.push(parked);
    }

    /// Removes the cluster called `name`.
    pub(super) fn take(&mut self, name: &str) -> Option<ParkedCluster> {
        let place = self.0.iter().position(|parked| parked.setup.config.cluster_name() == name)?;
        Some(self.0.remove(place))
    }

    /// Waits until the engine of a cluster has news. Returns its index.
    pub(super) async fn changed(&self) -> usize {
        if self.0.is_empty() {
            return std::future::pending().await;
        }
        select_all(self.0.iter().map(|parked| Box::pin(parked.running.feed.changed()))).await.1
    }

    /// Returns the leases of a cluster that ended since the last call. If none are left, removes the cluster, which
    /// stops its engine.
    pub(super) fn drain(&mut self, index: usize) -> Vec<EndedInBackground> {
        let Some(parked) = self.0.get_mut(index) else { return Vec::new() };
        let cluster = parked.setup.config.cluster_name().to_owned();
        let mut ended = Vec::new();
        for status in parked.running.feed.drain().statuses {
            let Some(why) = status.ended else { continue };
            if parked.leases.iter().any(|kept| kept.id == status.id) {
                parked.leases.retain(|kept| kept.id != status.id);
                ended.push(EndedInBackground { cluster: cluster.clone(), id: status.id, why: why.to_string() });
            }
        }
        if parked.leases.is_empty() {
            self.0.remove(index);
        }
        ended
    }

    /// The leases that are kept alive, by cluster.
    pub(super) fn leases(&self) -> Vec<BackgroundLeases> {
        let leases = self.0.iter().map(|parked| BackgroundLeases {
            cluster: parked.setup.config.cluster_name().to_owned(),
            leases: parked.leases.clone(),
            is_sandbox: parked.setup.config.is_sandbox(),
        });
        leases.collect()
    }

    /// The command line of each real cluster, and the leases that are kept alive there. Sandboxes end with the program.
    pub(super) fn commands(&self) -> Vec<(String, Vec<LeaseId>)> {
        let real = self.0.iter().filter(|parked| !parked.setup.config.is_sandbox());
        real.map(|parked| (parked.setup.command.clone(), parked.leases.iter().map(|kept| kept.id).collect())).collect()
    }

    /// Revokes the own leases of all clusters. Returns the number of leases that could not be revoked.
    pub(super) fn revoke_own(&self) -> impl Future<Output = usize> + Send + use<> {
        let own = |parked: &ParkedCluster| {
            let kept = parked.leases.iter().filter(|kept| kept.ownership == Ownership::Own);
            kept.map(|kept| (parked.setup.cluster.clone(), kept.id)).collect::<Vec<_>>()
        };
        let targets: Vec<(Cluster, LeaseId)> = self.0.iter().flat_map(own).collect();
        async move {
            let mut failed = 0;
            for (cluster, id) in targets {
                let is_gone = match cluster.revoke(id).await {
                    Ok(_) => true,
                    Err(error) => error.kind() == ErrorKind::NotFound,
                };
                failed += usize::from(!is_gone);
            }
            failed
        }
    }
}
