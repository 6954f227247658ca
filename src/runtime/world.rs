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
pub struct World {
    /// The cluster.
    pub cluster: Cluster,
    /// The clock of engine, polls and ages.
    pub clock: Clock,
    /// What lives as long as it and no longer: the sandbox, and who else plays on it.
    pub held: Held,
}

/// Something that is kept and not looked at.
pub type Held = Arc<dyn Any + Send + Sync>;

/// Makes worlds whose clock runs so many times as fast as the wall.
#[derive(Clone)]
pub struct Worlds(Arc<dyn Fn(u32) -> BoxFuture<'static, World> + Send + Sync>);

impl Worlds {
    /// By a function of the clock's speed.
    pub fn new<F>(make: impl Fn(u32) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = World> + Send + 'static,
    {
        Worlds(Arc::new(move |warp| make(warp).boxed()))
    }

    /// Another one.
    pub(super) async fn make(&self, warp: u32) -> World {
        (self.0)(warp).await
    }
}

impl fmt::Debug for Worlds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Worlds")
    }
}
