//! The keys of a large key space: leases are queried, and only deletes are watched. Replies are late and out of order.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use proptest::prelude::*;

use super::*;
use etcd_lease::{KeyChange, KeyEntry, KeyState};

/// What happens in the cluster or on the way from it.
#[derive(Clone, Debug)]
enum Step {
    Grant(i64),
    Put(u8, Option<i64>),
    /// A put by leasetop.
    OwnPut(u8, i64),
    Delete(u8),
    End(i64),
    /// etcd answers one of the open requests.
    Answer(prop::sample::Index),
    /// A reply arrives.
    Deliver(prop::sample::Index),
    /// The watch reports the next deletes.
    Watch(usize),
    List,
    Wait(f64),
}

fn step() -> impl Strategy<Value = Step> {
    let id = || 1..5_i64;
    let key = || 0..6_u8;
    prop_oneof![
        2 => id().prop_map(Step::Grant),
        4 => (key(), prop::option::weighted(0.8, id())).prop_map(|(key, id)| Step::Put(key, id)),
        2 => (key(), id()).prop_map(|(key, id)| Step::OwnPut(key, id)),
        2 => key().prop_map(Step::Delete),
        1 => id().prop_map(Step::End),
        6 => any::<prop::sample::Index>().prop_map(Step::Answer),
        6 => any::<prop::sample::Index>().prop_map(Step::Deliver),
        2 => (1..4_usize).prop_map(Step::Watch),
        3 => Just(Step::List),
        6 => (0.0..1.2).prop_map(Step::Wait),
    ]
}

/// A key in etcd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stored {
    lease: Option<i64>,
    created: i64,
    changed: i64,
}

#[derive(Clone, Debug)]
enum Request {
    Poll { id: LeaseId, has_keys: bool, sent: Timestamp },
    Read(KeyRead),
}

enum Reply {
    Polled { sent: Timestamp, answer: TimeToLive, has_keys: bool },
    Other(Msg),
}

/// A cluster, and the state that observes it.
struct Simulation {
    story: Story,
    revision: i64,
    keys: BTreeMap<Vec<u8>, Stored>,
    leases: BTreeSet<i64>,
    /// Each change: its key, and its lease if the key exists after it.
    past: Vec<(Vec<u8>, Option<Option<i64>>)>,
    listed: BTreeSet<i64>,
    is_watched: bool,
    deletes: VecDeque<KeyChange>,
    requests: Vec<Request>,
    replies: Vec<Reply>,
}

fn name(key: u8) -> Vec<u8> {
    format!("/k/key-{key}").into_bytes()
}

impl Simulation {
    fn start(before: &[Step]) -> Self {
        let mut simulation = Simulation {
            story: Story::start(AppConfig::default()),
            revision: 1,
            keys: BTreeMap::new(),
            leases: BTreeSet::new(),
            past: Vec::new(),
            listed: BTreeSet::new(),
            is_watched: false,
            deletes: VecDeque::new(),
            requests: Vec::new(),
            replies: Vec::new(),
        };
        before.iter().for_each(|step| simulation.change(step));
        simulation.list();
        simulation.is_watched = true;
        let revision = simulation.revision;
        simulation.story.send(Msg::KeysByLease { revision });
        simulation
    }

    /// Applies a step that changes the cluster.
    fn change(&mut self, step: &Step) {
        match step {
            Step::Grant(id) => drop(self.leases.insert(*id)),
            Step::Put(key, lease) => {
                let _ = self.put(*key, *lease);
            }
            Step::OwnPut(key, id) => {
                if let Some(revision) = self.put(*key, Some(*id)) {
                    let attached = Msg::Attached { id: LeaseId(*id), key: name(*key), revision };
                    self.replies.push(Reply::Other(attached));
                }
            }
            Step::Delete(key) => self.delete(vec![name(*key)]),
            Step::End(id) => {
                self.leases.remove(id);
                let held = self.keys.iter().filter(|(_, stored)| stored.lease == Some(*id));
                let held = held.map(|(key, _)| key.clone()).collect();
                self.delete(held);
            }
            _ => (),
        }
    }

    fn run(&mut self, step: &Step) {
        self.change(step);
        match step {
            Step::Answer(index) if !self.requests.is_empty() => {
                let request = self.requests.remove(index.index(self.requests.len()));
                self.answer(request);
            }
            Step::Deliver(index) if !self.replies.is_empty() => {
                let reply = self.replies.remove(index.index(self.replies.len()));
                self.deliver(reply);
            }
            Step::Watch(count) => self.watch(*count),
            Step::List => self.list(),
            Step::Wait(seconds) => self.story.wait(*seconds),
            _ => (),
        }
        self.tick();
    }

    fn put(&mut self, key: u8, lease: Option<i64>) -> Option<i64> {
        if lease.is_some_and(|id| !self.leases.contains(&id)) {
            return None;
        }
        self.revision += 1;
        let created = self.keys.get(&name(key)).map_or(self.revision, |stored| stored.created);
        self.keys.insert(name(key), Stored { lease, created, changed: self.revision });
        self.past.push((name(key), Some(lease)));
        Some(self.revision)
    }

