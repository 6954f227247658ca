//! Renewing once by hand: it asks before other clients' leases, reports numbers, and never counts as cadence.

use super::others::renewed as watched;
use super::*;
use crate::app::dialog::Dialog;
use crate::inference::lease_inference::RenewalPattern;
use etcd_lease::Fault;

/// An own lease of 10 s, and two of other clients.
fn story() -> Story {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 10);
    story.list(&[7, 8], &[]);
    story.poll(7, 20, 30, &["/a"]);
    story.poll(8, 20, 30, &[]);
    story
}

fn note(story: &Story) -> &str {
    story.app.view.status.as_ref().map_or("", |note| &note.text)
}

fn renewed_once(story: &mut Story, id: i64, ttl: i64) {
    story.send(Msg::Renewed { sent: story.now, received: story.now, id: LeaseId(id), ttl });
}

#[test]
fn an_own_lease_is_renewed_at_once_and_the_message_says_what_changed() {
    let mut story = story();
    story.app.view.cursor = Some(LeaseId(1));
    assert_eq!(story.press(&[Key::Char('o')]), [Effect::RenewOnce(LeaseId(1))]);
    assert_eq!(note(&story), "Renewing 0000000000000001 once…");
    assert_eq!(story.press(&[Key::Char('o')]), [], "until it is answered");
    assert_eq!(note(&story), "0000000000000001 is already being renewed");
    story.wait(4.0);
    renewed_once(&mut story, 1, 10);
    assert_eq!(story.left(1), Some(10.0));
    assert_eq!(note(&story), "Renewed 0000000000000001 once: 10 s left (was 6.0 s)");
    assert_eq!(story.press(&[Key::Char('o')]), [Effect::RenewOnce(LeaseId(1))]);
}

#[test]
fn other_clients_leases_need_a_confirmation() {
    let mut story = story();
    story.app.view.cursor = Some(LeaseId(7));
    assert_eq!(story.press(&[Key::Char('o'), Key::Enter]), [], "Enter cancels");
    assert_eq!(story.press(&[Key::Char('o'), Key::Char('o'), Key::Esc]), [], "the same key confirms nothing");
    assert_eq!(story.press(&[Key::Char('o'), Key::Char('y')]), [Effect::RenewOnce(LeaseId(7))]);
    renewed_once(&mut story, 7, 30);
    story.press(&[Key::Char('o')]);
    story.list(&[], &[7]);
    assert_eq!(story.press(&[Key::Char('y')]), [], "it ended while the dialog was open");
    assert_eq!(story.press(&[Key::Enter]), []);
    assert!(story.app.view.dialog.is_none());
}

#[test]
fn a_lease_granted_again_drops_out_of_the_dialog() {
    let mut story = story();
    story.app.view.selection.add([LeaseId(7), LeaseId(8)]);
    story.press(&[Key::Char('o')]);
    story.list(&[], &[7]);
    story.wait(1.0);
    story.list(&[7], &[]);
    assert_eq!(story.press(&[Key::Char('y')]), [Effect::RenewOnce(LeaseId(8))]);
}

#[test]
fn the_message_counts_the_renewed_leases_and_names_the_first_failure() {
    let mut story = story();
    story.app.view.selection.add([1, 7, 8].map(LeaseId));
    story.press(&[Key::Char('o')]);
    assert!(matches!(&story.app.view.dialog, Some(Dialog::Renew(dialog)) if dialog.ids.len() == 3));
    assert_eq!(story.press(&[Key::Char('y')]).len(), 3);
    for id in [1, 7, 8] {
        assert_eq!(note(&story), "Renewing 3 leases once…");
        renewed_once(&mut story, id, 30);
    }
    assert_eq!(note(&story), "Renewed 3 leases once");
    story.press(&[Key::Char('o'), Key::Char('y')]);
    renewed_once(&mut story, 1, 10);
    for (id, why) in [(7, "no answer in time"), (8, "no leader")] {
        story.send(Msg::RenewFailed { id: LeaseId(id), failure: trouble(why) });
    }
    assert_eq!(note(&story), "Renewed 1 of 3 leases once; 2 failed: no answer in time");
    assert!(story.app.view.status.as_ref().unwrap().is_error);
}

#[test]
fn read_only_renews_nothing() {
    let mut story = Story::start(AppConfig { is_read_only: true, ..AppConfig::default() });
    story.list(&[7], &[]);
    assert_eq!(story.press(&[Key::Char('o'), Key::Char('T'), Key::Char('u')]), []);
    assert!(story.app.view.dialog.is_none() && note(&story).starts_with("Read-only"), "{}", note(&story));
}

