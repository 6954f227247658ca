//! Other clients' leases, in the whole program.

use tonic::Status;

use super::*;
use etcd_lease::LeaseId;
use etcd_lease::engine::{Consumer, Engine};

impl MonitorTest {
    /// Another client of the same sandbox that keeps a lease alive as Go's does, until it is dropped.
    async fn another(&self, id: LeaseId) -> (Engine, Consumer) {
        let target = Target::Pipe { name: "sandbox".into(), dialer: self.sandbox.dialer(0) };
        let cluster = Cluster::connect(Settings::new(vec![target])).await.unwrap();
        let engine = Engine::start(cluster, self.clock.clone(), engine::Options::default());
        let consumer = engine.consumer();
        consumer.keep_alive(id);
        (engine, consumer)
    }

    /// The text of a column in the row of a lease.
    fn column(&self, id: LeaseId, title: &str) -> String {
        let text = self.screen.text();
        let header = text.lines().find(|line| line.contains(" STATE ")).unwrap();
        let end = header.find(title).map(|at| header[..at].chars().count() + title.len()).unwrap();
        let row = text.lines().find(|line| line.contains(&id.to_string())).unwrap_or_else(|| panic!("no row\n{text}"));
        row.chars().take(end).collect::<String>().rsplit("  ").next().unwrap_or_default().trim().to_owned()
    }
}

#[tokio::test(start_paused = true)]
async fn the_cadence_of_another_client_is_shown_and_so_is_its_end() {
    let test = MonitorTest::start(exercise(&[]), false).await;
    let lease = LeaseId(test.sandbox.grant(30).unwrap());
    test.sandbox.put("/svc/other", "v", Some(lease.0)).unwrap();
    let other = test.another(lease).await;
    test.wait(75.0).await;
    let inferred = |title| test.column(lease, title).trim_matches(['~', ' ', 's']).parse::<f64>().unwrap();
    assert!((10.3..10.8).contains(&inferred("EVERY")) && (18.9..19.8).contains(&inferred("MARGIN")));
    assert!(test.column(lease, "LAST").starts_with('~') && test.screen.row("/svc/other").contains(&"ok".to_owned()));
    assert!(test.screen.text().contains(" every ~10."), "{}", test.screen.text());
    other.0.close().await;
    drop(other);
    test.wait(14.0).await;
    assert!(test.screen.text().contains("▲ late"), "{}", test.screen.text());
    test.wait(8.5).await;
    assert!(test.screen.text().contains("✖ at risk"), "{}", test.screen.text());
    test.wait(11.0).await;
    let text = test.screen.text();
    assert!(text.contains("✗ expired") && text.contains("lease, last renewed 30."), "{text}");
    assert!(test.sandbox.leases().is_empty());
}

