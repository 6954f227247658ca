use super::*;
use etcd_lease::{KeyChange, KeyEntry, KeyRange, KeyState};

fn held(key: &[u8], id: i64) -> KeyEntry {
    KeyEntry { key: key.to_vec(), lease: Some(LeaseId(id)), create_revision: 2 }
}

fn change(key: &str, before: Option<i64>, now: KeyState, revision: i64) -> KeyChange {
    KeyChange { key: key.as_bytes().to_vec(), before: before.map(LeaseId), now, revision }
}

fn put(key: &str, before: Option<i64>, lease: Option<i64>, revision: i64) -> KeyChange {
    change(key, before, KeyState::Put { lease: lease.map(LeaseId), create_revision: revision }, revision)
}

fn deleted(key: &str, before: i64, revision: i64) -> KeyChange {
    change(key, Some(before), KeyState::Deleted, revision)
}

impl Story {
    fn read_keys(&mut self, keys: Vec<KeyEntry>) {
        self.send(Msg::KeysReloading);
        self.send(Msg::KeysPage(keys));
        self.send(Msg::KeysRead { revision: 9 });
    }

    fn change_keys(&mut self, changes: Vec<KeyChange>) {
        let received = self.now;
        self.send(Msg::KeysChanged { changes, received });
    }

    /// A poll that does not ask for keys.
    fn poll_time(&mut self, id: i64, ttl: i64, granted_ttl: i64) {
        let answer = TimeToLive { id: LeaseId(id), ttl, granted_ttl, keys: Vec::new(), header: Header::default() };
        self.send(Msg::Polled { sent: self.now, received: self.now, answer, has_keys: false });
    }

    fn keys(&self, id: i64) -> Option<(usize, Vec<&str>)> {
        let keys = self.app.leases.get(LeaseId(id))?.keys.as_ref()?;
        Some((keys.count, keys.first.iter().map(|key| std::str::from_utf8(key).unwrap_or("?")).collect()))
    }

    fn last_event(&self) -> (&'static str, Option<i64>, String) {
        let event = self.app.events.lines().next_back().unwrap();
        (event.name().as_str(), event.lease.map(|id| id.0), event.text())
    }
}

/// The engine attaches a key while older pages are read; then the watch reports it too.
#[test]
fn an_own_key_is_reported_once_and_shown_whichever_source_comes_first() {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 10);
    story.send(Msg::KeysReloading);
    story.send(Msg::Attached { id: LeaseId(1), key: b"/a".to_vec(), revision: 7 });
    story.send(Msg::KeysPage(Vec::new()));
    story.send(Msg::KeysRead { revision: 1 });
    story.change_keys(vec![put("/a", None, Some(1), 7)]);
    assert_eq!(story.keys(1), Some((1, vec!["/a"])));
    assert_eq!(story.words().iter().filter(|word| **word == "attached").count(), 1);
}

#[test]
fn keys_come_from_pages_and_changes_and_not_from_polls() {
    let mut story = Story::start(AppConfig::default());
    story.list(&[1, -2], &[]);
    assert_eq!(story.keys(1), None, "not read yet");
    story.read_keys(vec![held(b"/b", 1), held(b"/a", 1)]);
    assert_eq!((story.keys(1), story.keys(-2)), (Some((2, vec!["/a", "/b"])), Some((0, vec![]))));
    story.poll_time(1, 9, 10);
    assert_eq!(story.keys(1), Some((2, vec!["/a", "/b"])));
    story.change_keys(vec![put("/c", None, Some(-2), 10)]);
    assert_eq!((story.keys(-2), story.last_event()), (Some((1, vec!["/c"])), ("attached", Some(-2), "/c".to_owned())));
    story.change_keys(vec![put("/c", Some(-2), Some(-2), 11)]);
    assert_eq!(
        story.words().iter().filter(|word| **word == "attached").count(),
        1,
        "a new value does not attach the key again"
    );
}

#[test]
fn a_lease_is_found_by_its_key_if_listing_is_forbidden() {
    let mut story = Story::start(AppConfig::default());
    story.send(Msg::ListFailed(CallFailure { is_forbidden: true, ..trouble("permission denied") }));
    story.read_keys(vec![held(b"/a", 7)]);
    assert_eq!((story.rows(), story.keys(7)), (vec![7], Some((1, vec!["/a"]))));
    story.change_keys(vec![put("/b", None, Some(i64::MIN), 10)]);
    assert_eq!(story.keys(i64::MIN), Some((1, vec!["/b"])));
    assert!(story.app.cluster.list_failure.as_ref().is_some_and(|trouble| trouble.is_forbidden));
}

