//! A list that shows the end of a lease before the watch reports the deletion of its keys.

use super::*;
use etcd_lease::{KeyChange, KeyState};

/// A large key space, in which lease 1 of 10 s has a key.
fn start() -> Story {
    let mut story = Story::start(AppConfig::default());
    story.list(&[1], &[]);
    story.send(Msg::KeysByLease { revision: 9 });
    story.poll(1, 9, 10, &["/svc/a"]);
    story.wait(0.6);
    story.poll(1, 9, 10, &["/svc/a"]);
    story
}

/// In a large key space the watch has no previous lease of a deleted key. A list can be ahead of it.
#[test]
fn keys_of_an_expired_lease_are_down_whether_the_list_or_the_watch_comes_first() {
    for is_list_first in [true, false] {
        let mut story = start();
        story.renew(1, 10, 3.5, 6);
        story.wait(6.6);
        story.poll_left(1, 0, 10);
        story.wait(0.3);
        let delete = KeyChange { key: b"/svc/a".to_vec(), before: None, now: KeyState::Deleted, revision: 20 };
        if is_list_first {
            story.list(&[], &[1]);
            story.wait(0.5);
            story.send(Msg::Tick);
        }
        story.change(vec![delete]);
        story.list(&[], &[1]);
        story.wait(2.0);
        story.send(Msg::Tick);
        assert!(story.words().contains(&"down"), "{:?}", story.words());
    }
}

#[test]
fn keys_that_had_moved_before_their_lease_ended_are_forgotten_and_not_down() {
    let mut story = start();
    story.list(&[], &[1]);
    let count = |story: &Story| story.app.keys.index().count(LeaseId(1));
    assert_eq!(count(&story), 1);
    story.wait(5.0);
    assert!(next_wake(&story.app, story.now) <= story.now);
    story.send(Msg::Tick);
    assert_eq!(count(&story), 0);
    assert!(!story.words().contains(&"down"), "{:?}", story.words());
}
