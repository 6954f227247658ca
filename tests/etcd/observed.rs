//! What is inferred about leases that other clients renew, compared with what they did.

use std::time::Duration;

use etcd_lease::engine::{Consumer, Delivery, Engine, Options};
use etcd_lease::wire::{Address, Cluster, Settings, Target};
use etcd_lease::{KeyRange, KeyState, LeaseId, TtlStatus};
use leasetop::inference::TimeRange;
use leasetop::inference::lease_inference::{
    Certainty, CohortHint, Inferred, LeaseInference, RemovalCause, RemovalWindow, RenewalPattern,
};
use leasetop::observe::{KeyScope, Observation, Observer};
use simkit::Clock;
use simkit::Timestamp;

use crate::common::etcd::{Etcd, Version};

on_the_newest_versions! {
    every_renewal_of_another_client_is_inferred
    a_leader_change_is_no_renewal
    expired_and_revoked_leases_are_distinguished
    a_pause_of_etcd_does_not_slow_down_the_list
}

fn all_keys() -> KeyScope {
    KeyScope { range: KeyRange::all(), bytes_per_minute: 8_000_000 }
}

async fn connect(etcd: &Etcd) -> Cluster {
    let target = |text: &String| Target::Address(Address::parse(text).expect("an address"));
    let settings = Settings::new(etcd.endpoints().iter().map(target).collect());
    Cluster::connect(settings).await.expect("a cluster")
}

/// One poll at its planned time, and what it shows.
async fn poll(cluster: &Cluster, clock: &Clock, observed: &mut LeaseInference, id: LeaseId) -> (Inferred, Timestamp) {
    clock.sleep_until(observed.next_poll(clock.now())).await;
    let sent = clock.now();
    let answer = cluster.time_to_live(id, false).await.expect("an answer");
    (observed.apply_reply(&answer, sent, clock.now()).inferred, sent)
}

/// The time of the reply to each renewal, which is the latest it can have happened.
async fn renewals(consumer: &mut Consumer, until: Timestamp, clock: &Clock) -> Vec<Timestamp> {
    let mut answered = Vec::new();
    let rest = clock.sleep_until(until);
    tokio::pin!(rest);
    loop {
        tokio::select! {
            () = &mut rest => return answered,
            Some(delivery) = consumer.next() => if let Delivery::Response(response) = delivery {
                answered.push(response.at);
            },
        }
    }
}

async fn every_renewal_of_another_client_is_inferred(version: Version) {
    let etcd = Etcd::start(version).await;
    let (theirs, ours) = (connect(&etcd).await, connect(&etcd).await);
    let clock = Clock::real();
    let granted = theirs.grant(None, 10).await.expect("a lease");
    // Renewals within two seconds of the grant cannot be inferred.
    clock.sleep(Duration::from_secs(2)).await;
    let engine = Engine::start(theirs, clock.clone(), Options::default());
    let mut observed = LeaseInference::default();
    poll(&ours, &clock, &mut observed, granted.id).await;
    let mut consumer = engine.consumer();
    consumer.keep_granted(&granted, clock.now());
    let until = clock.now() + Duration::from_secs(18);
    let watching = async {
        let mut seen: Vec<TimeRange> = Vec::new();
        // The last renewal is noticed a moment later.
        while clock.now() < until + Duration::from_secs(2) {
            match poll(&ours, &clock, &mut observed, granted.id).await.0 {
                Inferred::Renewed(renewal) => seen.push(renewal.at),
                Inferred::Nothing => {}
                other => panic!("{other:?}"),
            }
        }
        seen
    };
    let (answered, mut seen) = tokio::join!(renewals(&mut consumer, until, &clock), watching);
    // Later renewals were not recorded.
    seen.retain(|at| at.middle() < until);
    assert_eq!(seen.len(), answered.len(), "{seen:?} of {answered:?}");
    for (seen, answered) in seen.iter().zip(&answered) {
        let late = TimeRange { earliest: seen.earliest, latest: seen.latest + Duration::from_millis(50) };
        assert!(late.contains(*answered), "{seen:?} of {answered:?}");
    }
    let RenewalPattern::Steady(interval) = observed.pattern() else { panic!("{:?}", observed.pattern()) };
    assert!((3.0..4.0).contains(&interval.every.as_secs_f64()), "{interval:?}");
    assert_eq!(interval.certainty, Certainty::About);
}

