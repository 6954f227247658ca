//! Filtering events.

use super::*;
use etcd_lease::{KeyChange, KeyEntry, KeyState};

impl Story {
    /// The events recorded since the last call, by name, and whether each filter matches them.
    fn meant(&mut self, filters: [&str; 3]) -> Vec<(&'static str, [bool; 3])> {
        let told = self.app.events.drain_recorded();
        let (leases, keys) = (&self.app.leases, &self.app.keys);
        let matches_filter =
            |event: &Event, text: &str| matches_filter(leases, keys, &text.parse().expect("a filter"), event, self.now);
        told.iter().map(|event| (event.name().as_str(), filters.map(|text| matches_filter(event, text)))).collect()
    }
}

/// A story that records all events, with another client's lease of 10 s that has a key.
fn begin() -> Story {
    let mut story = Story::begin(AppConfig::default());
    story.app.events.record_all();
    story.list(&[7], &[]);
    story.tell(Msg::KeysReloading);
    story.tell(Msg::KeysPage(vec![KeyEntry { key: b"/svc/a".to_vec(), lease: Some(LeaseId(7)), create_revision: 2 }]));
    story.tell(Msg::KeysRead { revision: 2 });
    story.wait(0.5);
    story.probe(7, 9, 10, &["/svc/a"]);
    story.app.events.drain_recorded();
    story
}

fn change(key: &str, now: KeyState) -> Msg {
    let change = KeyChange { key: key.as_bytes().to_vec(), before: Some(LeaseId(7)), now, revision: 9 };
    Msg::KeysChanged { changes: vec![change], received: at(1.0) }
}

#[test]
fn a_renewal_is_told_by_what_its_lease_is() {
    let mut story = begin();
    story.wait(4.0);
    story.probe(7, 9, 10, &["/svc/a"]);
    assert_eq!(story.meant(["ttl=10 and key:/svc/", "ttl>10", "state:late"]), [("renewed", [true, false, false])]);
}

#[test]
fn a_key_that_leaves_counts_as_one_of_its_lease() {
    let mut story = begin();
    story.now = at(1.0);
    story.tell(change("/svc/a", KeyState::Put { lease: None, create_revision: 2 }));
    assert_eq!(story.meant(["key:/svc/a", "key:/other", "keys=0"]), [("detached", [true, false, false])]);
}

#[test]
fn of_the_dead_counts_what_they_had_and_how_they_died() {
    let mut story = begin();
    story.wait(11.5);
    story.probe(7, -1, 10, &["/svc/a"]);
    story.wait(0.2);
    story.list(&[], &[7]);
    let told = story.meant(["state:expired and key:/svc/ and left<1s", "left>1s", "state:revoked"]);
    assert_eq!(told, [("expired", [true, false, false])]);
}

#[test]
fn what_is_of_no_lease_passes_and_what_is_not_known_yet_does_not() {
    let mut story = begin();
    story.list(&[8], &[]);
    story.tell(Msg::Cluster(down()));
    let told = story.meant(["", "ttl<30", "id:8"]);
    assert_eq!(told, [("granted", [true, false, true]), ("connection", [true, true, true])]);
}
