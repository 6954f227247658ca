//! The commands compared with etcdctl: the same lines, to the byte, and the same environment variables.

use std::process::Command;

use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::Value;

use crate::common::etcd::{Etcd, Version};
use crate::engine::{connect, settings};

on_each_version! {
    prints_the_same_lines_as_etcdctl
    reads_etcdctls_variables
    presents_a_client_certificate
    tells_which_certificate_is_at_fault
}

on_the_newest_versions! {
    waits_for_a_renewal_and_for_the_end
    tells_how_the_lease_ended_that_it_waited_for
    lists_what_was_observed
    lists_megabytes_of_key_names
    says_that_the_database_is_full
    refuses_endpoints_of_two_clusters
}

/// What the program prints on this etcd, and its exit code.
fn leasetop(etcd: &Etcd, env: &[(&str, &str)], args: &[&str]) -> (String, Option<i32>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leasetop"));
    command.env("ETCDCTL_ENDPOINTS", etcd.endpoints().join(",")).envs(env.iter().copied()).args(args);
    let output = tokio::task::block_in_place(|| command.output()).expect("the program runs");
    (String::from_utf8(output.stdout).expect("text"), output.status.code())
}

/// The id in `lease ID granted ...`.
fn id(line: &str) -> &str {
    line.split(' ').nth(1).expect("a lease id")
}

async fn waits_for_a_renewal_and_for_the_end(version: Version) {
    let etcd = Etcd::start(version).await;
    let granted = etcd.ctl(&["lease", "grant", "5"]);
    let lease = id(&granted).to_owned();
    let wait =
        |until: &str, timeout: &str| leasetop(&etcd, &[], &["wait", &lease, "--until", until, "--timeout", timeout]);
    assert_eq!(wait("renewed", "1s"), (String::new(), Some(1)), "no client renews it");
    let (output, code) = wait("left<3s", "20s");
    assert!(code == Some(0) && output.starts_with(&format!("lease {lease} reached left<3s (")), "{output}");
    let renewed = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_leasetop"));
            command.env("ETCDCTL_ENDPOINTS", etcd.endpoints().join(","));
            command.args(["wait", &lease, "--until", "renewed", "--timeout", "20s"]).output().expect("the program runs")
        });
        while !waiting.is_finished() {
            etcd.ctl(&["lease", "keep-alive", "--once", &lease]);
        }
        waiting.join().expect("it ends")
    });
    assert!(renewed.status.success(), "{renewed:?}");
    // It watches nearly the whole TTL, and sees no renewal.
    let (output, code) = wait("gone", "60s");
    let is_told = ["ran out: no renewal was seen", "expired"].map(|end| format!("lease {lease} {end}\n"));
    assert!(code == Some(0) && is_told.contains(&output), "{output}");
    assert_eq!(wait("renewed", "60s").1, Some(1), "a lease that is gone is not waited for");
}

async fn tells_how_the_lease_ended_that_it_waited_for(version: Version) {
    let etcd = Etcd::start(version).await;
    let grant = |ttl| id(&etcd.ctl(&["lease", "grant", ttl])).to_owned();
    let left = |lease: &str| {
        let line = etcd.ctl(&["lease", "timetolive", lease]);
        let left = line.split_once("remaining(").and_then(|(_, rest)| rest.split_once('s'));
        left.map_or(0, |(seconds, _)| seconds.parse::<i64>().expect("seconds"))
    };
    // Waits for the end, and acts when five of the fifteen seconds have passed.
    let wait = |lease: &str, act: &dyn Fn()| {
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                let mut command = Command::new(env!("CARGO_BIN_EXE_leasetop"));
                command.env("ETCDCTL_ENDPOINTS", etcd.endpoints().join(","));
                command.args(["wait", lease, "--until", "gone", "--timeout", "60s"]).output().expect("the program runs")
            });
            while left(lease) > 9 {}
            act();
            String::from_utf8(waiting.join().expect("it ends").stdout).expect("text")
        })
    };
    let revoked = grant("15");
    let revoke = || drop(etcd.ctl(&["lease", "revoke", &revoked]));
    assert_eq!(wait(&revoked, &revoke), format!("lease {revoked} was revoked\n"));
    let (old, new) = (grant("15"), grant("60"));
    etcd.ctl(&["put", "/heartbeat", "1", "--lease", &old]);
    let hand_over = || drop(etcd.ctl(&["put", "/heartbeat", "2", "--lease", &new]));
    let replaced = format!("lease {old} was replaced: its key /heartbeat is on lease {new} now\n");
    assert_eq!(wait(&old, &hand_over), replaced);
}

