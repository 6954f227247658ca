//! Options and errors of the monitor.

use std::io;

use super::clusters::ClusterConnector;
use super::environment::{EnvironmentFactory, OwnedResources};
use super::files::UserFiles;
use super::outputs::Outputs;
use crate::app::AppConfig;
use crate::recording::{RecordFile, Recording};
use crate::ui::Theme;
use etcd_lease::engine;
use etcd_lease::wire::Cluster;
use simkit::Clock;

/// What the monitor runs on, and how.
#[derive(Debug)]
pub struct MonitorOptions {
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
    /// The colour theme.
    pub theme: Theme,
    /// Whether to ask the terminal for its background colour and to use the light palette on a light one.
    pub asks_background: bool,
    /// Whether to leave responses unread, so that the queues fill up as with a stalled reader.
    pub stall_consumer: bool,
    /// The program with its connection flags, such as `leasetop --endpoints a:2379`. Used in the commands printed at
    /// the exit.
    pub command: String,
    /// Connects to the other clusters of [`AppConfig::clusters`](crate::app::AppConfig).
    pub connector: Option<ClusterConnector>,
    /// The user's files.
    pub files: UserFiles,
    /// The themes by name.
    pub themes: Vec<(String, Theme)>,
    /// Metrics, commands that run on events, and notifications.
    pub outputs: Outputs,
    /// Where to record from the start. `None`: nowhere.
    pub record: Option<RecordFile>,
}

/// A recording to play, and how.
#[derive(Debug)]
pub struct ReplayOptions {
    /// The recording.
    pub recording: Recording,
    /// The user's settings, such as columns, key bindings and filter. The rest comes from the recording.
    pub config: AppConfig,
    /// The clock in real time.
    pub clock: Clock,
    /// The colours.
    pub appearance: Appearance,
    /// The user's files.
    pub files: UserFiles,
}

/// The colours of the monitor.
#[derive(Clone, Debug, Default)]
pub struct Appearance {
    /// The colour theme.
    pub theme: Theme,
    /// The themes by name.
    pub themes: Vec<(String, Theme)>,
    /// Whether to ask the terminal for its background colour and to use the light palette on a light one.
    pub asks_background: bool,
}

/// Why the monitor could not run.
#[derive(Debug, thiserror::Error)]
pub enum MonitorError {
    /// The terminal could not be used.
    #[error("could not {tried} the terminal: {error}; without a terminal, use `leasetop list`")]
    Terminal {
        /// The failed operation, an infinitive.
        tried: &'static str,
        /// The cause.
        error: io::Error,
    },
    /// Signal handlers could not be installed.
    #[error("could not catch signals: {0}")]
    Signals(io::Error),
    /// A task panicked. The panic message was already printed.
    #[error("internal error (panic); the leases that it kept alive will expire")]
    Panicked,
}
