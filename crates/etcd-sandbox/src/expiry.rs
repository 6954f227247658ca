//! The expiry loop. It removes expired leases as often as etcd does.

use std::sync::Arc;
use std::time::Duration;

use super::cluster_state::{ClusterState, SharedCluster};
use simkit::Timestamp;

/// The interval of etcd's lessor (`runLoop` in its `lessor.go`), in nanoseconds.
const TICK_NANOS: u64 = 500_000_000;
/// Maximum number of leases removed per tick: half of `defaultLeaseRevokeRate`, which is 1,000 per second.
const MAX_EXPIRED_PER_TICK: usize = 500;

/// Removes expired leases on each tick that has any, and sleeps in between.
pub(super) async fn run(cluster: Arc<SharedCluster>) {
    let mut last = None;
    loop {
        // Subscribe before planning, so that no change is missed.
        let mut changes = cluster.changes();
        let wakes = cluster.with(|state, now| state.plan_expiry(last, now));
        tokio::select! {
            biased;
            () = cluster.clock.sleep_until(wakes), if wakes < Timestamp::NEVER => {
                last = Some(cluster.with(ClusterState::expire));
            }
            _ = changes.changed() => {}
        }
    }
}

impl ClusterState {
    /// Plans the next run of the expiry loop: the next tick after `last` with an expired lease, or [`Timestamp::NEVER`]
    /// while nothing expires. Stores the deadline, so that a grant with an earlier one can wake the loop.
    fn plan_expiry(&mut self, last: Option<Timestamp>, now: Timestamp) -> Timestamp {
        let earliest = self.store.leases().earliest().filter(|_| self.expiring());
        self.planned_deadline = earliest.unwrap_or(Timestamp::NEVER);
        // Each tick runs once.
        let next = if last == Some(now) { now + Duration::from_nanos(1) } else { now };
        earliest.map_or(Timestamp::NEVER, |earliest| tick_from(earliest.max(next)))
    }

    fn expire(&mut self, now: Timestamp) -> Timestamp {
        if self.expiring() {
            self.has_changed |= self.store.expire(now, MAX_EXPIRED_PER_TICK) > 0;
        }
        now
    }
}

/// The first tick at or after a time.
fn tick_from(time: Timestamp) -> Timestamp {
    Timestamp::from_nanos(time.nanos().checked_next_multiple_of(TICK_NANOS).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::at(Duration::from_millis(millis))
    }

    #[test]
    fn ticks_lie_on_the_grid() {
        // The last one is in a hundred years.
        let century = 100 * 31_536_000_000;
        for (time, tick) in [(0, 0), (1, 500), (500, 500), (501, 1000), (century + 1, century + 500)] {
            assert_eq!(tick_from(at(time)), at(tick));
        }
    }

    #[test]
    fn the_loop_sleeps_until_the_first_deadline_and_acts_once_per_tick() {
        let mut state = ClusterState::new(1, 1);
        assert_eq!(state.plan_expiry(None, at(0)), Timestamp::NEVER);
        state.grant(None, 10, at(200)).unwrap();
        assert_eq!(state.plan_expiry(None, at(200)), at(10_500));
        assert_eq!(state.plan_expiry(Some(at(10_500)), at(10_500)), at(11_000));
        state.expiry_stalled = true;
        assert_eq!(state.plan_expiry(None, at(20_000)), Timestamp::NEVER);
        state.expiry_stalled = false;
        assert_eq!(state.plan_expiry(Some(at(10_500)), at(20_100)), at(20_500));
    }
}
