//! Which events match a filter.

use super::*;
use etcd_lease::{KeyChange, KeyEntry, KeyState};

impl Story {
    /// The next events by name, and whether each of these filters matches.
    fn meant(&mut self, filters: [&str; 3]) -> Vec<(&'static str, [bool; 3])> {
        let told = self.app.events.drain_recorded();
        let (leases, keys) = (&self.app.leases, &self.app.keys);
        let matches_filter =
            |event: &Event, text: &str| matches_filter(leases, keys, &text.parse().expect("a filter"), event, self.now);
        told.iter().map(|event| (event.name().as_str(), filters.map(|text| matches_filter(event, text)))).collect()
    }
}

/// A lease of 10 s with a key, which another client keeps alive, with all events recorded.
fn start() -> Story {
    let mut story = Story::start(AppConfig::default());
    story.app.events.record_all();
    story.list(&[7], &[]);
    story.send(Msg::KeysReloading);
    story.send(Msg::KeysPage(vec![KeyEntry { key: b"/svc/a".to_vec(), lease: Some(LeaseId(7)), create_revision: 2 }]));
    story.send(Msg::KeysRead { revision: 2 });
    story.wait(0.5);
    story.poll(7, 9, 10, &["/svc/a"]);
    story.app.events.drain_recorded();
    story
}

fn change(key: &str, now: KeyState) -> Msg {
    let change = KeyChange { key: key.as_bytes().to_vec(), before: Some(LeaseId(7)), now, revision: 9 };
    Msg::KeysChanged { changes: vec![change], received: at(1.0) }
}

#[test]
fn a_renewal_event_matches_by_the_facts_of_its_lease() {
    let mut story = start();
    story.wait(4.0);
    story.poll(7, 9, 10, &["/svc/a"]);
    assert_eq!(story.meant(["ttl=10 and key:/svc/", "ttl>10", "state:late"]), [("renewed", [true, false, false])]);
}

#[test]
fn a_detached_key_still_matches_its_lease() {
    let mut story = start();
    story.now = at(1.0);
    story.send(change("/svc/a", KeyState::Put { lease: None, create_revision: 2 }));
    assert_eq!(story.meant(["key:/svc/a", "key:/other", "keys=0"]), [("detached", [true, false, false])]);
}

#[test]
fn an_end_event_matches_by_the_lease_before_its_end() {
    let mut story = start();
    story.wait(11.5);
    story.poll(7, -1, 10, &["/svc/a"]);
    story.wait(0.2);
    story.list(&[], &[7]);
    let reported = story.meant(["state:expired and key:/svc/ and left<1s", "left>1s", "state:revoked"]);
    assert_eq!(reported, [("expired", [true, false, false])]);
}

#[test]
fn events_without_a_lease_match_and_unknown_values_do_not() {
    let mut story = start();
    story.list(&[8], &[]);
    story.send(Msg::Cluster(down()));
    let reported = story.meant(["", "ttl<30", "id:8"]);
    assert_eq!(reported, [("granted", [true, false, true]), ("connection", [true, true, true])]);
}

#[test]
fn a_filter_can_name_the_event() {
    let mut story = start();
    story.wait(4.0);
    story.poll(7, 9, 10, &["/svc/a"]);
    assert_eq!(
        story.meant(["event:renewed", "event:late", "!event:late key:/svc/"]),
        [("renewed", [true, false, true])]
    );
    for name in crate::app::EventName::ALL.map(|name| name.as_str()) {
        assert!(crate::filter::EVENTS.contains(&name), "{name}");
    }
}

#[test]
fn a_command_runs_on_an_event_without_a_lease_only_if_the_filter_means_it() {
    let mut story = start();
    story.send(Msg::Cluster(down()));
    let told = story.app.events.drain_recorded();
    let is_triggered = |text: &str| {
        triggers(&story.app.leases, &story.app.keys, &text.parse().expect("a filter"), &told[0], story.now)
    };
    let filters = ["", "event:connection", "event:connection or ttl<30", "event:late", "ttl<30", "key:/svc/"];
    assert_eq!(filters.map(is_triggered), [true, true, true, false, false, false]);
}