#[tokio::test(start_paused = true)]
async fn each_end_has_its_cause() {
    let test = MonitorTest::start(exercise(&[]), false).await;
    test.show_all_events().await;
    test.wait(0.5).await;
    let grant = |ttl, key: &str| {
        let lease = LeaseId(test.sandbox.grant(ttl).unwrap());
        test.sandbox.put(key, "v", Some(lease.0)).unwrap();
        lease
    };
    let (expires, revoked, bare) =
        (grant(8, "/expires"), grant(60, "/revoked"), LeaseId(test.sandbox.grant(60).unwrap()));
    let (deleted, moved) = (grant(600, "/deleted"), grant(700, "/moved"));
    test.wait(3.0).await;
    test.sandbox.revoke(revoked).unwrap();
    test.sandbox.revoke(bare).unwrap();
    test.sandbox.delete("/deleted");
    test.sandbox.put("/moved", "v", Some(deleted.0)).unwrap();
    test.wait(7.0).await;
    let text = test.screen.text();
    let ends = [(expires, "ran out"), (revoked, "revoked"), (bare, "revoked"), (deleted, "ok"), (moved, "ok")];
    for (id, state) in ends {
        assert!(test.screen.row(&id.to_string()).join(" ").contains(state), "{id} {state}\n{text}");
    }
    for reported in
        ["by another client", "/deleted deleted", "/moved moved to lease", "deleted 6.0 s ago", "never renewed"]
    {
        assert!(text.contains(reported), "{reported}\n{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_ttl_reset_shows_a_badge_and_is_no_renewal() {
    let test = MonitorTest::start(exercise(&[]), false).await;
    let lease = LeaseId(test.sandbox.grant(60).unwrap());
    test.wait(20.0).await;
    test.sandbox.faults().refill();
    test.wait(5.0).await;
    let text = test.screen.text();
    assert!(text.contains("↻ refilled") && text.contains("no renewal"), "{text}");
    assert_eq!(test.column(lease, "EVERY"), "");
    test.wait(12.0).await;
    assert!(test.screen.row(&lease.to_string()).contains(&"ok".to_owned()), "{}", test.screen.text());
}

#[tokio::test(start_paused = true)]
async fn expired_leases_awaiting_removal_are_counted_with_their_delay() {
    let test = MonitorTest::start(exercise(&[]), false).await;
    test.sandbox.faults().stall_expiry();
    assert!((0..40).all(|_| test.sandbox.grant(3).is_ok()));
    test.wait(8.0).await;
    assert!(test.screen.text().contains("40 dying, removed in 0.5 s"), "{}", test.screen.text());
    test.sandbox.faults().release_expiry();
    test.wait(3.0).await;
    assert!(
        !test.screen.text().contains("dying,") && test.screen.text().contains("○ ran out"),
        "{}",
        test.screen.text()
    );
}

#[tokio::test(start_paused = true)]
async fn warnings_are_counted_and_explained_in_the_detail() {
    let test = MonitorTest::start(exercise(&[]), false).await;
    let lease = LeaseId(test.sandbox.grant(30).unwrap());
    test.wait(26.0).await;
    let text = test.screen.text();
    assert!(text.contains("1 warning") && test.screen.row(&lease.to_string()).contains(&"leak".to_owned()), "{text}");
    assert!(text.contains("no keys, and no renewal for"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn megabytes_of_key_names_of_one_lease_are_counted() {
    let test = MonitorTest::with(exercise(&[]), false, |sandbox| {
        let lease = LeaseId(sandbox.grant_as(LeaseId(7), 600).unwrap());
        let name = |n: u32| format!("heavy/{n:04}/{}", "x".repeat(4_096));
        (0..1_100).for_each(|n| sandbox.put(name(n), "", Some(lease.0)).unwrap());
    })
    .await;
    test.wait(3.0).await;
    assert_eq!(test.column(LeaseId(7), "KEYS"), "1100");
    assert!(test.screen.row("0000000000000007").contains(&"crowded".to_owned()), "{}", test.screen.text());
    test.sandbox.revoke(LeaseId(7)).unwrap();
    test.wait(1.0).await;
    test.show_all_events().await;
    assert!(test.screen.text().contains("other client's 600 s lease, revoked by"), "{}", test.screen.text());
}

#[tokio::test(start_paused = true)]
async fn keys_update_without_a_poll() {
    let test = MonitorTest::start(exercise(&[]), false).await;
    test.show_all_events().await;
    let lease = LeaseId(test.sandbox.grant(600).unwrap());
    test.wait(1.5).await;
    assert!(test.screen.text().contains("no keys"), "{}", test.screen.text());
    test.sandbox.put(b"svc/\xff\x1b[2J", "v", Some(lease.0)).unwrap();
    test.sandbox.put("free", "v", None).unwrap();
    test.wait(0.2).await;
    assert!(test.screen.row(&lease.to_string()).contains(&r"svc/\xff\x1b[2J".to_owned()), "{}", test.screen.text());
    test.sandbox.put(b"svc/\xff\x1b[2J", "v", None).unwrap();
    test.wait(0.2).await;
    assert!(test.screen.text().contains("put without a lease"), "{}", test.screen.text());
}

#[tokio::test(start_paused = true)]
async fn a_cut_watch_and_a_compaction_lose_no_key() {
    let test = MonitorTest::start(exercise(&[]), false).await;
    let lease = LeaseId(test.sandbox.grant_as(LeaseId(-9), 600).unwrap());
    test.sandbox.faults().cut_watches(&Status::unavailable("cut"));
    test.sandbox.put("/early", "v", Some(lease.0)).unwrap();
    test.wait(3.0).await;
    assert!(test.screen.row("-000000000000009").contains(&"/early".to_owned()), "{}", test.screen.text());
    test.sandbox.faults().down();
    test.wait(2.0).await;
    test.sandbox.delete("/early");
    test.sandbox.put("/late", "v", Some(lease.0)).unwrap();
    test.sandbox.compact(test.sandbox.revision()).unwrap();
    test.sandbox.faults().up();
    test.wait(8.0).await;
    assert!(test.screen.row("-000000000000009").contains(&"/late".to_owned()), "{}", test.screen.text());
    assert!(!test.screen.text().contains("keys fail"), "{}", test.screen.text());
}

#[tokio::test(start_paused = true)]
async fn with_a_prefix_only_its_keys_are_watched() {
    let config = AppConfig { range: etcd_lease::KeyRange::prefix(b"/svc/"), ..exercise(&[]) };
    let test = MonitorTest::with(config, false, |sandbox| {
        let lease = LeaseId(sandbox.grant_as(LeaseId(7), 600).unwrap());
        let other = LeaseId(sandbox.grant_as(LeaseId(8), 700).unwrap());
        sandbox.put("/svc/a", "v", Some(lease.0)).unwrap();
        sandbox.put("/else", "v", Some(other.0)).unwrap();
    })
    .await;
    test.wait(2.0).await;
    let text = test.screen.text();
    assert!(text.contains("keys /svc/"), "{text}");
    assert!(test.screen.row("0000000000000007").contains(&"/svc/a".to_owned()), "{text}");
    assert!(!test.screen.row("0000000000000008").contains(&"/else".to_owned()), "{text}");
    test.press(&[KeyCode::Down, KeyCode::Enter]).await;
    test.wait(2.0).await;
    assert!(test.screen.text().contains("/else"), "the selected lease is queried for all keys: {}", test.screen.text());
}

#[tokio::test(start_paused = true)]
async fn own_grants_are_reported_before_their_keys() {
    let test = MonitorTest::start(exercise(&[10]), false).await;
    test.wait(2.0).await;
    test.show_all_events().await;
    let text = test.screen.text();
    assert!(text.contains("attached") && !text.contains("by another client"), "{text}");
    assert_eq!(text.matches("+ attached").count(), 1, "reported once: {text}");
}
