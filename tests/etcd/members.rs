//! The members of a real cluster, also those that are no endpoints, and one that was killed.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::common::etcd::{Etcd, Version};
use crate::pty::{Terminal, leasetop};

on_the_newest_versions! {
    members_are_listed_and_a_killed_one_is_named
}

/// What `leasetop members` prints in JSON, with one endpoint.
fn members(endpoint: &str) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leasetop"));
    command.args(["--endpoints", endpoint, "members", "-w", "json"]);
    let output = tokio::task::block_in_place(|| command.output()).expect("the program runs");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

async fn members_are_listed_and_a_killed_one_is_named(version: Version) {
    let mut etcd = Etcd::cluster(version).await;
    let leader = etcd.leader().await;
    let (follower, killed) = ((leader + 1) % 3, (leader + 2) % 3);
    let endpoint = etcd.endpoints().remove(follower);

    let listed = members(&endpoint);
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
    let listed = members(&endpoint);
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
    monitor.keys("q");
    assert_eq!(monitor.exit_code(), 0);
}
