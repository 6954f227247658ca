//! What the monitor lives in: a cluster with its clock. A sandbox can be thrown away for another.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use etcd_lease::wire::Cluster;
use simkit::Clock;

/// A cluster that was made for the monitor, and its clock.
#[derive(Debug)]
pub struct Environment {
    /// The cluster.
    pub cluster: Cluster,
    /// The clock of engine, polls and ages.
    pub clock: Clock,
    /// What lives as long as it and no longer: the sandbox, and who else plays on it.
    pub resources: OwnedResources,
}

/// Something that is kept and not looked at.
pub type OwnedResources = Arc<dyn Any + Send + Sync>;

/// Makes worlds whose clock runs so many times as fast as the wall.
#[derive(Clone)]
pub struct EnvironmentFactory(Arc<dyn Fn(u32) -> BoxFuture<'static, Environment> + Send + Sync>);

impl EnvironmentFactory {
    /// By a function of the clock's speed.
    pub fn new<F>(make: impl Fn(u32) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Environment> + Send + 'static,
    {
        EnvironmentFactory(Arc::new(move |warp| make(warp).boxed()))
    }

    /// Another one.
    pub(super) async fn make(&self, warp: u32) -> Environment {
        (self.0)(warp).await
    }
}

impl fmt::Debug for EnvironmentFactory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnvironmentFactory")
    }
}
