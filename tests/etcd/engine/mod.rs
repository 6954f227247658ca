//! The engine on real etcds: killed, frozen, with permissions, with TLS, or slow to expire leases.

mod endpoints;
mod fleet;
mod forbidden;
mod overdue;
mod proxy;
mod secure;
mod server_gone;

use etcd_lease::wire::{Address, Cluster, Settings, Target};

/// Settings for endpoints as they are given on a command line.
pub(crate) fn settings(endpoints: &[String]) -> Settings {
    let target = |text: &String| Target::Address(Address::parse(text).expect("an address"));
    Settings::new(endpoints.iter().map(target).collect())
}

pub(crate) async fn connect(settings: Settings) -> Cluster {
    Cluster::connect(settings).await.expect("a lazy connection")
}
