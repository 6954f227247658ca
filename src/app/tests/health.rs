//! Which leases are late, at risk or have a warning, and which were only not observed.

use super::others::{Truth, renewed};
use super::*;

#[test]
fn after_a_reconnect_unobserved_renewals_make_no_lease_late() {
    let mut story = Story::start(AppConfig::default());
    renewed(&mut story, 5);
    story.send(Msg::Cluster(down()));
    // For 40 s no member replies; then every TTL restarts.
    story.wait(40.0);
    story.send(Msg::Tick);
    assert_eq!(story.state(7), "unseen");
    story.send(Msg::Cluster(view()));
    let back = story.now.since_start().as_secs_f64();
    let mut truth = Truth { deadline: back + 30.0, term: 5 };
    for after in [1.0, 5.0, 9.0] {
        story.live(7, &truth, back + after);
        assert_eq!(story.state(7), "ok", "{after} s after");
    }
    truth.deadline = back + 9.0 + 30.0;
    story.live(7, &truth, back + 18.0);
    assert_eq!(story.state(7), "ok");
    assert!(!story.words().contains(&"late") && !story.words().contains(&"risk"), "{:?}", story.words());
    // Then it is watched again, and no client renews it.
    story.live(7, &truth, back + 9.0 + 20.0);
    assert_eq!(story.state(7), "late");
    let late = story.app.events.lines().find(|event| event.name() == EventName::Late).unwrap();
    let EventKind::Late { interval: Some(interval), .. } = late.kind else { panic!("{late:?}") };
    assert!(interval < Duration::from_secs(15), "{interval:?}: only watched time counts");
}

#[test]
fn an_outage_causes_no_thin_margin_warning() {
    let mut story = Story::start(AppConfig::default());
    renewed(&mut story, 3);
    // Renewed twice while unobserved, and polled when it would have had a second left.
    story.wait(28.0);
    let now = story.now.since_start().as_secs_f64();
    story.live(7, &Truth { deadline: now + 29.5, term: 4 }, now + 4.0);
    assert_eq!(story.state(7), "ok");
    assert_eq!(story.others_lease(7).warnings.to_vec(), [] as [&str; 0]);
    assert!(story.others_lease(7).margin().unwrap().0 < Duration::from_secs(3), "it is reported as a lower bound");
}

#[test]
fn an_unseen_row_keeps_only_warnings_that_time_does_not_change() {
    let mut story = Story::start(AppConfig::default());
    story.list(&[7], &[]);
    let crowd: Vec<_> = (0..1_001_u32)
        .map(|n| etcd_lease::KeyEntry { key: n.to_be_bytes().into(), lease: Some(LeaseId(7)), create_revision: 2 })
        .collect();
    story.send(Msg::KeysReloading);
    story.send(Msg::KeysPage(crowd));
    story.send(Msg::KeysRead { revision: 9 });
    let mut truth = Truth { deadline: 30.2, term: 4 };
    // A client that renews when a second is left.
    for n in 1..4 {
        let renewal = 29.2 * f64::from(n);
        story.live(7, &truth, renewal);
        truth.deadline = renewal + 30.0;
    }
    story.live(7, &truth, 92.0);
    assert_eq!(story.others_lease(7).warnings.to_vec(), ["thin-margin", "crowded"]);
    story.send(Msg::Cluster(down()));
    story.wait(20.0);
    story.send(Msg::Tick);
    assert_eq!((story.state(7), story.others_lease(7).warnings.as_slice()), ("unseen", &["crowded"][..]));
}

#[test]
fn two_renewers_out_of_phase_are_reported_and_never_late() {
    let mut story = Story::start(AppConfig::default());
    story.list(&[7], &[]);
    let mut truth = Truth { deadline: 29.2, term: 4 };
    for n in 0..10 {
        for phase in [5.3, 8.1] {
            let renewal = phase + 10.0 * f64::from(n);
            story.live(7, &truth, renewal);
            truth.deadline = renewal + 30.0;
        }
    }
    assert!(!story.words().contains(&"late"), "{:?}", story.words());
    assert_eq!(story.others_lease(7).warnings.to_vec(), ["two-renewers"]);
}

