//! What etcd counted, beside what leasetop saw.

use super::*;
use etcd_lease::LeaseCounters;

/// Whether the last tick read the leader's counters.
fn counts_at(story: &mut Story, seconds: f64) -> bool {
    story.wait(seconds);
    story.send(Msg::Tick).contains(&Effect::ReadServerCounters)
}

fn counted(member_id: u64, granted: u64, expired: u64) -> Msg {
    Msg::ServerCounters(Ok(LeaseCounters { member_id, granted, expired, ..LeaseCounters::default() }))
}

/// What is counted per second: granted by etcd and as seen, expired by etcd, over how many seconds.
fn rates(story: &Story) -> Option<(f64, f64, f64, u64)> {
    rates_of(&story.app)
}

fn rates_of(app: &AppState) -> Option<(f64, f64, f64, u64)> {
    let LeaseRates { over, pairs, .. } = app.cluster.server_counters.rates()?;
    assert_eq!(pairs.map(|pair| pair.what), ["granted", "renewed", "revoked", "expired"]);
    Some((pairs[0].etcd, pairs[0].seen, pairs[3].etcd, over.as_secs()))
}

#[test]
fn the_leaders_counters_are_read_only_while_the_members_are_shown() {
    let mut story = Story::start(AppConfig::default());
    assert!(!counts_at(&mut story, 60.0));
    story.press(&[Key::Char('5')]);
    assert!(counts_at(&mut story, 0.1) && !counts_at(&mut story, 60.0), "one at a time");
    story.send(counted(1, 100, 0));
    assert!(!counts_at(&mut story, 9.8) && counts_at(&mut story, 0.2));
    story.press(&[Key::Char('1')]);
    story.send(counted(1, 100, 0));
    assert!(!counts_at(&mut story, 60.0));
}

#[test]
fn the_rates_of_etcd_stand_beside_those_of_leasetop() {
    let mut story = Story::start(AppConfig::default());
    story.press(&[Key::Char('5')]);
    assert!(counts_at(&mut story, 0.1));
    story.list(&[9], &[]);
    story.send(counted(1, 100, 7));
    assert_eq!(rates(&story), None);
    story.list(&[1, 2, 3, 4, 5], &[]);
    story.wait(10.0);
    story.send(counted(1, 120, 8));
    assert_eq!(rates(&story), Some((2.0, 0.5, 0.1, 10)));
    for second in 1..=8 {
        story.wait(10.0);
        story.send(counted(1, 120 + 60 * second, 8));
    }
    assert_eq!(rates(&story), Some((6.0, 0.0, 0.0, 60)), "the last minute");
    story.wait(10.0);
    story.send(counted(2, 1_000, 1_000));
    assert_eq!(rates(&story), None, "another member has counters of its own");
    story.wait(10.0);
    story.send(counted(2, 5, 0));
    assert_eq!(rates(&story), None, "it has started again");
    story.wait(10.0);
    story.send(counted(2, 15, 0));
    assert_eq!(rates(&story), Some((1.0, 0.0, 0.0, 10)));
}

#[test]
fn the_past_and_a_recording_count_what_leasetop_saw() {
    let mut story = Story::start(AppConfig::default());
    story.press(&[Key::Char('5')]);
    assert!(counts_at(&mut story, 0.1));
    story.send(counted(1, 100, 7));
    let mut past = story.app.picture();
    // A recording that begins here knows no earlier reading.
    let mut recording = AppState::new(AppConfig { is_replay: true, ..AppConfig::default() }, story.now);
    update(&mut recording, counted(1, 100, 7), story.now);
    let listing = Listing { born: (1..=5).map(LeaseId).collect(), ..Listing::default() };
    for app in [&mut past, &mut recording] {
        assert_eq!(rates_of(app), None);
        update(app, Msg::Listed(Listing::default()), story.now);
        update(app, Msg::Listed(listing.clone()), story.now);
        update(app, counted(1, 105, 7), story.now + Duration::from_secs(10));
        assert_eq!(rates_of(app), Some((0.5, 0.5, 0.0, 10)));
    }
}
