//! Leases that are kept alive through etcd's gRPC proxy, which replies late and in any order.

use std::process::{Command, Stdio};
use std::time::Duration;

use super::fleet::Fleet;
use super::{connect, settings};
use crate::common::etcd::{Etcd, Version};
use crate::common::guard::Guarded;
use crate::common::ports;
use crate::common::wait::until;
use etcd_lease::EngineEventKind;

on_the_newest_versions! {
    replies_in_any_order_renew_leases
}

/// How long anything may take on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

/// Starts a proxy. Returns it with its endpoint.
fn start_proxy(etcd: &Etcd) -> (Guarded, String) {
    let endpoint = format!("127.0.0.1:{}", ports::free());
    let mut command = Command::new(etcd.version().program("etcd"));
    command.env_clear().args(["grpc-proxy", "start", "--endpoints", &etcd.endpoints().join(",")]);
    command.args(["--listen-addr", &endpoint, "--advertise-client-url", &endpoint]);
    (Guarded::start(command.stdout(Stdio::null()).stderr(Stdio::null())), endpoint)
}

async fn replies_in_any_order_renew_leases(version: Version) {
    let etcd = Etcd::start(version).await;
    let (_proxy, endpoint) = start_proxy(&etcd);
    let cluster = connect(settings(&[endpoint])).await;
    until("the proxy answers", LIMIT, async || cluster.grant(None, 60).await.is_ok()).await;
    let mut fleet = Fleet::launch(&cluster, 50, 5).await;
    let feed = fleet.engine.status_feed();
    fleet.all_renewed(3, LIMIT).await;
    assert!(fleet.ended().is_empty(), "{:?}", fleet.ended());
    let events = feed.drain().events;
    let lost = events.iter().filter(|event| matches!(event.kind, EngineEventKind::Lost { .. }));
    assert_eq!(lost.count(), 0, "no stream was closed: {events:?}");
}
