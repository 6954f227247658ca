//! Reading and watching keys on an etcd with users.

use std::process::Command;
use std::time::Duration;

use etcd_lease::wire::{Address, Cluster, ErrorKind, Settings, Target, User, WatchUpdate};
use etcd_lease::{KeyRange, LeaseId};
use leasetop::app::{AppConfig, EventName};
use leasetop::runtime::{ExternalEvent, HeadlessOptions, Outputs, TimedEvent, follow_events};
use simkit::tasks::spawn;
use simkit::{Clock, Stopwatch};

use crate::common::etcd::{Etcd, Version};

on_each_version! {
    a_user_reads_its_own_keys_and_is_refused_others
    without_permission_to_list_leases_are_found_by_their_keys
    a_wrong_password_is_reported_once_and_not_sent_over_and_over
    no_output_contains_a_password_or_a_token
}

async fn log_in(etcd: &Etcd, name: &str, password: &str) -> Cluster {
    let target = Target::Address(Address::parse(&etcd.endpoints()[0]).expect("an address"));
    let user = User { name: name.to_owned(), password: password.to_owned() };
    let settings = Settings { user: Some(user), ..Settings::new(vec![target]) };
    Cluster::connect(settings).await.expect("a cluster")
}

async fn a_user_reads_its_own_keys_and_is_refused_others(version: Version) {
    let mut etcd = Etcd::start(version).await;
    etcd.enable_auth();
    let app = log_in(&etcd, "app", "app-password").await;
    let lease = app.grant(Some(LeaseId(7)), 60).await.unwrap().id;
    let own = KeyRange::prefix(b"/app/");
    let mut watch = app.watch_keys(&own, 0).await.unwrap();
    app.put(b"/app/a", b"v", Some(lease)).await.unwrap();
    let reported = tokio::time::timeout(Duration::from_secs(20), watch.next()).await.expect("reported in time");
    assert!(
        matches!(reported, WatchUpdate::Changes { ref changes, .. } if changes[0].key == b"/app/a"),
        "{reported:?}"
    );
    assert_eq!(app.key_pages(&own).next().await.unwrap().unwrap()[0].lease, Some(lease));

    let refused = app.key_pages(&KeyRange::all()).next().await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Forbidden, "{refused}");
    let refused = app.watch_keys(&KeyRange::all(), 0).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Forbidden, "{refused}");
}

/// Waits for the first event of this kind about a lease.
async fn wait_for_event(events: &mut tokio::sync::mpsc::Receiver<TimedEvent>, word: EventName, id: LeaseId) {
    let heard = async {
        while let Some(TimedEvent { event, .. }) = events.recv().await {
            if event.name() == word && event.lease == Some(id) {
                return;
            }
        }
        panic!("the events ended");
    };
    tokio::time::timeout(Duration::from_secs(30), heard).await.unwrap_or_else(|_| panic!("{word:?} in time"));
}

