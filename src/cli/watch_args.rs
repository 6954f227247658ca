//! What is observed of everybody's leases, and at what price: for the monitor and for `events`.

use crate::app::AppConfig;
use etcd_lease::KeyRange;

/// What to observe.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct WatchArgs {
    /// Follow the keys that begin so and no others; of the leases all are shown
    #[arg(long, value_name = "PREFIX")]
    prefix: Option<String>,
    /// Ask for the time left of so many leases a second at most, 200 by default; of the others less is known
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    budget: Option<u32>,
}

impl WatchArgs {
    /// Whether anything was said of it.
    pub(super) fn is_some(&self) -> bool {
        self.prefix.is_some() || self.budget.is_some()
    }

    /// What a state starts from.
    pub(super) fn config(self) -> AppConfig {
        let range = KeyRange::prefix(self.prefix.unwrap_or_default().as_bytes());
        let config = AppConfig::default();
        AppConfig { range, budget: self.budget.unwrap_or(config.budget), ..config }
    }
}