#[test]
fn a_key_is_detached_when_moved_or_deleted() {
    let mut story = Story::start(AppConfig::default());
    story.list(&[1, 2], &[]);
    story.read_keys(vec![held(b"/a", 1), held(b"/b", 1), held(b"/c", 1)]);
    story.change_keys(vec![put("/a", Some(1), None, 10)]);
    assert_eq!(story.last_event(), ("detached", Some(1), "/a put without a lease".to_owned()));
    story.change_keys(vec![put("/b", Some(1), Some(2), 11)]);
    assert_eq!(story.last_event(), ("attached", Some(2), "/b".to_owned()));
    assert_eq!(story.words().iter().filter(|word| **word == "moved").count(), 1);
    assert_eq!((story.keys(1), story.keys(2)), (Some((1, vec!["/c"])), Some((1, vec!["/b"]))));
    // It has no keys left: a poll shows whether it ended with its last key.
    story.change_keys(vec![deleted("/c", 1, 12)]);
    assert_eq!(story.keys(1), Some((1, vec!["/c"])));
    story.wait(0.01);
    story.poll_time(1, 9, 10);
    assert_eq!(
        (story.keys(1), story.last_event()),
        (Some((0, vec![])), ("detached", Some(1), "/c deleted".to_owned()))
    );
}

#[test]
fn a_poll_sent_before_the_deletion_does_not_prove_that_the_lease_lives() {
    let mut story = Story::start(AppConfig::default());
    story.list(&[1], &[]);
    story.read_keys(vec![held(b"/a", 1)]);
    story.wait(1.0);
    story.change_keys(vec![deleted("/a", 1, 12)]);
    let answer = TimeToLive { id: LeaseId(1), ttl: 9, granted_ttl: 10, keys: vec![], header: Header::default() };
    story.send(Msg::Polled { sent: at(0.9), received: story.now, answer, has_keys: false });
    assert_eq!(story.keys(1), Some((1, vec!["/a"])));
    assert!(story.send(Msg::Tick).contains(&Effect::Poll(vec![LeaseId(1)])), "it is asked at once");
    story.poll_time(1, -1, 0);
    let (_, _, text) = story.last_event();
    assert!(text.contains("1 key deleted") || text.contains("and 1 key"), "{text}");
}

#[test]
fn a_lease_with_keys_left_is_alive_and_all_of_one_revision_end_together() {
    let mut story = Story::start(AppConfig::default());
    story.list(&[1], &[]);
    story.read_keys((0..20_u8).map(|n| held(&[b'k', n + 65], 1)).collect());
    story.change_keys(vec![deleted("kA", 1, 12)]);
    assert_eq!((story.last_event(), story.keys(1).unwrap().0), (("detached", Some(1), "kA deleted".to_owned()), 19));
    let rest = (1..20_u8).map(|n| deleted(&format!("k{}", char::from(n + 65)), 1, 13)).collect();
    story.change_keys(rest);
    story.list(&[], &[1]);
    assert!(story.last_event().2.contains("19 keys deleted"), "{:?}", story.last_event());
    assert_eq!(story.keys(1).unwrap().0, 19, "the row of the dead keeps them");
}

#[test]
fn reloading_removes_keys_only_after_the_last_page() {
    let mut story = Story::start(AppConfig::default());
    story.list(&[1], &[]);
    story.read_keys(vec![held(b"/a", 1)]);
    story.send(Msg::KeysFailed(trouble("cut")));
    story.send(Msg::KeysFailed(trouble("cut")));
    assert_eq!(story.words().iter().filter(|word| **word == "error").count(), 1);
    story.send(Msg::KeysReloading);
    story.send(Msg::KeysPage(vec![held(b"/\xff", 1)]));
    assert_eq!(story.keys(1), Some((1, vec!["/a"])));
    story.send(Msg::KeysRead { revision: 20 });
    assert_eq!(story.keys(1), Some((1, vec!["?"])));
    assert!(story.app.keys.failure.is_none());
}

#[test]
fn with_a_prefix_the_selected_lease_is_queried_for_all_its_keys() {
    let mut story = Story::start(AppConfig { range: KeyRange::prefix(b"/svc/"), ..AppConfig::default() });
    story.list(&[1, 2], &[]);
    story.read_keys(vec![held(b"/svc/a", 1)]);
    let is_all =
        |story: &Story, id| story.app.leases.get(LeaseId(id)).and_then(|lease| Some(lease.keys.as_ref()?.is_all));
    assert_eq!((is_all(&story, 1), is_all(&story, 2)), (Some(false), None));
    story.press(&[Key::Home, Key::Enter]);
    let effects = story.send(Msg::Tick);
    assert!(effects.contains(&Effect::PollWithKeys(LeaseId(1))), "{effects:?}");
    story.poll(1, 9, 10, &["/svc/a", "/other"]);
    assert_eq!((is_all(&story, 1), story.keys(1)), (Some(true), Some((2, vec!["/other", "/svc/a"]))));
}

