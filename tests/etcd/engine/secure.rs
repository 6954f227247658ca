//! TLS with a client certificate.

use std::collections::HashMap;
use std::time::Duration;

use etcd_lease::wire::{Settings, TlsFiles};
use leasetop::error_table::sentence;

use super::fleet::Fleet;
use super::{connect, settings};
use crate::common::etcd::{Etcd, Version};

on_the_newest_versions! {
    leases_are_kept_alive_over_tls
    a_missing_client_certificate_is_reported
}

async fn leases_are_kept_alive_over_tls(version: Version) {
    let etcd = Etcd::with_tls(version).await;
    let files = etcd.certificates();
    let tls = TlsFiles {
        ca: Some(files.ca.clone()),
        cert: Some(files.client.cert.clone()),
        key: Some(files.client.key.clone()),
        skip_verify: false,
    };
    let cluster = connect(Settings { tls: Some(tls), ..settings(&etcd.endpoints()) }).await;
    let mut fleet = Fleet::launch(&cluster, 10, 3).await;
    fleet.all_renewed(4, Duration::from_secs(12)).await;
    assert_eq!(fleet.ended(), &HashMap::new());
    let counted = cluster.lease_counters().await.expect("/metrics over TLS");
    assert!(counted.granted >= 10 && counted.renewed >= 40, "{counted:?}");
}

async fn a_missing_client_certificate_is_reported(version: Version) {
    let etcd = Etcd::with_tls(version).await;
    let tls = TlsFiles { ca: Some(etcd.certificates().ca.clone()), ..TlsFiles::default() };
    let cluster = connect(Settings { tls: Some(tls), ..settings(&etcd.endpoints()) }).await;
    let error = sentence(&cluster.leases().await.unwrap_err());
    assert!(error.ends_with("the server requires a client certificate; use --cert and --key"), "{error}");
}
