//! How often the visible rows change while no key is pressed.

use std::collections::BTreeMap;
use std::time::Duration;

use etcd_lease::LeaseId;
use etcd_lease::wire::{Address, Cluster, Settings, Target};
use simkit::Clock;

use super::print_value;
use crate::pty::Terminal;
use crate::sandbox::ServedSandbox;

const LEASES: u64 = 300;
const SECONDS: u32 = 60;
const LOOKS_PER_SECOND: u32 = 4;

/// Renews a lease of this TTL after each third of it for as long as the runtime lives. If `is_unsteady`, every fourth
/// renewal is late.
async fn renew_regularly(
    cluster: Cluster,
    clock: Clock,
    id: LeaseId,
    (first, ttl): (Duration, Duration),
    is_unsteady: bool,
) {
    clock.sleep(first).await;
    for count in 0_u64.. {
        let interval = if is_unsteady && count % 4 == 3 { ttl.mul_f64(0.85) } else { ttl / 3 };
        let next = clock.now() + interval;
        cluster.keep_alive_once(id).await.expect("the sandbox answers");
        clock.sleep_until(next).await;
    }
}

/// 300 leases of ten services, renewed by another client. If `are_some_late`, it renews seven of them unsteadily.
fn server_with_clients(are_some_late: bool) -> ServedSandbox {
    let server = ServedSandbox::start();
    let settings = Settings::new(vec![Target::Address(Address::parse(server.endpoint()).expect("an address"))]);
    let cluster = server.runtime().block_on(Cluster::connect(settings)).expect("a cluster");
    for n in 0..LEASES {
        let ttl = [10_u64, 20, 30, 60, 120][n as usize % 5];
        let id = LeaseId(server.sandbox.grant(ttl as i64).expect("a lease"));
        server.sandbox.put(format!("/svc/{}/10.0.0.{n}:8000", n % 10), "x", Some(id.0)).expect("a key");
        let first = Duration::from_millis(n * 377 % (ttl * 333));
        let times = (first, Duration::from_secs(ttl));
        let renew = renew_regularly(cluster.clone(), Clock::real(), id, times, are_some_late && n % 47 == 0);
        server.runtime().spawn(renew);
    }
    server
}

/// The visible leases by key, and whether each looks healthy.
fn rows(terminal: &Terminal) -> BTreeMap<String, bool> {
    let text = terminal.screen().contents();
    let row = |line: &str| {
        let key = line.split_whitespace().find(|word| word.starts_with("/svc/"))?;
        Some((key.to_owned(), line.contains("● ok") && !line.contains('△')))
    };
    // The table ends where the detail begins.
    text.lines().take_while(|line| !line.contains('┬')).filter_map(row).collect()
}

/// Prints how often the set of visible rows changed, and how often so although none of the rows that came or went was in
/// trouble or had recently been.
fn count_changes(name: &str, are_some_late: bool) {
    // A lease keeps its class for up to 30 s after its trouble.
    const RECENT: u32 = 32 * LOOKS_PER_SECOND;
    let server = server_with_clients(are_some_late);
    let mut terminal = server.monitor(&[], 120, 35);
    terminal.wait_for(&format!("{LEASES} others"));
    // Until the usual interval of the longest TTL is known.
    terminal.pass(100.0);
    let mut before = rows(&terminal);
    assert!(before.len() > 10, "{}", terminal.screen().contents());
    let (mut changes, mut unexplained) = (0, 0);
    let mut last_trouble: BTreeMap<String, u32> = BTreeMap::new();
    // The first looks only find the leases that were in trouble before.
    for look in 0..RECENT + SECONDS * LOOKS_PER_SECOND {
        terminal.pass(1.0 / f64::from(LOOKS_PER_SECOND));
        terminal.wait_until("a whole frame", |_| true);
        let now = rows(&terminal);
        let in_trouble = before.iter().chain(&now).filter(|(_, is_healthy)| !**is_healthy);
        last_trouble.extend(in_trouble.map(|(key, _)| (key.clone(), look)));
        let moved = now.keys().filter(|key| !before.contains_key(*key));
        let moved: Vec<&String> = moved.chain(before.keys().filter(|key| !now.contains_key(*key))).collect();
        let explains = |key: &&String| last_trouble.get(*key).is_some_and(|at| look - at <= RECENT);
        let is_change = look >= RECENT && !moved.is_empty();
        changes += u32::from(is_change);
        unexplained += u32::from(is_change && !moved.iter().any(explains));
        before = now;
    }
    print_value(&format!("{name}_changes"), f64::from(changes));
    print_value(&format!("{name}_unexplained_changes"), f64::from(unexplained));
}

#[test]
#[ignore = "run by tests/measure rows"]
fn still_rows() {
    count_changes("healthy", false);
    count_changes("unsteady", true);
}
