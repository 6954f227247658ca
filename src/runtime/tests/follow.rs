//! The mind without a screen: other clients act on the sandbox, and each event is handed out.

use tokio::sync::mpsc::Receiver;

use super::*;
use crate::app::What;

use crate::report::{Listing, WATCHED, listing_json, listing_table};

/// A cluster that is followed, by somebody who has room for so many events.
pub(super) struct Ear {
    pub(super) sandbox: Sandbox,
    pub(super) clock: Clock,
    told: Receiver<Told>,
    outside: mpsc::UnboundedSender<Outside>,
    following: Task<Known>,
}

impl Ear {
    pub(super) async fn begin(room: usize, prepare: impl FnOnce(&Sandbox)) -> Ear {
        Ear::of("", room, prepare).await
    }

    /// One that hears of the leases that a filter means.
    async fn of(filter: &str, room: usize, prepare: impl FnOnce(&Sandbox)) -> Ear {
        let clock = Clock::real();
        let sandbox = Sandbox::builder().seed(7).start(clock.clone());
        prepare(&sandbox);
        let target = Target::Pipe { name: "sandbox".into(), dialer: sandbox.dialer(0) };
        let cluster = Cluster::connect(Settings::new(vec![target])).await.unwrap();
        let (tell, told) = mpsc::channel(room);
        let (outside, happens) = mpsc::unbounded_channel();
        let options = FollowOptions {
            cluster,
            clock: clock.clone(),
            setup: Setup { filter: filter.parse().unwrap(), ..Setup::default() },
        };
        let following = spawn(follow(options, UnboundedReceiverStream::new(happens), tell));
        let ear = Ear { sandbox, clock, told, outside, following };
        ear.wait(3.0).await;
        ear
    }

    pub(super) async fn wait(&self, seconds: f64) {
        self.clock.sleep(Duration::from_secs_f64(seconds)).await;
    }

    /// Ends it; what was known by then.
    pub(super) async fn end(self) -> Known {
        self.outside.send(Outside::End).unwrap();
        self.following.await.unwrap()
    }

    /// What was told since this was last asked: the word, and of which lease.
    pub(super) fn heard(&mut self) -> Vec<(&'static str, Option<LeaseId>)> {
        self.events().iter().map(|told| (told.event.word().word(), told.event.lease)).collect()
    }

