//! What is inferred about leases of other clients.

use super::*;
use crate::inference::lease_inference::Certainty;

/// The actual state of a lease of 30 s.
pub(super) struct Truth {
    pub(super) deadline: f64,
    pub(super) term: u64,
}

impl Story {
    /// Polls as planned, with true replies, until `until`.
    pub(super) fn live(&mut self, id: i64, truth: &Truth, until: f64) {
        while let Some(due) =
            self.app.leases.get(LeaseId(id)).map(|lease| lease.poll.due).filter(|due| *due < at(until))
        {
            self.now = due.max(self.now);
            self.send(Msg::Tick);
            let left = truth.deadline - self.now.since_start().as_secs_f64();
            self.answer_in_term(id, left as i64, truth.term);
        }
        self.now = at(until);
    }

    fn answer_in_term(&mut self, id: i64, ttl: i64, raft_term: u64) {
        let header = Header { raft_term, ..Header::default() };
        let answer = TimeToLive { id: LeaseId(id), ttl, granted_ttl: 30, keys: Vec::new(), header };
        self.send(Msg::Polled { sent: self.now, received: self.now, answer, has_keys: false });
    }

    pub(super) fn others_lease(&self, id: i64) -> &Lease {
        self.app.leases.get(LeaseId(id)).unwrap()
    }
}

/// Renewed every 10 s from 5.3 s on; returns the time of the last renewal.
pub(super) fn renewed(story: &mut Story, times: i32) -> Truth {
    story.list(&[7], &[]);
    let mut truth = Truth { deadline: 28.2, term: 4 };
    for n in 0..times {
        let renewal = 5.3 + 10.0 * f64::from(n);
        story.live(7, &truth, renewal);
        truth.deadline = renewal + 30.0;
    }
    truth
}

#[test]
fn the_cadence_of_another_client_is_inferred_from_polls() {
    let mut story = Story::start(AppConfig::default());
    let truth = renewed(&mut story, 6);
    story.live(7, &truth, 57.0);
    let lease = story.others_lease(7);
    let interval = lease.others_usual_interval().unwrap();
    assert!(
        (9.7..10.3).contains(&interval.every.as_secs_f64()) && interval.certainty == Certainty::About,
        "{interval:?}"
    );
    let (least, sureness) = lease.margin().unwrap();
    // The first one came with 22.9 s left, the others with 20.
    assert!((19.5..20.5).contains(&least.as_secs_f64()) && sureness == Certainty::About, "{least:?}");
    let last = (story.now - lease.last_renewed().unwrap()).as_secs_f64();
    assert!((1.2..2.2).contains(&last), "{last}");
    assert_eq!((story.state(7), lease.engine.is_none()), ("ok", true));
    assert!(!story.words().contains(&"renewed"), "its row says so");
}

#[test]
fn a_lease_without_renewals_is_late_then_at_risk_then_expired() {
    let mut story = Story::start(AppConfig::default());
    let truth = renewed(&mut story, 4);
    // Renewed at 35.3 for the last time: late from 46.8 on, at risk when 9 s are left.
    for (until, state) in [(46.0, "ok"), (49.0, "late"), (58.5, "risk"), (65.2, "risk")] {
        story.live(7, &truth, until);
        assert_eq!(story.state(7), state, "at {until}");
    }
    assert_eq!(story.app.leases.counts.risk, 1);
    story.live(7, &truth, 65.6);
    story.list(&[], &[7]);
    assert_eq!(story.state(7), "expired");
    let lag = story.others_lease(7).end().unwrap().lag.unwrap();
    assert!(lag.least.as_secs_f64() <= 0.3 && lag.most.as_secs_f64() >= 0.3, "{lag:?}");
}