async fn without_permission_to_list_leases_are_found_by_their_keys(version: Version) {
    let mut etcd = Etcd::start(version).await;
    etcd.enable_auth();
    // A lease with a key that the user may not read: from 3.5.28 on it may not list at all.
    let root = log_in(&etcd, "root", "root-password").await;
    let secret = root.grant(Some(LeaseId(5)), 600).await.unwrap().id;
    root.put(b"/secret", b"v", Some(secret)).await.unwrap();
    let config = AppConfig { range: KeyRange::prefix(b"/app/"), ..AppConfig::default() };
    let cluster = log_in(&etcd, "app", "app-password").await;
    let (sender, mut events) = tokio::sync::mpsc::channel(256);
    let signals = Box::pin(futures_util::stream::pending::<ExternalEvent>());
    let options = HeadlessOptions { cluster, clock: Clock::real(), config, outputs: Outputs::default() };
    let _headless = spawn(follow_events(options, signals, sender));
    // The events of keys start once the keys are watched.
    let lease = root.grant(Some(LeaseId(-9)), 600).await.unwrap().id;
    let attaching = async {
        for n in 0_u64.. {
            root.put(format!("/app/{n}").as_bytes(), b"v", Some(lease)).await.unwrap();
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    };
    tokio::select! {
        () = wait_for_event(&mut events, EventName::Attached, lease) => (),
        () = attaching => (),
    }
    root.revoke(lease).await.unwrap();
    wait_for_event(&mut events, EventName::Revoked, lease).await;
}

async fn a_wrong_password_is_reported_once_and_not_sent_over_and_over(version: Version) {
    let mut etcd = Etcd::start(version).await;
    etcd.enable_auth();
    let cluster = log_in(&etcd, "root", "wrong").await;
    let (sender, mut events) = tokio::sync::mpsc::channel(256);
    let signals = Box::pin(futures_util::stream::pending::<ExternalEvent>());
    let (config, outputs) = (AppConfig::default(), Outputs::default());
    let options = HeadlessOptions { cluster, clock: Clock::real(), config, outputs };
    let _headless = spawn(follow_events(options, signals, sender));
    let first = tokio::time::timeout(Duration::from_secs(10), events.recv()).await.expect("in time").expect("an event");
    let text = first.event.text();
    assert!(text.contains("refuses requests") && text.contains("check --user and --password"), "{text}");
    // Status, list and watch try again all the time.
    tokio::time::sleep(Duration::from_secs(8)).await;
    let more: Vec<_> = std::iter::from_fn(|| events.try_recv().ok()).collect();
    assert!(more.is_empty(), "{more:?}");
    let series = "grpc_server_started_total{grpc_method=\"Authenticate\",grpc_service=\"etcdserverpb.Auth\",grpc_type=\"unary\"}";
    let logins = etcd.metric(0, series).await.expect("the metric");
    // One is that of etcdctl, which enabled authentication.
    assert!(logins <= 4.0, "{logins} logins in 8 s");
    let mut wait = Command::new(env!("CARGO_BIN_EXE_leasetop"));
    wait.args(["--endpoints", &etcd.endpoints()[0], "wait", "--until", "any(ttl>0)", "--timeout", "60s"]);
    wait.env("ETCDCTL_USER", "root:wrong");
    let watch = Stopwatch::start();
    let waited = tokio::task::block_in_place(|| wait.output()).expect("the program runs");
    assert_eq!(waited.status.code(), Some(2), "{waited:?}");
    assert!(watch.elapsed() < Duration::from_secs(30), "a wrong password stays wrong");
}

/// With the most verbose log, and a password that is right or wrong.
async fn no_output_contains_a_password_or_a_token(version: Version) {
    let mut etcd = Etcd::start(version).await;
    etcd.enable_auth();
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    // As `NewTokenProviderSimple` in etcd's server/auth/simple_token.go makes them: 16 letters, and an index.
    let token = regex::Regex::new(r"\b[A-Za-z]{16}\.[0-9]+").expect("a pattern");
    for (user, password) in [("root", "root-password"), ("root", "wrong-password"), ("app", "app-password")] {
        for args in [
            &["list"][..],
            &["grant", "60", "--put", "/app/a=b"],
            &["events", "--for", "2s"],
            &["members"],
            &["exercise", "--ttl", "5", "--for", "4s"],
            &["config"],
        ] {
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_leasetop"));
            command.env("ETCDCTL_ENDPOINTS", etcd.endpoints().join(",")).env("ETCDCTL_PASSWORD", password);
            command.args(args).args(["--user", user, "-vv", "--log-file"]).arg(&log);
            let output = tokio::task::block_in_place(|| command.output()).expect("the program runs");
            let text = [output.stdout, output.stderr, std::fs::read(&log).unwrap_or_default()].concat();
            let text = String::from_utf8(text).expect("text");
            assert!(!text.contains(password) && !token.is_match(&text), "{user} {args:?}: {text}");
        }
    }
    assert!(std::fs::read_to_string(&log).expect("a log").contains("logging in"), "it is complete");
}
