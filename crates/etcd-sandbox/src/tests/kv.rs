//! The key-value service, and calls that are not served.

use etcd_client::{DeleteOptions, GetOptions, PutOptions};
use tonic::Code;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_key_is_deleted_with_its_lease() {
    let sandbox = start(1);
    let mut client = client(&sandbox, 0).await;
    let id = client.lease_grant(10, None).await.unwrap().id();
    client.put("k", "v", Some(PutOptions::new().with_lease(id))).await.unwrap();
    let found = client.get("k", None).await.unwrap();
    assert_eq!((found.kvs()[0].lease(), found.header().unwrap().revision()), (id, 2));
    client.lease_revoke(id).await.unwrap();
    assert_eq!(client.get("k", None).await.unwrap().count(), 0);
    let late = refused(client.put("k", "v", Some(PutOptions::new().with_lease(id))).await);
    assert_eq!((late.code(), late.message()), (Code::NotFound, "etcdserver: requested lease not found"));
}

#[tokio::test(start_paused = true)]
async fn invalid_puts_fail_with_etcds_codes_and_texts() {
    let sandbox = start(1);
    let mut client = client(&sandbox, 0).await;
    let ignoring = PutOptions::new().with_ignore_lease();
    for (key, value, options, text) in [
        ("", "", PutOptions::new(), "etcdserver: key is not provided"),
        ("k", "v", PutOptions::new().with_ignore_value(), "etcdserver: value is provided"),
        ("k", "v", ignoring.clone().with_lease(1), "etcdserver: lease is provided"),
        ("k", "v", ignoring, "etcdserver: key not found"),
    ] {
        let status = refused(client.put(key, value, Some(options)).await);
        assert_eq!((status.code(), status.message()), (Code::InvalidArgument, text));
    }
}

#[tokio::test(start_paused = true)]
async fn ranges_and_deletes_accept_a_prefix() {
    let sandbox = start(1);
    let mut client = client(&sandbox, 0).await;
    for key in ["p/1", "p/2", "p/3", "q"] {
        client.put(key, "v", None).await.unwrap();
    }
    let some = client.get("p/", Some(GetOptions::new().with_prefix().with_limit(2))).await.unwrap();
    assert_eq!((some.kvs().len(), some.count(), some.more()), (2, 3, true));
    let gone = client.delete("p/", Some(DeleteOptions::new().with_prefix().with_prev_key())).await.unwrap();
    assert_eq!((gone.deleted(), gone.prev_kvs().len(), gone.header().unwrap().revision()), (3, 3, 6));
    assert_eq!(client.get("", Some(GetOptions::new().with_all_keys())).await.unwrap().count(), 1);
}

#[tokio::test(start_paused = true)]
async fn calls_that_are_not_served_are_unimplemented() {
    let sandbox = start(1);
    let mut client = client(&sandbox, 0).await;
    for status in [
        refused(client.auth_enable().await),
        refused(client.alarm(etcd_client::AlarmAction::Activate, etcd_client::AlarmType::None, None).await),
        refused(client.member_remove(1).await),
    ] {
        assert_eq!(status.code(), Code::Unimplemented);
        assert!(status.message().starts_with("the sandbox does not serve"), "{}", status.message());
    }
}
