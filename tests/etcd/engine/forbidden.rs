//! One of 100 leases has a key that the user may not write.

use std::time::Duration;

use etcd_lease::wire::{Cluster, Settings, User};
use etcd_lease::{Ended, Reachability};
use futures_util::future::try_join_all;
use simkit::Clock;

use super::fleet::Fleet;
use super::{connect, settings};
use crate::common::etcd::{Etcd, Version};
use crate::common::wait::until;

/// The successful logins, on etcd's metrics page.
const LOGINS: &str = "grpc_server_handled_total{grpc_code=\"OK\",grpc_method=\"Authenticate\",\
                      grpc_service=\"etcdserverpb.Auth\",grpc_type=\"unary\"}";

// Older versions do not check who may renew.
on_the_newest_versions! {
    a_forbidden_lease_ends_without_affecting_others
    members_are_probed_with_authentication_enabled
}

async fn a_forbidden_lease_ends_without_affecting_others(version: Version) {
    let mut etcd = Etcd::start(version).await;
    etcd.enable_auth();
    let cluster = as_app(&etcd).await;
    let clock = Clock::real();
    let at = clock.now();
    let granted = try_join_all((0..100).map(|_| cluster.grant(None, 5))).await.expect("grants");
    for lease in &granted[1..] {
        cluster.put(format!("/app/{}", lease.id).as_bytes(), b"value", Some(lease.id)).await.expect("put");
    }
    let forbidden = granted[0].id;
    etcd.ctl(&["put", "/other", "value", "--lease", &forbidden.to_string()]);

    let logins = etcd.metric(0, LOGINS).await.expect("logins are counted");
    let mut fleet = Fleet::keep(&cluster, clock, &granted, at);
    fleet.all_renewed(4, Duration::from_secs(15)).await;

    let [(lease, reason)] = fleet.ended().iter().collect::<Vec<_>>()[..] else { panic!("{:?}", fleet.ended()) };
    assert_eq!(*lease, forbidden);
    assert!(matches!(reason, Ended::Forbidden { .. }), "{reason:?}");
    let more = etcd.metric(0, LOGINS).await.expect("logins are counted") - logins;
    assert!(more <= 1.0, "{more} logins to keep 100 leases alive");
}

async fn as_app(etcd: &Etcd) -> Cluster {
    let user = User { name: "app".to_owned(), password: "app-password".to_owned() };
    connect(Settings { user: Some(user), ..settings(&etcd.endpoints()) }).await
}

/// The monitor waits for a member that reports its status. The newest 3.5 does so only for root; to other users
/// it only proves that it is reachable.
async fn members_are_probed_with_authentication_enabled(version: Version) {
    let mut etcd = Etcd::start(version).await;
    etcd.enable_auth();
    let as_user = async |name: &str, password: &str| {
        let user = User { name: name.to_owned(), password: password.to_owned() };
        connect(Settings { user: Some(user), ..settings(&etcd.endpoints()) }).await
    };
    let limit = Duration::from_secs(5);
    let root = as_user("root", "root-password").await;
    let reported = async || root.view().current().is_some_and(|member| member.is_leader && !member.version.is_empty());
    until("root sees the status of the member", limit, reported).await;

    let app = as_user("app", "app-password").await;
    let there = async || app.view().current().is_some_and(|member| member.reachability == Reachability::Up);
    until("another user sees that the member is reachable", limit, there).await;

    let refused = as_user("app", "wrong").await;
    let reported = async || {
        let view = refused.view();
        matches!(&view.members[0].reachability, Reachability::Down { trouble } if trouble.message().contains("authentication failed"))
    };
    until("the wrong password is an error", limit, reported).await;
}
