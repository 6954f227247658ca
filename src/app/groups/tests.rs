//! Figures and order of groups. The index is compared with [`group_leases`] in `app/tests/row_index.rs`.

use super::*;
use crate::app::problem_class::ProblemClass;
use crate::app::{GroupBy, Lease, LeaseKeys, LeaseState, Ownership, StateClass};
use etcd_lease::LeaseId;

fn lease(id: i64, ttl: i64, key: &str) -> Lease {
    let mut lease = Lease::new(LeaseId(id));
    lease.granted_ttl = Some(ttl);
    let keys = if key.is_empty() { Vec::new() } else { vec![key.as_bytes().to_vec()] };
    lease.keys = Some(LeaseKeys::of(keys));
    lease
}

fn names(leases: &[(Lease, LeaseState)], by: GroupBy) -> Vec<String> {
    let groups = group_leases(leases.iter().map(|(lease, state)| (lease, *state)), by);
    groups.iter().map(|group| format!("{} {}", group.key.name(), group.ids.len())).collect()
}

#[test]
fn groups_with_problems_come_first_then_names_in_natural_order() {
    let (ok, late) = (LeaseState::Ok, LeaseState::Late);
    let mut unknown = lease(7, 5, "");
    unknown.keys = None;
    let leases = [
        (lease(1, 10, "/node10/a"), ok),
        (lease(2, 10, "/node9/a"), ok),
        (lease(3, 5, ""), ok),
        (lease(4, 60, "/svc/orders/1"), LeaseState::Risk),
        (lease(5, 60, "/svc/orders/2"), ok),
        (lease(6, 10, "/svc/mail/1"), late),
        (unknown, ok),
    ];
    let services = ["/svc/orders 2", "/svc/mail 1", "/node9 1", "/node10 1", "(no key) 1", "(unknown) 1"];
    assert_eq!(names(&leases, GroupBy::Service), services);
    assert_eq!(names(&leases, GroupBy::Ttl), ["60 s 2", "10 s 3", "5 s 2"]);
    assert_eq!(names(&leases, GroupBy::Owner), ["other 7"]);
}

#[test]
fn an_unknown_ttl_comes_last_and_an_ended_lease_is_no_problem() {
    let mut unknown = lease(1, 1, "/a/b");
    unknown.granted_ttl = None;
    let ended = LeaseState::Ended(crate::app::EndCause::Expired);
    let leases = [(unknown, LeaseState::Ok), (lease(2, 20, "/a/b"), ended), (lease(3, 30, "/a/b"), LeaseState::Ok)];
    assert_eq!(names(&leases, GroupBy::Ttl), ["30 s 1", "(TTL unknown) 1", "20 s 1"]);
    let groups = group_leases(leases.iter().map(|(lease, state)| (lease, *state)), GroupBy::Service);
    let figures = &groups[0].figures;
    assert_eq!((figures.leases, figures.worst, figures.worst_count), (2, Some(StateClass::Ok), 2));
}

#[test]
fn a_warning_makes_a_healthy_lease_a_problem_unless_it_is_muted() {
    let mut warned = lease(1, 10, "/b/1");
    warned.warnings = vec!["leak"].into();
    let leases = [(lease(2, 10, "/a/1"), LeaseState::Ok), (warned, LeaseState::Ok)];
    assert_eq!(names(&leases, GroupBy::Service), ["/b 1", "/a 1"]);
    let [healthy, (mut muted, state)] = leases;
    muted.muted.add("leak");
    assert_eq!(names(&[healthy, (muted, state)], GroupBy::Service), ["/a 1", "/b 1"]);
}

#[test]
fn healthy_leases_count_with_or_without_a_warning() {
    let mut warned = lease(1, 10, "/a/1");
    warned.warnings = vec!["leak"].into();
    let (ok, unrenewed) = (LeaseState::Ok, LeaseState::Unrenewed);
    let leases = [(warned, ok), (lease(2, 10, "/a/2"), ok), (lease(3, 10, "/a/3"), unrenewed)];
    let groups = group_leases(leases.iter().map(|(lease, state)| (lease, *state)), GroupBy::Service);
    let figures = &groups[0].figures;
    assert_eq!((figures.worst, figures.worst_count, figures.warned), (Some(StateClass::Warned), 2, 1));
}

#[test]
fn own_leases_come_before_others() {
    let mut own = lease(1, 10, "");
    own.ownership = Ownership::Own;
    let leases = [(lease(2, 10, ""), LeaseState::Ok), (own, LeaseState::Ok)];
    assert_eq!(names(&leases, GroupBy::Owner), ["own 1", "other 1"]);
}

#[test]
fn a_lease_that_leaves_takes_its_figures_along() {
    let mut index = GroupIndex::default();
    assert!(index.set_by(GroupBy::Service) && !index.set_by(GroupBy::Service));
    let shown = |index: &GroupIndex| {
        let group = |id: &GroupId| index.get(*id).map(|group| (group.key().name(), group.figures().leases));
        index.order().iter().filter_map(group).collect::<Vec<_>>()
    };
    for id in 1..=3 {
        index.update(&lease(id, 10, &format!("/svc/{}/1", id % 2)), ProblemClass::Ok, || LeaseState::Ok);
    }
    assert_eq!(shown(&index), [], "the order changes only when it is updated");
    index.update_order();
    assert_eq!(shown(&index), [("/svc/0".to_owned(), 1), ("/svc/1".to_owned(), 2)]);
    index.remove(LeaseId(1));
    index.update(&lease(2, 10, "/svc/1/1"), ProblemClass::Ok, || LeaseState::Ok);
    assert_eq!(shown(&index), [("/svc/0".to_owned(), 0), ("/svc/1".to_owned(), 2)]);
    index.update_order();
    assert_eq!(shown(&index), [("/svc/1".to_owned(), 2)]);
    assert_eq!((index.group_of(LeaseId(2)), index.group_of(LeaseId(1))), (index.order().first().copied(), None));
}

/// Many groups change their order at once, then one does.
#[test]
fn hundreds_of_groups_stay_in_order() {
    let mut index = GroupIndex::default();
    index.set_by(GroupBy::Service);
    let of = |id: i64| lease(id, 10, &format!("/svc/{id}/1"));
    let mut leases: Vec<(Lease, LeaseState)> = (1..=200).map(|id| (of(id), LeaseState::Ok)).collect();
    let late_from_2_to = |last: i64| (2..=last).step_by(2);
    for late in [late_from_2_to(0), late_from_2_to(200), late_from_2_to(198)] {
        let late: Vec<i64> = late.collect();
        for (lease, state) in &mut leases {
            *state = if late.contains(&lease.id.0) { LeaseState::Late } else { LeaseState::Ok };
            let problem = if *state == LeaseState::Late { ProblemClass::Late } else { ProblemClass::Ok };
            index.update(lease, problem, || *state);
        }
        index.update_order();
        let order = index.order().iter().filter_map(|id| Some(format!("{} 1", index.get(*id)?.key().name())));
        assert_eq!(order.collect::<Vec<_>>(), names(&leases, GroupBy::Service));
    }
}
