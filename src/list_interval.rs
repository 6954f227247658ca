//! How often the leases are listed.

use std::time::Duration;

/// The interval for each lease: about 40 times what listing it costs etcd, so that lists take about 2.5 % of a core. A list
/// of 100,000 leases takes 235 ms.
const PER_LEASE: Duration = Duration::from_micros(100);
/// The interval is at least this many times as long as the last list took.
const REST: u32 = 20;
/// The interval for few leases, before a slow list stretches it.
const SECOND: Duration = Duration::from_secs(1);

/// The time from one list to the next: at least `floor`, and longer for many leases and on a slow cluster.
///
/// `took` is the duration of the last successful list. It can include a pause of etcd, so it stretches the interval at most
/// to 2.5 s, or to 2.5 times the interval for the number of leases.
pub fn list_interval(floor: Duration, leases: usize, took: Duration) -> Duration {
    let by_count = PER_LEASE * u32::try_from(leases).unwrap_or(u32::MAX);
    (took * REST).min(by_count.max(SECOND) * 5 / 2).max(by_count).max(floor)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[test]
    fn the_interval_follows_the_cost_of_a_list_and_one_slow_list_changes_it_little() {
        assert_eq!(list_interval(SECOND, 10, MS(2)), SECOND);
        assert_eq!(list_interval(MS(80), 10, MS(2)), MS(80));
        assert_eq!(list_interval(SECOND, 100_000, MS(235)), MS(10_000));
        assert_eq!(list_interval(SECOND, 100_000, MS(600)), MS(12_000));
        assert_eq!(list_interval(SECOND, 100_000, MS(4_000)), MS(25_000));
        assert_eq!(list_interval(SECOND, 10, MS(4_000)), MS(2_500));
    }
}
