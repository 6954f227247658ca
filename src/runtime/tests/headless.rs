//! The program without a screen: other clients act on the sandbox, and each event is reported.

use tokio::sync::mpsc::Receiver;

use super::*;
use crate::app::{Event, EventKind};

use crate::report::{LeaseListing, PageFormat, PageSource, WATCHED, listing_json, listing_table};

/// A headless run with a reader that has room for `capacity` events.
pub(super) struct HeadlessTest {
    pub(super) sandbox: Sandbox,
    pub(super) clock: Clock,
    reported: Receiver<TimedEvent>,
    external: mpsc::UnboundedSender<ExternalEvent>,
    headless: Task<FinalState>,
}

impl HeadlessTest {
    pub(super) async fn start(room: usize, prepare: impl FnOnce(&Sandbox)) -> HeadlessTest {
        HeadlessTest::with_filter("", room, prepare).await
    }

    /// With a filter.
    async fn with_filter(filter: &str, room: usize, prepare: impl FnOnce(&Sandbox)) -> HeadlessTest {
        let clock = Clock::real();
        let sandbox = Sandbox::builder().seed(7).start(clock.clone());
        prepare(&sandbox);
        HeadlessTest::on(filter, room, sandbox, 1).await
    }

    /// With commands that run on events.
    pub(super) async fn with_outputs(room: usize, outputs: Outputs) -> HeadlessTest {
        let sandbox = Sandbox::builder().seed(7).start(Clock::real());
        HeadlessTest::on_with("", room, sandbox, 1, outputs).await
    }

    /// On the first members of a sandbox.
    pub(super) async fn on(filter: &str, room: usize, sandbox: Sandbox, members: usize) -> HeadlessTest {
        HeadlessTest::on_with(filter, room, sandbox, members, Outputs::default()).await
    }

    async fn on_with(filter: &str, room: usize, sandbox: Sandbox, members: usize, outputs: Outputs) -> HeadlessTest {
        let clock = sandbox.clock().clone();
        let name = |member| if members == 1 { "sandbox".to_owned() } else { format!("member {member}") };
        let target = |member| Target::Pipe { name: name(member), dialer: sandbox.dialer(member) };
        let cluster = Cluster::connect(Settings::new((0..members).map(target).collect())).await.unwrap();
        let (sender, reported) = mpsc::channel(room);
        let (external, happens) = mpsc::unbounded_channel();
        let options = HeadlessOptions {
            cluster,
            clock: clock.clone(),
            config: AppConfig { filter: filter.parse().unwrap(), ..AppConfig::default() },
            outputs,
        };
        let following = follow_events(options, UnboundedReceiverStream::new(happens), sender);
        let headless = spawn(async { following.await.expect("nothing is recorded") });
        let test = HeadlessTest { sandbox, clock, reported, external, headless };
        test.wait(3.0).await;
        test
    }

    pub(super) async fn wait(&self, seconds: f64) {
        self.clock.sleep(Duration::from_secs_f64(seconds)).await;
    }

    /// Puts a key this many times, as a client.
    pub(super) async fn change_cluster(&self, times: u32) {
        let target = Target::Pipe { name: "sandbox".into(), dialer: self.sandbox.dialer(0) };
        let cluster = Cluster::connect(Settings::new(vec![target])).await.unwrap();
        for _ in 0..times {
            cluster.put(b"/other", b"v", None).await.unwrap();
        }
        self.wait(2.0).await;
    }

    /// Ends it; returns the final state.
    pub(super) async fn end(self) -> FinalState {
        self.external.send(ExternalEvent::End).unwrap();
        self.headless.await.unwrap()
    }

    /// The events since the last call: name and lease.
    pub(super) fn event_names(&mut self) -> Vec<(&'static str, Option<LeaseId>)> {
        self.events().iter().map(|reported| (reported.event.name().as_str(), reported.event.lease)).collect()
    }