#[test]
fn a_leak_is_reported_after_two_thirds_of_the_ttl() {
    let mut story = Story::start(AppConfig::default());
    story.send(Msg::KeysReloading);
    story.send(Msg::KeysRead { revision: 9 });
    story.list(&[7], &[]);
    // First seen with 20 s of 30 left to live: too short a TTL to say.
    let truth = Truth { deadline: 20.0, term: 4 };
    story.live(7, &truth, 4.0);
    assert_eq!(story.others_lease(7).warnings.to_vec(), [] as [&str; 0]);
    // One of 600 s that was granted more than 401 s before.
    story.list(&[8, 9], &[]);
    story.poll(8, 198, 600, &[]);
    story.poll(9, 598, 600, &[]);
    story.wait(3.0);
    story.send(Msg::Tick);
    assert_eq!(story.others_lease(8).warnings.to_vec(), ["leak"]);
    assert_eq!(story.others_lease(9).warnings.to_vec(), [] as [&str; 0], "its keys may come yet");
}

#[test]
fn a_renewal_of_another_client_is_reported_with_time_left_and_error() {
    let mut story = Story::start(AppConfig::default());
    story.app.events.record_all();
    let truth = renewed(&mut story, 3);
    story.live(7, &truth, 27.5);
    let reported: Vec<Event> = story.app.events.drain_recorded();
    let renewals: Vec<(&Event, &Renewal)> = reported
        .iter()
        .filter_map(|event| if let EventKind::Renewed(renewed) = &event.kind { Some((event, renewed)) } else { None })
        .collect();
    assert_eq!(renewals.len(), 3);
    for (n, (event, renewed)) in renewals.iter().enumerate() {
        let truly = 5.3 + 10.0 * n as f64;
        let (left, doubt) = (renewed.left.unwrap().as_secs_f64(), renewed.left_doubt.unwrap().as_secs_f64());
        let true_left = if n == 0 { 28.2 - 5.3 } else { 20.0 };
        assert!((left - true_left).abs() <= doubt + 1e-6 && doubt < 1.1, "{left} ±{doubt}");
        assert!((event.at.signed_since(at(truly))).abs() <= event.doubt.as_secs_f64() + 1e-6, "{event:?}");
        assert_eq!((renewed.is_first, renewed.interval.is_none()), (n == 0, n == 0));
    }
}

#[test]
fn no_interval_is_shown_for_a_ttl_below_4_s() {
    let mut story = Story::start(AppConfig::default());
    story.app.events.record_all();
    story.list(&[7], &[]);
    for tenth in 0..300_u32 {
        story.now = at(f64::from(tenth) / 10.0);
        if tenth % 4 == 0 {
            let since = f64::from(tenth % 10) / 10.0;
            story.poll(7, (3.0 - since - 1e-3) as i64, 3, &[]);
        }
    }
    let reported = story.app.events.drain_recorded();
    let intervals = reported.iter().filter_map(|event| {
        if let EventKind::Renewed(Renewal { interval, left, .. }) = event.kind { Some((interval, left)) } else { None }
    });
    let intervals: Vec<_> = intervals.collect();
    assert!(!intervals.is_empty() && intervals.iter().all(|reported| *reported == (None, None)), "{intervals:?}");
    assert!(
        story.others_lease(7).others_usual_interval().is_none() && story.others_lease(7).usual_interval().is_none()
    );
}

