//! The loop that removes expired leases, at etcd's pace.

use std::sync::Arc;
use std::time::Duration;

use super::cluster_state::{ClusterState, SharedCluster};
use simkit::Timestamp;

/// etcd's lessor looks every 500 ms (`runLoop` in its `lessor.go`).
const TICK: Duration = Duration::from_millis(500);
/// And removes at most that many each time: half of `defaultLeaseRevokeRate`, 1,000 a second.
const MAX_EXPIRED_PER_TICK: usize = 500;

/// Removes expired leases on every tick that finds any; between them it sleeps, however long that is.
pub(super) async fn run(cluster: Arc<SharedCluster>) {
    let mut last = None;
    loop {
        // Subscribed before planning, so that no change falls between the two.
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
    /// The tick on which something is to be done next: the first that comes after the `last` and finds a lease
    /// expired. Never while nothing expires.
    fn plan_expiry(&mut self, last: Option<Timestamp>, now: Timestamp) -> Timestamp {
        let earliest = self.store.leases().earliest().filter(|_| self.expiring());
        self.wakes = earliest.map_or(Timestamp::NEVER, |earliest| {
            let next = last.map_or(now, |last| last + Duration::from_nanos(1));
            tick_from(earliest.max(next).max(now))
        });
        self.wakes
    }

    fn expire(&mut self, now: Timestamp) -> Timestamp {
        if self.expiring() {
            self.has_changed |= self.store.expire(now, MAX_EXPIRED_PER_TICK) > 0;
        }
        now
    }
}

/// The first tick at or after a moment.
fn tick_from(moment: Timestamp) -> Timestamp {
    let ticks = moment.since_start().as_nanos().div_ceil(TICK.as_nanos());
    Timestamp::START + TICK.saturating_mul(u32::try_from(ticks).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::at(Duration::from_millis(millis))
    }

    #[test]
    fn ticks_lie_on_the_grid() {
        for (moment, tick) in [(0, 0), (1, 500), (500, 500), (501, 1000), (86_400_001, 86_400_500)] {
            assert_eq!(tick_from(at(moment)), at(tick));
        }
    }

    #[test]
    fn the_loop_sleeps_to_the_first_end_and_never_acts_twice_on_a_tick() {
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
