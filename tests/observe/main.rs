//! The observer on the sandbox, over the in-memory transport and on a paused clock.

use std::time::Duration;

use etcd_lease::wire::{Cluster, ErrorKind, Settings, Target};
use etcd_lease::{KeyChange, KeyEntry, KeyRange, KeyState, LeaseId};
use etcd_sandbox::Sandbox;
use leasetop::observe::{KeyScope, Listed, Observation, ObservedPart, Observer};
use simkit::Clock;
use tonic::Status;

/// Bytes for keys per minute. The key spaces of most tests are smaller.
const BUDGET: u64 = 8_000_000;

struct ObserverTest {
    sandbox: Sandbox,
    observer: Observer,
    clock: Clock,
}

impl ObserverTest {
    /// A sandbox, prepared, and an observer of all its keys.
    async fn start(prepare: impl FnOnce(&Sandbox)) -> ObserverTest {
        ObserverTest::with(KeyScope { range: KeyRange::all(), bytes_per_minute: BUDGET }, prepare).await
    }

    async fn with(scope: KeyScope, prepare: impl FnOnce(&Sandbox)) -> ObserverTest {
        let clock = Clock::real();
        let sandbox = Sandbox::builder().seed(1).start(clock.clone());
        prepare(&sandbox);
        let target = Target::Pipe { name: "sandbox".to_owned(), dialer: sandbox.dialer(0) };
        let cluster = Cluster::connect(Settings::new(vec![target])).await.unwrap();
        let observer = Observer::start(cluster, clock.clone(), scope);
        ObserverTest { sandbox, observer, clock }
    }

