//! The figures for monitoring systems.

use crate::app::metrics::{MemberCounts, MetricsSnapshot, OWNERS, ServiceCounts};
use crate::app::{AppState, ClusterState, Ownership};
use etcd_lease::Reachability;
use simkit::Timestamp;

use super::counts::refresh_counts;

/// Updates the counts and returns the figures at `now`.
pub fn metrics_snapshot(app: &mut AppState, now: Timestamp) -> MetricsSnapshot {
    app.events.now = now;
    refresh_counts(app, now);
    let AppState { cluster, leases, keys, polls, view, events, .. } = app;
    let overview = view.overview();
    let member = cluster.member();
    let by_owner = OWNERS.map(|owner| match owner {
        Ownership::Own => leases.counts.own,
        Ownership::Adopted => leases.counts.adopted,
        Ownership::Other => leases.counts.others,
    });
    MetricsSnapshot {
        leases: *overview.table(),
        by_owner,
        lowest_left: overview.lowest_left(now),
        backlog: leases.counts.dying,
        warned: leases.lint_report().count,
        services_gone: keys.index().availability().services().gone(now).count(),
        renewal_rate: leases.counts.renewals,
        events: events.metrics().cloned().unwrap_or_default(),
        polls: polls.answered,
        failed_polls: polls.failed,
        lists: cluster.lists,
        key_bytes: keys.queries().total(),
        data_age: cluster.listed_at.map(|sent| now - sent),
        follows_keys: keys.follows_all() && member.is_some(),
        is_reached: member.is_some(),
        members: member_counts(cluster),
        has_leader: member.is_some_and(|member| member.has_leader),
        raft_term: member.map(|member| member.raft_term),
        cluster_id: cluster.view.cluster_id,
        version: cluster.version.clone(),
        services: leases.service_counts.as_ref().map(ServiceCounts::figures),
    }
}

fn member_counts(cluster: &ClusterState) -> MemberCounts {
    let mut counts = MemberCounts::default();
    for member in &cluster.view.members {
        let count = match member.reachability {
            Reachability::Up => &mut counts.up,
            Reachability::Down { .. } => &mut counts.down,
            Reachability::Unknown => &mut counts.unknown,
        };
        *count += 1;
    }
    counts
}
