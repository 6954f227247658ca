//! Servers that lie: nothing panics, memory stays bounded, each problem is reported once and nothing false is shown.

mod server;

use super::*;
use crate::app::{self, EventName};
use etcd_lease::MAX_TTL;
use server::{LIES, Lie};

/// How long each server is watched, in its own time.
const WATCHED: f64 = 30.0;
/// The text of the state may have this many characters. It shows every collection, a byte of a key as `107, `, and a key
/// once for each place that shares it.
const LARGEST_STATE: usize = 800_000_000;

async fn cluster(lie: Lie) -> (Cluster, Task) {
    let (dialer, server) = server::start(lie);
    let target = Target::Pipe { name: "liar".into(), dialer };
    (Cluster::connect(Settings::new(vec![target])).await.unwrap(), server)
}

/// Watches a server and keeps two of its leases alive. Returns the final state and every event.
async fn watched(lie: Lie) -> (FinalState, Vec<app::Event>) {
    let (cluster, _server) = cluster(lie).await;
    let clock = Clock::real();
    let engine = engine::Engine::start(cluster.clone(), clock.clone(), engine::Options::default());
    let _kept = [1, 2].map(|id| engine.keep_alive(etcd_lease::LeaseId(id)));
    let (sender, mut reported) = mpsc::channel(100_000);
    let (external, happens) = mpsc::unbounded_channel();
    let (config, outputs) = (AppConfig::default(), Outputs::default());
    let options = HeadlessOptions { cluster, clock: clock.clone(), config, outputs };
    let headless = spawn(follow_events(options, UnboundedReceiverStream::new(happens), sender));
    clock.sleep(Duration::from_secs_f64(WATCHED)).await;
    external.send(ExternalEvent::End).unwrap();
    let last = headless.await.unwrap().unwrap();
    (last, std::iter::from_fn(|| reported.try_recv().ok()).map(|reported| reported.event).collect())
}

fn assert_true(lie: Lie, FinalState { app, now, .. }: &FinalState) {
    let size = format!("{app:?}").len();
    assert!(size < LARGEST_STATE, "{lie:?}: the state has {size} characters");
    for lease in app.leases.living() {
        assert_ne!(lease.id.0, 0, "{lie:?}");
        let ttl = lease.granted_ttl.unwrap_or(60);
        assert!((1..=MAX_TTL).contains(&ttl), "{lie:?}: TTL {ttl}");
        let left = lease.left(*now).unwrap_or(0.0);
        assert!(left <= MAX_TTL as f64 + 1.0, "{lie:?}: {left} s left");
    }
}

/// The problems that are no events of single leases.
fn problems(events: &[app::Event]) -> Vec<String> {
    let is_problem = |event: &&app::Event| {
        event.lease.is_none() && matches!(event.name(), EventName::Error | EventName::Connection | EventName::Leader)
    };
    events.iter().filter(is_problem).map(|event| format!("{} {}", event.name().as_str(), event.text())).collect()
}

async fn check(lie: Lie) {
    let (last, events) = watched(lie).await;
    assert_true(lie, &last);
    let problems = problems(&events);
    assert!(problems.len() <= 20, "{lie:?}: {} problems: {problems:#?}", problems.len());
}

macro_rules! each_lie {
    ($($name:ident $lie:ident)*) => {$(
        #[tokio::test(start_paused = true)]
        async fn $name() {
            check(Lie::$lie).await;
        }
    )*};
}

each_lie! {
    wrong_ids Ids
    impossible_numbers Numbers
    replies_never_asked_for Unasked
    a_watch_that_floods Watches
    headers_that_change Headers
    keys_of_a_megabyte Keys
    a_thousand_members Members
    other_leases_each_time Lists
    endless_pages Pages
    everything_at_once Everything
}

/// Every view, a detail, a grant, an adoption and a revoke, on each server.
#[tokio::test(start_paused = true)]
async fn the_screen_shows_no_impossible_number() {
    use KeyCode::{Char, Enter, Esc};
    for lie in LIES {
        let (cluster, _server) = cluster(lie).await;
        let clock = Clock::real();
        let options = MonitorOptions {
            cluster,
            clock: clock.clone(),
            resources: None,
            environments: None,
            engine: engine::Options::default(),
            config: AppConfig::default(),
            outputs: Outputs::default(),
            record: None,
            theme: Theme::default(),
            asks_background: false,
            stall_consumer: false,
            command: "leasetop".into(),
            connector: None,
            files: UserFiles::default(),
            themes: Vec::new(),
        };
        let screen = FakeScreen::new(180, 40);
        let (input, keys) = mpsc::unbounded_channel();
        let (external, happens) = mpsc::unbounded_channel();
        let (keys, happens) = (UnboundedReceiverStream::new(keys), UnboundedReceiverStream::new(happens));
        let monitor = spawn(run(options, screen.clone(), keys, happens));
        let views = ['1', '2', '3', '4', '5'].map(Char);
        let acts = [Char('1'), Enter, Esc, Char('n'), Char('2'), Enter, Char('a'), Enter, Char('x'), Char('y'), Esc];
        for key in views.iter().chain(&acts).chain(&views) {
            input.send(Ok(Event::Key(KeyEvent::new(*key, KeyModifiers::NONE)))).unwrap();
            clock.sleep(Duration::from_secs(1)).await;
            // An error shows what was wrong.
            let text = screen.text();
            let text = text.lines().filter(|line| !line.contains("got a")).collect::<Vec<_>>().join("\n");
            for impossible in ["922337", "18446744", "-9000000"] {
                assert!(!text.contains(impossible), "{lie:?} shows {impossible}:\n{text}");
            }
        }
        external.send(ExternalEvent::End).unwrap();
        monitor.await.unwrap();
    }
}
