//! Other clients' leases, in the whole program.

use tonic::Status;

use super::*;
use crate::domain::LeaseId;

#[tokio::test(start_paused = true)]
async fn keys_follow_without_a_poll() {
    let stage = Stage::begin(exercise(&[]), false).await;
    let lease = stage.sandbox.grant(600).unwrap();
    stage.wait(1.5).await;
    assert!(stage.glass.text().contains("none attached"), "{}", stage.glass.text());
    stage.sandbox.put(b"svc/\xff\x1b[2J", "v", Some(lease)).unwrap();
    stage.sandbox.put("free", "v", None).unwrap();
    stage.wait(0.2).await;
    assert!(stage.glass.row(&lease.to_string()).contains(&r"svc/\xff\x1b[2J".to_owned()), "{}", stage.glass.text());
    stage.sandbox.put(b"svc/\xff\x1b[2J", "v", None).unwrap();
    stage.wait(0.2).await;
    assert!(stage.glass.text().contains("was put without a lease, and stays"), "{}", stage.glass.text());
}

#[tokio::test(start_paused = true)]
async fn a_cut_watch_and_a_forgotten_past_cost_no_key() {
    let stage = Stage::begin(exercise(&[]), false).await;
    let lease = stage.sandbox.grant_as(LeaseId(-9), 600).unwrap();
    stage.sandbox.faults().cut_watches(&Status::unavailable("cut"));
    stage.sandbox.put("/early", "v", Some(lease)).unwrap();
    stage.wait(3.0).await;
    assert!(stage.glass.row("-000000000000009").contains(&"/early".to_owned()), "{}", stage.glass.text());
    stage.sandbox.faults().down();
    stage.wait(2.0).await;
    stage.sandbox.delete("/early");
    stage.sandbox.put("/late", "v", Some(lease)).unwrap();
    stage.sandbox.compact(stage.sandbox.revision()).unwrap();
    stage.sandbox.faults().up();
    stage.wait(8.0).await;
    assert!(stage.glass.row("-000000000000009").contains(&"/late".to_owned()), "{}", stage.glass.text());
    assert!(!stage.glass.text().contains("keys fail"), "{}", stage.glass.text());
}

#[tokio::test(start_paused = true)]
async fn with_a_prefix_only_its_keys_are_followed() {
    let setup = Setup { range: crate::domain::KeyRange::prefix(b"/svc/"), ..exercise(&[]) };
    let stage = Stage::with(setup, false, |sandbox| {
        let lease = sandbox.grant_as(LeaseId(7), 600).unwrap();
        let other = sandbox.grant_as(LeaseId(8), 700).unwrap();
        sandbox.put("/svc/a", "v", Some(lease)).unwrap();
        sandbox.put("/else", "v", Some(other)).unwrap();
    })
    .await;
    stage.wait(2.0).await;
    let text = stage.glass.text();
    assert!(text.contains("keys /svc/"), "{text}");
    assert!(stage.glass.row("0000000000000007").contains(&"/svc/a".to_owned()), "{text}");
    assert!(!stage.glass.row("0000000000000008").contains(&"/else".to_owned()), "{text}");
    stage.press(&[KeyCode::Down, KeyCode::Enter]).await;
    stage.wait(2.0).await;
    assert!(stage.glass.text().contains("/else"), "who is looked at is asked for all keys: {}", stage.glass.text());
}

#[tokio::test(start_paused = true)]
async fn grants_are_told_before_their_keys_and_as_ours() {
    let stage = Stage::begin(exercise(&[10]), false).await;
    stage.wait(2.0).await;
    let text = stage.glass.text();
    assert!(text.contains("attached") && !text.contains("by another client"), "{text}");
    assert_eq!(text.matches("+ attached").count(), 1, "told once: {text}");
}
