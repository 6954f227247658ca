//! Undo and a changed TTL on a real etcd, as etcdctl sees the result.

use crate::common::etcd::{Etcd, Version};
use crate::pty::{Terminal, leasetop};

on_each_version! {
    a_revoke_is_undone_with_id_keys_and_values
    a_changed_ttl_moves_the_keys
}

/// A monitor with its cursor on the only lease, of 600 s with two keys, and the id of that lease.
fn monitor(etcd: &Etcd) -> (Terminal, String) {
    let granted = etcd.ctl(&["lease", "grant", "600"]);
    let lease = granted.split(' ').nth(1).expect("a lease id").to_owned();
    etcd.ctl(&["put", "/svc/a", "one", "--lease", &lease]);
    etcd.ctl(&["put", "/svc/b", "two", "--lease", &lease]);
    let mut command = leasetop();
    command.args(["--endpoints", &etcd.endpoints().join(",")]);
    let mut monitor = Terminal::start(command, 120, 30);
    monitor.wait_for("/svc/a");
    (monitor, lease)
}

async fn a_revoke_is_undone_with_id_keys_and_values(version: Version) {
    let etcd = Etcd::start(version).await;
    let (mut monitor, lease) = monitor(&etcd);
    monitor.keys("x");
    monitor.wait_for("2 keys, 18 bytes");
    monitor.keys("1\r");
    monitor.wait_for("u undoes (not");
    assert_eq!(etcd.ctl(&["get", "/svc/", "--prefix", "--keys-only"]).trim(), "");
    etcd.ctl(&["put", "/svc/b", "new"]);
    monitor.keys("u");
    monitor.wait_for("1 key exists again and was left alone: /svc/b");
    let left = etcd.ctl(&["lease", "timetolive", "--keys", &lease]);
    assert!(left.contains("granted with TTL(600s)") && left.contains("/svc/a") && !left.contains("/svc/b"), "{left}");
    assert_eq!(etcd.ctl(&["get", "/svc/a", "--print-value-only"]).trim(), "one");
    assert_eq!(etcd.ctl(&["get", "/svc/b", "--print-value-only"]).trim(), "new");
    monitor.keys("q");
    assert_eq!(monitor.exit_code(), 0);
}

async fn a_changed_ttl_moves_the_keys(version: Version) {
    let etcd = Etcd::start(version).await;
    let (mut monitor, lease) = monitor(&etcd);
    monitor.keys("T");
    monitor.wait_for("Change the TTL of");
    monitor.keys("900\r");
    monitor.wait_for("leases (1)");
    monitor.keys("1\r");
    monitor.wait_for("TTL 900 s (was 600 s): 2 keys moved");
    let all = etcd.ctl(&["lease", "list"]);
    let new = all.lines().nth(1).expect("one lease").trim().to_owned();
    assert!(new != lease && all.lines().count() == 2, "{all}");
    let left = etcd.ctl(&["lease", "timetolive", "--keys", &new]);
    assert!(left.contains("granted with TTL(900s)") && left.contains("/svc/a") && left.contains("/svc/b"), "{left}");
    assert_eq!(etcd.ctl(&["get", "/svc/a", "--print-value-only"]).trim(), "one");
    monitor.keys("q");
    assert_eq!(monitor.exit_code(), 0);
}
