//! Keys that vanish, come back, and are lost.

use super::*;
use etcd_lease::{KeyChange, KeyEntry, KeyState};

fn entry(key: &str, id: i64) -> KeyEntry {
    KeyEntry { key: key.as_bytes().to_vec(), lease: Some(LeaseId(id)), create_revision: 2 }
}

pub(super) fn put(key: &str, before: Option<i64>, lease: Option<i64>, revision: i64) -> KeyChange {
    let now = KeyState::Put { lease: lease.map(LeaseId), create_revision: revision };
    KeyChange { key: key.as_bytes().to_vec(), before: before.map(LeaseId), now, revision }
}

pub(super) fn deleted(key: &str, before: i64, revision: i64) -> KeyChange {
    KeyChange { key: key.as_bytes().to_vec(), before: Some(LeaseId(before)), now: KeyState::Deleted, revision }
}

impl Story {
    /// A cluster with leases of a TTL, each with one key, that have been watched for a while.
    fn with_keys(keys: &[(&str, i64)]) -> Story {
        let mut story = Story::start(AppConfig::default());
        let ids: Vec<i64> = keys.iter().map(|(_, id)| *id).collect();
        story.list(&ids, &[]);
        story.send(Msg::KeysReloading);
        story.send(Msg::KeysPage(keys.iter().map(|(key, id)| entry(key, *id)).collect()));
        story.send(Msg::KeysRead { revision: 9 });
        story
    }

    pub(super) fn change(&mut self, changes: Vec<KeyChange>) {
        let received = self.now;
        self.send(Msg::KeysChanged { changes, received });
    }

    pub(super) fn poll_left(&mut self, id: i64, left: i64, ttl: i64) {
        let answer =
            TimeToLive { id: LeaseId(id), ttl: left, granted_ttl: ttl, keys: vec![], header: Header::default() };
        self.send(Msg::Polled { sent: self.now, received: self.now, answer, has_keys: false });
    }

    /// Lets time pass while a client of this lease renews it every `every` seconds, and polls see that.
    pub(super) fn renew(&mut self, id: i64, ttl: i64, every: f64, cycles: usize) {
        for _ in 0..cycles {
            for part in [0.1, 0.4, 0.7, 0.95] {
                self.wait(
                    every
                        * if part == 0.1 {
                            0.15
                        } else if part == 0.95 {
                            0.25
                        } else {
                            0.3
                        },
                );
                self.poll_left(id, (ttl as f64 - part * every).floor() as i64, ttl);
                self.send(Msg::Tick);
            }
        }
    }

    /// The events about keys and ends since the start.
    fn reported(&self) -> Vec<(&'static str, i64, String)> {
        let of_leases = self.app.events.lines().filter_map(|event| Some((event, event.lease?)));
        of_leases.map(|(event, id)| (event.name().as_str(), id.0, event.text())).collect()
    }
}

