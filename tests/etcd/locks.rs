//! Locks and elections of the real etcdctl, as the monitor shows them.

use std::process::Command;
use std::time::Duration;

use crate::common::etcd::{Etcd, Version};
use crate::common::guard::Guarded;
use crate::common::wait::until;
use crate::pty::{Terminal, leasetop};

on_the_newest_versions! {
    the_queue_of_a_lock_is_shown_in_order
}

const TIMEOUT: Duration = Duration::from_secs(20);

/// The keys of a lock or an election, the oldest first.
fn line(etcd: &Etcd, name: &str) -> Vec<String> {
    let keys = etcd.ctl(&["get", &format!("{name}/"), "--prefix", "--keys-only", "--sort-by", "CREATE"]);
    keys.split_whitespace().map(str::to_owned).collect()
}

/// An etcdctl that waits in the queue behind `others` candidates.
async fn candidate(etcd: &Etcd, args: &[&str], others: usize) -> Guarded {
    let candidate = etcd.ctl_on(args);
    until("it waits in the queue", TIMEOUT, async || line(etcd, args[1]).len() == others + 1).await;
    candidate
}

/// The lease id in the name of a key.
fn id(key: &str) -> &str {
    key.rsplit('/').next().expect("the last part")
}

/// Waits until the rows of a queue are these, in this order: position and lease.
fn wait_for_line(monitor: &mut Terminal, line: &[String]) {
    let places = ["holds", "next", "2", "3"];
    let rows: Vec<String> = places.iter().zip(line).map(|(place, key)| format!("{place:<9}{:0>16}", id(key))).collect();
    monitor.wait_until(&format!("{rows:?}"), |screen| {
        let text = screen.contents();
        let at: Vec<usize> = rows.iter().filter_map(|row| text.find(row)).collect();
        at.len() == rows.len() && at.is_sorted()
    });
}

async fn the_queue_of_a_lock_is_shown_in_order(version: Version) {
    let etcd = Etcd::start(version).await;
    let mut command = leasetop();
    command.args(["--endpoints", &etcd.endpoints().join(",")]);
    let mut monitor = Terminal::start(command, 120, 30);
    monitor.keys("4");
    monitor.wait_for("No locks or elections");

    let holder = candidate(&etcd, &["lock", "mutex"], 0).await;
    let next = candidate(&etcd, &["lock", "mutex"], 1).await;
    let _third = candidate(&etcd, &["lock", "mutex"], 2).await;
    let _leader = candidate(&etcd, &["elect", "chair", "ada"], 0).await;
    let all = line(&etcd, "mutex");
    monitor.wait_for("2 locks, 2 waiters");
    wait_for_line(&mut monitor, &line(&etcd, "chair"));
    wait_for_line(&mut monitor, &all);
    monitor.wait_for("; 2 waiters; ");
    monitor.wait_for("; nobody waits.");
    assert_eq!(holding(&etcd, &all[1]), format!("{:0>16}\n", id(&all[1])));

    next.signal("KILL");
    monitor.wait_for("looks dead; leaves the queue");
    wait_for_line(&mut monitor, &all);
    monitor.wait_for("; 1 waiter; ");
    wait_for_line(&mut monitor, &[all[0].clone(), all[2].clone()]);

    holder.signal("INT");
    monitor.wait_for("2 locks, no waiters");
    wait_for_line(&mut monitor, &all[2..]);
    // Overwriting the key without its lease detaches it.
    etcd.ctl(&["put", &all[2], "mine"]);
    monitor.wait_for(&format!("stays until it is deleted: etcdctl del {}", all[2]));
    etcd.ctl(&["del", &all[2]]);
    monitor.wait_for("1 lock, no waiters");
    monitor.keys("q");
    assert_eq!(monitor.exit_code(), 0);
}

/// The lease that `leasetop list` finds by a key.
fn holding(etcd: &Etcd, key: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leasetop"));
    command.args(["--endpoints", &etcd.endpoints().join(","), "list", "--holding", key, "-q"]);
    let output = tokio::task::block_in_place(|| command.output()).expect("the program runs");
    String::from_utf8(output.stdout).expect("text")
}
