//! Members behind slow links, and members without a majority.

use std::time::Duration;

use etcd_lease::engine::Options;
use etcd_lease::wire::ErrorKind;
use etcd_lease::{KeyRange, LeaseId, Reachability};
use etcd_sandbox::Call;
use tonic::Status;

use crate::pipe::{EngineTest, engine_test, engine_test_of, seconds};

/// The chosen endpoints over some seconds, and whether each answered: one entry per change.
async fn history(test: &EngineTest, during: f64) -> Vec<(String, bool)> {
    let mut view = test.cluster.watch();
    let mut seen = Vec::new();
    let follow = async {
        loop {
            let current = view.borrow_and_update().current().cloned();
            let now = current.map(|member| (member.endpoint, member.reachability == Reachability::Up));
            if now.as_ref() != seen.last() {
                seen.extend(now);
            }
            view.changed().await.unwrap();
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs_f64(during), follow).await;
    seen
}

#[tokio::test(start_paused = true)]
async fn a_member_behind_a_slow_link_is_used() {
    let test = engine_test(Options::default()).await;
    test.sandbox.faults().delay(Duration::from_millis(1500));
    seconds(10.0).await;
    assert_eq!(history(&test, 120.0).await, [("m0".to_owned(), true)]);
    let round_trip = test.cluster.view().members[0].round_trip.unwrap();
    assert!(round_trip >= Duration::from_millis(1500), "{round_trip:?}");
}

#[tokio::test(start_paused = true)]
async fn a_hung_member_is_left_within_a_second_and_used_again_afterwards() {
    let test = engine_test_of(2, Options::default()).await;
    let kept = test.keep(10).await;
    test.sandbox.faults().on(0).hang();
    test.cluster.probe_now();
    seconds(1.0).await;
    assert_eq!(test.cluster.view().current().unwrap().endpoint, "m1");
    test.sandbox.faults().on(0).resume();
    seconds(1.0).await;
    assert_eq!(test.cluster.view().current().unwrap().endpoint, "m0", "what it owed comes when it goes on");
    assert!(test.alive(kept.id()));
}

#[tokio::test(start_paused = true)]
async fn one_slow_answer_gives_a_member_no_more_time() {
    let test = engine_test_of(2, Options::default()).await;
    let chosen = || test.cluster.view().current().unwrap().endpoint.clone();
    let hang = || {
        test.sandbox.faults().on(0).hang();
        test.cluster.probe_now();
    };
    seconds(3.0).await;
    hang();
    seconds(4.5).await;
    assert_eq!(chosen(), "m1");
    test.sandbox.faults().on(0).resume();
    seconds(0.1).await;
    assert_eq!(chosen(), "m0", "its answer took some seconds");
    hang();
    seconds(2.0).await;
    assert_eq!(chosen(), "m1");
}

#[tokio::test(start_paused = true)]
async fn without_a_majority_the_answering_member_stays_chosen_and_reports_no_leader() {
    let test = engine_test_of(3, Options::default()).await;
    let kept = test.keep(600).await;
    test.sandbox.faults().on(0).down();
    test.sandbox.faults().on(2).down();
    seconds(20.0).await;
    let calls = async {
        for _ in 0..5 {
            let error = test.cluster.time_to_live(LeaseId(7), false).await.unwrap_err();
            assert_eq!((error.kind(), error.message()), (ErrorKind::NoLeader, "etcdserver: no leader"));
            assert!(error.to_string().contains("at m1: "), "{error}");
            seconds(5.0).await;
        }
    };
    assert_eq!(tokio::join!(history(&test, 30.0), calls).0, [("m1".to_owned(), true)]);
    assert!(!test.cluster.view().current().unwrap().has_leader);
    test.sandbox.faults().on(0).up();
    seconds(30.0).await;
    let view = test.cluster.view();
    assert!(view.current().unwrap().is_leader, "{view:?}");
    assert!(test.alive(kept.id()));
}

/// A sandbox of a learner, `m0`, and a voting member.
async fn beside_a_learner() -> EngineTest {
    let test = engine_test_of(2, Options::default()).await;
    test.sandbox.faults().move_leader(1);
    test.sandbox.faults().on(0).learner();
    test
}

#[tokio::test(start_paused = true)]
async fn a_learner_is_passed_over() {
    let test = beside_a_learner().await;
    let kept = test.keep(10).await;
    test.cluster.watch_keys(&KeyRange::all(), 0).await.unwrap();
    seconds(60.0).await;
    let view = test.cluster.view();
    assert!(view.members[0].is_learner && view.chosen == Some(1), "{view:?}");
    assert!(test.alive(kept.id()));
    assert_eq!(history(&test, 60.0).await, [("m1".to_owned(), true)]);
}

#[tokio::test(start_paused = true)]
async fn what_a_learner_refuses_is_asked_of_the_next_member() {
    let test = engine_test_of(2, Options::default()).await;
    let kept = test.keep(10).await;
    assert_eq!(test.cluster.view().chosen, Some(0));
    // Nothing but the refusals tells it before the next probe.
    let faults = test.sandbox.faults();
    faults.move_leader(1);
    faults.on(0).learner();
    faults.on(0).cut_streams(&Status::unavailable("cut"));
    test.cluster.grant(None, 60).await.unwrap();
    assert_eq!(test.cluster.view().chosen, Some(1));
    seconds(30.0).await;
    assert!(test.alive(kept.id()));
}

#[tokio::test(start_paused = true)]
async fn a_long_list_is_awaited_for_a_minute_while_the_member_answers() {
    let test = engine_test_of(1, Options::default()).await;
    let id = test.cluster.grant(None, 600).await.unwrap().id;
    test.sandbox.faults().list_slowly(Duration::from_secs(50));
    let _kept = test.keep(600).await;
    let listed = test.cluster.leases();
    // Renewals get no reply for a while, and a status is late.
    let trouble = async {
        seconds(10.0).await;
        test.sandbox.faults().delay(Duration::from_millis(800));
        seconds(5.0).await;
        test.sandbox.faults().delay(Duration::ZERO);
    };
    assert!(tokio::join!(listed, trouble).0.unwrap().ids.contains(&id));
    assert_eq!(test.sandbox.stats(0).lists, 1, "it is not asked twice");
    let error_within = async |seconds| {
        let listed = tokio::time::timeout(Duration::from_secs(seconds), test.cluster.leases()).await;
        listed.unwrap_or_else(|_| panic!("no answer within {seconds} s")).unwrap_err().kind()
    };
    test.sandbox.faults().list_slowly(Duration::from_secs(100));
    assert_eq!(error_within(61).await, ErrorKind::Timeout);
    test.sandbox.faults().hang();
    assert_eq!(error_within(6).await, ErrorKind::Timeout);
}

/// A transaction that is repeated would find the keys that it has created itself.
#[tokio::test(start_paused = true)]
async fn a_write_whose_reply_is_lost_is_repeated_only_if_that_does_no_harm() {
    let test = engine_test_of(2, Options::default()).await;
    seconds(2.0).await;
    let lose = |call| test.sandbox.faults().lose_reply(call, 0, Status::unavailable("etcdserver: server stopped"));
    lose(Call::Grant);
    let lease = test.cluster.grant(None, 60).await.unwrap().id;
    seconds(2.0).await;
    lose(Call::Txn);
    let created = test.cluster.create_keys(&[(b"/key".to_vec(), b"v".to_vec())], lease).await;
    assert_eq!(created.unwrap_err().kind(), ErrorKind::Unavailable);
    assert!(test.sandbox.get("/key").is_some());
    seconds(2.0).await;
    lose(Call::Grant);
    assert_eq!(test.cluster.grant(Some(LeaseId(7)), 60).await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert!(test.alive(LeaseId(7)));
}

#[tokio::test(start_paused = true)]
async fn a_learner_alone_is_an_error_until_it_is_promoted() {
    let test = engine_test_of(1, Options::default()).await;
    test.sandbox.faults().learner();
    let error = test.cluster.leases().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Learner);
    assert_eq!(error.to_string(), "could not list the leases at m0: etcdserver: rpc not supported for learner");
    let is_up = async || history(&test, 60.0).await;
    assert_eq!(is_up().await, [("m0".to_owned(), false)]);
    test.sandbox.faults().promote();
    assert_eq!(is_up().await, [("m0".to_owned(), false), ("m0".to_owned(), true)]);
    test.cluster.leases().await.unwrap();
}
