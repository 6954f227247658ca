//! The members of a real cluster, also those that are no endpoints, and one that was killed.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::common::etcd::{Etcd, Version};
use crate::common::guard::Guarded;
use crate::common::wait::until;
use crate::engine::{connect, settings};
use vt100::Screen;

use crate::pty::{Terminal, leasetop};

on_the_newest_versions! {
    members_are_listed_and_a_killed_one_is_named
    certificates_that_end_soon_are_named_in_every_view
    a_member_that_answers_but_cannot_renew_is_found
    the_rates_of_etcd_are_shown_beside_those_of_leasetop
}

mod counters {
    use super::the_leader_counts_leases;

    on_each_version! { the_leader_counts_leases }
}

const TIMEOUT: Duration = Duration::from_secs(30);

/// What `leasetop members` prints in JSON, and its exit code.
fn members(args: &[&str]) -> (Value, Option<i32>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leasetop"));
    command.args(["members", "-w", "json"]).args(args);
    let output = tokio::task::block_in_place(|| command.output()).expect("the program runs");
    let listed = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    (listed, output.status.code())
}

async fn members_are_listed_and_a_killed_one_is_named(version: Version) {
    let mut etcd = Etcd::cluster(version).await;
    let leader = etcd.leader().await;
    let (follower, killed) = ((leader + 1) % 3, (leader + 2) % 3);
    let endpoint = etcd.endpoints().remove(follower);

    let (listed, code) = members(&["--endpoints", &endpoint]);
    assert_eq!(code, Some(0), "{listed}");
    let of = |object: &Value, member: usize| object["members"][member].clone();
    for member in 0..3 {
        let shown = of(&listed, member);
        assert_eq!((&shown["name"], &shown["answers"]), (&format!("m{member}").into(), &true.into()), "{listed}");
        assert_eq!(shown["is_endpoint"], member == follower, "{listed}");
        assert_eq!(shown["role"], if member == leader { "leader" } else { "follower" }, "{listed}");
        assert!(shown["db_size"].as_u64() > Some(0) && shown["term"].as_u64() > Some(0), "{listed}");
        assert_eq!(shown["db_size_quota"].is_u64(), version >= Version::V3_6, "{listed}");
    }
    let through = format!("m{follower}: the leader, m{leader}, is not among the endpoints");
    assert_eq!(listed["renewals_through"], through);

    etcd.kill(killed);
    let (listed, code) = members(&["--endpoints", &endpoint]);
    assert_eq!(code, Some(1), "{listed}");
    let lost = of(&listed, killed);
    assert_eq!((&lost["answers"], &lost["role"]), (&false.into(), &"unknown".into()), "{listed}");
    assert!(lost["problems"][0].as_str().is_some_and(|why| why.contains("refused")), "{listed}");
    assert_eq!(of(&listed, leader)["answers"], true, "{listed}");

    let mut command = leasetop();
    command.args(["--endpoints", &etcd.endpoints().join(",")]);
    let mut monitor = Terminal::start(command, 120, 35);
    monitor.wait_for("▲ 2 of 3 members");
    monitor.keys("5");
    monitor.wait_for(&format!("renewals go through m{leader}: it is the leader"));
    monitor.wait_for("unknown");
    tokio::time::timeout(Duration::from_secs(60), etcd.restart(killed)).await.expect("it comes back");
    monitor.wait_for("● healthy");

    etcd.kill(killed);
    monitor.wait_for(&format!("m{killed} does not answer"));
    etcd.ctl(&["member", "remove", lost["id"].as_str().expect("an id")]);
    monitor.wait_for("removed");
    monitor.wait_for("● healthy   2 members");
    monitor.keys("3f");
    monitor.wait_for(&format!("member m{killed} was removed; the cluster has 2 members"));
    monitor.keys("q");
    assert_eq!(monitor.exit_code(), 0);
}

async fn certificates_that_end_soon_are_named_in_every_view(version: Version) {
    let etcd = Etcd::with_tls(version).await;
    let certificates = etcd.certificates();
    let [ca, cert, key] = [&certificates.ca, &certificates.ending.cert, &certificates.ending.key];
    let [ca, cert, key] = [ca, cert, key].map(|path| path.display().to_string());
    let endpoint = etcd.endpoints().remove(0);
    let options = ["--endpoints", &endpoint, "--cacert", &ca, "--cert", &cert, "--key", &key];

    let (listed, _) = members(&options);
    assert!(listed["members"][0]["certificate_end"].as_str().is_some_and(|end| end > "4000"), "{listed}");
    assert_eq!(listed["members"][0]["problems"], Value::Array(Vec::new()), "{listed}");
    assert!(listed["client_certificate_end"].as_str().is_some_and(|end| end < "4000"), "{listed}");

    // etcd reads the files at every handshake.
    fs::copy(&certificates.ending.key, &certificates.server.key).unwrap();
    fs::copy(&certificates.ending.cert, &certificates.server.cert).unwrap();
    let (listed, code) = members(&options);
    assert_eq!(listed["members"][0]["problems"][0], "certificate expires in 12 days", "{listed}");
    assert_eq!((&listed["client_certificate_end"], code), (&listed["members"][0]["certificate_end"], Some(0)));

    let mut command = leasetop();
    command.args(options);
    let mut monitor = Terminal::start(command, 160, 35);
    for view in ["1", "2", "3", "4", "5"] {
        monitor.keys(view);
        monitor.wait_for("▲ certificate of m0 expires in 12 days");
        monitor.wait_for("▲ client certificate expires in 12 days");
    }
    monitor.wait_for("CERTIFICATE");
    monitor.keys("q");
    assert_eq!(monitor.exit_code(), 0);
}