/// EVERY, the time at which it is late, and the statistics of the exercise come from the engine's renewals alone.
#[test]
fn the_cadence_of_an_own_lease_ignores_it() {
    let mut story = story();
    story.renewed(1, 10, 3.5);
    let cadence = |story: &Story| {
        let lease = story.app.leases.get(LeaseId(1)).unwrap();
        let report = story.app.leases.cadence_report(RenewalSchedule::Clientv3);
        let series = report
            .series
            .into_iter()
            .map(|series| (series.renewals, format!("{:?}", series.intervals)))
            .collect::<Vec<_>>();
        (lease.usual_interval(), lease.late_from(), lease.last_renewed(), lease.warnings.to_vec(), series)
    };
    let before = cadence(&story);
    story.wait(0.4);
    renewed_once(&mut story, 1, 10);
    assert_eq!(cadence(&story), before);
    assert_eq!((story.left(1), story.state(1)), (Some(10.0), "ok"));
}

/// Another client renews every 10 s. A renewal by hand in between changes neither the interval, nor the margin, nor when
/// the lease is late.
#[test]
fn the_inferred_cadence_of_another_client_ignores_it() {
    let mut story = Story::start(AppConfig::default());
    let mut truth = watched(&mut story, 6);
    let figures = |story: &Story| {
        let lease = story.others_lease(7);
        let every = lease.others_usual_interval().unwrap();
        (every.every.as_secs_f64(), every.certainty, lease.margin().unwrap().1, lease.warnings.to_vec())
    };
    story.live(7, &truth, 58.0);
    let (every, ..) = figures(&story);
    // By hand at 58 s, just after a poll as the driver does it; the client renews on at 65.3 s.
    story.wait(0.0);
    renewed_once(&mut story, 7, 30);
    truth.deadline = 88.0;
    story.live(7, &truth, 65.3);
    assert_eq!(story.state(7), "ok");
    truth.deadline = 95.3;
    story.live(7, &truth, 75.3);
    truth.deadline = 105.3;
    story.live(7, &truth, 80.0);
    let (after, certainty, margin_certainty, warnings) = figures(&story);
    assert!((after - every).abs() < 0.4, "{after} instead of {every}");
    let about = crate::inference::lease_inference::Certainty::About;
    assert_eq!((certainty, margin_certainty, warnings), (about, about, Vec::new()));
    let least = story.others_lease(7).margin().unwrap().0.as_secs_f64();
    assert!((19.0..21.0).contains(&least), "{least}");
}

/// A silent client stays late although the user renewed its lease.
#[test]
fn it_does_not_hide_that_another_client_is_silent() {
    let mut story = Story::start(AppConfig::default());
    let mut truth = watched(&mut story, 6);
    story.live(7, &truth, 68.0);
    assert_eq!(story.state(7), "late");
    let late_from = story.others_lease(7).late_from();
    renewed_once(&mut story, 7, 30);
    truth.deadline = 98.0;
    assert_eq!((story.state(7), story.others_lease(7).late_from()), ("late", late_from));
    story.live(7, &truth, 75.0);
    assert_eq!((story.state(7), story.others_lease(7).late_from()), ("late", late_from));
    let unrenewed = story.others_lease(7).unrenewed(story.now).unwrap().as_secs_f64();
    assert!(unrenewed > 18.0, "{unrenewed}");
}

/// Pressed every second, it is not the mistake of another client.
#[test]
fn many_of_them_are_not_too_frequent() {
    let mut story = Story::start(AppConfig::default());
    let mut truth = watched(&mut story, 6);
    story.live(7, &truth, 58.0);
    for second in 58..78 {
        renewed_once(&mut story, 7, 30);
        truth.deadline = f64::from(second) + 30.0;
        story.live(7, &truth, f64::from(second) + 1.0);
    }
    run_lints(&mut story.app, story.now);
    let lease = story.others_lease(7);
    assert_ne!(lease.pattern(), RenewalPattern::Frequent);
    assert!(!lease.warnings.contains(&"frequent"), "{:?}", lease.warnings);
    assert!((9.0..11.0).contains(&lease.usual_interval().unwrap().as_secs_f64()));
}

#[test]
fn a_drill_is_not_disturbed() {
    let mut story = story();
    story.renewed(1, 10, 3.5);
    let mut status = *story.app.leases.get(LeaseId(1)).unwrap().engine.clone().unwrap();
    status.drill = Some(Fault::DropReplies { left: 3 });
    story.send(Msg::Statuses(vec![status]));
    let drill = |story: &Story| story.app.leases.get(LeaseId(1)).and_then(Lease::drill);
    story.app.view.cursor = Some(LeaseId(1));
    assert_eq!(story.press(&[Key::Char('o')]), [Effect::RenewOnce(LeaseId(1))], "not through the engine");
    renewed_once(&mut story, 1, 10);
    assert_eq!(drill(&story), Some(Fault::DropReplies { left: 3 }));
}
