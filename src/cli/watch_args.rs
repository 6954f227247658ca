//! What is watched in the cluster, and how many polls per second and how many bytes per minute that may cost: in the monitor
//! and in the commands that watch.

use super::options::WatchArgs;
use crate::app::AppConfig;
use etcd_lease::KeyRange;

impl WatchArgs {
    /// Whether any of the options was given.
    pub(super) fn is_some(&self) -> bool {
        self.prefix.is_some() || self.budget.is_some() || self.key_budget.is_some()
    }

    /// The configuration of the application state.
    pub(super) fn config(self) -> AppConfig {
        let range = KeyRange::prefix(self.prefix.unwrap_or_default().as_bytes());
        let config = AppConfig::default();
        AppConfig {
            range,
            budget: self.budget.unwrap_or(config.budget),
            key_budget: self.key_budget.unwrap_or(config.key_budget),
            ..config
        }
    }
}