    pub(super) fn events(&mut self) -> Vec<TimedEvent> {
        std::iter::from_fn(|| self.reported.try_recv().ok()).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn leases_of_others_are_reported_except_those_that_existed_before() {
    let mut test = HeadlessTest::start(100, |sandbox| drop(sandbox.grant(600))).await;
    assert_eq!(test.event_names(), [("connection", None)]);
    let dies = LeaseId(test.sandbox.grant(5).unwrap());
    let is_revoked = LeaseId(test.sandbox.grant(600).unwrap());
    test.wait(2.0).await;
    let mut born = test.event_names();
    born.sort();
    let mut expected = [("granted", Some(dies)), ("granted", Some(is_revoked))];
    expected.sort();
    assert_eq!(born, expected);
    test.sandbox.revoke(is_revoked).unwrap();
    test.wait(2.0).await;
    assert_eq!(test.event_names(), [("revoked", Some(is_revoked))]);
    test.wait(6.0).await;
    assert_eq!(test.event_names(), [("unrenewed", Some(dies)), ("expired", Some(dies))]);
}

#[tokio::test(start_paused = true)]
async fn after_a_pause_of_etcd_everything_is_known_again_within_three_seconds() {
    for pause in [4.0, 7.0, 60.0] {
        // Each is polled every 200 s.
        let ids: Vec<i64> = (1..=50).collect();
        let grant = |sandbox: &Sandbox| ids.iter().for_each(|id| drop(sandbox.grant_as(LeaseId(*id), 3_600)));
        let mut test = HeadlessTest::start(1_000, grant).await;
        test.sandbox.faults().hang();
        test.wait(pause).await;
        test.sandbox.faults().resume();
        test.wait(0.1).await;
        let lease = LeaseId(test.sandbox.grant(600).unwrap());
        test.wait(3.0).await;
        assert!(test.event_names().contains(&("granted", Some(lease))), "after {pause} s");
        let FinalState { app, now, .. } = test.end().await;
        assert!(app.cluster.is_reached() && app.cluster.list_failure.is_none(), "after {pause} s");
        for id in ids.into_iter().map(LeaseId).chain([lease]) {
            let known = app.leases.get(id).unwrap();
            assert!(known.bounds().is_some() && known.state(now).word() == "ok", "{id} after {pause} s");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn only_events_of_matching_leases_are_reported() {
    let mut test = HeadlessTest::with_filter("ttl<30 or state:revoked", 100, |_| ()).await;
    let [dies, is_revoked, lives] = [5, 600, 600].map(|ttl| LeaseId(test.sandbox.grant(ttl).unwrap()));
    test.wait(2.0).await;
    test.sandbox.revoke(is_revoked).unwrap();
    test.wait(6.0).await;
    let of_dies = [("unrenewed", Some(dies)), ("expired", Some(dies))];
    let expected = [[("connection", None), ("revoked", Some(is_revoked))], of_dies].concat();
    assert_eq!(test.event_names(), expected, "without {lives}");
}

#[tokio::test(start_paused = true)]
async fn each_renewal_of_another_client_is_reported_with_its_time() {
    let mut test = HeadlessTest::start(100, |_| ()).await;
    let target = Target::Pipe { name: "sandbox".into(), dialer: test.sandbox.dialer(0) };
    let theirs = Cluster::connect(Settings::new(vec![target])).await.unwrap();
    let id = theirs.grant(None, 10).await.unwrap().id;
    test.wait(2.5).await;
    let engine = engine::Engine::start(theirs, test.clock.clone(), engine::Options::default());
    let kept = engine.keep_alive(id);
    test.wait(60.0).await;
    drop(kept);
    test.wait(3.0).await;
    let reported = test.events();
    let renewed: Vec<_> =
        reported.iter().filter(|reported| matches!(reported.event.kind, EventKind::Renewed(_))).collect();
    assert_eq!(renewed.len() as u64, test.sandbox.keep_alives(id), "{reported:?}");
    let is_vague = |reported: &&&TimedEvent| {
        reported.event.doubt > Duration::from_millis(510) || reported.event.seen_at < reported.event.at
    };
    assert_eq!(renewed.iter().filter(is_vague).count(), 0, "{renewed:?}");
    let EventKind::Renewed(last) = &renewed.last().unwrap().event.kind else { unreachable!() };
    assert!((3.4..3.6).contains(&last.expected.unwrap().as_secs_f64()), "{last:?}");
}

/// Watches a sandbox for a minute: another client keeps a 10 s lease with a key, one lease leaks and one expires.
async fn watched(ends: impl FnOnce(&Sandbox)) -> (FinalState, Vec<Event>, [LeaseId; 2]) {
    let clock = Clock::real();
    let sandbox = Sandbox::builder().seed(7).start(clock.clone());
    let [theirs, ours] = [(); 2].map(|()| Target::Pipe { name: "sandbox".into(), dialer: sandbox.dialer(0) });
    let theirs = Cluster::connect(Settings::new(vec![theirs])).await.unwrap();
    let [kept, leaks, dies] = [10, 60, 5].map(|ttl| LeaseId(sandbox.grant(ttl).unwrap()));
    theirs.put(b"/svc/a", b"1", Some(kept)).await.unwrap();
    let cluster = Cluster::connect(Settings::new(vec![ours])).await.unwrap();
    let (external, happens) = mpsc::unbounded_channel();
    let options =
        HeadlessOptions { cluster, clock: clock.clone(), config: AppConfig::default(), outputs: Outputs::default() };
    let watching = spawn(async move { watch_leases(options, UnboundedReceiverStream::new(happens)).await });
    clock.sleep(Duration::from_millis(2_500)).await;
    let engine = engine::Engine::start(theirs, clock.clone(), engine::Options::default());
    let keeping = engine.keep_alive(kept);
    clock.sleep(Duration::from_secs(56)).await;
    ends(&sandbox);
    clock.sleep(Duration::from_millis(1_500)).await;
    external.send(ExternalEvent::End).unwrap();
    let (known, ended) = watching.await.unwrap();
    assert!(known.app.leases.get(dies).is_none(), "the row of an ended lease is removed");
    drop(keeping);
    (known, ended, [kept, leaks])
}

#[tokio::test(start_paused = true)]
async fn watching_produces_a_list_with_intervals_and_warnings() {
    let (FinalState { app, now, start }, ended, [kept, leaks]) = watched(|_| ()).await;
    let mut listing = LeaseListing { ended: Some(ended), ..LeaseListing::watched(&app, now.since_start(), now, start) };
    listing.sort("every".parse().unwrap());
    assert_eq!(listing.ids(), [kept, leaks]);
    let table = listing_table(&listing, &WATCHED);
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split("  ").map(str::trim).collect()).collect();
    let cells = |row: usize| rows[row].iter().filter(|cell| !cell.is_empty()).copied().collect::<Vec<_>>();
    assert!(rows[0][0].ends_with(": 2 leases, watched for 60.0 s"), "{table}");
    assert_eq!(cells(1), ["ID", "STATE", "TTL", "LEFT", "EVERY", "LAST", "MARGIN", "KEYS", "WARN", "KEY"]);
    let [every, margin] = [cells(2)[4], cells(2)[6]];
    assert!(every == "~3.5 s (clientv3)" && margin.starts_with("~6."), "{table}");
    assert_eq!(cells(2)[7..], ["1", "-", "/svc/a"]);
    assert_eq!(cells(3)[4..], ["-", "-", "-", "0", "leak", "-"], "{table}");
    let json = listing_json(&listing);
    assert!(json.contains(r#""watched":60.0,"#) && json.contains(r#""name":"leak","what":"no keys,"#), "{json}");
    let ended = serde_json::from_str::<serde_json::Value>(&json).unwrap()["ended"].take();
    assert_eq!((ended[0]["event"].as_str(), ended.as_array().map(Vec::len)), (Some("expired"), Some(1)), "{ended}");
    let page = PageSource::read(json.as_bytes(), "leases.json")
        .and_then(|source| source.into_page("leases.json", AppConfig::default()))
        .unwrap();
    let page = page.render(PageFormat::Markdown, start);
    assert!(page.contains("3 leases, watched for 1 min: 1 expired, 1 unrenewed, 1 ok."), "{page}");
}

#[tokio::test(start_paused = true)]
async fn known_leases_are_listed_after_the_connection_is_lost() {
    let (FinalState { app, now, start }, _, [kept, leaks]) = watched(|sandbox| sandbox.faults().down()).await;
    assert!(!app.cluster.is_reached() && app.cluster.was_reached());
    let listing = LeaseListing::watched(&app, now.since_start(), now, start);
    let mut expected = [kept, leaks];
    expected.sort();
    assert_eq!(listing.ids(), expected);
    assert!(listing_table(&listing, &WATCHED).starts_with("2 leases, watched for 60.0 s\n"), "nothing is made up");
    assert!(listing_json(&listing).contains(r#""member":null,"leader":null,"raft_term":null,"revision":null}"#));
}

#[tokio::test(start_paused = true)]
async fn losing_and_restoring_the_connection_are_reported() {
    let mut test = HeadlessTest::start(100, |_| ()).await;
    test.events();
    test.sandbox.faults().down();
    test.wait(5.0).await;
    let down = test.events();
    let is_down = |reported: &TimedEvent| matches!(reported.event.kind, EventKind::Disconnected { endpoint: None, .. });
    assert_eq!(down.iter().filter(|reported| is_down(reported)).count(), 1, "{down:?}");
    test.sandbox.faults().up();
    test.wait(5.0).await;
    let up = test.events();
    assert!(up.iter().any(|reported| matches!(reported.event.kind, EventKind::Connected { .. })), "{up:?}");
}

#[tokio::test(start_paused = true)]
async fn a_cluster_unreachable_from_the_start_is_reported_once() {
    let mut test = HeadlessTest::start(100, |sandbox| sandbox.faults().down()).await;
    test.wait(20.0).await;
    let reported = test.events();
    assert!(reported.len() == 1 && matches!(reported[0].event.kind, EventKind::Unreached { .. }), "{reported:?}");
    test.sandbox.faults().up();
    test.wait(20.0).await;
    assert_eq!(test.event_names(), [("connection", None)]);
    assert!(test.end().await.app.cluster.was_reached());
}

#[tokio::test(start_paused = true)]
async fn the_final_state_says_whether_a_member_was_reached_and_why_not() {
    let test = HeadlessTest::start(100, |sandbox| sandbox.faults().down()).await;
    let app = test.end().await.app;
    assert!(!app.cluster.was_reached() && app.cluster.link_failure().is_some());
    assert!(HeadlessTest::start(100, |_| ()).await.end().await.app.cluster.was_reached());
}

#[tokio::test(start_paused = true)]
async fn events_that_nobody_reads_are_dropped_and_counted() {
    let mut test = HeadlessTest::start(3, |_| ()).await;
    test.events();
    (0..10).for_each(|_| drop(test.sandbox.grant(600)));
    test.wait(2.0).await;
    assert_eq!(test.events().len(), 3, "nothing waits for room");
    test.wait(2.0).await;
    let reported = test.events();
    assert_eq!(reported.len(), 1, "{reported:?}");
    assert_eq!(reported[0].event.text(), "7 events came too fast and were dropped");
}

#[tokio::test(start_paused = true)]
async fn after_the_machine_slept_times_follow_the_wall_clock() {
    let mut test = HeadlessTest::start(100, |_| ()).await;
    let before = test.events()[0].start;
    test.clock.move_system_time(3_600_000_000_000);
    test.wait(1.5).await;
    test.external.send(ExternalEvent::Slept(Duration::from_secs(3_600))).unwrap();
    test.wait(1.0).await;
    let reported = test.events();
    let moved = reported[0].start.duration_since(before).unwrap();
    assert_eq!(moved.as_secs_f64().round(), 3_600.0, "the engine's watch has noticed it");
    assert_eq!(reported[0].event.text(), "The machine slept for 3600 s; refreshing");
}

#[tokio::test(start_paused = true)]
async fn the_stream_of_events_ends_on_a_signal_or_without_readers() {
    let test = HeadlessTest::start(100, |_| ()).await;
    test.external.send(ExternalEvent::End).unwrap();
    test.headless.await.unwrap();
    let HeadlessTest { reported, headless, sandbox, external: _outside, .. } = HeadlessTest::start(100, |_| ()).await;
    drop(reported);
    sandbox.grant(600).unwrap();
    headless.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_learner_is_reported_once_and_used_after_its_promotion() {
    let mut test = HeadlessTest::start(100, |sandbox| sandbox.faults().learner()).await;
    test.wait(60.0).await;
    let texts: Vec<_> = test.events().iter().map(|reported| reported.event.text()).collect();
    let why = "the member is a learner, which refuses requests (etcdserver: rpc not supported for learner)";
    let advice = "name a voting member in --endpoints";
    assert_eq!(texts, [format!("sandbox refuses requests: {why}; {advice}. Retrying.")]);
    test.sandbox.faults().promote();
    test.wait(5.0).await;
    assert_eq!(test.event_names(), [("connection", None)]);
}
