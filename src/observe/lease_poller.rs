//! Lists the leases again and again.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::error_gate::ErrorGate;
use super::{ListDiff, ListTracker, Listed, Observation};
use etcd_lease::wire::{Cluster, LeaseList};
use simkit::Clock;

/// How often, at most.
const EVERY: Duration = Duration::from_secs(1);
/// And no oftener than that many times as long as a list takes: 100,000 leases cost etcd a quarter of a second each time.
const REST: u32 = 20;

/// Lists for ever, and at once whenever it is asked to.
pub(super) async fn run(cluster: Cluster, clock: Clock, at_once: Arc<Notify>, mut error_gate: ErrorGate) {
    let mut tracker = ListTracker::default();
    let mut is_first = true;
    loop {
        let sent = clock.now();
        let listed = cluster.leases().await;
        let received = clock.now();
        match listed {
            Ok(list) => {
                error_gate.report_recovery().await;
                let diff = tracker.update(&list.ids, is_leaders(&cluster, &list));
                let is_news = std::mem::take(&mut is_first) || !diff.is_empty();
                let ListDiff { created, gone, soonest } = diff;
                let (revision, count) = (list.header.revision, tracker.count());
                let listed = Listed { sent, received, revision, count, created, gone, soonest };
                let again = Observation::ListedAgain { sent, received, revision };
                error_gate.send(if is_news { Observation::Listed(listed) } else { again }).await;
            }
            Err(error) => error_gate.report_error(error).await,
        }
        tokio::select! {
            () = clock.sleep_until(sent + EVERY.max((received - sent) * REST)) => (),
            () = at_once.notified() => (),
        }
    }
}

/// Whether the member that answered leads: nobody else knows the deadlines, and so the order.
fn is_leaders(cluster: &Cluster, list: &LeaseList) -> bool {
    let view = cluster.view();
    let answered = view.members.iter().find(|member| member.member_id == list.header.member_id);
    answered.is_some_and(|member| member.is_leader && member.raft_term <= list.header.raft_term)
}
