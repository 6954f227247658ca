//! Services whose keys vanish and come back, with clients that renew as Go's do, in a small and in a large key space.

use super::headless::HeadlessTest;
use super::*;
use crate::app::GroupBy;
use crate::report::{LeaseListing, groups_json, groups_table};
use etcd_lease::LeaseId;
use etcd_lease::engine::{Consumer, Engine};

/// Key spaces that are read and watched whole, or through their leases.
const IS_LARGE: [bool; 2] = [false, true];

/// A client that renews its lease until it is dropped.
struct Service {
    lease: LeaseId,
    engine: Engine,
    _consumer: Consumer,
}

impl HeadlessTest {
    async fn start_service(&self, key: &str) -> Service {
        let target = Target::Pipe { name: "sandbox".into(), dialer: self.sandbox.dialer(0) };
        let cluster = Cluster::connect(Settings::new(vec![target])).await.unwrap();
        let lease = cluster.grant(None, 10).await.unwrap().id;
        cluster.put(key.as_bytes(), b"10.0.0.5:8080", Some(lease)).await.unwrap();
        let engine = Engine::start(cluster, self.clock.clone(), engine::Options::default());
        let consumer = engine.consumer();
        consumer.keep_alive(lease);
        Service { lease, engine, _consumer: consumer }
    }

    /// The texts of the events with these names since the last call.
    pub(super) fn texts(&mut self, names: &[&str]) -> Vec<String> {
        let reported = self.events().into_iter().map(|reported| reported.event);
        let chosen = reported.filter(|event| names.contains(&event.name().as_str()));
        chosen.map(|event| format!("{} {}", event.name().as_str(), event.text())).collect()
    }
}

async fn cluster(is_large: bool) -> HeadlessTest {
    let fill = |sandbox: &Sandbox| {
        for number in 0..if is_large { 3_000 } else { 0 } {
            sandbox.put(format!("/registry/pods/{number}"), vec![b'x'; 6_000], None).unwrap();
        }
    };
    HeadlessTest::start(10_000, fill).await
}