async fn lists_what_was_observed(version: Version) {
    let etcd = Etcd::start(version).await;
    let (kept, leaked) = (etcd.ctl(&["lease", "grant", "9"]), etcd.ctl(&["lease", "grant", "9"]));
    etcd.ctl(&["put", "/svc/a", "1", "--lease", id(&kept)]);
    // etcdctl renews every third of the TTL.
    let _keeping = etcd.ctl_on(&["lease", "keep-alive", id(&kept)]);
    let (listed, code) = leasetop(&etcd, &[], &["list", "--for", "14s", "-w", "json", "--sort", "every"]);
    assert_eq!(code, Some(0), "{listed}");
    let listing: Value = serde_json::from_str(&listed).expect("JSON");
    let leases = listing["leases"].as_array().expect("leases");
    let ids: Vec<_> = leases.iter().map(|lease| &lease["id"]).collect();
    assert_eq!(ids, [id(&kept)], "the other ran out meanwhile: {leaked}, {listing}");
    let lease = &leases[0];
    assert!(lease["renewals"].as_u64() >= Some(2) && lease["renewals_sureness"] == "about", "{lease}");
    assert!(lease["every"].as_f64().is_some_and(|every| (2.5..3.6).contains(&every)), "{lease}");
    assert!(lease["margin"].as_f64().is_some_and(|margin| (5.0..6.6).contains(&margin)), "{lease}");
    assert!(lease["last_renewed"].is_string() && lease["last_renewed_error"].as_f64() < Some(1.0), "{lease}");
    assert_eq!((&lease["state"], &lease["keys"]), (&"ok".into(), &serde_json::json!(["/svc/a"])));
}

/// A lease whose key names exceed gRPC's default message size hides no other lease.
async fn lists_megabytes_of_key_names(version: Version) {
    const KEYS: usize = 4_300;
    let etcd = Etcd::start(version).await;
    let cluster = connect(settings(&etcd.endpoints())).await;
    let (heavy, light) = (cluster.grant(None, 600).await.unwrap().id, cluster.grant(None, 600).await.unwrap().id);
    let name = |n: usize| format!("/big/{n:06}/{}", "x".repeat(1000)).into_bytes();
    let puts = (0..KEYS).map(|n| {
        let cluster = cluster.clone();
        async move { cluster.put(&name(n), b"", Some(heavy)).await.map(drop) }
    });
    stream::iter(puts).buffer_unordered(200).try_collect::<()>().await.unwrap();

    let (listed, code) = leasetop(&etcd, &[], &["list", "-w", "json", "--sort", "keys"]);
    assert_eq!(code, Some(0));
    let listing: Value = serde_json::from_str(&listed).expect("JSON");
    let counts: Vec<_> = listing["leases"].as_array().unwrap().iter().map(|l| (&l["id"], &l["key_count"])).collect();
    let (heavy, light) = (Value::from(heavy.to_string()), Value::from(light.to_string()));
    assert_eq!(counts, [(&heavy, &KEYS.into()), (&light, &0.into())]);
    let (output, code) = leasetop(&etcd, &[], &["timetolive", heavy.as_str().unwrap(), "--keys", "-w", "json"]);
    assert_eq!((output.matches("/big/").count(), code), (KEYS, Some(0)));
}