fn told(expected: &[(&'static str, i64, &str)]) -> Vec<(&'static str, i64, String)> {
    expected.iter().map(|(word, id, text)| (*word, *id, (*text).to_owned())).collect()
}

/// A service with a TTL of 10 s that is renewed every 3.5 s, dies, and is started again on another lease.
fn restarted() -> Story {
    let mut story = Story::with_keys(&[("/svc/npm10", 1)]);
    story.renew(1, 10, 3.5, 6);
    story.wait(6.6);
    story.poll_left(1, 0, 10);
    story.wait(0.3);
    story.change(vec![deleted("/svc/npm10", 1, 20)]);
    story.poll_left(1, -1, 0);
    story.wait(7.7);
    story.send(Msg::Tick);
    story.change(vec![put("/svc/npm10", None, Some(2), 21)]);
    story
}

#[test]
fn a_service_that_was_started_again_was_gone_for_a_time() {
    let story = restarted();
    let reported = story.reported();
    assert_eq!(
        reported[reported.len() - 4..],
        told(&[
            ("down", 1, "/svc/npm10 is gone: its lease expired"),
            ("granted", 2, "by another client"),
            ("attached", 2, "/svc/npm10"),
            ("back", 2, "/svc/npm10 was gone for 7.7 s"),
        ])
    );
    let down = story.app.events.lines().find(|event| event.name() == EventName::Down).unwrap();
    assert_eq!(down.seen_at - down.at, Duration::from_millis(7_700), "the tick was late");
}

#[test]
fn a_key_that_was_deleted_just_before_its_lease_ended_was_deleted() {
    let mut story = Story::with_keys(&[("/svc/a", 1)]);
    story.renew(1, 10, 3.5, 6);
    story.change(vec![deleted("/svc/a", 1, 20)]);
    story.wait(0.1);
    story.poll_left(1, 9, 10);
    story.wait(0.4);
    story.list(&[], &[1]);
    story.poll_left(1, -1, 0);
    story.wait(2.0);
    story.send(Msg::Tick);
    let down = story.reported().into_iter().find(|(name, ..)| *name == "down").expect("it is gone");
    assert_eq!(down.2, "/svc/a is gone: it was deleted");
}

#[test]
fn its_availability_is_known_for_the_key_and_the_service() {
    let mut story = restarted();
    story.wait(10.0);
    let index = story.app.keys.index();
    let key = index.availability_of(LeaseId(2), b"/svc/npm10", story.now).unwrap();
    let service = index.availability().services().get(b"/svc", story.now).unwrap();
    assert_eq!((key.outages, key.gone, key.longest), (1, Duration::from_millis(7_700), Duration::from_millis(7_700)));
    assert_eq!((service.service, service.key_outages), (key, 1));
    assert_eq!(key.watched, story.now - Timestamp::START);
    assert_eq!(key.percent(), format!("{:.1} %", (100.0 - 770.0 / key.watched.as_secs_f64() - 0.05)));
}

#[test]
fn a_key_that_is_back_without_a_lease_never_expires() {
    let mut story = Story::with_keys(&[("order.rpc/a", 1)]);
    story.poll_left(1, 5, 6);
    story.wait(5.8);
    story.poll_left(1, 0, 6);
    story.wait(0.3);
    story.change(vec![deleted("order.rpc/a", 1, 20)]);
    story.poll_left(1, -1, 0);
    story.wait(40.0);
    story.send(Msg::Tick);
    story.change(vec![put("order.rpc/a", None, None, 21)]);
    let reported = story.reported();
    assert_eq!(
        reported[2..],
        told(&[("back", 1, "order.rpc/a is back without a lease and never expires; it was gone for 40.0 s")])
    );
    let kinds: Vec<&str> = reported.iter().map(|(name, ..)| &**name).collect();
    assert_eq!(kinds, ["unrenewed", "expired", "back"], "a lease that nobody renewed has no `down`");
    let service = story.app.keys.index().availability().services().get(b"order.rpc", story.now).unwrap();
    assert_eq!((service.service.gone_now, service.service.gone), (None, Duration::from_secs(40)));
    story.change(vec![put("order.rpc/a", None, None, 22), put("other", None, None, 23)]);
    assert_eq!(story.reported().len(), 3, "once");
}

#[test]
fn keys_of_caches_and_locks_end_on_purpose() {
    let lock = "/locks/a/694d9aa8d4d4f304";
    let id = 0x694d_9aa8_d4d4_f304;
    let mut story = Story::with_keys(&[("/cache/1", 1), (lock, id)]);
    story.renew(id, 10, 3.5, 4);
    story.change(vec![deleted("/cache/1", 1, 20), deleted(lock, id, 21)]);
    story.poll_left(1, -1, 0);
    story.poll_left(id, 9, 10);
    story.wait(5.0);
    story.send(Msg::Tick);
    story.change(vec![put("/cache/1", None, Some(2), 22)]);
    let words = story.words();
    assert!(!words.contains(&"down") && !words.contains(&"back"), "{words:?}");
}

/// A key is known a moment before its lease if the watch reports it before the list does.
#[test]
fn a_cache_whose_lease_was_found_by_its_key_ends_on_purpose() {
    let mut story = Story::with_keys(&[]);
    let received = story.now;
    story.wait(0.001);
    story.send(Msg::KeysChanged { changes: vec![put("/cache/x", None, Some(7), 20)], received });
    story.wait(8.0);
    story.change(vec![deleted("/cache/x", 7, 21)]);
    story.poll_left(7, -1, 0);
    story.wait(2.0);
    story.send(Msg::Tick);
    assert!(!story.words().contains(&"down"), "{:?}", story.words());
}

#[test]
fn a_key_that_moved_from_lease_to_lease_is_kept() {
    let mut story = Story::with_keys(&[("/masterleases/a", 1)]);
    story.wait(10.0);
    story.change(vec![put("/masterleases/a", Some(1), Some(2), 20)]);
    story.wait(15.0);
    story.change(vec![deleted("/masterleases/a", 2, 21)]);
    story.poll_left(2, -1, 0);
    story.wait(1.0);
    story.send(Msg::Tick);
    let reported = story.reported();
    assert_eq!(reported.last().unwrap(), &told(&[("down", 2, "/masterleases/a is gone: its lease ended")])[0]);
    let key = story.app.keys.index().availability_of(LeaseId(2), b"/masterleases/a", story.now).unwrap();
    assert_eq!((key.watched, key.gone_now), (Duration::from_secs(26), Some(Duration::from_secs(1))));
}

#[test]
fn a_key_put_on_another_lease_is_reported_after_the_end_of_the_first() {
    let mut story = Story::with_keys(&[("/svc/a", 1), ("/svc/b", 2)]);
    story.wait(1.0);
    story.change(vec![deleted("/svc/a", 1, 20), put("/svc/a", None, Some(2), 21)]);
    assert_eq!(story.reported(), [], "it is not known yet whether the lease ended too");
    story.poll_left(1, -1, 0);
    let words: Vec<_> = story.reported().into_iter().map(|(word, id, _)| (word, id)).collect();
    assert_eq!(words, [("gone", 1), ("attached", 2)]);
}

#[test]
fn a_renewed_lease_that_lost_its_only_key_has_a_warning() {
    let mut story = Story::with_keys(&[("user.rpc/0", 1), ("user.rpc/1", 2)]);
    story.renew(2, 10, 3.5, 4);
    story.change(vec![deleted("user.rpc/1", 2, 20)]);
    story.poll_left(2, 9, 10);
    let warnings = |story: &Story, id| story.app.leases.get(LeaseId(id)).unwrap().warnings.to_vec();
    story.send(Msg::Tick);
    assert_eq!(warnings(&story, 2), [""; 0], "its client may put it again");
    let lost = story.now;
    story.renew(2, 10, 3.5, 8);
    run_lints(&mut story.app, story.now);
    assert_eq!((warnings(&story, 1), warnings(&story, 2)), (vec![], vec!["lost-key"]));
    let lease = story.app.leases.get(LeaseId(2)).unwrap();
    let what = format!("renewed, but lost its only key user.rpc/1 {} s ago.", (story.now - lost).as_secs());
    assert_eq!(story.app.leases.findings(lease)[0].what, what);
    story.change(vec![put("user.rpc/1", None, Some(2), 21)]);
    run_lints(&mut story.app, story.now);
    assert_eq!(warnings(&story, 2), [""; 0]);
}

#[test]
fn a_deleted_key_that_is_on_another_lease_now_is_not_lost() {
    let mut story = Story::with_keys(&[("/svc/a", 1)]);
    story.renew(1, 10, 3.5, 4);
    story.change(vec![deleted("/svc/a", 1, 20)]);
    story.renew(1, 10, 3.5, 4);
    assert_eq!(warned(&mut story, 1), ["renewed, but lost its only key /svc/a 14 s ago."]);
    story.change(vec![put("/svc/a", None, Some(2), 21)]);
    assert_eq!(warned(&mut story, 1), [""; 0]);
}

/// The findings about a lease.
fn warned(story: &mut Story, id: i64) -> Vec<String> {
    run_lints(&mut story.app, story.now);
    let Some(lease) = story.app.leases.get(LeaseId(id)) else { return Vec::new() };
    story.app.leases.findings(lease).into_iter().map(|finding| finding.what).collect()
}

#[test]
fn a_renewed_lease_whose_key_moved_to_a_lease_that_expired_has_a_warning() {
    let mut story = Story::with_keys(&[("/svc/a", 1)]);
    story.renew(1, 10, 3.5, 4);
    story.change(vec![put("/svc/a", Some(1), Some(2), 20)]);
    story.poll_left(2, 19, 20);
    story.renew(1, 10, 3.5, 4);
    assert_eq!(warned(&mut story, 1), [""; 0], "the key lives on another lease");
    story.change(vec![deleted("/svc/a", 2, 21)]);
    story.poll_left(2, -1, 0);
    story.renew(1, 10, 3.5, 3);
    let what = "renewed, but its only key /svc/a moved to lease 0000000000000002 and has been gone for 10 s.";
    assert_eq!(warned(&mut story, 1), [what]);
    story.change(vec![put("/svc/a", None, Some(3), 22)]);
    assert_eq!(warned(&mut story, 1), [""; 0], "it is back");
}

#[test]
fn a_renewed_lease_whose_key_was_put_without_a_lease_has_a_warning() {
    let start = || {
        let mut story = Story::with_keys(&[("/svc/a", 1)]);
        story.renew(1, 10, 3.5, 4);
        story.change(vec![put("/svc/a", Some(1), None, 20)]);
        assert_eq!(warned(&mut story, 1), [""; 0], "its client may put it again");
        story.renew(1, 10, 3.5, 2);
        assert_eq!(warned(&mut story, 1), ["renewed, but its only key /svc/a was put without a lease 7 s ago."]);
        story
    };
    let mut story = start();
    story.change(vec![put("/svc/a", None, Some(1), 21)]);
    assert_eq!(warned(&mut story, 1), [""; 0], "it is attached again");
    let mut story = start();
    story.change(vec![put("/svc/a", None, Some(2), 21)]);
    assert_eq!(warned(&mut story, 1), [""; 0], "another lease has it");
    let mut story = start();
    story.change(vec![KeyChange { before: None, ..deleted("/svc/a", 1, 21) }]);
    story.renew(1, 10, 3.5, 2);
    assert_eq!(warned(&mut story, 1), ["renewed, but lost its only key /svc/a 7 s ago."]);
}

/// A worker claims a job with its lease and stores the result without it.
#[test]
fn the_result_of_a_job_that_is_put_without_a_lease_is_no_loss() {
    let mut story = Story::with_keys(&[("/svc/a", 1)]);
    story.list(&[2], &[]);
    story.renew(2, 10, 3.5, 4);
    story.change(vec![put("/jobs/7", None, Some(2), 20)]);
    story.renew(2, 10, 3.5, 2);
    story.change(vec![put("/jobs/7", Some(2), None, 21)]);
    story.renew(2, 10, 3.5, 8);
    assert_eq!(warned(&mut story, 2), [""; 0]);
}

#[test]
fn replaced_leases_know_that_the_last_lease_of_their_line_has_ended() {
    let start = || {
        let mut story = Story::with_keys(&[("/heartbeat", 1)]);
        for (to, revision) in [(2, 20), (3, 21)] {
            story.wait(5.0);
            story.change(vec![put("/heartbeat", Some(to - 1), Some(to), revision)]);
            story.poll_left(to, 59, 60);
        }
        story
    };
    let known = |story: &Story| {
        [1, 2].map(|id| {
            let lease = story.app.leases.get(LeaseId(id)).unwrap();
            (lease.replaced_by().map(|by| by.0), lease.has_line_ended())
        })
    };
    let mut story = start();
    assert_eq!(known(&story), [(Some(2), false), (Some(3), false)]);
    story.poll_left(1, -1, 0);
    story.change(vec![deleted("/heartbeat", 3, 22)]);
    story.poll_left(3, -1, 0);
    assert_eq!(known(&story), [(Some(2), true), (Some(3), true)], "also the one that has ended");
    let mut story = start();
    story.change(vec![put("/heartbeat", Some(3), None, 22)]);
    story.poll_left(3, -1, 0);
    assert_eq!(known(&story), [(Some(2), false), (Some(3), false)], "the key still exists");
}

#[test]
fn a_worker_that_deletes_the_key_of_a_finished_job_lost_nothing() {
    let mut story = Story::with_keys(&[("/svc/a", 1)]);
    story.list(&[2], &[]);
    story.renew(2, 10, 3.5, 4);
    story.change(vec![put("/jobs/7", None, Some(2), 20)]);
    story.renew(2, 10, 3.5, 2);
    story.change(vec![deleted("/jobs/7", 2, 21)]);
    story.renew(2, 10, 3.5, 8);
    run_lints(&mut story.app, story.now);
    assert!(!story.app.leases.get(LeaseId(2)).unwrap().warnings.contains(&"lost-key"));
}

#[test]
fn records_are_bounded_and_old_ones_forgotten() {
    let mut story = Story::with_keys(&[]);
    story.change(vec![put("/first", None, Some(7), 10)]);
    story.renew(7, 10, 3.5, 4);
    let keys: Vec<String> = (0..10_100).map(|number| format!("/s/{number}/key")).collect();
    let puts = keys.iter().zip(20..).map(|(key, revision)| put(key, None, Some(7), revision));
    story.change(puts.collect());
    let deletes = keys.iter().zip(20_000..).map(|(key, revision)| deleted(key, 7, revision));
    story.change(deletes.collect());
    let gone = |story: &Story| {
        let now = story.now + Duration::from_secs(2);
        story.app.keys.index().availability().services().gone(now).count()
    };
    assert_eq!(gone(&story), 10_000);
    story.wait(3_601.0);
    story.change(vec![deleted("/first", 7, 40_000)]);
    assert_eq!(gone(&story), 1);
}

/// go-zero names each key after its lease in decimal, so the key itself never comes back.
#[test]
fn a_service_of_keys_named_after_their_leases_is_down_without_its_last_key() {
    let ids = [0x694d_9aa8_d4d4_f304, 0x694d_9aa8_d4d4_f305];
    let keys = ids.map(|id: i64| format!("order.rpc/{id}"));
    let mut story = Story::with_keys(&[(&keys[0], ids[0]), (&keys[1], ids[1])]);
    for (id, key) in ids.into_iter().zip(&keys) {
        story.renew(id, 10, 3.5, 4);
        story.change(vec![deleted(key, id, id & 0xff)]);
        story.poll_left(id, -1, 0);
        assert!(!story.words().contains(&"down"), "a key is left");
    }
    story.wait(5.0);
    story.send(Msg::Tick);
    let down = story.reported().into_iter().find(|(word, ..)| *word == "down").unwrap();
    assert_eq!((down.1, down.2.contains("order.rpc is gone: ")), (ids[1], true), "{}", down.2);
    let service = story.app.keys.index().availability().services().get(b"order.rpc", story.now).unwrap();
    assert_eq!(service.service.gone_now, Some(Duration::from_secs(5)));
    let new = ids[0] + 9;
    story.change(vec![put(&format!("order.rpc/{new}"), None, Some(new), 900)]);
    let back = told(&[("back", new, "order.rpc was gone for 5.0 s")]);
    assert_eq!(story.reported().last(), back.last());
}
