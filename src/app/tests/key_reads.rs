//! Reads of deleted keys and of locks, and queries of leases, in a large key space.

use std::collections::HashMap;

use super::*;
use etcd_lease::{KeyChange, KeyEntry, KeyState};

impl Story {
    /// A large key space with leases, of which nothing is known yet.
    fn with_large_key_space(config: AppConfig, ids: &[i64]) -> Story {
        let mut story = Story::start(config);
        story.list(ids, &[]);
        story.send(Msg::KeysByLease { revision: 9 });
        story.wait(0.1);
        story
    }

    /// The reads that start now.
    fn started_reads(&mut self) -> Vec<KeyRead> {
        let effects = self.send(Msg::Tick).into_iter();
        effects.flat_map(|effect| if let Effect::ReadKeys(reads) = effect { reads } else { Vec::new() }).collect()
    }

    /// The reply to a read. Each key was put last in its create revision.
    fn reply_to(&mut self, read: KeyRead, keys: &[(&str, i64, i64)], revision: i64) {
        let entry = |(key, id, created): &(&str, i64, i64)| {
            let entry = KeyEntry { key: key.as_bytes().to_vec(), lease: Some(LeaseId(*id)), create_revision: *created };
            (entry, *created)
        };
        let entries = keys.iter().map(entry).collect();
        self.send(Msg::KeysLoaded(LoadedKeys { read, entries, revision, bytes: 100 }));
    }

    /// The leases of the only lock, in order.
    fn candidates(&self) -> Vec<i64> {
        self.app.keys.locks().candidates().map(|candidate| candidate.lease.0).collect()
    }
}

fn lock() -> KeyRead {
    KeyRead::Lock(b"/lock".to_vec())
}

#[test]
fn all_keys_that_end_together_are_read_four_times() {
    let names: Vec<String> = (0..1_000).map(|number| format!("/svc/key-{number}")).collect();
    let mut story = Story::with_large_key_space(AppConfig::default(), &[1, 2]);
    // What the first lease deletes takes no room from the second one.
    for id in 1..=2 {
        story.poll(id, 9, 10, &names.iter().map(String::as_str).collect::<Vec<_>>());
        let delete = |name: &String| KeyChange {
            key: name.as_bytes().to_vec(),
            before: None,
            now: KeyState::Deleted,
            revision: 20 * id,
        };
        let (changes, received) = (names.iter().map(delete).collect(), story.now);
        story.send(Msg::KeysChanged { changes, received });
        let mut counts: HashMap<KeyRead, usize> = HashMap::new();
        for _ in 0..700 {
            story.wait(0.1);
            for read in story.started_reads() {
                *counts.entry(read.clone()).or_default() += 1;
                story.reply_to(read, &[], 20 * id);
            }
        }
        assert_eq!((counts.len(), counts.values().min(), counts.values().max()), (1_000, Some(&4), Some(&4)));
    }
}

#[test]
fn reads_that_wait_for_room_cause_no_ticks_and_end() {
    let names: Vec<String> = (0..1_000).map(|number| format!("/svc/key-{number}")).collect();
    let mut story = Story::with_large_key_space(AppConfig::default(), &[1]);
    story.poll(1, 9, 10, &names.iter().map(String::as_str).collect::<Vec<_>>());
    let delete =
        |name: &String| KeyChange { key: name.as_bytes().to_vec(), before: None, now: KeyState::Deleted, revision: 20 };
    let (changes, received) = (names.iter().map(delete).collect(), story.now);
    story.send(Msg::KeysChanged { changes, received });
    story.wait(0.3);
    assert_eq!(story.started_reads().len(), 256);
    assert_eq!(story.app.keys.next_read(story.now), None, "there is room after a reply only");
    story.reply_to(KeyRead::Key(names[0].as_bytes().to_vec()), &[], 20);
    assert!(story.app.keys.next_read(story.now).is_some_and(|due| due <= story.now));
}