    /// The first observation that `pick` accepts, within a minute.
    async fn next<T>(&mut self, mut pick: impl FnMut(Observation) -> Option<T>) -> T {
        let found = async {
            loop {
                if let Some(found) = pick(self.observer.next().await) {
                    return found;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(60), found).await.expect("reported in time")
    }

    async fn listed(&mut self) -> Listed {
        self.next(|news| if let Observation::Listed(listed) = news { Some(listed) } else { None }).await
    }

    async fn changed(&mut self) -> Vec<KeyChange> {
        self.next(|news| if let Observation::Changed { changes, .. } = news { Some(changes) } else { None }).await
    }

    async fn read(&mut self) -> i64 {
        self.next(|news| if let Observation::KeysRead { revision } = news { Some(revision) } else { None }).await
    }

    async fn by_lease(&mut self) {
        self.next(|news| matches!(news, Observation::KeysByLease { .. }).then_some(())).await;
    }

    /// Bytes received from the sandbox.
    fn received(&self) -> u64 {
        self.sandbox.dialer(0).received()
    }

    async fn trouble(&mut self) -> (ObservedPart, ErrorKind) {
        self.next(|news| if let Observation::Failed { part, error } = news { Some((part, error.kind())) } else { None })
            .await
    }

    async fn recovered(&mut self) -> ObservedPart {
        self.next(|news| if let Observation::Recovered(part) = news { Some(part) } else { None }).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_reported_when_it_appears_and_disappears() {
    let mut test = ObserverTest::start(|_| {}).await;
    let first = test.listed().await;
    assert_eq!((first.count, first.created.len(), first.gone.len()), (0, 0, 0));
    let lease = LeaseId(test.sandbox.grant_as(LeaseId(-5), 10).unwrap());
    let born = test.listed().await;
    assert_eq!((born.created, born.count), (vec![lease], 1));
    let gone = test.listed().await;
    assert_eq!((gone.gone, gone.count), (vec![lease], 0));
    // It was granted for 10 s, and lists come each second.
    let lived = (gone.received - born.sent).as_secs_f64();
    assert!((9.0..12.5).contains(&lived), "{lived}");
    assert!(test.sandbox.stats(0).lists >= 10);
}

#[tokio::test(start_paused = true)]
async fn the_leaders_list_is_ordered_by_time_left() {
    let mut test = ObserverTest::start(|sandbox| {
        sandbox.grant_as(LeaseId(1), 100).unwrap();
        sandbox.grant_as(LeaseId(2), 50).unwrap();
    })
    .await;
    let soonest =
        test.next(|news| if let Observation::Listed(Listed { soonest, .. }) = news { soonest } else { None }).await;
    assert_eq!(soonest, [LeaseId(2), LeaseId(1)]);
    test.sandbox.grant_as(LeaseId(3), 20).unwrap();
    assert_eq!(test.listed().await.soonest, Some(vec![LeaseId(3), LeaseId(2), LeaseId(1)]));
}

#[tokio::test(start_paused = true)]
async fn keys_are_read_then_watched() {
    let mut test = ObserverTest::start(|sandbox| {
        let lease = LeaseId(sandbox.grant_as(LeaseId(7), 600).unwrap());
        sandbox.put(b"svc/\xff\x1b", "v", Some(lease.0)).unwrap();
        sandbox.put("free", "v", None).unwrap();
    })
    .await;
    let keys = test.next(|news| if let Observation::Keys(keys) = news { Some(keys) } else { None }).await;
    assert_eq!(keys, [KeyEntry { key: b"svc/\xff\x1b".to_vec(), lease: Some(LeaseId(7)), create_revision: 2 }]);
    assert_eq!(test.read().await, 3);
    test.sandbox.put("free", "again", None).unwrap();
    test.sandbox.put("svc/new", "v", Some(7)).unwrap();
    let changes = test.changed().await;
    assert_eq!((changes.len(), changes[0].revision), (1, 5), "a key without a lease is not reported");
    test.sandbox.revoke(LeaseId(7)).unwrap();
    let changes = test.changed().await;
    assert!(changes.iter().all(|change| change.revision == 6 && change.before == Some(LeaseId(7))));
    assert!(changes.len() == 2 && changes.iter().all(|change| change.now == KeyState::Deleted));
}

#[tokio::test(start_paused = true)]
async fn a_key_named_after_a_lease_is_reported_even_if_unattached() {
    let key = b"mutex/694d9aa8d4d4f304";
    let mut test = ObserverTest::start(|sandbox| sandbox.put(&key[..], "v", None).unwrap()).await;
    let keys = test.next(|news| if let Observation::Keys(keys) = news { Some(keys) } else { None }).await;
    assert_eq!(keys, [KeyEntry { key: key.to_vec(), lease: None, create_revision: 2 }]);
    test.read().await;
    test.sandbox.delete(&key[..]);
    let gone = test.changed().await;
    assert_eq!((gone[0].before, gone[0].now), (None, KeyState::Deleted));
    test.sandbox.put("mutex/42", "a name that is a small number", None).unwrap();
    test.sandbox.put(&key[..], "v", None).unwrap();
    let made = test.changed().await;
    assert_eq!(
        made,
        [KeyChange {
            key: key.to_vec(),
            before: None,
            now: KeyState::Put { lease: None, create_revision: 5 },
            revision: 5
        }]
    );
}

#[tokio::test(start_paused = true)]
async fn a_cut_watch_loses_no_change() {
    let mut test = ObserverTest::start(|sandbox| drop(sandbox.grant_as(LeaseId(7), 600))).await;
    test.read().await;
    // Opened, and idle.
    test.clock.sleep(Duration::from_secs(1)).await;
    test.sandbox.faults().cut_watches(&Status::unavailable("cut"));
    test.sandbox.put("svc/a", "v", Some(7)).unwrap();
    assert_eq!(test.trouble().await, (ObservedPart::Keys, ErrorKind::Unavailable));
    assert_eq!(test.recovered().await, ObservedPart::Keys);
    assert_eq!(test.changed().await[0].key, b"svc/a");
}

#[tokio::test(start_paused = true)]
async fn keys_are_reloaded_after_a_compaction() {
    let mut test = ObserverTest::start(|sandbox| {
        sandbox.grant_as(LeaseId(7), 600).unwrap();
        sandbox.put("svc/unleased", "v", Some(7)).unwrap();
    })
    .await;
    test.read().await;
    test.clock.sleep(Duration::from_secs(1)).await;
    test.sandbox.faults().down();
    assert_eq!(test.trouble().await.1, ErrorKind::Unavailable);
    for _ in 0..5 {
        test.sandbox.put("svc/a", "v", Some(7)).unwrap();
    }
    test.sandbox.put("svc/unleased", "v", None).unwrap();
    test.sandbox.compact(5).unwrap();
    test.sandbox.faults().up();
    test.next(|news| matches!(news, Observation::KeysReloading).then_some(())).await;
    let keys = test.next(|news| if let Observation::Keys(keys) = news { Some(keys) } else { None }).await;
    let leases: Vec<Option<LeaseId>> = keys.iter().map(|key| key.lease).collect();
    assert_eq!((leases, test.read().await), (vec![Some(LeaseId(7)), None], 8), "a lease lost its key meanwhile");
    test.sandbox.put("svc/b", "v", Some(7)).unwrap();
    assert_eq!(test.changed().await[0].key, b"svc/b");
}

#[tokio::test(start_paused = true)]
async fn an_error_is_reported_once_and_so_is_its_end() {
    let mut test = ObserverTest::start(|_| {}).await;
    test.listed().await;
    test.read().await;
    test.sandbox.faults().down();
    test.clock.sleep(Duration::from_secs(30)).await;
    let mut reported = Vec::new();
    while let Ok(news) = tokio::time::timeout(Duration::from_secs(5), test.observer.next()).await {
        reported.push(news);
    }
    let leases =
        reported.iter().filter(|news| matches!(news, Observation::Failed { part: ObservedPart::Leases, .. })).count();
    assert!((1..=3).contains(&leases), "{reported:?}");
    test.sandbox.faults().up();
    let mut over = [test.recovered().await, test.recovered().await];
    over.sort_by_key(|part| *part == ObservedPart::Keys);
    assert_eq!(over, [ObservedPart::Leases, ObservedPart::Keys]);
}

#[tokio::test(start_paused = true)]
async fn a_pause_of_etcd_does_not_slow_down_the_list() {
    for pause in [2, 4, 7, 60] {
        let mut test = ObserverTest::start(|_| {}).await;
        test.listed().await;
        test.sandbox.faults().hang();
        test.clock.sleep(Duration::from_secs(pause)).await;
        test.sandbox.faults().resume();
        test.clock.sleep(Duration::from_millis(100)).await;
        for _ in 0..3 {
            let granted = test.clock.now();
            let lease = LeaseId(test.sandbox.grant(600).unwrap());
            let listed = test.listed().await;
            assert_eq!(listed.created, [lease]);
            let after = listed.received - granted;
            assert!(after <= Duration::from_secs(3), "listed {after:?} after a pause of {pause} s");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn megabytes_of_key_names_of_one_lease_are_read() {
    let name = |n: u32| format!("heavy/{n:04}/{}", "x".repeat(4_096));
    let mut test = ObserverTest::start(|sandbox| {
        let lease = LeaseId(sandbox.grant_as(LeaseId(7), 600).unwrap());
        (0..1_100).for_each(|n| sandbox.put(name(n), "", Some(lease.0)).unwrap());
    })
    .await;
    let mut count = 0;
    while count < 1_100 {
        count += test.next(|news| if let Observation::Keys(keys) = news { Some(keys.len()) } else { None }).await;
    }
    test.read().await;
    test.sandbox.revoke(LeaseId(7)).unwrap();
    let gone = test.changed().await;
    assert_eq!(gone.len(), 1_100, "all in one message, beyond 4 MiB");
}

#[tokio::test(start_paused = true)]
async fn a_list_beyond_four_megabytes_is_read() {
    const MANY: i64 = 400_000;
    let mut test = ObserverTest::start(|sandbox| {
        for id in 1..=MANY {
            sandbox.grant_as(LeaseId(i64::MIN + id), 3_600).unwrap();
        }
    })
    .await;
    let listed = test.listed().await;
    assert_eq!((listed.count, listed.created.len()), (400_000, 400_000));
    test.sandbox.revoke(LeaseId(i64::MIN + 9)).unwrap();
    assert_eq!(
        test.next(|news| if let Observation::Listed(listed) = news { listed.gone.first().copied() } else { None })
            .await,
        LeaseId(i64::MIN + 9)
    );
}

#[tokio::test(start_paused = true)]
async fn observations_accumulate_for_a_slow_reader() {
    let mut test = ObserverTest::start(|_| {}).await;
    test.listed().await;
    for n in 1..=200 {
        test.sandbox.grant_as(LeaseId(n), 3_600).unwrap();
        test.clock.sleep(Duration::from_secs(1)).await;
    }
    let (mut messages, mut born) = (0, 0);
    while born < 200 {
        born += test.listed().await.created.len();
        messages += 1;
    }
    // The capacity of the queue, and later observations.
    assert!(messages <= 64 + 3, "{messages} messages for 200 leases");
}

/// Leases with one small key each below `/a/`, and then keys of 500 kB below `/b/`.
fn small_keys_before_large_ones(sandbox: &Sandbox, small: i64, large: i64) {
    for id in 1..=small {
        let lease = sandbox.grant_as(LeaseId(id), 600).unwrap();
        sandbox.put(format!("/a/{id:05}"), "v", Some(lease)).unwrap();
    }
    for number in 0..large {
        sandbox.put(format!("/b/{number:05}"), vec![b'x'; 500_000], None).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn no_value_of_a_large_database_is_read_however_small_its_first_keys_are() {
    let mut test = ObserverTest::start(|sandbox| small_keys_before_large_ones(sandbox, 300, 30)).await;
    test.by_lease().await;
    assert!(test.received() < 20_000, "{}", test.received());
}

#[tokio::test(start_paused = true)]
async fn a_prefix_of_a_large_database_is_read_if_it_has_few_bytes() {
    for (prefix, is_read) in [(&b"/a/"[..], true), (b"/", false), (b"/b/", false)] {
        let scope = KeyScope { range: KeyRange::prefix(prefix), bytes_per_minute: BUDGET };
        let mut test = ObserverTest::with(scope, |sandbox| small_keys_before_large_ones(sandbox, 300, 30)).await;
        if is_read {
            test.read().await;
            assert!(test.received() < 100_000, "{}", test.received());
        } else {
            test.by_lease().await;
            assert!(test.received() < BUDGET * 3 / 4, "{} below {prefix:?}", test.received());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_for_many_leases_stays_within_the_budget_of_each_minute() {
    const MANY: usize = 2_000;
    const LITTLE: u64 = 100_000;
    let scope = KeyScope { range: KeyRange::all(), bytes_per_minute: LITTLE };
    let mut test = ObserverTest::with(scope, |sandbox| {
        for id in 1..=MANY as i64 {
            let lease = sandbox.grant_as(LeaseId(id), 3_600).unwrap();
            sandbox.put(format!("/service/{id:0120}"), "v", Some(lease)).unwrap();
        }
    })
    .await;
    let (mut keys, mut received) = (0, Vec::new());
    loop {
        let news = tokio::time::timeout(Duration::from_secs(70), test.observer.next()).await.expect("reported in time");
        match news {
            Observation::Keys(page) => keys += page.len(),
            Observation::KeyBytes(bytes) => received.push((test.clock.now(), bytes)),
            Observation::KeysRead { .. } => break,
            Observation::KeysByLease { .. } => panic!("a query of each lease costs more"),
            _ => (),
        }
    }
    assert_eq!(keys, MANY);
    for (end, _) in &received {
        let minute = received.iter().filter(|(at, _)| at <= end && *end < *at + Duration::from_secs(60));
        let bytes: u64 = minute.map(|(_, bytes)| bytes).sum();
        assert!(bytes <= LITTLE, "{bytes} bytes in the minute before {end:?}");
    }
}
