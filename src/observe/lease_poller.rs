//! Lists the leases every second.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::error_gate::ErrorGate;
use super::{ListDiff, ListTracker, Listed, Observation, retry_interval};
use crate::list_interval::list_interval;
use etcd_lease::wire::{Cluster, LeaseList};
use simkit::Clock;

/// Minimum interval between lists, and the interval after a failed one.
const INTERVAL: Duration = Duration::from_secs(1);

/// Lists until the task is dropped. Each notification triggers a list immediately. `total` gets the number of leases.
pub(super) async fn run(
    cluster: Cluster,
    clock: Clock,
    at_once: Arc<Notify>,
    mut error_gate: ErrorGate,
    total: watch::Sender<Option<usize>>,
) {
    let mut tracker = ListTracker::default();
    let mut is_first = true;
    let mut newest = 0;
    loop {
        let sent = clock.now();
        let listed = cluster.leases().await;
        let received = clock.now();
        let interval = match listed {
            // Another member than before lags: its list may lack leases.
            Ok(list) if list.header.revision < newest => {
                error_gate.report_recovery().await;
                INTERVAL
            }
            Ok(list) => {
                error_gate.report_recovery().await;
                newest = list.header.revision;
                let diff = tracker.update(&list.ids, is_leaders(&cluster, &list));
                let is_news = std::mem::take(&mut is_first) || !diff.is_empty();
                let ListDiff { created, gone, soonest } = diff;
                let (revision, count) = (list.header.revision, tracker.count());
                total.send_replace(Some(count));
                let listed = Listed { sent, received, revision, count, created, gone, soonest };
                let again = Observation::ListedAgain { sent, received, revision };
                error_gate.send(if is_news { Observation::Listed(listed) } else { again }).await;
                list_interval(INTERVAL, count, received - sent)
            }
            Err(error) => {
                let pause = retry_interval(&error, INTERVAL);
                error_gate.report_error(error).await;
                pause
            }
        };
        tokio::select! {
            () = clock.sleep_until(sent + interval) => (),
            () = at_once.notified() => (),
        }
    }
}

/// Whether the leader replied. Only the leader knows the deadlines and sorts its list by them.
fn is_leaders(cluster: &Cluster, list: &LeaseList) -> bool {
    let view = cluster.view();
    let answered = view.members.iter().find(|member| member.member_id == list.header.member_id);
    answered.is_some_and(|member| member.is_leader && member.raft_term <= list.header.raft_term)
}
