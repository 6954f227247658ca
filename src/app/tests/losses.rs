use super::*;
use crate::app::dialog::{Dialog, Field};
use etcd_lease::{Ended, EngineEvent, EngineEventKind};

fn lose(story: &mut Story, why: Ended) {
    let kind = EngineEventKind::Ended(why);
    story.send(Msg::Engine(EngineEvent { at: story.now, lease: Some(LeaseId(1)), kind }));
}

fn lost(why: Ended) -> Story {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 10);
    story.wait(3.5);
    story.renewed(1, 10, 3.5);
    story.wait(11.0);
    story.send(Msg::Tick);
    lose(&mut story, why);
    story
}

fn closed(story: &Story) -> Option<(Timestamp, Timestamp)> {
    let lease = story.app.leases.get(LeaseId(1)).unwrap();
    lease.loss.as_ref().unwrap().closed(lease.granted_ttl)
}

#[test]
fn a_program_sees_its_channel_close_at_the_reply_or_after_the_ttl() {
    let gone = lost(Ended::Expired);
    assert_eq!(closed(&gone), Some((at(14.5), at(14.5))));
    let event = gone.app.events.lines().next_back().unwrap();
    assert!(event.text().ends_with("a Go program's keepalive channel closes with this reply"), "{event:?}");
    let silent = lost(Ended::Unanswered { trouble: None });
    assert_eq!(closed(&silent), Some((at(13.5), at(14.5))));
    let event = silent.app.events.lines().next_back().unwrap();
    assert_eq!(event.name(), EventName::Lost);
    assert!(event.text().ends_with("channel closes 10 to 11 s after the last reply"), "{event:?}");
}

#[test]
fn a_program_learns_of_an_end_at_its_next_renewal() {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 10);
    story.renewed(1, 10, 3.5);
    story.wait(1.0);
    story.list(&[], &[1]);
    assert_eq!(closed(&story), Some((at(3.5), at(3.5))));
    let event = story.app.events.lines().next_back().unwrap();
    assert!(event.text().ends_with("channel closes at its next renewal"), "{event:?}");
    story.wait(2.6);
    lose(&mut story, Ended::NotFound);
    assert_eq!(closed(&story), Some((at(3.6), at(3.6))));
    assert_eq!(story.words().last(), Some(&"lost"));
}

#[test]
fn revoking_an_own_lease_is_no_keepalive_loss() {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 10);
    story.send(Msg::Revoked { id: LeaseId(1), revision: 7, keys_deleted: Some(0) });
    lose(&mut story, Ended::NotFound);
    assert!(story.app.leases.get(LeaseId(1)).unwrap().loss.is_none());
    assert!(!story.words().contains(&"lost"));
}

#[test]
fn without_a_reply_no_cause_is_claimed() {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 10);
    lose(&mut story, Ended::Unanswered { trouble: None });
    assert_eq!(closed(&story), None);
}

#[test]
fn n_on_a_lost_lease_grants_a_replacement() {
    let mut story = Story::start(AppConfig::default());
    story.send(Msg::Resized(Viewport { rows: 10, events: 20, has_detail: true, ..Viewport::default() }));
    story.grant(1, 2);
    story.poll(1, 1, 2, &["/a"]);
    story.send(Msg::Tick);
    story.send(Msg::Values { id: LeaseId(1), pairs: vec![(b"/a".to_vec(), ReadValue::of(b"x=y".to_vec()))] });
    lose(&mut story, Ended::Expired);
    story.press(&[Key::Char('n')]);
    let Some(Dialog::Grant(form)) = &story.app.view.dialog else { panic!("no form") };
    assert_eq!(form.input(Field::Put(0)).unwrap().value(), "/a=x=y");
    let effects = story.press(&[Key::Enter]);
    let [Effect::Grant(order)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((order.ttl, order.count, order.keep_alive, order.templates.len()), (2, 1, true, 1));
}

#[test]
fn n_elsewhere_opens_an_empty_form_and_nothing_when_read_only() {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 10);
    story.press(&[Key::Char('n')]);
    assert!(
        matches!(&story.app.view.dialog, Some(Dialog::Grant(form)) if form.input(Field::Ttl).unwrap().value().is_empty())
    );
    let mut reading = Story::start(AppConfig { is_read_only: true, ..AppConfig::default() });
    reading.press(&[Key::Char('n')]);
    assert!(reading.app.view.dialog.is_none());
}

#[test]
fn while_disconnected_no_lease_is_reported_lost() {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 10);
    story.list(&[2], &[]);
    story.poll(2, 5, 10, &[]);
    story.send(Msg::Cluster(down()));
    for _ in 0..30 {
        story.wait(1.0);
        story.send(Msg::Tick);
    }
    assert_eq!([story.state(1), story.state(2)], ["unseen", "unseen"]);
    assert_eq!([story.left(1), story.left(2)], [Some(0.0), Some(0.0)], "deadlines go on");
    assert!(!story.words().iter().any(|word| matches!(*word, "lost" | "expired" | "gone" | "revoked")));
    let history = story.app.leases.get(LeaseId(1)).unwrap().history.as_ref().unwrap();
    assert_eq!(history.entries().len(), 0, "there was nothing before the gap");
}

#[test]
fn the_history_lists_what_happened_to_a_lease() {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 10);
    let tell = |story: &mut Story, kind| {
        story.wait(1.0);
        story.send(Msg::Engine(EngineEvent { at: story.now, lease: Some(LeaseId(1)), kind }));
    };
    let renewed = EngineEventKind::Renewed {
        ttl: 10,
        interval: Some(Duration::from_secs(1)),
        left: None,
        round_trip: Duration::ZERO,
    };
    tell(&mut story, renewed);
    let dropped = EngineEventKind::Dropped { queue_size: 16, queue_capacity: 16 };
    story.send(Msg::Engine(EngineEvent { at: story.now, lease: Some(LeaseId(1)), kind: dropped }));
    tell(&mut story, EngineEventKind::Missed { waited: Duration::from_secs(1) });
    story.send(Msg::EventsLost(3));
    let history = story.app.leases.get(LeaseId(1)).unwrap().history.as_ref().unwrap();
    let ticks: Vec<HistoryEvent> = history.entries().map(|mark| mark.event).collect();
    assert!(
        matches!(
            ticks[..],
            [
                HistoryEvent::Renewed(RecordedRenewal { is_dropped: true, .. }),
                HistoryEvent::Missed,
                HistoryEvent::Unknown
            ]
        ),
        "{ticks:?}"
    );
}
