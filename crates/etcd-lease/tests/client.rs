//! The public API, on a sandbox with a paused clock.

use std::time::Duration;

use etcd_lease::{Client, Clock, Config, Delivery, Ended, Error, Lease, LeaseId, MAX_TTL, TtlStatus};
use etcd_sandbox::{Call, Sandbox};
use tonic::Status;

async fn client(config: impl FnOnce(Config) -> Config) -> (Sandbox, Client) {
    let sandbox = Sandbox::builder().seed(1).start(Clock::real());
    let config = config(Config::in_memory([sandbox.dialer(0)]));
    let client = Client::connect(config).await.unwrap();
    (sandbox, client)
}

async fn seconds(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

fn exists(sandbox: &Sandbox, id: LeaseId) -> bool {
    sandbox.leases().contains(&id.0)
}

#[tokio::test(start_paused = true)]
async fn a_lease_lives_as_long_as_its_guard_and_is_not_revoked_by_a_drop() {
    let (sandbox, client) = client(|config| config).await;
    let lease = client.grant(10).await.unwrap();
    let (id, ended) = (lease.id(), lease.ended());
    assert_eq!(lease.ttl(), 10);
    seconds(60).await;
    assert!(exists(&sandbox, id));
    drop(lease);
    assert_eq!(ended.await, Ended::Cancelled);
    seconds(5).await;
    assert!(exists(&sandbox, id), "a drop does not revoke");
    seconds(6).await;
    assert!(!exists(&sandbox, id), "a drop stops the renewals");
}

#[tokio::test(start_paused = true)]
async fn revoke_deletes_the_keys_at_once() {
    let (sandbox, client) = client(|config| config).await;
    let lease = client.grant(60).await.unwrap();
    lease.put("key", "value").await.unwrap();
    let (id, ended) = (lease.id(), lease.ended());
    lease.revoke().await.unwrap();
    assert!(!exists(&sandbox, id) && sandbox.get("key").is_none());
    assert_eq!(ended.await, Ended::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn the_end_is_known_while_responses_are_unread_and_they_can_still_be_read() {
    let (sandbox, client) = client(|config| config.queue_capacity(4)).await;
    let mut lease = client.grant(2).await.unwrap();
    seconds(20).await;
    assert_eq!(lease.queue().depth, 4);
    sandbox.revoke(lease.id()).unwrap();
    assert_eq!(lease.ended().await, Ended::NotFound);
    let dropped = lease.queue().dropped;
    assert!((14..=17).contains(&dropped), "{dropped}");
    let mut responses = lease.responses();
    for _ in 0..4 {
        assert_eq!(responses.next().await.map(|response| response.ttl), Some(2));
    }
    assert_eq!((responses.next().await, responses.next().await), (None, None));
    assert_eq!((responses.dropped(), lease.queue().depth), (dropped, 0), "the count outlives the end");
    assert_eq!(lease.ended().await, Ended::NotFound);
}

#[tokio::test(start_paused = true)]
async fn a_thousand_leases_share_four_streams() {
    let (sandbox, client) = client(|config| config).await;
    let mut leases: Vec<Lease> = Vec::new();
    for _ in 0..1_000 {
        leases.push(client.grant(30).await.unwrap());
    }
    seconds(120).await;
    assert_eq!(sandbox.leases().len(), 1_000);
    assert!(sandbox.stats(0).streams_opened <= 4, "{:?}", sandbox.stats(0));
}

#[tokio::test(start_paused = true)]
async fn an_adopted_lease_is_kept_alive_and_shares_its_renewals() {
    let (sandbox, client) = client(|config| config).await;
    let id = LeaseId(sandbox.grant_as(0x77_i64, 20).unwrap());
    seconds(15).await;
    let first = client.keep_alive(id).await.unwrap();
    let second = client.keep_alive(id).await.unwrap();
    assert_eq!((first.id(), first.ttl()), (id, 20));
    seconds(60).await;
    assert!(exists(&sandbox, id));
    assert!(sandbox.keep_alives(id) <= 10, "two guards, one renewal");
    drop(first);
    seconds(60).await;
    assert!(exists(&sandbox, id), "the second guard keeps it alive");
    drop(second);
    seconds(30).await;
    assert!(!exists(&sandbox, id));
}

#[tokio::test(start_paused = true)]
async fn single_calls_report_the_lease() {
    let (sandbox, client) = client(|config| config).await;
    let id = LeaseId(sandbox.grant(10).unwrap());
    sandbox.put("key", "value", Some(id.0)).unwrap();
    seconds(8).await;
    let response = client.renew_once(id).await.unwrap();
    assert_eq!((response.id, response.ttl), (id, 10));
    assert!(response.deadline().since(client.clock().now()) > Duration::from_secs(9));
    let reply = client.time_to_live_with_keys(id).await.unwrap();
    assert_eq!((reply.ttl_status(), reply.keys), (TtlStatus::Alive, vec![b"key".to_vec()]));
    assert_eq!(client.leases().await.unwrap(), [id]);
    client.revoke(id).await.unwrap();
    assert_eq!(client.time_to_live(id).await.unwrap().ttl_status(), TtlStatus::Missing);
}

#[tokio::test(start_paused = true)]
async fn errors_can_be_matched() {
    let (sandbox, client) = client(|config| config.call_timeout(Duration::from_secs(1))).await;
    let missing = LeaseId(7);
    for ttl in [0, -1, MAX_TTL + 1] {
        assert!(matches!(client.grant(ttl).await, Err(Error::InvalidTtl(given)) if given == ttl));
    }
    let lease = client.grant_with_id(LeaseId(8), 10).await.unwrap();
    assert!(matches!(client.grant_with_id(LeaseId(8), 10).await, Err(Error::AlreadyExists(LeaseId(8)))));
    assert!(matches!(client.keep_alive(missing).await, Err(Error::NotFound(id)) if id == missing));
    assert!(matches!(client.renew_once(missing).await, Err(Error::NotFound(id)) if id == missing));
    assert!(matches!(client.revoke(missing).await, Err(Error::NotFound(id)) if id == missing));
    client.revoke(lease.id()).await.unwrap();
    assert!(matches!(lease.put("key", "value").await, Err(Error::NotFound(LeaseId(8)))));
    sandbox.faults().hang();
    assert!(matches!(client.leases().await, Err(Error::Timeout(call)) if call.tried() == "list the leases"));
    sandbox.faults().resume();
    sandbox.faults().lose_leader();
    let error = client.leases().await.unwrap_err();
    assert!(matches!(&error, Error::NoLeader(call) if call.endpoint() == "in-memory-0"), "{error:?}");
    assert!(!error.to_string().contains("--"), "no options of a command line: {error}");
    sandbox.faults().down();
    assert!(matches!(client.leases().await, Err(Error::Unavailable(_) | Error::Timeout(_))));
}

#[tokio::test(start_paused = true)]
async fn a_bad_configuration_is_an_error_at_once() {
    let none: [&str; 0] = [];
    assert!(matches!(Client::connect(Config::new(none)).await, Err(Error::NoEndpoint)));
    assert!(matches!(Client::connect(Config::new(["localhost"])).await, Err(Error::BadEndpoint(_))));
    let files = etcd_lease::TlsFiles { ca: Some("no-such-file.pem".into()), ..Default::default() };
    let error = Client::connect(Config::new(["https://localhost:2379"]).tls(files)).await.unwrap_err();
    assert!(matches!(&error, Error::Tls(call) if call.message().contains("no-such-file.pem")), "{error}");
}

#[tokio::test(start_paused = true)]
async fn close_ends_every_keepalive() {
    let (sandbox, client) = client(|config| config).await;
    let lease = client.grant(10).await.unwrap();
    client.close().await;
    assert_eq!(lease.ended().await, Ended::Closed);
    assert!(exists(&sandbox, lease.id()), "it is not revoked");
    assert_eq!(client.grant(10).await.unwrap().ended().await, Ended::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_group_keeps_many_leases_with_one_reader() {
    let (sandbox, client) = client(|config| config.queue_capacity(4)).await;
    let mut group = client.lease_group();
    let grants: Vec<_> = (1..=1_000).map(|id| group.grant_with_id(LeaseId(id), 10)).collect();
    for grant in grants {
        grant.await.unwrap();
    }
    let missing = LeaseId(5_000);
    group.keep_alive(missing);
    assert!(matches!(group.grant(0).await, Err(Error::InvalidTtl(0))));
    seconds(60).await;
    assert_eq!(sandbox.leases().len(), 1_000, "unread responses do no harm");
    assert_eq!((group.queue(LeaseId(7)).depth, group.queue(LeaseId(7)).dropped > 10), (4, true));
    sandbox.revoke(2).unwrap();
    group.stop(LeaseId(3));
    seconds(30).await;
    let mut responses = [0_u8; 1_001];
    let mut ended = Vec::new();
    while let Ok(Some(delivery)) = tokio::time::timeout(Duration::from_millis(10), group.next()).await {
        match delivery {
            Delivery::Response(response) => responses[usize::try_from(response.id.0).unwrap()] += 1,
            Delivery::Ended(id, reason) => ended.push((id, reason)),
        }
    }
    ended.sort_by_key(|(id, _)| *id);
    assert_eq!(ended, [(LeaseId(2), Ended::NotFound), (missing, Ended::NotFound)]);
    assert_eq!((responses[3], exists(&sandbox, LeaseId(3))), (0, false), "stopped");
    assert!(responses[4..].iter().all(|count| *count >= 4), "{responses:?}");
    drop(group);
    seconds(11).await;
    assert_eq!(sandbox.leases(), [], "a drop stops the renewals");
}

#[tokio::test(start_paused = true)]
async fn a_lease_granted_again_with_its_id_is_renewed_by_its_new_ttl() {
    let (sandbox, client) = client(|config| config).await;
    let (mut group, id, other) = (client.lease_group(), LeaseId(7), LeaseId(8));
    let old = client.grant_with_id(id, 3600).await.unwrap();
    group.grant_with_id(other, 3600).await.unwrap();
    seconds(1).await;
    client.revoke(id).await.unwrap();
    client.revoke(other).await.unwrap();
    let lease = client.grant_with_id(id, 10).await.unwrap();
    assert_eq!(old.ended().await, Ended::NotFound, "the former lease is gone");
    group.grant_with_id(other, 10).await.unwrap();
    seconds(60).await;
    assert!(exists(&sandbox, id) && exists(&sandbox, other));
    assert_eq!(lease.ttl(), 10);
    assert!(matches!(group.next().await, Some(Delivery::Response(_))));
}

#[tokio::test(start_paused = true)]
async fn for_id_0_etcd_chooses_one() {
    let (sandbox, client) = client(|config| config).await;
    let lease = client.grant_with_id(LeaseId(0), 10).await.unwrap();
    assert!(lease.id() != LeaseId(0) && exists(&sandbox, lease.id()));
}

#[tokio::test(start_paused = true)]
async fn an_unread_end_does_not_prevent_another_keepalive() {
    let (sandbox, client) = client(|config| config).await;
    let (mut group, id) = (client.lease_group(), LeaseId(7));
    group.grant_with_id(id, 10).await.unwrap();
    seconds(1).await;
    sandbox.revoke(id).unwrap();
    seconds(10).await;
    group.grant_with_id(id, 10).await.unwrap();
    seconds(60).await;
    assert!(exists(&sandbox, id));
    for _ in 0..16 {
        assert!(matches!(group.next().await, Some(Delivery::Response(_))));
    }
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_outlives_its_group_is_not_renewed() {
    let (sandbox, client) = client(|config| config).await;
    let group = client.lease_group();
    let kept = group.grant(10).await.unwrap();
    let in_flight = group.grant(10);
    drop(group);
    let id = in_flight.await.unwrap();
    assert!(exists(&sandbox, id));
    seconds(15).await;
    assert!(!exists(&sandbox, kept) && !exists(&sandbox, id));
}

#[test]
fn a_lease_ends_with_the_runtime_of_its_client() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let (first, second) = (runtime(), runtime());
    let (_sandbox, _client, lease) = first.block_on(async {
        let (sandbox, client) = client(|config| config).await;
        let lease = client.grant(10).await.unwrap();
        (sandbox, client, lease)
    });
    drop(first);
    assert_eq!(second.block_on(lease.ended()), Ended::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_lease_whose_time_left_was_read_is_not_asked_about_again() {
    let (sandbox, client) = client(|config| config).await;
    let id = LeaseId(sandbox.grant(10).unwrap());
    sandbox.faults().refuse(Call::TimeToLive, 1, Status::invalid_argument("etcdserver: user name is empty"));
    let lease = client.keep_alive(id).await.unwrap();
    seconds(60).await;
    assert!(exists(&sandbox, id) && lease.queue().depth > 10);
}

#[tokio::test(start_paused = true)]
async fn a_lease_of_a_group_is_revoked_with_its_keys() {
    let (sandbox, client) = client(|config| config).await;
    let mut group = client.lease_group();
    let id = group.grant(10).await.unwrap();
    group.revoke(id).await.unwrap();
    assert!(!exists(&sandbox, id));
    assert_eq!(group.next().await, None, "the group has no lease");
    assert!(matches!(group.revoke(id).await, Err(Error::NotFound(_))));
}

/// Another client revoked the lease, granted its id again with a shorter TTL, and does not renew it.
#[tokio::test(start_paused = true)]
async fn a_lease_that_is_kept_again_is_renewed_by_what_etcd_says_now() {
    let (sandbox, client) = client(|config| config).await;
    let id = LeaseId(7);
    let old = client.grant_with_id(id, 3600).await.unwrap();
    seconds(1).await;
    sandbox.revoke(id).unwrap();
    sandbox.grant_as(id, 6).unwrap();
    let lease = client.keep_alive(id).await.unwrap();
    assert_eq!(lease.ttl(), 6);
    seconds(60).await;
    assert!(exists(&sandbox, id));
    drop((old, lease));
}

#[tokio::test(start_paused = true)]
async fn without_capacity_a_reader_that_stopped_waiting_gets_no_old_response() {
    let (_sandbox, client) = client(|config| config.queue_capacity(0)).await;
    let mut lease = client.grant(10).await.unwrap();
    assert!(lease.next_response().await.is_some());
    let impatient = tokio::time::timeout(Duration::from_millis(20), lease.next_response()).await;
    assert!(impatient.is_err());
    seconds(5).await;
    assert_eq!((lease.queue().depth, lease.queue().dropped), (0, 1));
    assert!(lease.next_response().await.is_some());
}

#[tokio::test(start_paused = true)]
async fn without_capacity_a_group_that_stopped_waiting_gets_no_old_response() {
    let (_sandbox, client) = client(|config| config.queue_capacity(0)).await;
    let mut group = client.lease_group();
    let id = group.grant(10).await.unwrap();
    assert!(group.next().await.is_some());
    let impatient = tokio::time::timeout(Duration::from_millis(20), group.next()).await;
    assert!(impatient.is_err());
    seconds(5).await;
    assert_eq!((group.queue(id).depth, group.queue(id).dropped), (0, 1));
    assert!(group.next().await.is_some());
}