    pub(super) fn events(&mut self) -> Vec<Told> {
        std::iter::from_fn(|| self.told.try_recv().ok()).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn lives_of_others_are_told_and_those_that_were_there_are_no_news() {
    let mut ear = Ear::begin(100, |sandbox| drop(sandbox.grant(600))).await;
    assert_eq!(ear.heard(), [("connection", None)]);
    let dies = LeaseId(ear.sandbox.grant(5).unwrap());
    let is_revoked = LeaseId(ear.sandbox.grant(600).unwrap());
    ear.wait(2.0).await;
    let mut born = ear.heard();
    born.sort();
    let mut expected = [("granted", Some(dies)), ("granted", Some(is_revoked))];
    expected.sort();
    assert_eq!(born, expected);
    ear.sandbox.revoke(is_revoked).unwrap();
    ear.wait(2.0).await;
    assert_eq!(ear.heard(), [("revoked", Some(is_revoked))]);
    ear.wait(6.0).await;
    assert_eq!(ear.heard(), [("expired", Some(dies))]);
}

#[tokio::test(start_paused = true)]
async fn of_leases_those_are_told_that_the_filter_means() {
    let mut ear = Ear::of("ttl<30 or state:revoked", 100, |_| ()).await;
    let [dies, is_revoked, lives] = [5, 600, 600].map(|ttl| LeaseId(ear.sandbox.grant(ttl).unwrap()));
    ear.wait(2.0).await;
    ear.sandbox.revoke(is_revoked).unwrap();
    ear.wait(6.0).await;
    let expected = [("connection", None), ("revoked", Some(is_revoked)), ("expired", Some(dies))];
    assert_eq!(ear.heard(), expected, "and nothing of {lives}");
}

#[tokio::test(start_paused = true)]
async fn each_renewal_of_another_client_is_told_with_when_it_was() {
    let mut ear = Ear::begin(100, |_| ()).await;
    let target = Target::Pipe { name: "sandbox".into(), dialer: ear.sandbox.dialer(0) };
    let theirs = Cluster::connect(Settings::new(vec![target])).await.unwrap();
    let id = theirs.grant(None, 10).await.unwrap().id;
    ear.wait(2.5).await;
    let engine = engine::Engine::start(theirs, ear.clock.clone(), engine::Options::default());
    let kept = engine.keep_alive(id);
    ear.wait(60.0).await;
    drop(kept);
    ear.wait(3.0).await;
    let told = ear.events();
    let renewed: Vec<_> = told.iter().filter(|told| matches!(told.event.what, What::Renewed(_))).collect();
    assert_eq!(renewed.len() as u64, ear.sandbox.keep_alives(id), "{told:?}");
    let is_vague = |told: &&&Told| told.event.doubt > Duration::from_millis(510) || told.event.seen_at < told.event.at;
    assert_eq!(renewed.iter().filter(is_vague).count(), 0, "{renewed:?}");
    let What::Renewed(last) = &renewed.last().unwrap().event.what else { unreachable!() };
    assert!((3.4..3.6).contains(&last.expected.unwrap().as_secs_f64()), "{last:?}");
}

/// Watches a sandbox for a minute, on which another client keeps a lease of 10 s with a key, one leaks and one dies.
async fn watched(ends: impl FnOnce(&Sandbox)) -> (Known, u64, [LeaseId; 2]) {
    let clock = Clock::real();
    let sandbox = Sandbox::builder().seed(7).start(clock.clone());
    let [theirs, ours] = [(); 2].map(|()| Target::Pipe { name: "sandbox".into(), dialer: sandbox.dialer(0) });
    let theirs = Cluster::connect(Settings::new(vec![theirs])).await.unwrap();
    let [kept, leaks, dies] = [10, 60, 5].map(|ttl| LeaseId(sandbox.grant(ttl).unwrap()));
    theirs.put(b"/svc/a", b"1", Some(kept)).await.unwrap();
    let cluster = Cluster::connect(Settings::new(vec![ours])).await.unwrap();
    let (outside, happens) = mpsc::unbounded_channel();
    let options = FollowOptions { cluster, clock: clock.clone(), setup: Setup::default() };
    let watching = spawn(async move { watch(options, UnboundedReceiverStream::new(happens)).await });
    clock.sleep(Duration::from_millis(2_500)).await;
    let engine = engine::Engine::start(theirs, clock.clone(), engine::Options::default());
    let keeping = engine.keep_alive(kept);
    clock.sleep(Duration::from_secs(56)).await;
    ends(&sandbox);
    clock.sleep(Duration::from_millis(1_500)).await;
    outside.send(Outside::End).unwrap();
    let (known, deaths) = watching.await.unwrap();
    assert!(known.model.lease(dies).is_none(), "a row of the dead fades");
    drop(keeping);
    (known, deaths, [kept, leaks])
}

#[tokio::test(start_paused = true)]
async fn what_was_watched_becomes_a_list_with_habits_and_warnings() {
    let (Known { model, now, start }, deaths, [kept, leaks]) = watched(|_| ()).await;
    let mut listing = Listing::watched(&model, now.since_start(), now, start);
    listing.sort("every".parse().unwrap());
    assert_eq!((deaths, listing.ids()), (1, vec![kept, leaks]));
    let table = listing_table(&listing, &WATCHED);
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split("  ").map(str::trim).collect()).collect();
    let cells = |row: usize| rows[row].iter().filter(|cell| !cell.is_empty()).copied().collect::<Vec<_>>();
    assert!(rows[0][0].ends_with(": 2 leases, watched for 60.0 s"), "{table}");
    assert_eq!(cells(1), ["ID", "STATE", "TTL", "LEFT", "EVERY", "LAST", "MARGIN", "KEYS", "WARN", "FIRST KEY"]);
    let [every, margin] = [cells(2)[4], cells(2)[6]];
    assert!(every == "~3.5 s" && margin.starts_with("~6."), "{table}");
    assert_eq!(cells(2)[7..], ["1", "-", "/svc/a"]);
    assert_eq!(cells(3)[4..], ["-", "-", "-", "0", "leak", "-"], "{table}");
    let json = listing_json(&listing);
    assert!(json.contains(r#""watched":60.0,"#) && json.contains(r#""name":"leak","what":"It has no keys"#), "{json}");
}

#[tokio::test(start_paused = true)]
async fn what_was_known_is_listed_though_the_link_is_lost() {
    let (Known { model, now, start }, _, [kept, leaks]) = watched(|sandbox| sandbox.faults().down()).await;
    assert!(!model.is_reached() && model.was_reached());
    let listing = Listing::watched(&model, now.since_start(), now, start);
    let mut expected = [kept, leaks];
    expected.sort();
    assert_eq!(listing.ids(), expected);
    assert!(listing_table(&listing, &WATCHED).starts_with("2 leases, watched for 60.0 s\n"), "nothing is made up");
    assert!(listing_json(&listing).contains(r#""member":null,"leader":null,"raft_term":null,"revision":null}"#));
}

#[tokio::test(start_paused = true)]
async fn a_link_that_breaks_and_comes_back_is_told() {
    let mut ear = Ear::begin(100, |_| ()).await;
    ear.events();
    ear.sandbox.faults().down();
    ear.wait(5.0).await;
    let down = ear.events();
    let is_down = |told: &Told| matches!(told.event.what, What::Disconnected { endpoint: None, .. });
    assert_eq!(down.iter().filter(|told| is_down(told)).count(), 1, "{down:?}");
    ear.sandbox.faults().up();
    ear.wait(5.0).await;
    let up = ear.events();
    assert!(up.iter().any(|told| matches!(told.event.what, What::Connected { .. })), "{up:?}");
}

#[tokio::test(start_paused = true)]
async fn who_cannot_be_reached_from_the_start_on_is_told_once() {
    let mut ear = Ear::begin(100, |sandbox| sandbox.faults().down()).await;
    ear.wait(20.0).await;
    let told = ear.events();
    assert!(told.len() == 1 && matches!(told[0].event.what, What::Unreached { .. }), "{told:?}");
    ear.sandbox.faults().up();
    ear.wait(20.0).await;
    assert_eq!(ear.heard(), [("connection", None)]);
    assert!(ear.end().await.model.was_reached());
}

#[tokio::test(start_paused = true)]
async fn at_the_end_it_is_known_whether_anybody_was_reached_and_why_not() {
    let ear = Ear::begin(100, |sandbox| sandbox.faults().down()).await;
    let model = ear.end().await.model;
    assert!(!model.was_reached() && model.link_trouble().is_some());
    assert!(Ear::begin(100, |_| ()).await.end().await.model.was_reached());
}

#[tokio::test(start_paused = true)]
async fn where_nobody_takes_them_events_are_lost_and_that_is_told() {
    let mut ear = Ear::begin(3, |_| ()).await;
    ear.events();
    (0..10).for_each(|_| drop(ear.sandbox.grant(600)));
    ear.wait(2.0).await;
    assert_eq!(ear.events().len(), 3, "nothing waits for room");
    ear.wait(2.0).await;
    let told = ear.events();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].event.text(), "7 events came too fast to be told");
}

#[tokio::test(start_paused = true)]
async fn after_the_machine_slept_times_are_the_walls_again() {
    let mut ear = Ear::begin(100, |_| ()).await;
    let before = ear.events()[0].start;
    ear.outside.send(Outside::Slept(Duration::from_secs(3_600))).unwrap();
    ear.wait(1.0).await;
    let told = ear.events();
    assert_eq!(told[0].start, before + Duration::from_secs(3_600));
    assert_eq!(told[0].event.text(), "the machine slept for 3600 s: nothing is known until it is polled");
}

#[tokio::test(start_paused = true)]
async fn it_ends_when_it_is_told_to_or_when_nobody_listens() {
    let ear = Ear::begin(100, |_| ()).await;
    ear.outside.send(Outside::End).unwrap();
    ear.following.await.unwrap();
    let Ear { told, following, sandbox, outside: _outside, .. } = Ear::begin(100, |_| ()).await;
    drop(told);
    sandbox.grant(600).unwrap();
    following.await.unwrap();
}
