//! The etcd servers that the other tests use.

use std::time::Duration;

use crate::common::etcd::{Etcd, Version};
use crate::common::wait::until;

on_the_newest_versions! {
    etcd_keeps_its_data_over_a_kill
    etcd_continues_after_a_freeze
    a_cluster_survives_the_loss_of_its_leader
    etcd_requires_a_password
    etcd_requires_a_certificate
}

async fn etcd_keeps_its_data_over_a_kill(version: Version) {
    let mut etcd = Etcd::start(version).await;
    let endpoints = etcd.endpoints();
    etcd.ctl(&["put", "name", "value"]);
    etcd.kill(0);
    etcd.restart(0).await;
    assert_eq!(etcd.endpoints(), endpoints);
    assert_eq!(etcd.ctl(&["get", "name", "--print-value-only"]), "value\n");
}

async fn etcd_continues_after_a_freeze(version: Version) {
    let etcd = Etcd::start(version).await;
    etcd.freeze(0);
    let asked = tokio::time::timeout(Duration::from_millis(300), etcd.metric(0, "etcd_server_is_leader")).await;
    assert!(asked.is_err(), "a frozen etcd answered");
    etcd.thaw(0);
    assert_eq!(etcd.metric(0, "etcd_server_is_leader").await, Some(1.0));
}

async fn a_cluster_survives_the_loss_of_its_leader(version: Version) {
    let mut etcd = Etcd::cluster(version).await;
    let leader = etcd.leader().await;
    etcd.kill(leader);
    let others = [(leader + 1) % 3, (leader + 2) % 3];
    until("another leader", Duration::from_secs(20), async || {
        let leads = [
            etcd.metric(others[0], "etcd_server_is_leader").await,
            etcd.metric(others[1], "etcd_server_is_leader").await,
        ];
        leads.contains(&Some(1.0))
    })
    .await;
    etcd.restart(leader).await;
    etcd.ctl(&["put", "name", "value"]);
}

async fn etcd_requires_a_password(version: Version) {
    let mut etcd = Etcd::start(version).await;
    etcd.enable_auth();
    etcd.ctl(&["put", "/app/name", "value"]);
    let logins = "grpc_server_handled_total{grpc_code=\"OK\",grpc_method=\"Authenticate\",grpc_service=\"etcdserverpb.Auth\",grpc_type=\"unary\"}";
    assert_eq!(etcd.metric(0, logins).await, Some(1.0));
}

async fn etcd_requires_a_certificate(version: Version) {
    let etcd = Etcd::with_tls(version).await;
    etcd.ctl(&["put", "name", "value"]);
    assert!(etcd.certificates().client.cert.exists());
}