    /// Deletes the keys that exist in one revision.
    fn delete(&mut self, keys: Vec<Vec<u8>>) {
        let deleted: Vec<Vec<u8>> = keys.into_iter().filter(|key| self.keys.remove(key).is_some()).collect();
        self.revision += i64::from(!deleted.is_empty());
        for key in deleted {
            self.past.push((key.clone(), None));
            if self.is_watched {
                let change = KeyChange { key, before: None, now: KeyState::Deleted, revision: self.revision };
                self.deletes.push_back(change);
            }
        }
    }

    fn list(&mut self) {
        let born = self.leases.difference(&self.listed).copied().map(LeaseId).collect();
        let gone = self.listed.difference(&self.leases).copied().map(LeaseId).collect();
        self.listed.clone_from(&self.leases);
        let (sent, received, revision) = (self.story.now, self.story.now, self.revision);
        self.story.send(Msg::Listed(Listing { sent, received, revision, born, gone, ..Listing::default() }));
    }

    fn watch(&mut self, count: usize) {
        let changes: Vec<KeyChange> = self.deletes.drain(..count.min(self.deletes.len())).collect();
        let received = self.story.now;
        if !changes.is_empty() {
            self.story.send(Msg::KeysChanged { changes, received });
        }
    }

    fn tick(&mut self) {
        let sent = self.story.now;
        for effect in self.story.send(Msg::Tick) {
            let poll = |id, has_keys| Request::Poll { id, has_keys, sent };
            match effect {
                Effect::Poll(ids) => self.requests.extend(ids.into_iter().map(|id| poll(id, false))),
                Effect::PollWithKeys(id) => self.requests.push(poll(id, true)),
                Effect::ReadKeys(reads) => self.requests.extend(reads.into_iter().map(Request::Read)),
                _ => (),
            }
        }
    }

    /// Answers from the current state.
    fn answer(&mut self, request: Request) {
        let reply = match request {
            Request::Poll { id, has_keys, sent } => {
                let is_alive = self.leases.contains(&id.0);
                let held = self.keys.iter().filter(|(_, stored)| has_keys && stored.lease == Some(id.0));
                let keys = held.map(|(key, _)| key.clone()).collect();
                let (ttl, granted_ttl) = if is_alive { (3_599, 3_600) } else { (-1, 0) };
                let header = Header { revision: self.revision, ..Header::default() };
                Reply::Polled { sent, answer: TimeToLive { id, ttl, granted_ttl, keys, header }, has_keys }
            }
            Request::Read(read) => {
                let KeyRead::Key(key) = &read else { panic!("no key is named after a lease") };
                let entry = |stored: &Stored| {
                    let lease = stored.lease.map(LeaseId);
                    (KeyEntry { key: key.clone(), lease, create_revision: stored.created }, stored.changed)
                };
                let entries = self.keys.get(key).map(entry).into_iter().collect();
                Reply::Other(Msg::KeysLoaded(LoadedKeys { read, entries, revision: self.revision, bytes: 100 }))
            }
        };
        self.replies.push(reply);
    }

    fn deliver(&mut self, reply: Reply) {
        let received = self.story.now;
        match reply {
            Reply::Polled { sent, answer, has_keys } => {
                self.story.send(Msg::Polled { sent, received, answer, has_keys });
            }
            Reply::Other(msg) => drop(self.story.send(msg)),
        }
    }

    /// Lets everything arrive, and waits until each lease was queried again.
    fn settle(&mut self) {
        for _ in 0..80 {
            self.story.wait(1.0);
            self.watch(usize::MAX);
            self.list();
            self.tick();
            std::mem::take(&mut self.requests).into_iter().for_each(|request| self.answer(request));
            std::mem::take(&mut self.replies).into_iter().for_each(|reply| self.deliver(reply));
        }
    }

    /// The keys that etcd has for a lease.
    fn truth(&self, id: i64) -> Vec<Vec<u8>> {
        self.keys.iter().filter(|(_, stored)| stored.lease == Some(id)).map(|(key, _)| key.clone()).collect()
    }

    /// Whether a change of the key to `first` was followed by a change to one of `then`.
    fn happened(&self, key: &[u8], first: i64, then: Option<Option<i64>>) -> bool {
        let mut of_key = self.past.iter().filter(|(of, _)| of == key).map(|(_, to)| *to);
        of_key.any(|to| to == Some(Some(first))) && of_key.any(|to| to == then)
    }

    fn check_keys(&self) {
        for &id in &self.leases {
            let shown = self.story.app.leases.get(LeaseId(id)).and_then(|lease| lease.keys.clone());
            assert_eq!(shown, Some(LeaseKeys::of(self.truth(id))), "lease {id}");
            let index = self.story.app.keys.index();
            assert_eq!(index.of(LeaseId(id)).map(|(key, _)| key.to_vec()).collect::<Vec<_>>(), self.truth(id));
        }
    }