async fn a_leader_change_is_no_renewal(version: Version) {
    let mut etcd = Etcd::cluster(version).await;
    let ours = connect(&etcd).await;
    let clock = Clock::real();
    let lease = ours.grant(None, 60).await.expect("a lease").id;
    clock.sleep(Duration::from_secs(3)).await;
    let mut observed = LeaseInference::default();
    poll(&ours, &clock, &mut observed, lease).await;
    let leader = etcd.leader().await;
    etcd.kill(leader);
    let limit = clock.now() + Duration::from_secs(40);
    while observed.refills() == 0 {
        assert!(clock.now() < limit, "no refill was seen: {observed:?}");
        clock.sleep(Duration::from_millis(250)).await;
        let sent = clock.now();
        // Without a leader etcd does not answer.
        if let Ok(answer) = ours.time_to_live(lease, false).await {
            let noticed = observed.apply_reply(&answer, sent, clock.now()).inferred;
            assert!(!matches!(noticed, Inferred::Renewed(_) | Inferred::Missing), "{noticed:?}");
        }
    }
    assert_eq!(observed.renewals().cadence().answers, 0);
}

/// Waits until the observer reports that a key was deleted, and returns when.
async fn gone(observer: &mut Observer, key: &[u8]) -> Timestamp {
    loop {
        let Observation::Changed { changes, received } = observer.next().await else { continue };
        if changes.iter().any(|change| change.key == key && change.now == KeyState::Deleted) {
            return received;
        }
    }
}

async fn expired_and_revoked_leases_are_distinguished(version: Version) {
    let etcd = Etcd::start(version).await;
    let ours = connect(&etcd).await;
    let clock = Clock::real();
    let mut observer = Observer::start(ours.clone(), clock.clone(), all_keys());
    while !matches!(observer.next().await, Observation::KeysRead { .. }) {}
    for (ttl, revoked_after) in [(5, None), (30, Some(3))] {
        let lease = ours.grant(None, ttl).await.expect("a lease").id;
        ours.put(b"svc/key", b"v", Some(lease)).await.expect("a key");
        let mut observed = LeaseInference::default();
        let mut revokes = revoked_after.map(|seconds| clock.now() + Duration::from_secs(seconds));
        let life = async {
            loop {
                poll(&ours, &clock, &mut observed, lease).await;
                if revokes.take_if(|at| *at < clock.now()).is_some() {
                    etcd.ctl(&["lease", "revoke", &lease.to_string()]);
                }
            }
        };
        let by = tokio::select! {
            by = gone(&mut observer, b"svc/key") => by,
            () = life => unreachable!("it polls for ever"),
        };
        assert_eq!(ours.time_to_live(lease, false).await.expect("an answer").ttl_status(), TtlStatus::Missing);
        let removal = RemovalWindow { after: by.before(Duration::from_millis(20)), by };
        match (revoked_after, observed.removal_cause(removal, false, CohortHint::default())) {
            (None, RemovalCause::Expired(lag)) => assert!(lag.least < Duration::from_millis(1_500), "{lag:?}"),
            (Some(_), RemovalCause::Revoked) => {}
            (_, other) => panic!("TTL {ttl}: {other:?}, {observed:?}"),
        }
    }
}

/// etcd pauses for longer than a call may take. A lease granted afterwards is listed within 3 s.
async fn a_pause_of_etcd_does_not_slow_down_the_list(version: Version) {
    let etcd = Etcd::start(version).await;
    let cluster = connect(&etcd).await;
    let clock = Clock::real();
    let mut observer = Observer::start(cluster.clone(), clock.clone(), all_keys());
    while !matches!(observer.next().await, Observation::Listed(_)) {}
    etcd.freeze(0);
    clock.sleep(Duration::from_secs(7)).await;
    etcd.thaw(0);
    let granted = clock.now();
    let lease = cluster.grant(None, 600).await.expect("granted").id;
    let listed = async {
        loop {
            if let Observation::Listed(listed) = observer.next().await
                && listed.created.contains(&lease)
            {
                return listed.received - granted;
            }
        }
    };
    let after = tokio::time::timeout(Duration::from_secs(30), listed).await.expect("listed");
    assert!(after < Duration::from_secs(3), "{after:?}");
}
