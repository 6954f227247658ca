//! What the monitor runs on, and why it could not.

use std::io;

use super::environment::{EnvironmentFactory, OwnedResources};
use crate::app::AppConfig;
use crate::ui::Theme;
use etcd_lease::engine;
use etcd_lease::wire::Cluster;
use simkit::Clock;

/// What the monitor runs on, and how.
#[derive(Clone, Debug)]
pub struct MonitorOptions {
    /// The cluster, or the sandbox that stands for it.
    pub cluster: Cluster,
    /// The clock of engine, polls and ages: the sandbox's, where there is one.
    pub clock: Clock,
    /// What has to live as long as the cluster does.
    pub resources: Option<OwnedResources>,
    /// Makes another sandbox in its place, where it is one.
    pub environments: Option<EnvironmentFactory>,
    /// How leases are kept alive.
    pub engine: engine::Options,
    /// What the state starts from: place, rights, budget, leases to grant.
    pub config: AppConfig,
    /// How it looks.
    pub theme: Theme,
    /// Reads no response, so that the queues fill: what a stalled consumer looks like.
    pub stall_consumer: bool,
    /// The program with its connection flags (`leasetop --endpoints a:2379`): what goes on keeping leases alive that
    /// are left at the end is printed as this, `keep-alive` and their ids.
    pub command: String,
}

/// What ended the monitor before its time.
#[derive(Debug, thiserror::Error)]
pub enum MonitorError {
    /// The terminal could not be used.
    #[error("could not {tried} the terminal: {error}; without a terminal, use `leasetop list`")]
    Terminal {
        /// What was tried.
        tried: &'static str,
        /// Why it failed.
        error: io::Error,
    },
    /// Signals could not be caught.
    #[error("could not catch signals: {0}")]
    Signals(io::Error),
    /// A task panicked; its message stands above.
    #[error("internal error (panic); the leases that it kept alive will expire")]
    Panicked,
}
