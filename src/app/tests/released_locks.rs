//! Locks that their holders release, and attempts to get a lock.

use super::availability::{deleted, put};
use super::*;

/// Leases of 20 s with a key each that are renewed every 7 s.
fn holders(config: AppConfig, keys: &[(&str, i64)]) -> Story {
    let mut story = Story::start(config);
    story.send(Msg::KeysReloading);
    story.send(Msg::KeysRead { revision: 9 });
    story.list(&[], &[]);
    story.wait(1.0);
    for (key, id) in keys {
        story.list(&[*id], &[]);
        story.change(vec![put(key, None, Some(*id), 10 + *id)]);
        story.renew(*id, 20, 7.0, 6);
    }
    story
}

/// The holder deletes the key, and its lease runs out.
fn release(story: &mut Story, key: &str, id: i64) {
    story.change(vec![deleted(key, id, 20 + id)]);
    for left in (0..=13).rev() {
        story.poll_left(id, left, 20);
        story.send(Msg::Tick);
        story.wait(1.0);
    }
    // Expired, then removed.
    story.poll_left(id, -1, 20);
    story.poll_left(id, -1, 0);
    story.list(&[], &[id]);
    story.wait(3.0);
    story.send(Msg::Tick);
}

fn problems(story: &Story) -> Vec<String> {
    let problems = story.app.events.lines().filter(|event| EventCategory::Problems.has(&event.kind));
    problems.map(|event| format!("{} {}", event.name().short(), event.text())).collect()
}

#[test]
fn a_released_lock_is_no_outage_and_its_lease_may_run_out() {
    let pattern = AppConfig { lock_patterns: vec!["/jobs/*".parse().unwrap()], ..AppConfig::default() };
    for (config, key) in [(AppConfig::default(), "/locks/nightly"), (pattern, "/jobs/nightly")] {
        let mut story = holders(config, &[(key, 1)]);
        for id in 1..=3 {
            release(&mut story, key, id);
            assert_eq!(problems(&story), [""; 0], "cycle {id}");
            story.list(&[id + 1], &[]);
            story.change(vec![put(key, None, Some(id + 1), 10 + id + 1)]);
            story.renew(id + 1, 20, 7.0, 4);
        }
        let ends = story.app.events.lines().filter(|event| matches!(event.kind, EventKind::LeaseEnded(_)));
        assert_eq!(ends.map(|event| event.name().short()).collect::<Vec<_>>(), ["ran out"; 3]);
        let name = key.trim_end_matches("/nightly").as_bytes();
        let service = story.app.keys.index().availability().services().get(name, story.now).unwrap();
        assert_eq!((service.key_outages, service.service.outages), (0, 0));
    }
}

#[test]
fn a_released_service_key_is_an_outage() {
    let mut story = holders(AppConfig::default(), &[("/svc/api", 1)]);
    release(&mut story, "/svc/api", 1);
    let problems = problems(&story);
    assert!(problems.iter().any(|problem| problem.starts_with("down /svc/api")), "{problems:?}");
    assert!(problems.iter().any(|problem| problem.starts_with("at risk ")), "{problems:?}");
}

/// Node's lock: any key, and its lease is revoked. The next holder grants a new lease at once.
#[test]
fn a_lock_that_may_be_a_service_is_released_by_revoking_but_not_by_expiry() {
    let mut story = holders(AppConfig::default(), &[("npmlock", 1)]);
    let revoke = |story: &mut Story, id: i64| {
        story.poll_left(id, 17, 20);
        story.change(vec![deleted("npmlock", id, 20 + id)]);
        story.poll_left(id, -1, 0);
        story.list(&[], &[id]);
    };
    revoke(&mut story, 1);
    story.wait(0.4);
    story.change(vec![put("npmlock", None, Some(2), 30)]);
    story.list(&[2], &[]);
    story.renew(2, 20, 7.0, 4);
    revoke(&mut story, 2);
    story.wait(5.0);
    story.send(Msg::Tick);
    assert!(!story.words().contains(&"down"), "{:?}", problems(&story));
    story.change(vec![put("npmlock", None, Some(3), 40)]);
    story.list(&[3], &[]);
    story.renew(3, 20, 7.0, 4);
    for left in (0..=12).rev() {
        story.poll_left(3, left, 20);
        story.send(Msg::Tick);
        story.wait(1.0);
    }
    story.change(vec![deleted("npmlock", 3, 50)]);
    story.poll_left(3, -1, 0);
    story.wait(3.0);
    story.send(Msg::Tick);
    assert!(story.words().contains(&"down"), "{:?}", problems(&story));
}

#[test]
fn a_failed_attempt_to_get_a_lock_is_no_problem() {
    let mut story = holders(AppConfig::default(), &[]);
    story.list(&[7, 8], &[]);
    story.wait(1.0);
    story.list(&[], &[7]);
    assert_eq!((story.words().last(), problems(&story)), (Some(&"gone"), Vec::new()));
    story.wait(9.0);
    story.list(&[], &[8]);
    assert_eq!(problems(&story).len(), 1, "it was no attempt");
}
