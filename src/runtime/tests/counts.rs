//! The number of leases that match a filter, while the program watches a sandbox.

use std::cell::RefCell;

use futures_util::stream::pending;

use super::*;
use crate::app::{MatchCount, count_matching};
use crate::filter::Filter;
use simkit::Timestamp;

/// Watches for `seconds` and counts after each message. `act` changes the sandbox meanwhile.
async fn counts(
    filter: &str,
    seconds: u64,
    sandbox: &Sandbox,
    act: impl Future<Output = ()>,
) -> Vec<(Timestamp, Option<MatchCount>)> {
    let filter: Filter = filter.parse().unwrap();
    let clock = sandbox.clock().clone();
    let target = Target::Pipe { name: "sandbox".to_owned(), dialer: sandbox.dialer(0) };
    let cluster = Cluster::connect(Settings::new(vec![target])).await.unwrap();
    let (config, outputs) = (AppConfig::default(), Outputs::default());
    let options = HeadlessOptions { cluster, clock: clock.clone(), config, outputs };
    let seen = RefCell::new(Vec::new());
    let over = clock.now() + Duration::from_secs(seconds);
    let watching = watch_until(options, pending(), |app, now| {
        seen.borrow_mut().push((now, count_matching(app, &filter, now)));
        now >= over
    });
    tokio::join!(watching, act);
    seen.take()
}

fn sandbox() -> Sandbox {
    Sandbox::builder().seed(7).start(Clock::real())
}

/// Grants a lease with keys.
fn grant(sandbox: &Sandbox, ttl: i64, keys: &[String]) -> i64 {
    let id = sandbox.grant(ttl).unwrap();
    for key in keys {
        sandbox.put(key.as_bytes(), "v", Some(id)).unwrap();
    }
    id
}

#[tokio::test(start_paused = true)]
async fn a_count_is_never_certain_of_what_is_not_read_yet() {
    let sandbox = sandbox();
    let leases: Vec<i64> = (0..3).map(|n| grant(&sandbox, 60, &[format!("/svc/{n}")])).collect();
    // A lease remembers only its first keys, so the last ones have to be looked up.
    grant(&sandbox, 60, &(0..40).map(|n| format!("/other/{n:02}")).chain(["/svc/z".to_owned()]).collect::<Vec<_>>());
    grant(&sandbox, 60, &[]);
    let revoke = async {
        sandbox.clock().sleep(Duration::from_secs(10)).await;
        sandbox.revoke(leases[0]).unwrap();
    };
    let seen = counts("key:/svc/ and state:ok", 14, &sandbox, revoke).await;
    assert_eq!(seen[0].1, None, "before the first list");
    let known: Vec<(f64, MatchCount)> =
        seen.iter().filter_map(|(at, count)| Some((at.since_start().as_secs_f64(), (*count)?))).collect();
    for (at, MatchCount { matching, unknown }) in &known {
        let least = if *at < 10.0 { 4 } else { 3 };
        assert!(*matching <= 4 && matching + unknown >= least, "at {at}: {matching} and {unknown}");
    }
    let at = |time: f64| known.iter().rfind(|(at, _)| *at < time).map(|(_, count)| *count);
    assert_eq!(at(9.9), Some(MatchCount { matching: 4, unknown: 0 }));
    assert_eq!(at(14.0), Some(MatchCount { matching: 3, unknown: 0 }));
}

#[tokio::test(start_paused = true)]
async fn a_count_follows_the_time_left_and_is_unknown_without_etcd() {
    let sandbox = sandbox();
    grant(&sandbox, 30, &["/svc/a".to_owned()]);
    let fail = async {
        sandbox.clock().sleep(Duration::from_secs(28)).await;
        sandbox.faults().down();
    };
    let seen = counts("left<5s", 45, &sandbox, fail).await;
    let first = seen.iter().find(|(_, count)| count.is_some_and(|count| count.matching == 1));
    let first = first.expect("less than 5 s are left").0.since_start().as_secs_f64();
    assert!((24.9..27.1).contains(&first), "{first}");
    assert_eq!(seen.last().expect("some").1, None, "nothing is known of a cluster that does not reply");
}
