//! What `leasetop events` reports about leases of other clients, compared with what they did.
//!
//! Each client here records the two moments between which a renewal, a revoke or a change of a key happened.
//! The short cases run with all tests. `tests/measure truth`, `deaths` and `leader` run the long ones, in [`long`],
//! and compare their figures with goals.

mod deaths;
mod event_reader;
mod leader;
mod others;
mod renewals;
mod scene;
mod span;

use crate::common::etcd::Version;

on_each_version! {
    each_renewal_of_other_clients_is_reported
    each_end_has_its_cause
    a_leader_change_is_reported_as_no_renewal
}

on_the_newest_versions! {
    healthy_clients_cause_no_alarm_and_each_end_is_announced
}

async fn healthy_clients_cause_no_alarm_and_each_end_is_announced(version: Version) {
    let reported = scene::compare(version, &scene::SHORT).await;
    assert!(reported.false_alarms.is_empty() && reported.unreported.is_empty(), "{}", reported.table());
}

async fn each_renewal_of_other_clients_is_reported(version: Version) {
    let reported = renewals::compare(version, &renewals::SHORT).await;
    assert!(reported.truths() >= 20, "{}", reported.table());
    // On a busy machine a poll may be late and miss a renewal of a 5 s lease.
    let faults = (reported.missed(10), reported.invented(10), reported.wrong(), reported.alarms());
    assert_eq!(faults, (0, 0, 0, 0), "{}", reported.table());
}

async fn each_end_has_its_cause(version: Version) {
    let reported = deaths::compare(version, &deaths::SHORT).await;
    assert_eq!((reported.wrong(), reported.lags_wrong(), reported.unreported()), (0, 0, 0), "{}", reported.table());
    assert!(reported.unknown() * 10 <= reported.total(), "{}", reported.table());
}

async fn a_leader_change_is_reported_as_no_renewal(version: Version) {
    let reported = leader::compare(version, &leader::SHORT).await;
    assert_eq!((reported.invented, reported.lost), (0, 0), "{}", reported.table());
    assert!(reported.refills > 0, "{}", reported.table());
}

/// Minutes of it: `cargo test --test etcd -- --ignored --exact truth::long::renewals`.
#[expect(clippy::print_stdout, reason = "the figures are what it is for")]
mod long {
    use super::Version;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "ten minutes; started by tests/measure truth"]
    async fn renewals() {
        let reported = super::renewals::compare(Version::V3_5New, &super::renewals::LONG).await;
        println!("{}\n{}", reported.table(), reported.figures());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "some minutes; started by tests/measure deaths"]
    async fn deaths() {
        let reported = super::deaths::compare(Version::V3_5New, &super::deaths::LONG).await;
        println!("{}\n{}", reported.table(), reported.figures());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "eleven minutes; started by tests/measure scene"]
    async fn scene() {
        let reported = super::scene::compare(Version::V3_5New, &super::scene::LONG).await;
        println!("{}\n{}", reported.table(), reported.figures());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "some minutes; started by tests/measure leader"]
    async fn leader() {
        let reported = super::leader::compare(Version::V3_5New, &super::leader::LONG).await;
        println!("{}\n{}", reported.table(), reported.figures());
    }
}
