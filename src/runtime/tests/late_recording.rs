//! Recordings that start while the monitor runs, after something went wrong.

use std::path::Path;
use std::time::SystemTime;

use super::replay::keys;
use super::*;
use crate::app::{EventKind, EventName};
use crate::recording::{Player, Recording};
use crate::report::{PageFormat, PageSource};
use etcd_lease::LeaseId;

/// Seconds from one renewal of the client to the next.
const EVERY: f64 = 3.4;

/// A monitor, a client that renews a lease of 10 s with a key, and leases that nobody renews.
struct Incident {
    monitor: MonitorTest,
    client: Cluster,
    lease: LeaseId,
    caches: Vec<LeaseId>,
    folder: tempfile::TempDir,
}

impl Incident {
    async fn start(config: AppConfig, cache_ttl: i64) -> Self {
        let mut caches = Vec::new();
        let grant = |sandbox: &Sandbox| caches.extend((0..3).map(|_| LeaseId(sandbox.grant(cache_ttl).unwrap())));
        let monitor = MonitorTest::with(config, false, grant).await;
        let client = Cluster::connect(Settings::new(vec![target(&monitor.sandbox)])).await.unwrap();
        let lease = client.grant(None, 10).await.unwrap().id;
        monitor.sandbox.put("/svc/orders/1", "x", Some(lease.0)).unwrap();
        Incident { monitor, client, lease, caches, folder: tempfile::tempdir().unwrap() }
    }

    /// The client renews its lease for some time.
    async fn renew(&self, seconds: f64) {
        for _ in 0..(seconds / EVERY) as usize {
            self.monitor.wait(EVERY).await;
            self.client.keep_alive_once(self.lease).await.unwrap();
        }
    }

    /// Types `:record FILE`. Returns what the status line says.
    async fn record(&self, name: &str) -> String {
        let path = self.folder.path().join(name);
        for some in keys(&format!(":record {}\n", path.display())).chunks(20) {
            self.monitor.press(some).await;
        }
        let text = self.monitor.screen.text();
        text.lines().find(|line| line.contains("Recording to ")).expect(&text).to_owned()
    }

    async fn stop(&self, name: &str) -> std::path::PathBuf {
        self.monitor.press(&[KeyCode::Char('R')]).await;
        self.folder.path().join(name)
    }
}

/// The names of the events of a lease in a recording, without its grant and renewals.
fn events(path: &Path, lease: LeaseId) -> Vec<EventName> {
    let recording = Recording::read(path).unwrap();
    assert!(!recording.is_truncated);
    let config = recording.header.config(AppConfig::default());
    let mut player = Player::new(recording.entries, recording.header.at, config);
    let mut app = player.initial_state();
    let mut names = Vec::new();
    player.play(&mut app, |_, _, events| {
        let of_lease = events.into_iter().filter(|event| event.lease == Some(lease));
        let news = of_lease.filter(|event| !matches!(event.kind, EventKind::Renewed(_) | EventKind::Granted { .. }));
        names.extend(news.map(|event| event.name()));
    });
    names
}

fn report(path: &Path, format: PageFormat) -> String {
    let source = PageSource::read(crate::recording::open(path).unwrap(), "FILE").unwrap();
    let page = source.into_page("FILE", AppConfig::default()).unwrap();
    page.render(format, SystemTime::UNIX_EPOCH)
}

#[tokio::test(start_paused = true)]
async fn a_recording_after_an_incident_has_what_led_to_it() {
    let incident = Incident::start(exercise(&[60]), 3_000).await;
    incident.renew(700.0).await;
    // The client is killed.
    incident.monitor.wait(30.0).await;
    for name in ["crash.jsonl.gz", "crash.jsonl"] {
        let status = incident.record(name).await;
        assert!(status.contains(" on: the last 1") && status.contains(" s and what follows (R stops)"), "{status}");
        incident.monitor.wait(5.0).await;
        let path = incident.stop(name).await;
        let expected = [EventName::Late, EventName::Risk, EventName::Expired, EventName::Down];
        assert_eq!(events(&path, incident.lease), expected, "{name}");
        let text = report(&path, PageFormat::Markdown);
        assert!(text.contains("The first problem was at ") && text.contains("late, lease "), "{text}");
        for cache in &incident.caches {
            assert_eq!(events(&path, *cache), [], "nothing happened to it");
        }
        let recording = Recording::read(&path).unwrap();
        let times: Vec<_> = recording.entries.iter().map(|entry| entry.at).collect();
        assert!(times.is_sorted() && *times.last().unwrap() - times[0] > Duration::from_secs(600), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_kept_minutes_a_recording_starts_with_what_is_known_of_the_leases() {
    let incident = Incident::start(AppConfig { rewind: 0, ..exercise(&[60]) }, 90).await;
    incident.renew(80.0).await;
    let status = incident.record("crash.jsonl").await;
    assert!(!status.contains("the last"), "{status}");
    incident.monitor.wait(30.0).await;
    let path = incident.stop("crash.jsonl").await;
    let expected = [EventName::Late, EventName::Risk, EventName::Expired, EventName::Down];
    assert_eq!(events(&path, incident.lease), expected);
    for cache in &incident.caches {
        assert_eq!(events(&path, *cache), [EventName::RanOut], "that it is not renewed was reported before");
    }
    let text = report(&path, PageFormat::Markdown);
    assert!(text.contains("5 leases in 3") && text.contains("1 expired, 3 ran out, 1 ok"), "{text}");
    let picture = report(&path, PageFormat::Svg);
    assert!(!picture.contains("x1=\"-"), "nothing is left of the page, although leases are older: {picture}");
}