#[tokio::test(start_paused = true)]
async fn a_service_that_dies_and_is_started_again_was_gone_for_a_time() {
    for is_large in IS_LARGE {
        let mut test = cluster(is_large).await;
        let first = test.start_service("/svc/npm10").await;
        test.wait(30.0).await;
        test.events();
        first.engine.close().await;
        while test.sandbox.deadline(first.lease).is_some() {
            test.wait(0.1).await;
        }
        test.wait(7.7).await;
        let again = test.start_service("/svc/npm10").await;
        test.wait(20.0).await;
        let texts = test.texts(&["down", "back"]);
        assert_eq!(texts[0], "down /svc/npm10 is gone: its lease expired", "{texts:?}");
        let [_, back] = &texts[..] else { panic!("{texts:?}") };
        if is_large {
            // Only a query of the new lease shows that it has the key.
            assert!(back.starts_with("back /svc/npm10 was gone for ") && back.contains(" s ±"), "{back}");
        } else {
            assert!(
                ["7.7 s", "7.8 s"].map(|span| format!("back /svc/npm10 was gone for {span}")).contains(back),
                "{back}"
            );
        }
        again.engine.close().await;
        let FinalState { app, now, start } = test.end().await;
        assert!(app.keys.index().is_by_lease() == is_large);
        let listing = LeaseListing::watched(&app, now.since_start(), now, start);
        let table = groups_table(&listing, GroupBy::Service, false);
        let cells: Vec<&str> = table.lines().last().unwrap().split("  ").map(str::trim).collect();
        let cells: Vec<&str> = cells.into_iter().filter(|cell| !cell.is_empty()).collect();
        assert!(table.contains("AVAILABLE  KEY OUTAGES\n"), "{table}");
        let percent: f64 = cells[6].trim_end_matches(" %").parse().unwrap();
        assert!((87.0..89.0).contains(&percent) && cells[7].starts_with("1, at most 7."), "{cells:?}");
        let json = groups_json(&listing, GroupBy::Service, false);
        assert!(json.contains(r#""availability":0.8"#) && json.contains(r#""key_outages":1,"#), "{json}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_without_a_key_is_listed_as_gone() {
    let test = cluster(false).await;
    let service = test.start_service("/svc/npm10").await;
    test.wait(30.0).await;
    service.engine.close().await;
    test.wait(20.0).await;
    let FinalState { app, now, start } = test.end().await;
    let mut listing = LeaseListing::watched(&app, now.since_start(), now, start);
    let table = groups_table(&listing, GroupBy::Service, false);
    assert!(table.contains("\n/svc          0  gone "), "{table}");
    let json = groups_json(&listing, GroupBy::Service, false);
    assert!(json.contains(r#"{"name":"/svc","leases":0,"#) && json.contains(r#""gone_now":"#), "{json}");
    listing.retain(&"key:/svc".parse().unwrap());
    assert_eq!(groups_json(&listing, GroupBy::Service, false), "{\"groups\":[]}\n");
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_put_again_without_a_lease_is_reported() {
    let mut test = cluster(false).await;
    let lease = test.sandbox.grant(6).unwrap();
    test.sandbox.put("order.rpc/a", "10.0.0.6:8080", Some(lease)).unwrap();
    while test.sandbox.deadline(lease).is_some() {
        test.wait(0.1).await;
    }
    test.wait(5.0).await;
    test.sandbox.put("unrelated", "v", None).unwrap();
    test.sandbox.put("order.rpc/a", "10.0.0.6:8080", None).unwrap();
    test.wait(2.0).await;
    let texts = test.texts(&["back", "down"]);
    let [back] = &texts[..] else { panic!("{texts:?}") };
    assert!(
        back.starts_with("back order.rpc/a is back without a lease and never expires; it was gone for 5."),
        "{back}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_renewed_lease_that_lost_its_only_key_has_a_warning() {
    for is_large in IS_LARGE {
        let test = cluster(is_large).await;
        let [healthy, lost] = [test.start_service("user.rpc/a").await, test.start_service("user.rpc/b").await];
        test.wait(15.0).await;
        test.sandbox.delete("user.rpc/b");
        test.wait(30.0).await;
        let leases = [healthy.lease, lost.lease];
        let FinalState { app, .. } = test.end().await;
        let found = leases.map(|id| app.leases.findings(app.leases.get(id).unwrap()));
        assert!(found[0].is_empty(), "{found:?}");
        let [warning] = &found[1][..] else { panic!("{found:?}") };
        let what = &warning.what;
        assert!(warning.lint == "lost-key" && what.starts_with("renewed, but lost its only key user.rpc/b "), "{what}");
        assert!(what.ends_with(" 30 s ago.") || what.ends_with(" 29 s ago.") || what.ends_with(" 28 s ago."), "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_detail_shows_the_availability_of_a_key_and_its_service() {
    let test = MonitorTest::start(exercise(&[]), false).await;
    test.show_all_events().await;
    let put = |key: &str| {
        let lease = test.sandbox.grant(600).unwrap();
        test.sandbox.put(key, "v", Some(lease)).unwrap();
        lease
    };
    put("/svc/other");
    let first = put("/svc/npm10");
    test.wait(60.0).await;
    test.sandbox.revoke(first).unwrap();
    test.wait(7.7).await;
    let second = put("/svc/npm10");
    test.wait(12.3).await;
    let text = test.screen.text();
    assert!(test.screen.row(&LeaseId(second).to_string()).contains(&"ok".to_owned()), "{text}");
    let is_shown =
        text.lines().any(|line| line.contains("available /svc/npm10 90.") && line.contains("; gone once, for 7.7 s"));
    assert!(is_shown, "{text}");
}
