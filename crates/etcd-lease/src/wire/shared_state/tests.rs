use futures_util::FutureExt;

use super::*;
use crate::wire::{Cluster, ErrorCause, Settings, Target};
use etcd_sandbox::Sandbox;
use simkit::Clock;

/// A cluster of a sandbox whose members have been probed once. They are not probed again within an hour without a reason.
async fn cluster_of(members: usize) -> (Sandbox, Cluster) {
    let sandbox = Sandbox::builder().members(members).seed(1).start(Clock::real());
    let target = |member| Target::Pipe { name: format!("m{member}"), dialer: sandbox.dialer(member) };
    let settings = Settings::new((0..members).map(target).collect());
    let settings = Settings { probe_every: Duration::from_secs(3600), ..settings };
    let cluster = Cluster::connect(settings).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    (sandbox, cluster)
}

fn down(cause: ErrorCause) -> Reachability {
    Reachability::Down { trouble: CallError::new(cause, "read the status", "m0", "refused") }
}

/// Records that the first member is down, and chooses the other one.
fn leave_first(shared: &SharedState, cause: ErrorCause) {
    shared.view.send_modify(|view| {
        view.members[0].reachability = down(cause);
        view.chosen = Some(1);
    });
}

#[tokio::test(start_paused = true)]
async fn the_term_of_another_cluster_does_not_hide_a_new_leader() {
    let (_sandbox, cluster) = cluster_of(3).await;
    let shared = cluster.shared();
    shared.view.send_modify(|view| {
        view.members[2].cluster_id = view.cluster_id + 1;
        view.members[2].raft_term = 70;
    });
    let mut outranked = pin!(shared.wait_outranked(&shared.members[0]));
    assert_eq!(outranked.as_mut().now_or_never(), None);
    shared.view.send_modify(|view| {
        view.members[0].is_leader = false;
        view.members[1].is_leader = true;
        view.members[1].raft_term += 1;
    });
    assert_eq!(outranked.now_or_never(), Some(()));
}

#[tokio::test(start_paused = true)]
async fn a_member_that_reports_no_leader_names_none() {
    let (_sandbox, cluster) = cluster_of(1).await;
    let shared = cluster.shared();
    assert_ne!(cluster.view().members[0].leader_id, 0);
    shared.report_trouble(&shared.members[0], &CallError::new(ErrorCause::NoLeader, "put a key", "m0", "no leader"));
    let seen = &cluster.view().members[0];
    assert_eq!((seen.is_leader, seen.has_leader, seen.leader_id), (false, false, 0));
}

#[tokio::test(start_paused = true)]
async fn a_read_that_leaves_a_member_tries_another_and_keeps_why_the_member_is_down() {
    for cause in [ErrorCause::WrongPassword, ErrorCause::Refused] {
        let (sandbox, cluster) = cluster_of(2).await;
        let shared = cluster.shared();
        sandbox.faults().on(0).hang();
        let leave = async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            leave_first(shared, cause);
        };
        let (read, ()) = tokio::join!(cluster.leases(), leave);
        assert!(read.is_ok(), "{cause:?}: {read:?}");
        assert_eq!(cluster.view().members[0].reachability, down(cause));
    }
}

#[tokio::test(start_paused = true)]
async fn the_error_about_a_member_that_was_left_lets_the_call_go_on() {
    let (_sandbox, cluster) = cluster_of(2).await;
    let shared = cluster.shared();
    let why = |cause| {
        leave_first(shared, cause);
        shared.why_left("list the leases", &shared.members[0])
    };
    let refused = why(ErrorCause::Refused);
    assert_eq!((&**refused.tried(), refused.cause()), ("list the leases", ErrorCause::Refused));
    assert_eq!(why(ErrorCause::WrongPassword), CallError::timeout("list the leases", "m0"));
}