async fn a_member_that_answers_but_cannot_renew_is_found(version: Version) {
    let mut etcd = Etcd::cluster(version).await;
    let endpoints = etcd.endpoints().join(",");
    let (probed, code) = members(&["--endpoints", &endpoints, "--probe-members"]);
    assert_eq!(code, Some(0), "{probed}");
    for member in 0..3 {
        let probe = probed["members"][member]["probe"].as_array().expect("a probe");
        let requests: Vec<_> = probe.iter().map(|step| (&step["request"], step["error"].is_null())).collect();
        let expected = ["grant", "renewal", "revoke"].map(Value::from);
        assert_eq!(requests, expected.each_ref().map(|request| (request, true)), "{probed}");
    }
    assert_eq!(etcd.ctl(&["lease", "list"]).trim(), "found 0 leases");

    let leader = etcd.leader().await;
    let frozen = (leader + 1) % 3;
    etcd.freeze(frozen);
    let (probed, code) = members(&["--endpoints", &endpoints, "--probe-members"]);
    etcd.thaw(frozen);
    assert_eq!(code, Some(1), "{probed}");
    for member in 0..3 {
        let probe = &probed["members"][member]["probe"];
        assert_eq!(probe[1]["error"].is_null(), member != frozen, "{probed}");
        assert_eq!(probe[2].is_null(), member == frozen, "{probed}");
    }

    etcd.add_learner().await;
    let endpoint = etcd.endpoints().remove(3);
    let mut command = leasetop();
    command.args(["--endpoints", &format!("{endpoints},{endpoint}")]);
    let mut monitor = Terminal::start(command, 120, 35);
    monitor.keys("5");
    monitor.wait_for("learner");
    monitor.keys("R");
    monitor.wait_for("Grant, renew and revoke a lease of 10 s through 4 members? R again: yes");
    monitor.keys("R");
    monitor.wait_for("The lease probe failed at 1 of 4 members");
    monitor.keys("G");
    monitor.wait_for("not supported for learner");
    monitor.keys("q");
    assert_eq!(monitor.exit_code(), 0);
}

async fn the_leader_counts_leases(version: Version) {
    let etcd = Etcd::start(version).await;
    let cluster = connect(settings(&etcd.endpoints())).await;
    cluster.probe_now();
    until("it leads", TIMEOUT, async || cluster.view().members[0].is_leader).await;
    let before = cluster.lease_counters().await.expect("the counters");
    let lease = etcd.ctl(&["lease", "grant", "60"]);
    let id = lease.split(' ').nth(1).expect("an id");
    etcd.ctl(&["lease", "keep-alive", id, "--once"]);
    etcd.ctl(&["lease", "revoke", id]);
    etcd.ctl(&["lease", "grant", "1"]);
    let counted = async || {
        let after = cluster.lease_counters().await.expect("the counters");
        let more = [after.granted - before.granted, after.renewed - before.renewed];
        more == [2, 1] && [after.revoked - before.revoked, after.expired - before.expired] == [1, 1]
    };
    until("two grants, a renewal, a revoke and an expiry are counted", TIMEOUT, counted).await;
}

async fn the_rates_of_etcd_are_shown_beside_those_of_leasetop(version: Version) {
    let etcd = Etcd::start(version).await;
    let endpoint = etcd.endpoints().remove(0);
    let mut clients = Command::new(env!("CARGO_BIN_EXE_leasetop"));
    clients.args(["--endpoints", &endpoint, "grant", "10", "--count", "30", "--keep-alive"]).stdout(Stdio::null());
    let _clients = Guarded::start(&mut clients);
    let mut command = leasetop();
    command.args(["--endpoints", &endpoint]);
    let mut monitor = Terminal::start(command, 120, 35);
    monitor.keys("5");
    monitor.wait_for("Leases per second, last ");
    // 30 leases every 3.3 s; the rate of leasetop lags by one poll.
    let renewed = |screen: &Screen| {
        let text = screen.contents();
        let line = text.lines().find(|line| line.contains("renewed "))?;
        let mut numbers = line.split_whitespace().filter_map(|word| word.parse::<f64>().ok());
        Some((numbers.next()?, numbers.next()?))
    };
    let is_close = |rate: f64| (6.0..12.0).contains(&rate);
    monitor.wait_until("9 renewals a second", |screen| {
        renewed(screen).is_some_and(|(etcd, seen)| is_close(etcd) && is_close(seen))
    });
    monitor.keys("q");
    assert_eq!(monitor.exit_code(), 0);
}