#[test]
fn a_ttl_reset_by_a_new_leader_shows_a_badge_for_ten_seconds() {
    let mut story = Story::start(AppConfig::default());
    let mut truth = renewed(&mut story, 3);
    let before = story.others_lease(7).observed.renewals().cadence().answers;
    truth = Truth { deadline: story.now.since_start().as_secs_f64() + 31.0, term: truth.term + 1 };
    story.live(7, &truth, 29.0);
    let lease = story.others_lease(7);
    assert!(lease.was_just_refilled(story.now) && lease.observed.refills() == 1);
    assert_eq!(lease.observed.renewals().cadence().answers, before);
    assert_eq!(story.words().iter().filter(|word| **word == "refilled").count(), 1);
    story.wait(10.0);
    assert!(!story.others_lease(7).was_just_refilled(story.now));
}

#[test]
fn invalid_replies_are_reported_and_change_nothing() {
    let mut story = Story::start(AppConfig::default());
    let truth = renewed(&mut story, 2);
    story.live(7, &truth, 16.0);
    let left = story.left(7);
    story.answer_in_term(7, 9_223_372_036, 4);
    assert_eq!((story.left(7), story.state(7), story.others_lease(7).granted_ttl), (left, "ok", Some(30)));
    assert_eq!(story.others_lease(7).last_ttl_reply.unwrap().reading, etcd_lease::TtlStatus::Invalid);
    assert!(story.others_lease(7).poll.due > story.now, "it is not asked again and again");
    story.answer_in_term(7, -3, 4);
    assert_eq!((story.state(7), story.app.leases.counts.dying), ("dying", 1));
}

#[test]
fn a_watched_key_deletion_narrows_time_and_cause_of_the_end() {
    use etcd_lease::{KeyChange, KeyEntry, KeyState};
    let mut story = Story::start(AppConfig::default());
    story.list(&[7], &[]);
    story.send(Msg::KeysReloading);
    story.send(Msg::KeysPage(vec![KeyEntry { key: b"/a".to_vec(), lease: Some(LeaseId(7)), create_revision: 2 }]));
    story.send(Msg::KeysRead { revision: 9 });
    let truth = Truth { deadline: 28.2, term: 4 };
    story.live(7, &truth, 12.0);
    let change = KeyChange { key: b"/a".to_vec(), before: Some(LeaseId(7)), now: KeyState::Deleted, revision: 11 };
    story.send(Msg::KeysChanged { changes: vec![change], received: story.now });
    story.wait(0.1);
    story.answer_in_term(7, 0, 4);
    let answer = TimeToLive { id: LeaseId(7), ttl: -1, granted_ttl: 0, keys: Vec::new(), header: Header::default() };
    let mut gone = Story { app: story.app.clone(), now: story.now };
    assert_eq!(gone.state(7), "unrenewed", "an answer from after the deletion: it lives");
    // The same, but the server does not know it any more.
    story.app = {
        let mut fresh = Story::start(AppConfig::default());
        fresh.list(&[7], &[]);
        fresh.live(7, &truth, 12.0);
        fresh.app
    };
    story.now = at(12.0);
    story.send(Msg::Polled { sent: story.now, received: story.now, answer, has_keys: false });
    assert_eq!(story.state(7), "revoked", "16 s before its deadline");
    gone.list(&[], &[7]);
    assert_ne!(gone.state(7), "ok");
}

#[test]
fn an_own_revoke_is_reported_as_ours_whichever_source_comes_first() {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 10);
    story.press(&[Key::Home, Key::Char('x'), Key::Char('y')]);
    story.wait(0.1);
    story.list(&[], &[]);
    let answer = TimeToLive { id: LeaseId(1), ttl: -1, granted_ttl: 0, keys: Vec::new(), header: Header::default() };
    story.send(Msg::Polled { sent: story.now, received: story.now, answer, has_keys: false });
    let end = story.others_lease(1).end().unwrap();
    assert!(end.is_ours && end.cause == EndCause::Revoked);
    assert!(story.others_lease(1).loss.is_none(), "nothing was lost");
}

