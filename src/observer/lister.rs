//! Lists the leases again and again.

use std::time::Duration;

use super::reporter::Reporter;
use super::{Listed, News, Roll, Turnover};
use crate::clock::Clock;
use crate::wire::{Cluster, LeaseList};

/// How often, at most.
const EVERY: Duration = Duration::from_secs(1);
/// And no oftener than that many times as long as a list takes: 100,000 leases cost etcd a quarter of a second each time.
const REST: u32 = 20;

/// Lists for ever.
pub(super) async fn run(cluster: Cluster, clock: Clock, mut reporter: Reporter) {
    let mut roll = Roll::default();
    let mut is_first = true;
    loop {
        let sent = clock.now();
        let listed = cluster.leases().await;
        let received = clock.now();
        match listed {
            Ok(list) => {
                reporter.works().await;
                let turnover = roll.call(&list.ids, is_leaders(&cluster, &list));
                if is_first || !turnover.is_empty() {
                    is_first = false;
                    let Turnover { born, gone, head } = turnover;
                    let count = roll.count();
                    reporter.tell(News::Listed(Listed { sent, received, count, born, gone, head })).await;
                }
            }
            Err(error) => reporter.trouble(error).await,
        }
        clock.sleep_until(sent + EVERY.max((received - sent) * REST)).await;
    }
}

/// Whether the member that answered leads: nobody else knows the deadlines, and so the order.
fn is_leaders(cluster: &Cluster, list: &LeaseList) -> bool {
    let view = cluster.view();
    let answered = view.members.iter().find(|member| member.member_id == list.header.member_id);
    answered.is_some_and(|member| member.is_leader && member.raft_term <= list.header.raft_term)
}