#[test]
fn the_shown_and_the_true_time_left_are_within_the_shown_range() {
    for ttl in [2_u32, 3, 4, 10] {
        for every in [0.4, 0.7, 1.1, 1.4] {
            let mut story = Story::start(AppConfig::default());
            story.list(&[7], &[]);
            let mut deadline = f64::from(ttl) - 0.03;
            let mut next = every;
            for hundredth in 1..2_000_u32 {
                story.now = at(f64::from(hundredth) / 100.0);
                let now = f64::from(hundredth) / 100.0;
                if now >= next {
                    (deadline, next) = (now - 0.003 + f64::from(ttl), next + every);
                }
                if hundredth % 27 == 0 {
                    story.poll(7, (deadline - now) as i64, i64::from(ttl), &[]);
                    let lease = story.others_lease(7);
                    let (left, error) = (lease.left(story.now).unwrap(), lease.left_error(story.now).unwrap());
                    let (least, most) = lease.left_between(story.now).unwrap();
                    let truth = deadline - now;
                    assert!((left - truth).abs() <= error + 1e-6, "{truth} is not {left} ±{error}");
                    assert!(least <= left && left <= most && least - 1e-6 <= truth && truth <= most + 1e-6);
                }
            }
        }
    }
}

/// Polls every 4 s may miss renewals, so the interval is only an upper bound.
#[test]
fn a_lease_that_is_no_longer_renewed_is_at_risk_also_if_polls_missed_renewals() {
    let mut story = Story::start(AppConfig::default());
    story.list(&[1], &[]);
    let (ttl, every) = (20.0, 6.6);
    let begin = story.now;
    let mut states = Vec::new();
    while states.len() < 100 {
        story.wait(4.0);
        let elapsed = (story.now - begin).as_secs_f64();
        // The last renewal is the tenth.
        let renewed = (elapsed / every).floor().min(10.0) * every;
        let left = (ttl - (elapsed - renewed)).floor();
        if left < 0.0 {
            break;
        }
        story.poll(1, left as i64, ttl as i64, &["/a"]);
        states.push((left, story.state(1)));
    }
    let low: Vec<_> = states.iter().filter(|(left, _)| *left < 5.0).collect();
    assert!(!low.is_empty() && low.iter().all(|(_, state)| *state == "risk"), "{states:?}");
    assert!(states.iter().filter(|(left, _)| *left > 13.0).all(|(_, state)| *state == "ok"), "{states:?}");
}

/// Less than one interval left is a risk only once the renewal is overdue, and an overdue renewal only once less than one
/// interval is left before the deadline.
#[test]
fn a_lease_is_at_risk_if_its_renewal_is_overdue_and_its_deadline_near() {
    use crate::app::problem_class::ProblemClass;
    use crate::app::state_class::StateClass;
    // Seconds since a renewal, of a lease of 10 s, and its class.
    let careful = [(3.4, StateClass::Ok), (4.5, StateClass::Late), (6.7, StateClass::Late), (7.1, StateClass::Risk)];
    let careless = [(1.5, StateClass::Ok), (7.9, StateClass::Ok), (8.5, StateClass::Ok), (8.8, StateClass::Risk)];
    for (every, classes) in [(3.5, careful), (8.0, careless)] {
        let mut story = Story::start(AppConfig::default());
        story.grant(1, 10);
        story.renewed(1, 10, every);
        let renewed = story.now;
        for (after, class) in classes {
            story.now = renewed + Duration::from_secs_f64(after);
            story.poll(1, (10.0 - after) as i64, 10, &[]);
            refresh_rows(&mut story.app, story.now);
            let lease = story.others_lease(1);
            let told = format!("{after} s after a renewal every {every} s");
            assert_eq!(StateClass::of(lease, lease.state(story.now)), class, "{told}");
            let problem = match class {
                StateClass::Risk => ProblemClass::Risk,
                StateClass::Late => ProblemClass::Late,
                _ => ProblemClass::Ok,
            };
            assert_eq!(story.app.view.row_index.class(LeaseId(1)), Some(problem), "{told}");
        }
    }
}