    fn check_events(&self) {
        for event in self.story.app.events.lines() {
            let id = event.lease.map_or(0, |id| id.0);
            let is_true = match &event.kind {
                EventKind::Attached { key, .. } => self.past.contains(&(key.clone(), Some(Some(id)))),
                EventKind::Moved { key, to, .. } => self.happened(key, id, Some(Some(to.0))),
                EventKind::Detached { key, is_deleted: true, .. } => self.happened(key, id, None),
                EventKind::Detached { key, .. } => self.happened(key, id, Some(None)),
                _ => true,
            };
            assert!(is_true, "{:?} of lease {id}", event.kind);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(64), ..ProptestConfig::default() })]

    #[test]
    fn the_shown_keys_become_the_real_ones_and_no_event_is_wrong(
        before in prop::collection::vec(step(), 0..20),
        steps in prop::collection::vec(step(), 1..150),
    ) {
        let mut simulation = Simulation::start(&before);
        steps.iter().for_each(|step| simulation.run(step));
        simulation.settle();
        simulation.check_keys();
        simulation.check_events();
    }
}

impl Simulation {
    /// Answers and delivers everything at once.
    fn exchange(&mut self, seconds: f64) {
        self.story.wait(seconds);
        self.tick();
        std::mem::take(&mut self.requests).into_iter().for_each(|request| self.answer(request));
        std::mem::take(&mut self.replies).into_iter().for_each(|reply| self.deliver(reply));
    }
}

#[test]
fn keys_of_a_large_key_space_are_unknown_until_their_lease_replies() {
    let mut simulation = Simulation::start(&[Step::Grant(1), Step::Put(1, Some(1))]);
    let shown = |simulation: &Simulation| simulation.story.app.leases.get(LeaseId(1)).unwrap().keys.clone();
    assert_eq!(shown(&simulation), None);
    simulation.exchange(0.1);
    assert_eq!(shown(&simulation), Some(LeaseKeys::of(vec![name(1)])));
    assert!(!simulation.story.words().contains(&"attached"), "it may have been attached long ago");
}

#[test]
fn a_key_attached_later_is_found_by_the_next_query_and_a_deleted_one_at_once() {
    let mut simulation = Simulation::start(&[Step::Grant(1), Step::Put(1, Some(1))]);
    simulation.exchange(0.1);
    simulation.change(&Step::Put(2, Some(1)));
    simulation.exchange(30.0);
    assert!(!simulation.story.words().contains(&"attached"), "a query with keys is not due");
    simulation.exchange(31.0);
    let event = simulation.story.app.events.lines().next_back().unwrap();
    assert!(matches!(&event.kind, EventKind::Attached { key, revision: None } if *key == name(2)));
    assert!(event.doubt > Duration::from_secs(30), "it was attached at any time since the last query");
    simulation.change(&Step::Delete(1));
    simulation.watch(1);
    let event = simulation.story.app.events.lines().next_back().unwrap();
    assert!(matches!(&event.kind, EventKind::Detached { key, is_deleted: true, .. } if *key == name(1)));
}

#[test]
fn a_key_that_is_missing_is_read_before_it_is_reported() {
    for (step, word) in [(Step::Put(1, None), "detached"), (Step::Put(1, Some(2)), "moved")] {
        let mut simulation = Simulation::start(&[Step::Grant(1), Step::Grant(2), Step::Put(1, Some(1))]);
        simulation.exchange(0.1);
        simulation.change(&step);
        simulation.list();
        simulation.exchange(61.0);
        simulation.exchange(1.0);
        assert!(simulation.story.words().contains(&word), "{:?}", simulation.story.words());
        simulation.settle();
        simulation.check_keys();
    }
}

#[test]
fn a_lease_with_many_keys_is_not_queried_for_them_every_time() {
    let mut simulation = Simulation::start(&[Step::Grant(1)]);
    for number in 0..6_000 {
        let stored = Stored { lease: Some(1), created: 2, changed: 2 };
        simulation.keys.insert(format!("/heavy/key-{number:036}").into_bytes(), stored);
    }
    simulation.story.press(&[Key::Home, Key::Enter]);
    let mut with_keys = 0;
    for _ in 0..600 {
        simulation.story.wait(0.1);
        simulation.tick();
        with_keys += simulation.requests.iter().filter(|it| matches!(it, Request::Poll { has_keys: true, .. })).count();
        std::mem::take(&mut simulation.requests).into_iter().for_each(|request| simulation.answer(request));
        std::mem::take(&mut simulation.replies).into_iter().for_each(|reply| simulation.deliver(reply));
    }
    // One key query of 300 kB costs an eighth of what the budget allows in 18 s.
    assert!((2..=5).contains(&with_keys), "{with_keys} queries with keys in a minute");
}
