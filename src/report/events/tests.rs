//! Every kind of event as a line and as JSON.

use super::*;
use crate::app::{EventCategory, EventTime, KeepaliveLoss};
use etcd_lease::wire::ErrorCause;
use etcd_lease::{Ended, LeaseId};

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

fn event(lease: Option<i64>, what: EventKind) -> Event {
    let at = Timestamp::at(seconds(3.5));
    let when = EventTime { at, doubt: if lease.is_some() { seconds(0.375) } else { Duration::ZERO } };
    Event::new(when, Timestamp::at(seconds(4.25)), lease.map(LeaseId), what)
}

/// An event of each kind that `leasetop events` can print.
fn every_kind() -> Vec<Event> {
    let key = b"/a\x1b\xff".to_vec();
    let renewed = Renewal {
        interval: Some(seconds(3.512)),
        interval_doubt: Some(seconds(0.25)),
        expected: Some(seconds(3.5)),
        left: Some(seconds(6.25)),
        left_doubt: Some(seconds(0.125)),
        ..Renewal::new(RenewalSource::Inferred, Timestamp::START, Some(10))
    };
    let died = |cause, lag, last_renewal| {
        let keys = Some(LeaseKeys { count: 9, is_all: true, first: vec![b"/a".to_vec()].into() });
        EventKind::LeaseEnded(Box::new(LeaseEnded {
            cause,
            is_ours: false,
            ownership: Ownership::Other,
            ttl: Some(10),
            last_renewal,
            keys,
            lag,
            revision: Some(7),
            replaced_by: Some(LeaseId(-2)),
            loss: None,
            is_unused: false,
        }))
    };
    let back = |is_leased| EventKind::Back {
        key: b"/a".to_vec(),
        from: LeaseId(-2),
        is_leased,
        gone: seconds(7.7),
        gone_doubt: if is_leased { Duration::ZERO } else { seconds(0.5) },
        revision: Some(8),
    };
    let lag = Some(RemovalDelay { least: seconds(0.2), most: seconds(0.5) });
    let seen = LastRenewal::Seen { before_end: seconds(10.2), every: Some(seconds(3.5)) };
    let loss = KeepaliveLoss { at: Timestamp::START, why: Ended::NotFound, last_answer: None, next: None };
    let of_lease = [
        EventKind::granted_elsewhere(None),
        EventKind::Attached { key: key.clone(), revision: Some(5) },
        EventKind::Renewed(renewed),
        EventKind::Renewed(Renewal { is_bound: true, ..renewed }),
        EventKind::Dropped { depth: 16, capacity: 16 },
        EventKind::Late {
            awaited: crate::app::Awaited::Renewal,
            interval: Some(seconds(5.0)),
            expected: Some(seconds(3.5)),
        },
        EventKind::Risk { awaited: crate::app::Awaited::Renewal, left: seconds(3.0), expected: Some(seconds(3.5)) },
        EventKind::Unrenewed { left: seconds(3.3), ttl: Some(10), is_never_renewed: true },
        EventKind::Missed { waited: seconds(1.0) },
        EventKind::Refilled { ttl: Some(10), term: Some(5), left: None },
        EventKind::Refilled { ttl: Some(900), term: Some(5), left: Some((seconds(594.5), seconds(0.5))) },
        died(EndCause::Expired, lag, Some(seen)),
        died(EndCause::RanOut, lag, Some(LastRenewal::Never)),
        died(EndCause::Revoked, None, None),
        EventKind::Detached { key: key.clone(), is_deleted: true, revision: Some(6) },
        EventKind::Down { key: key.clone(), end: Some(EndCause::Expired), revision: Some(6) },
        EventKind::Down { key: key.clone(), end: None, revision: None },
        back(true),
        back(false),
        EventKind::Moved { key, to: LeaseId(-2), revision: Some(6) },
        died(EndCause::Replaced, lag, None),
        died(EndCause::Unknown, None, None),
        died(EndCause::NotRestored, None, None),
        EventKind::Kept,
        EventKind::Paused,
        EventKind::Drill(None),
        EventKind::Lost { loss: Box::new(loss), ttl: Some(10) },
    ];
    let of_link = [
        EventKind::Connected { endpoint: "a:1".into(), version: "3.5.30".into() },
        EventKind::Disconnected { endpoint: None, message: "\x1b refused".into() },
        EventKind::Unreached { endpoint: "a:1".into(), message: "\x1b refused".into() },
        EventKind::Refused { endpoint: "a:1".into(), cause: ErrorCause::Learner, message: "\x1b a learner".into() },
        EventKind::Leader { endpoint: "a:1".into(), term: 5 },
        EventKind::NoLeader { endpoint: "a:1".into() },
        EventKind::Term { old: 4, new: 5 },
        EventKind::ClusterChanged { cause: "replaced", message: "another cluster answers".into() },
        EventKind::error("cannot list the leases"),
    ];
    let of_lease = of_lease.into_iter().map(|what| event(Some(-5), what));
    of_lease.chain(of_link.into_iter().map(|what| event(None, what))).collect()
}

#[test]
fn every_kind_as_a_line() {
    let lines: String = every_kind().iter().map(|event| event_line(event, SystemTime::UNIX_EPOCH)).collect();
    assert!(!lines.contains('\x1b'));
    insta::assert_snapshot!(lines);
}

#[test]
fn every_kind_as_json() {
    let objects: String = every_kind().iter().map(|event| event_json(event, SystemTime::UNIX_EPOCH)).collect();
    insta::assert_snapshot!(objects);
}

#[test]
fn every_kind_is_in_a_category_of_the_events_view() {
    let categories: Vec<EventCategory> = EventCategory::TURN.into_iter().flatten().collect();
    let is_in_none = |event: &Event| !categories.iter().any(|category| category.has(&event.kind));
    let in_none: Vec<&str> =
        every_kind().iter().filter(|event| is_in_none(event)).map(|event| event.name().as_str()).collect();
    assert_eq!(in_none, [""; 0]);
}
