//! Metrics compared with what happened on the sandbox.

use super::*;
use crate::app::metrics::{MetricsConfig, MetricsSnapshot, OWNERS};
use crate::report::{METRICS, MetricsFormat, metrics_text};
use crate::runtime::metrics_server::Scrape;

/// The figures, asked for as the server does.
async fn scrape(scrapes: &mpsc::Sender<Scrape>) -> MetricsSnapshot {
    let (scrape, answer) = Scrape::new();
    scrapes.send(scrape).await.unwrap();
    answer.await.unwrap()
}

/// A headless run that serves metrics.
struct MetricsTest {
    sandbox: Sandbox,
    clock: Clock,
    scrapes: mpsc::Sender<Scrape>,
    _external: mpsc::UnboundedSender<ExternalEvent>,
    _running: Task<FinalState>,
}

fn config(services: usize) -> AppConfig {
    AppConfig { metrics: Some(MetricsConfig { services }), ..AppConfig::default() }
}

impl MetricsTest {
    async fn start(services: usize, prepare: impl FnOnce(&Sandbox)) -> MetricsTest {
        let clock = Clock::real();
        let sandbox = Sandbox::builder().seed(7).start(clock.clone());
        prepare(&sandbox);
        let cluster = Cluster::connect(Settings::new(vec![target(&sandbox)])).await.unwrap();
        let (external, happens) = mpsc::unbounded_channel();
        let (server, scrapes) = MetricsServer::in_memory();
        let outputs = Outputs::default().with_metrics(Some(server));
        let options = HeadlessOptions { cluster, clock: clock.clone(), config: config(services), outputs };
        let running =
            spawn(async move { watch_until(options, UnboundedReceiverStream::new(happens), |_, _| false).await });
        let test = MetricsTest { sandbox, clock, scrapes, _external: external, _running: running };
        test.wait(3.0).await;
        test
    }

    async fn wait(&self, seconds: f64) {
        self.clock.sleep(Duration::from_secs_f64(seconds)).await;
    }

    async fn samples(&self) -> Samples {
        Samples::of(scrape(&self.scrapes).await)
    }
}

/// The samples of a scrape by name and labels.
struct Samples(std::collections::BTreeMap<String, f64>);

impl Samples {
    fn of(snapshot: MetricsSnapshot) -> Samples {
        let text = metrics_text(snapshot, MetricsFormat::Prometheus);
        let mut samples = std::collections::BTreeMap::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (name, value) = line.rsplit_once(' ').expect("a sample");
            let before = samples.insert(name.to_owned(), value.parse().expect("a number"));
            assert_eq!(before, None, "{name} appears twice");
        }
        Samples(samples)
    }

    fn get(&self, name: &str) -> f64 {
        *self.0.get(&format!("leasetop_{name}")).unwrap_or_else(|| panic!("no {name} in {:#?}", self.0.keys()))
    }

    /// The sum over all samples of a metric.
    fn sum(&self, name: &str) -> f64 {
        let prefix = format!("leasetop_{name}");
        let is_of = |sample: &&String| sample.split('{').next() == Some(&prefix);
        self.0.iter().filter(|(sample, _)| is_of(sample)).map(|(_, value)| value).sum()
    }
}