async fn says_that_the_database_is_full(version: Version) {
    let etcd = Etcd::with_options(version, &["--quota-backend-bytes=1500000"]).await;
    let granted = etcd.ctl(&["lease", "grant", "600"]);
    let cluster = connect(settings(&etcd.endpoints())).await;
    let big = vec![0; 400_000];
    let mut key = 0_u8;
    while cluster.put(&[key], &big, None).await.is_ok() {
        key += 1;
    }
    let (listed, code) = leasetop(&etcd, &[], &["list"]);
    let alarm = "\nalarm NOSPACE: the database is full; existing leases are renewed and expire as usual; grants and puts fail; ";
    assert!(code == Some(0) && listed.contains(alarm) && listed.contains(id(&granted)), "{listed}");
    let refused = stderr(&etcd.endpoints()[0], &["grant", "60"]);
    let why = "the database is full (etcdserver: mvcc: database space exceeded); compact and defragment etcd, then run `etcdctl \
               alarm disarm`\n";
    assert!(refused.0.ends_with(why) && refused.1 == Some(2), "{refused:?}");
    let (probed, _) = leasetop(&etcd, &[], &["members", "--probe-members", "-w", "json"]);
    let probed: Value = serde_json::from_str(&probed).expect("JSON");
    let steps = probed["members"][0]["probe"].as_array().unwrap_or_else(|| panic!("{probed}")).iter();
    let steps: Vec<_> = steps.map(|step| (step["request"].as_str().unwrap(), step["error"].is_null())).collect();
    assert_eq!(steps, [("grant", false), ("renewal", true)], "it renews although it cannot grant");
}

async fn prints_the_same_lines_as_etcdctl(version: Version) {
    let etcd = Etcd::start(version).await;
    let ours = |args: &[&str]| leasetop(&etcd, &[], args).0;
    let granted = ours(&["grant", "600"]);
    let (ours_granted, theirs_granted) = (id(&granted).to_owned(), etcd.ctl(&["lease", "grant", "600"]));
    let theirs = id(&theirs_granted);
    assert_eq!(granted.replace(&ours_granted, theirs), theirs_granted);
    etcd.ctl(&["put", "/a", "1", "--lease", theirs]);
    etcd.ctl(&["put", "/b", "2", "--lease", theirs]);

    // A second may pass between the two.
    let same = (0..20).any(|_| ours(&["timetolive", theirs]) == etcd.ctl(&["lease", "timetolive", theirs]));
    assert!(same, "{}", ours(&["timetolive", theirs]));
    // etcd returns the keys in no order.
    let same = (0..40)
        .any(|_| ours(&["timetolive", theirs, "--keys"]) == etcd.ctl(&["lease", "timetolive", theirs, "--keys"]));
    assert!(same, "{}", ours(&["timetolive", theirs, "--keys"]));

    let once = |args: &[&str]| (ours(args), etcd.ctl(&[&["lease"], args].concat()));
    let (one, other) = once(&["keep-alive", "--once", theirs]);
    assert_eq!(one, other);
    let theirs_revoked = etcd.ctl(&["lease", "revoke", theirs]);
    assert_eq!(ours(&["revoke", &ours_granted]).replace(&ours_granted, theirs), theirs_revoked);
    let (one, other) = once(&["timetolive", theirs]);
    assert_eq!(one, other);
    let (one, other) = once(&["keep-alive", theirs]);
    assert_eq!(one, other);
}

async fn reads_etcdctls_variables(version: Version) {
    let mut etcd = Etcd::start(version).await;
    etcd.enable_auth();
    let user = [("ETCDCTL_USER", "root:root-password")];
    let (granted, code) = leasetop(&etcd, &user, &["grant", "60", "--put", "/app/{id}={ttl}"]);
    assert_eq!(code, Some(0), "{granted}");
    let user = [("ETCDCTL_USER", "app"), ("ETCDCTL_PASSWORD", "app-password")];
    let (listed, code) = leasetop(&etcd, &user, &["list", "--holding", &format!("/app/{}", id(&granted)), "-q"]);
    assert_eq!((listed.trim(), code), (id(&granted), Some(0)));
    let root = [("ETCDCTL_USER", "root:root-password")];
    assert_eq!(leasetop(&etcd, &root, &["grant", "60", "--put", "/secret=1"]).1, Some(0));
    let denied = leasetop(&etcd, &user, &["list"]).1;
    let (listed, code) = leasetop(&etcd, &user, &["list", "-q", "--for", "3s", "--prefix", "/app/"]);
    assert!(listed.lines().any(|line| line == id(&granted)), "those whose keys may be read: {listed}");
    assert_eq!(code, denied, "whether those are all is output as without --for");
    assert_eq!(leasetop(&etcd, &[("ETCDCTL_USER", "app:wrong")], &["list"]).1, Some(2));
}