#[test]
fn warnings_are_counted_shown_and_withdrawn() {
    let mut story = Story::start(AppConfig::default());
    story.list(&[1, 2], &[]);
    story.poll(1, 3, 3, &["/a"]);
    story.poll(2, 50, 60, &["/b"]);
    story.wait(2.0);
    story.send(Msg::Tick);
    assert_eq!(
        (story.others_lease(1).warnings.as_slice(), story.others_lease(2).warnings.len()),
        (&["short-ttl"][..], 0)
    );
    let found: Vec<_> = story.app.leases.lint_report().of(LeaseId(1)).map(|finding| finding.what.as_str()).collect();
    assert_eq!((found, story.app.leases.lint_report().count()), (vec!["the TTL is only 3 s."], 1));
    story.list(&[], &[1]);
    story.wait(2.0);
    story.send(Msg::Tick);
    assert_eq!((story.app.leases.lint_report().count(), story.others_lease(1).warnings.len()), (0, 0));
}

#[test]
fn a_zombie_is_listed_but_unknown_to_the_leader_and_keeps_its_row() {
    let mut story = Story::start(AppConfig::default());
    story.list(&[1], &[]);
    let answer = TimeToLive { id: LeaseId(1), ttl: -1, granted_ttl: 0, keys: Vec::new(), header: Header::default() };
    story.send(Msg::Polled { sent: story.now, received: story.now, answer, has_keys: false });
    assert_eq!(story.state(1), "gone");
    for _ in 0..35 {
        story.wait(1.0);
        story.send(Msg::ListedAgain { sent: story.now, received: story.now, revision: 0 });
        story.send(Msg::Tick);
    }
    assert_eq!((story.rows(), story.others_lease(1).warnings.as_slice()), (vec![1], &["zombie"][..]));
    story.list(&[], &[1]);
    story.wait(40.0);
    story.send(Msg::Tick);
    assert_eq!(story.rows(), [] as [i64; 0]);
}

#[test]
fn the_chart_of_another_clients_lease_includes_earlier_observations() {
    let mut story = Story::start(AppConfig::default());
    let truth = renewed(&mut story, 4);
    story.live(7, &truth, 37.0);
    assert!(story.others_lease(7).history.is_none(), "the detail was not opened");
    story.press(&[Key::Enter]);
    story.live(7, &truth, 40.0);
    let history = story.others_lease(7).history.as_ref().expect("the detail is open");
    let renewals: Vec<f64> = history.entries().map(|mark| mark.at.since_start().as_secs_f64()).collect();
    for (reported, truly) in renewals.iter().zip([5.3, 15.3, 25.3, 35.3]) {
        assert!((reported - truly).abs() < 0.3, "{renewals:?}");
    }
    let intervals = history.inferred();
    assert!(intervals.len() == 3 && intervals.iter().all(|span| (9.5..10.5).contains(&span.as_secs_f64())));
}

#[test]
fn the_chart_of_a_lease_without_renewals_starts_when_first_seen() {
    let mut story = Story::start(AppConfig::default());
    story.list(&[7], &[]);
    let truth = Truth { deadline: 28.2, term: 4 };
    story.live(7, &truth, 12.0);
    story.press(&[Key::Enter]);
    story.live(7, &truth, 14.0);
    let history = story.others_lease(7).history.as_ref().expect("the detail is open");
    assert_eq!(history.entries().len(), 1);
    assert!(history.entries().next().unwrap().at < at(1.0));
    assert!(history.inferred().is_empty());
}

#[test]
fn a_chart_excludes_unobserved_time() {
    let mut story = Story::start(AppConfig::default());
    let truth = renewed(&mut story, 4);
    story.live(7, &truth, 37.0);
    story.send(Msg::Cluster(down()));
    story.wait(20.0);
    story.send(Msg::Cluster(view()));
    let back = story.now.since_start().as_secs_f64();
    let truth = Truth { deadline: back + 29.0, term: 4 };
    story.press(&[Key::Enter]);
    story.live(7, &truth, back + 3.0);
    let history = story.others_lease(7).history.as_ref().expect("the detail is open");
    let is_outside = |segment: DeadlineSegment| segment.until <= at(37.0) || segment.from >= at(back - 1.0);
    assert!(history.segments(story.now).all(is_outside) && history.entries().len() > 3, "{history:?}");
    assert!(history.inferred().iter().all(|span| (9.5..10.5).contains(&span.as_secs_f64())), "{history:?}");
}
