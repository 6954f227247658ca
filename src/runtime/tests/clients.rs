//! Clients that renew or replace their leases in different ways: leasetop warns about the broken ones only.

use std::collections::BTreeMap;

use super::*;
use crate::app::EndCause;
use crate::report::{LeaseListing, WATCHED, listing_json, listing_table};
use crate::runtime::headless::HeadlessRun;
use etcd_lease::LeaseId;

/// A headless run, and clients of the same sandbox.
struct Scene {
    sandbox: Sandbox,
    clock: Clock,
    cluster: Cluster,
    watching: Option<(mpsc::UnboundedSender<ExternalEvent>, Task<Watched>)>,
    clients: Vec<Task<()>>,
}

/// What the run has shown.
struct Watched {
    end: FinalState,
    /// Every warning that a lease had at any time, with its first and its last sentence.
    warnings: BTreeMap<(LeaseId, &'static str), [String; 2]>,
    /// The name and the lease of each event.
    events: Vec<(&'static str, LeaseId)>,
    /// The sentence of each event about a lease.
    texts: Vec<String>,
}

impl Watched {
    fn warned(&self, lint: &str) -> Vec<LeaseId> {
        self.warnings.keys().filter(|(_, name)| *name == lint).map(|(id, _)| *id).collect()
    }

    fn count(&self, event: &str) -> usize {
        self.events.iter().filter(|(name, _)| *name == event).count()
    }
}

/// Watches until it is ended from outside.
async fn watch(options: HeadlessOptions, external: mpsc::UnboundedReceiver<ExternalEvent>) -> Watched {
    let (mut warnings, mut events, mut texts) = (BTreeMap::new(), Vec::new(), Vec::new());
    let run = HeadlessRun::start(options);
    let collect = |session: &mut session::Session, recorded: Vec<crate::app::Event>, _| {
        texts.extend(recorded.iter().filter(|event| event.lease.is_some()).map(|event| event.text()));
        events.extend(recorded.into_iter().filter_map(|event| Some((event.name().as_str(), event.lease?))));
        for finding in session.app.leases.lint_report().all() {
            for id in &finding.leases {
                let both = warnings.entry((*id, finding.lint));
                let both = both.or_insert_with(|| [finding.what.clone(), String::new()]);
                both[1].clone_from(&finding.what);
            }
        }
        true
    };
    let end = run.run(UnboundedReceiverStream::new(external), collect).await;
    Watched { end, warnings, events, texts }
}

impl Scene {
    /// Without a watcher.
    async fn unwatched() -> Scene {
        let clock = Clock::real();
        let sandbox = Sandbox::builder().seed(7).start(clock.clone());
        let cluster = Cluster::connect(Settings::new(vec![target(&sandbox)])).await.unwrap();
        Scene { sandbox, clock, cluster, watching: None, clients: Vec::new() }
    }

    async fn start() -> Scene {
        let mut scene = Scene::unwatched().await;
        scene.watch().await;
        scene
    }

    async fn watch(&mut self) {
        let cluster = Cluster::connect(Settings::new(vec![target(&self.sandbox)])).await.unwrap();
        let (external, happens) = mpsc::unbounded_channel();
        let options = HeadlessOptions {
            cluster,
            clock: self.clock.clone(),
            config: AppConfig::default(),
            outputs: Outputs::default(),
        };
        self.watching = Some((external, spawn(watch(options, happens))));
        self.wait(3.0).await;
    }

    async fn wait(&self, seconds: f64) {
        self.clock.sleep(Duration::from_secs_f64(seconds)).await;
    }

    /// A lease that a client renews at this interval, with its keys.
    fn renewed(&mut self, ttl: i64, every: f64, keys: &[&str]) -> LeaseId {
        let id = LeaseId(self.sandbox.grant(ttl).unwrap());
        for key in keys {
            self.sandbox.put(*key, "v", Some(id.0)).unwrap();
        }
        let (cluster, clock) = (self.cluster.clone(), self.clock.clone());
        self.clients.push(spawn(async move {
            let start = clock.now();
            for n in 1_u32.. {
                clock.sleep_until(start + Duration::from_secs_f64(every) * n).await;
                cluster.keep_alive_once(id).await.unwrap();
            }
        }));
        id
    }

    /// A client that grants a new lease at this interval and moves its key to it.
    fn heartbeat(&mut self, ttl: i64, every: f64, key: &'static str) {
        let (sandbox, clock) = (self.sandbox.clone(), self.clock.clone());
        self.clients.push(spawn(async move {
            loop {
                let id = sandbox.grant(ttl).unwrap();
                sandbox.put(key, "v", Some(id)).unwrap();
                clock.sleep(Duration::from_secs_f64(every)).await;
            }
        }));
    }

    /// A client that grants a new lease at this interval, up to a second more or less, and moves its key to it.
    fn irregular_heartbeat(&mut self, ttl: i64, every: f64, key: &'static str) {
        let (sandbox, clock) = (self.sandbox.clone(), self.clock.clone());
        self.clients.push(spawn(async move {
            for n in 0_u32.. {
                let id = sandbox.grant(ttl).unwrap();
                sandbox.put(key, "v", Some(id)).unwrap();
                let jitter = f64::from(n * 7 % 11) / 5.0 - 1.0;
                clock.sleep(Duration::from_secs_f64(every + jitter)).await;
            }
        }));
    }

    async fn end(self) -> Watched {
        let (external, watching) = self.watching.expect("it is watched");
        external.send(ExternalEvent::End).unwrap();
        watching.await.unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_with_a_new_lease_each_time_is_healthy() {
    let mut scene = Scene::start().await;
    // Kubernetes renews its master leases like this.
    scene.heartbeat(15, 10.0, "/registry/masterleases/10.0.0.1");
    scene.wait(3.0).await;
    scene.heartbeat(15, 10.0, "/registry/masterleases/10.0.0.2");
    // A loop that puts its key with a new lease each time.
    scene.heartbeat(10, 3.0, "/loop");
    scene.heartbeat(60, 20.0, "/slow");
    scene.wait(180.0).await;
    let watched = scene.end().await;
    assert_eq!(watched.warnings, BTreeMap::new());
    for problem in ["expired", "gone", "late", "risk", "revoked"] {
        assert_eq!(watched.count(problem), 0, "{problem}");
    }
    assert!(watched.count("replaced") > 80, "{}", watched.count("replaced"));
    let mut every: Vec<_> = watched.end.app.leases.living().filter_map(|lease| lease.new_lease_every()).collect();
    every.sort();
    every.dedup();
    let seconds: Vec<u64> = every.iter().map(|every| every.as_secs_f64().round() as u64).collect();
    assert_eq!(seconds, [3, 10, 20], "{every:?}");
    let FinalState { app, now, start } = &watched.end;
    let listing = LeaseListing::watched(app, now.since_start(), *now, *start);
    let (table, json) = (listing_table(&listing, &WATCHED), listing_json(&listing));
    assert!(table.contains("new lease every ~10 s"), "{table}");
    assert!(json.contains(r#""new_lease_every":10.0"#) || json.contains(r#""new_lease_every":9.99"#), "{json}");
}

/// A client of tooz that waits for a lock grants a lease at each attempt.
#[tokio::test(start_paused = true)]
async fn leases_that_a_waiting_client_grants_again_and_again_are_no_leak() {
    let mut scene = Scene::start().await;
    scene.renewed(20, 6.7, &["/tooz/locks/nightly"]);
    for _ in 0..60 {
        scene.sandbox.grant(20).unwrap();
        scene.wait(1.0).await;
    }
    assert_eq!(scene.end().await.warnings, BTreeMap::new());
}

/// The leases of a client that grants them faster and faster, or for an hour, pile up.
#[tokio::test(start_paused = true)]
async fn leases_whose_number_grows_are_a_leak() {
    for (ttl, every) in [(20, [3.0, 0.5]), (3_600, [20.0, 20.0])] {
        let scene = Scene::start().await;
        for every in every {
            for _ in 0..if every > 10.0 { 70 } else { 10 } {
                scene.sandbox.grant(ttl).unwrap();
                scene.wait(every).await;
            }
        }
        let watched = scene.end().await;
        assert!(!watched.warned("leak").is_empty(), "{ttl} s: {:?}", watched.warnings);
    }
}

#[tokio::test(start_paused = true)]
async fn ten_minutes_of_an_irregular_heartbeat_are_quiet() {
    let mut scene = Scene::start().await;
    scene.irregular_heartbeat(15, 10.0, "/registry/masterleases/10.0.0.1");
    scene.irregular_heartbeat(10, 6.0, "/loop");
    scene.heartbeat(15, 10.0, "/registry/masterleases/10.0.0.2");
    scene.wait(600.0).await;
    let watched = scene.end().await;
    assert_eq!(watched.warnings, BTreeMap::new());
    for problem in ["expired", "gone", "late", "risk", "unrenewed"] {
        assert_eq!(watched.count(problem), 0, "{problem}: {:?}", watched.texts);
    }
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_that_stops_is_late_and_then_at_risk_before_its_end() {
    for (ttl, every, late) in [(15, 10.0, "11.5"), (60, 20.0, "22.5"), (10, 3.0, "3.8")] {
        let mut scene = Scene::start().await;
        scene.heartbeat(ttl, every, "/registry/masterleases/10.0.0.1");
        scene.wait(every * 9.5).await;
        scene.clients.clear();
        scene.wait(ttl as f64 + 5.0).await;
        let watched = scene.end().await;
        let (_, last) = *watched.events.last().unwrap();
        let of_last = watched.events.iter().zip(&watched.texts).filter(|((_, id), _)| *id == last);
        let told: Vec<(&str, &str)> = of_last.map(|((name, _), text)| (*name, text.as_str())).collect();
        let names: Vec<&str> = told.iter().map(|(name, _)| *name).collect();
        assert_eq!(names[names.len() - 4..], ["late", "risk", "expired", "down"], "{told:?}");
        let [(_, late_text), (_, risk), (_, end), _] = told[told.len() - 4..] else { panic!("{told:?}") };
        assert_eq!(late_text, format!("no new lease for {late} s (usually every {every:.1} s)"));
        assert!(risk.starts_with("new lease overdue: "), "{told:?}");
        assert!(end.contains("not replaced by a new lease for "), "{told:?}");
        for (problem, count) in [("late", 1), ("risk", 1), ("expired", 1), ("unrenewed", 0)] {
            assert_eq!(watched.count(problem), count, "{problem}: {:?}", watched.texts);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_cache_entry_from_before_the_start_runs_out_if_most_of_its_ttl_was_watched() {
    for (before, cause) in [(1.0, EndCause::RanOut), (20.0, EndCause::Expired)] {
        let mut scene = Scene::unwatched().await;
        let id = LeaseId(scene.sandbox.grant(40).unwrap());
        scene.wait(before).await;
        scene.watch().await;
        scene.wait(45.0).await;
        let FinalState { app, .. } = scene.end().await.end;
        let end = app.leases.get(id).unwrap().end().unwrap();
        assert_eq!(end.cause, cause, "{before}");
    }
}

#[tokio::test(start_paused = true)]
async fn leases_that_were_replaced_before_the_start_are_healthy() {
    for seconds in [50.0, 57.0, 63.0] {
        let mut scene = Scene::unwatched().await;
        for (ttl, every, key) in
            [(15, 10.0, "/masterleases"), (60, 20.0, "/slow"), (60, 40.0, "/long"), (10, 1.0, "/fast")]
        {
            scene.heartbeat(ttl, every, key);
        }
        scene.wait(seconds).await;
        scene.watch().await;
        scene.wait(120.0).await;
        assert_eq!(scene.end().await.warnings, BTreeMap::new(), "{seconds}");
    }
}

#[tokio::test(start_paused = true)]
async fn leases_that_are_replaced_long_before_they_end_pile_up() {
    let mut scene = Scene::start().await;
    scene.heartbeat(3_600, 5.0, "/gateway/status");
    scene.wait(60.0).await;
    let watched = scene.end().await;
    let warned = watched.warned("generations");
    assert!(warned.len() >= 12 && watched.warnings.len() == warned.len(), "{:?}", watched.warnings);
    let what = "a new lease of 3600 s every ~5.0 s: 3 replaced leases still exist, growing to 720.";
    assert!(watched.warnings.values().any(|[first, _]| first == what), "{:?}", watched.warnings);
}

#[tokio::test(start_paused = true)]
async fn idle_sessions_that_share_a_ttl_are_healthy() {
    let mut scene = Scene::start().await;
    for n in 0..3 {
        scene.renewed(60, 20.0, if n == 2 { &["/job/3"] } else { &[] });
        scene.wait(2.0).await;
    }
    scene.renewed(60, 30.0, &[]);
    scene.renewed(60, 25.0, &["/slow"]);
    scene.wait(180.0).await;
    assert_eq!(scene.end().await.warnings, BTreeMap::new());
}

#[tokio::test(start_paused = true)]
async fn a_loop_that_renews_every_second_is_too_frequent() {
    let mut scene = Scene::start().await;
    let loops = [(10, 0.4), (10, 0.7), (10, 0.9), (30, 0.8), (30, 1.0), (60, 1.0)];
    let mut loops = loops.map(|(ttl, every)| scene.renewed(ttl, every, &["/loop"])).to_vec();
    scene.renewed(10, 1.5, &["/slower"]);
    scene.renewed(10, 3.5, &["/healthy"]);
    scene.wait(45.0).await;
    let watched = scene.end().await;
    loops.sort();
    assert_eq!((watched.warned("frequent"), watched.warnings.len()), (loops, 6), "{:?}", watched.warnings);
}

#[tokio::test(start_paused = true)]
async fn more_and_more_renewed_leases_without_a_key_are_a_leak() {
    let mut scene = Scene::start().await;
    scene.renewed(20, 6.7, &["/svc/a"]);
    let mut leaked = Vec::new();
    for _ in 0..12 {
        leaked.push(scene.renewed(20, 6.7, &[]));
        scene.wait(2.0).await;
    }
    scene.wait(20.0).await;
    let watched = scene.end().await;
    leaked.sort();
    assert_eq!((watched.warned("kept-leak"), watched.warnings.len()), (leaked, 12), "{:?}", watched.warnings);
    let [_, what] = watched.warnings.values().next().unwrap();
    assert!(what.starts_with("12 leases of 20 s are renewed, but have had no key for 2"), "{what}");
    assert!(what.contains("s or longer; one more every 2.0 s.") || what.contains("every 2.1 s."), "{what}");
}

#[tokio::test(start_paused = true)]
async fn two_programs_with_one_key_contest_it() {
    let mut scene = Scene::start().await;
    let mut both = [(); 2].map(|()| scene.renewed(10, 3.5, &[]));
    scene.heartbeat(15, 10.0, "/heartbeat");
    for n in 0..7 {
        scene.sandbox.put("/svc/a/10.0.0.1", "v", Some(both[n % 2].0)).unwrap();
        scene.wait(if n == 6 { 2.5 } else { 4.0 }).await;
    }
    let watched = scene.end().await;
    both.sort();
    assert_eq!((watched.warned("contested"), watched.warnings.len()), (both.to_vec(), 2), "{:?}", watched.warnings);
    let what =
        format!("leases {} and {} keep taking /svc/a/10.0.0.1 from each other, 6 times in 20 s.", both[0], both[1]);
    assert_eq!(watched.warnings.values().map(|[_, last]| last).collect::<Vec<_>>(), [&what, &what]);
}