#[test]
fn a_key_outside_the_prefix_is_reported_but_not_followed() {
    let mut story = Story::start(AppConfig { range: KeyRange::prefix(b"/svc/"), ..AppConfig::default() });
    story.grant(1, 10);
    story.read_keys(Vec::new());
    story.send(Msg::Attached { id: LeaseId(1), key: b"/other/a".to_vec(), revision: 7 });
    assert_eq!(story.last_event().0, "attached");
    assert_eq!(story.app.keys.index.count(LeaseId(1)), 0, "the watch would not report its deletion");
}

/// All leases are missing in the list, and a client puts a key while the watch may still report their deletion.
#[test]
fn a_put_in_the_restored_cluster_does_not_explain_why_all_leases_vanished() {
    let mut story = Story::start(AppConfig::default());
    story.send(Msg::Cluster(view()));
    story.list(&[1, 2], &[]);
    story.read_keys(vec![held(b"/a", 1), held(b"/b", 2)]);
    let (sent, received, gone) = (story.now, story.now, vec![LeaseId(1), LeaseId(2)]);
    story.send(Msg::Listed(Listing { sent, received, gone, revision: 20, ..Listing::default() }));
    story.change_keys(vec![put("/c", None, None, 21)]);
    assert!(story.app.leases.alive(LeaseId(1)).is_some(), "the list is held");
    story.wait(1.1);
    story.send(Msg::Tick);
    let (name, _, text) = story.last_event();
    let why = "all 2 leases vanished by revision 20, but their keys were not deleted";
    assert_eq!((name, text), ("cluster", format!("etcd was restored or wiped: {why}. Reading everything again.")));
}

#[test]
fn a_query_sent_before_a_put_does_not_hide_the_key() {
    for range in [KeyRange::all(), KeyRange::prefix(b"/svc/")] {
        let mut story = Story::start(AppConfig { range, ..AppConfig::default() });
        story.grant(1, 10);
        story.press(&[Key::Home, Key::Enter]);
        assert!(story.send(Msg::Tick).contains(&Effect::PollWithKeys(LeaseId(1))));
        story.read_keys(Vec::new());
        story.send(Msg::Attached { id: LeaseId(1), key: b"/svc/a".to_vec(), revision: 7 });
        story.change_keys(vec![put("/svc/a", None, Some(1), 7)]);
        story.poll(1, 10, 10, &[]);
        assert_eq!(story.keys(1), Some((1, vec!["/svc/a"])));
    }
}

#[test]
fn while_the_watch_fails_a_query_shows_that_keys_are_gone() {
    let mut story = Story::start(AppConfig::default());
    story.list(&[1], &[]);
    story.read_keys(vec![held(b"/a", 1), held(b"/b", 1)]);
    story.send(Msg::KeysFailed(trouble("timed out")));
    story.poll(1, 9, 10, &["/b"]);
    assert_eq!(story.keys(1), Some((1, vec!["/b"])));
}

#[test]
fn keys_without_permission_do_not_count_as_no_keys() {
    let mut story = Story::start(AppConfig::default());
    story.list(&[1], &[]);
    story.send(Msg::KeysFailed(CallFailure { is_forbidden: true, ..trouble("permission denied") }));
    assert!(story.last_event().2.contains("--prefix"), "{:?}", story.last_event());
    story.press(&[Key::Home, Key::Enter]);
    assert!(story.send(Msg::Tick).contains(&Effect::PollWithKeys(LeaseId(1))));
    story.poll_time(1, 9, 10);
    let keys = story.app.leases.get(LeaseId(1)).unwrap().keys.clone().unwrap();
    assert_eq!((keys.count, keys.is_all), (0, false));
}

#[test]
fn own_keys_are_reported_once() {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 10);
    story.send(Msg::Attached { id: LeaseId(1), key: b"/a".to_vec(), revision: 7 });
    story.change_keys(vec![put("/a", None, Some(1), 5)]);
    assert_eq!(story.words().iter().filter(|word| **word == "attached").count(), 1);
    assert_eq!(story.app.keys.index().of(LeaseId(1)).next(), Some((&b"/a"[..], 5)));
}

