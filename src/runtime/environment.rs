//! A cluster and its clock. A sandbox environment can be replaced by a new one.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use etcd_lease::wire::Cluster;
use simkit::Clock;

/// A cluster created for the monitor, and its clock.
#[derive(Debug)]
pub struct Environment {
    /// The cluster.
    pub cluster: Cluster,
    /// The clock of the engine and the polls.
    pub clock: Clock,
    /// What must live as long as the environment: the sandbox and its other clients.
    pub resources: OwnedResources,
}

/// Resources that are only kept alive.
pub type OwnedResources = Arc<dyn Any + Send + Sync>;

/// Creates environments with a given clock speed.
#[derive(Clone)]
pub struct EnvironmentFactory(Arc<dyn Fn(u32) -> BoxFuture<'static, Environment> + Send + Sync>);

impl EnvironmentFactory {
    /// A factory from a function. Its argument is the clock speed as a multiple of real time.
    pub fn new<F>(make: impl Fn(u32) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Environment> + Send + 'static,
    {
        EnvironmentFactory(Arc::new(move |warp| make(warp).boxed()))
    }

    pub(super) async fn make(&self, warp: u32) -> Environment {
        (self.0)(warp).await
    }
}

impl fmt::Debug for EnvironmentFactory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnvironmentFactory")
    }
}
