//! The engine on real etcds that are killed, frozen, forbidding, encrypted or behind with their expiries.

mod endpoints;
mod fleet;
mod forbidden;
mod overdue;
mod secure;
mod server_gone;

use etcd_lease::wire::{Address, Cluster, Settings, Target};

/// Settings for endpoints as they are given on a command line.
pub(crate) fn settings(endpoints: &[String]) -> Settings {
    let target = |text: &String| Target::Address(Address::parse(text).expect("an address"));
    Settings::new(endpoints.iter().map(target).collect())
}

pub(crate) async fn connect(settings: Settings) -> Cluster {
    Cluster::connect(settings).await.expect("nothing to go wrong yet")
}