#[test]
fn while_the_watch_catches_up_no_key_is_reported_as_deleted_with_its_lease() {
    let mut story = Story::start(AppConfig::default());
    story.list(&[1, 2], &[]);
    story.read_keys(vec![held(b"/w/y1", 1)]);
    story.wait(4.0);
    story.send(Msg::KeysFailed(trouble("cut")));
    story.wait(4.0);
    story.send(Msg::KeysRecovered);
    story.list(&[], &[1]);
    let reported = story.last_event();
    assert!(reported.0 == "gone" && !reported.2.contains("key"), "{reported:?}");
    assert_eq!(story.keys(1), None, "nor does its row show it");
    story.change_keys(vec![put("/w/y1", Some(1), Some(2), 10)]);
    assert_eq!((story.keys(1), story.keys(2)), (None, Some((1, vec!["/w/y1"]))));
    // Later the watch reports changes as they happen, and keys are deleted with their lease again.
    story.wait(2.0);
    story.list(&[], &[2]);
    assert!(story.last_event().2.contains("1 key deleted"), "{:?}", story.last_event());
}

#[test]
fn after_a_compaction_missed_changes_are_reported_and_current_keys_shown() {
    let mut story = Story::start(AppConfig::default());
    story.list(&[1, 2], &[]);
    story.read_keys(vec![held(b"/stays", 1), held(b"/moves", 1), held(b"/leaves", 1)]);
    story.change_keys(vec![put("/early", None, Some(2), 12)]);
    story.wait(6.0);
    story.send(Msg::KeysReloading);
    story.send(Msg::KeysPage(vec![held(b"/stays", 1), held(b"/moves", 2), held(b"/early", 2), held(b"/new", 1)]));
    story.send(Msg::KeysRead { revision: 20 });
    let reported: Vec<_> =
        story.app.events.lines().skip(2).map(|event| (event.name().as_str(), event.text())).collect();
    let expected = [
        (
            "error",
            "etcd compacted the key changes from revision 13 to 20; the keys were read again, but keys detached in between \
             are not reported",
        ),
        ("attached", "/new"),
        ("moved", "/moves moved to lease 0000000000000002"),
        ("attached", "/moves"),
    ];
    assert_eq!(reported, expected.map(|(word, text)| (word, text.to_owned())));
    let moved = story.app.events.lines().next_back().unwrap();
    assert_eq!((moved.at, moved.doubt), (at(3.0), Duration::from_secs(3)));
}

#[test]
fn a_key_that_was_put_without_a_lease_before_a_compaction_is_back_or_no_longer_attached() {
    let mut story = Story::start(AppConfig::default());
    story.list(&[1, 2], &[]);
    story.read_keys(vec![held(b"/svc/back", 1), held(b"/svc/stays", 2), held(b"/svc/vanishes", 2)]);
    story.change_keys(vec![deleted("/svc/back", 1, 12)]);
    story.list(&[], &[1]);
    story.wait(6.0);
    story.send(Msg::KeysReloading);
    let unleased = |key: &str| KeyEntry { key: key.as_bytes().to_vec(), lease: None, create_revision: 2 };
    story.send(Msg::KeysPage(["/other", "/svc/back", "/svc/stays"].map(unleased).to_vec()));
    story.send(Msg::KeysRead { revision: 20 });
    let back = story.app.events.lines().filter(|event| event.name().as_str() == "back");
    let back: Vec<String> = back.map(|event| event.text()).collect();
    assert!(matches!(&back[..], [one] if one.starts_with("/svc/back is back without a lease")), "{back:?}");
    let index = story.app.keys.index();
    let has_vanished = |key: &[u8]| index.availability_of(LeaseId(2), key, story.now).is_some();
    assert_eq!((has_vanished(b"/svc/stays"), has_vanished(b"/svc/vanishes")), (false, true));
    assert_eq!(index.count(LeaseId(2)), 0);
}

#[test]
fn a_key_that_is_deleted_and_put_again_at_once_has_its_events_in_order_and_no_end() {
    for delay in [0.0, 0.001, 0.3] {
        let mut story = Story::start(AppConfig::default());
        story.list(&[1], &[]);
        story.read_keys(vec![held(b"order.rpc/1", 1)]);
        let again = put("order.rpc/1", None, Some(1), 11);
        if delay == 0.0 {
            story.change_keys(vec![deleted("order.rpc/1", 1, 10), again]);
        } else {
            story.change_keys(vec![deleted("order.rpc/1", 1, 10)]);
            story.wait(delay);
            story.change_keys(vec![again]);
        }
        story.wait(0.01);
        story.poll_time(1, 299, 300);
        let of_key = story.app.events.lines().filter(|event| event.lease.is_some());
        let reported: Vec<_> = of_key.map(|event| (event.name().as_str(), event.text())).collect();
        let expected = [("detached", "order.rpc/1 deleted"), ("attached", "order.rpc/1")];
        assert_eq!(reported, expected.map(|(word, text)| (word, text.to_owned())), "{delay} s");
        let lease = story.app.leases.get(LeaseId(1)).unwrap();
        assert!(lease.detached_keys.is_empty(), "the detail shows the key as attached only");
        assert_eq!(story.keys(1), Some((1, vec!["order.rpc/1"])));
    }
}