#[tokio::test(start_paused = true)]
async fn the_leases_of_other_clients_are_counted() {
    let test = MetricsTest::start(0, |_| ()).await;
    let theirs = Cluster::connect(Settings::new(vec![target(&test.sandbox)])).await.unwrap();
    let kept = theirs.grant(None, 10).await.unwrap().id;
    let [dies, is_revoked, lives] = [5, 600, 3_600].map(|ttl| LeaseId(test.sandbox.grant(ttl).unwrap()));
    let engine = engine::Engine::start(theirs, test.clock.clone(), engine::Options::default());
    let _keeping = engine.keep_alive(kept);
    test.wait(30.0).await;
    test.sandbox.revoke(is_revoked).unwrap();
    test.wait(31.5).await;
    let samples = test.samples().await;
    assert_eq!(samples.sum("leases"), 2.0, "{kept} and {lives}");
    assert_eq!(samples.get(r#"leases{state="ok",ttl="up_to_10s"}"#), 1.0);
    assert_eq!(samples.sum("leases_by_owner"), samples.get(r#"leases_by_owner{owner="other"}"#));
    assert_eq!(samples.get(r#"leases_ended_total{cause="revoked",owner="other"}"#), 1.0);
    let expired = ["expired", "ran_out"]
        .map(|cause| samples.get(&format!(r#"leases_ended_total{{cause="{cause}",owner="other"}}"#)));
    assert_eq!(expired.iter().sum::<f64>(), 1.0, "{dies}");
    let delay = samples.get("removal_delay_seconds_sum");
    assert!(samples.get("removal_delay_seconds_count") == 1.0 && (0.0..1.1).contains(&delay), "{delay}");
    // The next poll shows the last renewal.
    let unseen = test.sandbox.keep_alives(kept) as f64 - samples.get(r#"renewals_total{source="other"}"#);
    assert!((0.0..=1.0).contains(&unseen), "{unseen}");
    let [sum, count] =
        ["sum", "count"].map(|part| samples.get(&format!(r#"renewal_interval_ratio_{part}{{ttl="up_to_10s"}}"#)));
    assert!(count >= 14.0 && (0.34..0.36).contains(&(sum / count)), "{sum} of {count}");
    assert_eq!(samples.get(r#"renewal_interval_ratio_bucket{ttl="up_to_10s",le="0.6"}"#), count);
    let left = samples.get(r#"lowest_time_left_seconds{ttl="up_to_10s"}"#);
    assert!((6.0..=10.0).contains(&left), "{left}");
    assert_eq!(samples.get(r#"events_total{event="granted"}"#), 4.0);
    assert!(samples.get("data_age_seconds") <= 1.1 && samples.get(r#"polls_total{result="ok"}"#) > 100.0);
    assert_eq!(["cluster_up", "cluster_has_leader", "keys_followed"].map(|name| samples.get(name)), [1.0; 3]);
    assert_eq!(samples.get(r#"members{state="up"}"#), 1.0);
}

#[tokio::test(start_paused = true)]
async fn a_lost_cluster_and_an_expiry_backlog_are_visible() {
    let test = MetricsTest::start(0, |sandbox| {
        (0..20).for_each(|_| drop(sandbox.grant(5)));
        sandbox.faults().stall_expiry();
    })
    .await;
    test.wait(5.0).await;
    let samples = test.samples().await;
    assert_eq!((samples.get("expiry_backlog"), samples.get(r#"leases{state="dying",ttl="up_to_10s"}"#)), (20.0, 20.0));
    assert_eq!(samples.get(r#"lowest_time_left_seconds{ttl="up_to_10s"}"#), 0.0);
    test.sandbox.faults().release_expiry();
    test.wait(3.0).await;
    let samples = test.samples().await;
    assert_eq!((samples.get("expiry_backlog"), samples.sum("leases")), (0.0, 0.0));
    assert_eq!(samples.sum("leases_ended_total"), 20.0);
    let info = |samples: &Samples| samples.0.keys().find(|name| name.starts_with("leasetop_cluster_info")).cloned();
    let known = info(&samples);
    assert!(known.as_ref().is_some_and(|info| !info.contains(r#"etcd_version="""#)), "{known:?}");
    test.sandbox.faults().down();
    test.wait(30.0).await;
    let samples = test.samples().await;
    assert_eq!((samples.get("cluster_up"), samples.get(r#"members{state="down"}"#)), (0.0, 1.0));
    assert!((29.0..33.0).contains(&samples.get("data_age_seconds")));
    assert!(!samples.0.contains_key("leasetop_cluster_raft_term"));
    assert_eq!(info(&samples), known, "the last known version");
}

#[tokio::test(start_paused = true)]
async fn no_keys_are_followed_while_the_member_hangs() {
    let test = MetricsTest::start(0, |_| ()).await;
    test.wait(5.0).await;
    assert_eq!(test.samples().await.get("keys_followed"), 1.0);
    test.sandbox.faults().hang();
    test.wait(3.0).await;
    let samples = test.samples().await;
    assert_eq!((samples.get("cluster_up"), samples.get("keys_followed")), (0.0, 0.0));
}

#[tokio::test(start_paused = true)]
async fn a_service_without_leases_stays_at_zero() {
    let test = MetricsTest::start(2, |sandbox| {
        for (service, count) in [("a", 1), ("b", 2), ("c", 3)] {
            for number in 0..count {
                let lease = sandbox.grant(600).unwrap();
                sandbox.put(format!("/svc/{service}/{number}"), "x", Some(lease)).unwrap();
            }
        }
    })
    .await;
    let samples = test.samples().await;
    let of = |samples: &Samples, service: &str| samples.get(&format!(r#"service_leases{{service="{service}"}}"#));
    assert_eq!(samples.sum("service_leases"), 6.0);
    let named: Vec<&str> = ["a", "b", "c"]
        .into_iter()
        .filter(|service| samples.0.contains_key(&format!(r#"leasetop_service_leases{{service="/svc/{service}"}}"#)))
        .collect();
    assert_eq!(named.len(), 2, "{named:?}");
    assert!(of(&samples, "other") > 0.0);
    for id in test.sandbox.leases() {
        test.sandbox.revoke(id).unwrap();
    }
    test.wait(3.0).await;
    let samples = test.samples().await;
    assert_eq!((of(&samples, &format!("/svc/{}", named[0])), samples.sum("service_leases")), (0.0, 0.0));
}

#[tokio::test(start_paused = true)]
async fn own_renewals_and_dropped_responses_are_counted_in_the_monitor() {
    let (server, scrapes) = MetricsServer::in_memory();
    let outputs = Outputs::default().with_metrics(Some(server));
    let config = AppConfig { metrics: Some(MetricsConfig { services: 0 }), ..exercise(&[2]) };
    let test = MonitorTest::with_outputs(config, true, |_| (), outputs).await;
    // Between two renewals, which come every second.
    test.wait(28.25).await;
    let samples = Samples::of(scrape(&scrapes).await);
    let renewals = test.sandbox.keep_alives(test.sandbox.leases()[0]) as f64;
    assert_eq!(samples.get(r#"renewals_total{source="kept"}"#), renewals);
    assert_eq!(samples.get("keepalive_round_trip_seconds_count"), renewals);
    assert_eq!(samples.get("dropped_responses_total"), renewals - 16.0, "the queue has room for 16");
    assert_eq!(samples.get(r#"leases_by_owner{owner="own"}"#), 1.0);
    assert_eq!(samples.get(r#"leases{state="stalled",ttl="up_to_10s"}"#), 1.0);
    assert!((0.45..0.55).contains(&(samples.get(r#"renewal_interval_ratio_sum{ttl="up_to_10s"}"#) / (renewals - 1.0))));
}

#[tokio::test(start_paused = true)]
async fn a_scrape_contains_every_metric_and_stays_small() {
    let test = MetricsTest::start(1_000, |sandbox| {
        for number in 0..1_200 {
            let lease = sandbox.grant(600).unwrap();
            sandbox.put(format!("/a/service/with/a/long/name/{number:04}/here"), "x", Some(lease)).unwrap();
        }
    })
    .await;
    test.wait(10.0).await;
    let text = metrics_text(scrape(&test.scrapes).await, MetricsFormat::OpenMetrics);
    assert!(text.len() <= 200_000, "{} bytes", text.len());
    for metric in METRICS {
        let name = metric.full_name();
        let family = name.trim_end_matches("_total").trim_end_matches("_info");
        assert!(text.contains(&format!("# TYPE {family} {}\n", metric.kind())), "{name}");
        assert!(text.lines().any(|line| line.starts_with(&name)), "{name} has no sample");
    }
    assert_eq!(OWNERS.map(|owner| text.matches(&format!("owner=\"{}\"", owner.word())).count()), [7; 3]);
}
