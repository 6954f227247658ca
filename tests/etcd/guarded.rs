//! Reading and watching keys on an etcd with users.

use std::time::Duration;

use leasetop::domain::{KeyRange, LeaseId};
use leasetop::wire::{Address, Cluster, ErrorKind, Settings, Target, User, Watched};

use crate::common::etcd::{Etcd, Version};

on_each_version! {
    a_user_sees_its_own_keys_and_is_told_what_it_may_not
}

async fn log_in(etcd: &Etcd, name: &str, password: &str) -> Cluster {
    let target = Target::Address(Address::parse(&etcd.endpoints()[0]).expect("an address"));
    let user = User { name: name.to_owned(), password: password.to_owned() };
    let settings = Settings { user: Some(user), ..Settings::new(vec![target]) };
    Cluster::connect(settings).await.expect("a cluster")
}

async fn a_user_sees_its_own_keys_and_is_told_what_it_may_not(version: Version) {
    let mut etcd = Etcd::start(version).await;
    etcd.enable_auth();
    let app = log_in(&etcd, "app", "app-password").await;
    let lease = app.grant(Some(LeaseId(7)), 60).await.unwrap().id;
    let own = KeyRange::prefix(b"/app/");
    let mut watch = app.watch_keys(&own, 0).await.unwrap();
    app.put(b"/app/a", b"v", Some(lease)).await.unwrap();
    let told = tokio::time::timeout(Duration::from_secs(20), watch.next()).await.expect("told in time");
    assert!(matches!(told, Watched::Changes { ref changes, .. } if changes[0].key == b"/app/a"), "{told:?}");
    assert_eq!(app.held_keys(&own).next().await.unwrap().unwrap()[0].lease, Some(lease));

    let refused = app.held_keys(&KeyRange::all()).next().await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Forbidden, "{refused}");
    let refused = app.watch_keys(&KeyRange::all(), 0).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Forbidden, "{refused}");
}