#[test]
fn the_read_of_a_lock_is_repeated_after_a_failure_and_never_dropped() {
    let mut story = Story::with_large_key_space(AppConfig::default(), &[10]);
    story.poll(10, 9, 10, &["/lock/a"]);
    assert_eq!(story.started_reads(), [lock()]);
    story.send(Msg::KeysNotLoaded(lock()));
    assert!(!story.app.keys.reads.is_idle(), "the locks are incomplete");
    assert!(story.started_reads().is_empty());
    story.wait(2.0);
    assert_eq!(story.started_reads(), [lock()]);
    story.reply_to(lock(), &[("/lock/a", 10, 5)], 9);
    assert_eq!((story.candidates(), story.app.keys.reads.is_idle()), (vec![10], true));
    let names: Vec<String> = (0..600).map(|number| format!("/lock-{number}/a")).collect();
    story.poll(10, 9, 10, &names.iter().map(String::as_str).collect::<Vec<_>>());
    let mut count = 0;
    loop {
        let reads = story.started_reads();
        if reads.is_empty() {
            break;
        }
        for read in reads {
            count += usize::from(matches!(read, KeyRead::Lock(_)));
            story.reply_to(read, &[], 9);
        }
    }
    assert_eq!(count, 600);
}

#[test]
fn a_candidate_that_comes_while_the_lock_is_read_is_read_too() {
    let mut story = Story::with_large_key_space(AppConfig::default(), &[10, 11]);
    story.poll(10, 9, 10, &["/lock/a"]);
    assert_eq!(story.started_reads(), [lock()]);
    // etcd has served the read by now.
    story.poll(11, 9, 10, &["/lock/b"]);
    assert!(story.started_reads().is_empty());
    story.reply_to(lock(), &[("/lock/a", 10, 5)], 9);
    assert_eq!(story.started_reads(), [lock()]);
    story.reply_to(lock(), &[("/lock/a", 10, 5), ("/lock/b", 11, 10)], 10);
    assert_eq!(story.candidates(), [10, 11]);
}

#[test]
fn a_key_that_is_longer_than_the_budget_does_not_block_other_reads() {
    let config = AppConfig { key_budget: 100_000, ..AppConfig::default() };
    let mut story = Story::with_large_key_space(config, &[10]);
    let long = format!("/locks/{}", "x".repeat(120_000));
    story.app.keys.reads.add(KeyRead::Key(long.clone().into_bytes()));
    story.app.keys.reads.add(lock());
    assert_eq!(story.started_reads(), [KeyRead::Key(long.clone().into_bytes())]);
    story.send(Msg::KeysLoaded(LoadedKeys {
        read: KeyRead::Key(long.into_bytes()),
        entries: Vec::new(),
        revision: 9,
        bytes: 120_100,
    }));
    assert!(story.started_reads().is_empty(), "the budget is spent");
    story.wait(62.0);
    assert_eq!(story.started_reads(), [lock()]);
}

#[test]
fn a_read_of_another_cluster_is_ignored() {
    let mut story = Story::with_large_key_space(AppConfig::default(), &[10]);
    story.reply_to(lock(), &[("/lock/a", 10, 5)], 9);
    assert!(story.candidates().is_empty());
}

#[test]
fn a_reply_about_an_earlier_lease_is_none_of_its_successor() {
    let mut story = Story::with_large_key_space(AppConfig::default(), &[10]);
    let sent = story.now;
    story.wait(1.0);
    story.list(&[], &[10]);
    story.wait(1.0);
    story.list(&[10], &[]);
    let keys = vec![b"/svc/key".to_vec()];
    let answer = TimeToLive { id: LeaseId(10), ttl: 9, granted_ttl: 10, keys, header: Header::default() };
    story.send(Msg::Polled { sent, received: story.now, answer, has_keys: true });
    assert!(!story.app.keys.are_all_known());
    assert_eq!(story.app.keys.queries().received(story.now), 72, "it was received all the same");
}

#[test]
fn the_read_of_a_lock_that_is_denied_is_not_repeated() {
    let mut story = Story::with_large_key_space(AppConfig::default(), &[10]);
    story.poll(10, 9, 10, &["/lock/a"]);
    assert_eq!(story.started_reads(), [lock()]);
    story.send(Msg::KeysDenied(lock()));
    assert!(story.app.keys.reads.is_idle(), "`leasetop locks` does not wait for it");
    story.wait(10.0);
    assert!(story.started_reads().is_empty());
}