async fn presents_a_client_certificate(version: Version) {
    let etcd = Etcd::with_tls(version).await;
    let tls = etcd.certificates();
    let path = |path: &std::path::Path| path.to_str().expect("text").to_owned();
    let (ca, cert, key) = (path(&tls.ca), path(&tls.client.cert), path(&tls.client.key));
    let files = [("ETCDCTL_CACERT", ca.as_str()), ("ETCDCTL_CERT", &cert), ("ETCDCTL_KEY", &key)];
    let (granted, code) = leasetop(&etcd, &files, &["grant", "60"]);
    assert_eq!(code, Some(0), "{granted}");
    assert_eq!(leasetop(&etcd, &files[..1], &["list"]).1, Some(2), "without our certificate");
    let bare = etcd.endpoints().join(",").replace("https://", "");
    let (listed, _) = leasetop(&etcd, &files, &["list", "-q", "--endpoints", &bare]);
    assert_eq!(listed.trim(), id(&granted), "TLS files make a bare endpoint a secure one");
}

/// The messages themselves are tested in [`credentials`](crate::credentials).
async fn tells_which_certificate_is_at_fault(version: Version) {
    let etcd = Etcd::with_tls(version).await;
    let tls = etcd.certificates();
    let path = |path: &std::path::Path| path.to_str().expect("text").to_owned();
    let (ca, cert, key) = (path(&tls.ca), path(&tls.expired.cert), path(&tls.expired.key));
    let endpoint = &etcd.endpoints()[0];
    let why = "the server requires a client certificate; use --cert and --key";
    let expected = format!("error: could not list the leases at {endpoint}: {why}\n");
    assert_eq!(stderr(endpoint, &["list", "--cacert", &ca]), (expected, Some(2)));
    let (told, code) = stderr(endpoint, &["list", "--cacert", &ca, "--cert", &cert, "--key", &key]);
    let fault = format!("error: the client certificate {cert} expired ");
    assert!(told.starts_with(&fault) && code == Some(2), "{told}");
}

/// What a command prints to stderr, and its exit code.
fn stderr(endpoint: &str, args: &[&str]) -> (String, Option<i32>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leasetop"));
    command.args(["--endpoints", endpoint]).args(args);
    let output = tokio::task::block_in_place(|| command.output()).expect("the program runs");
    (String::from_utf8(output.stderr).expect("text"), output.status.code())
}

/// The commands that refuse endpoints of two clusters.
const TWO_CLUSTERS: [&[&str]; 6] = [
    &["list"],
    &["list", "-q"],
    &["list", "--for", "1"],
    &["revoke", "--filter", "ttl>0", "--yes", "1"],
    &["locks"],
    &["wait", "--until", "any(ttl>0)", "--timeout", "20s"],
];

async fn refuses_endpoints_of_two_clusters(version: Version) {
    let (one, two) = (Etcd::start(version).await, Etcd::start(version).await);
    one.ctl(&["lease", "grant", "60"]);
    let (one, two) = (one.endpoints().remove(0), two.endpoints().remove(0));
    // Either may answer first.
    for endpoints in [format!("{one},{two}"), format!("{two},{one}")].iter().cycle().take(6) {
        for args in TWO_CLUSTERS {
            let (told, code) = stderr(endpoints, args);
            assert!(told.starts_with("error: the endpoints lead to two clusters, 127.0.0.1:"), "{args:?}: {told}");
            assert_eq!(code, Some(2), "{told}");
        }
    }
}
