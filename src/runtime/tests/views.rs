//! The views, in the whole program.

use super::*;

#[tokio::test(start_paused = true)]
async fn the_detail_follows_the_values_of_the_keys() {
    let stage = Stage::begin(exercise(&[10]), false).await;
    assert!(stage.glass.text().contains("/service/10  127.0.0.1"), "{}", stage.glass.text());
    let lease = stage.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>()[0];
    stage.sandbox.put("/service/10", "\x1b[2Jmoved", Some(lease.0)).unwrap();
    stage.sandbox.put("/service/11", "other", Some(lease.0)).unwrap();
    stage.wait(6.0).await;
    let text = stage.glass.text();
    assert!(text.contains(r"/service/10  \x1b[2Jmoved") && text.contains("/service/11  other"), "{text}");
    assert!(text.contains("may miss  1 renewal"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_frozen_display_stands_still_while_leases_are_renewed() {
    let stage = Stage::begin(exercise(&[2]), false).await;
    stage.press(&[KeyCode::Char('p')]).await;
    let (row, lease) =
        (stage.glass.row("/service/2"), stage.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>()[0]);
    stage.wait(20.0).await;
    assert!(stage.glass.text().contains("‖ frozen 20 s ago"), "{}", stage.glass.text());
    assert_eq!(
        (stage.glass.row("/service/2"), stage.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>()),
        (row, vec![lease])
    );
    stage.press(&[KeyCode::Esc]).await;
    assert!(
        !stage.glass.text().contains("frozen") && stage.glass.text().contains("renewed   2"),
        "{}",
        stage.glass.text()
    );
}

#[tokio::test(start_paused = true)]
async fn an_own_lease_that_was_lost_can_be_granted_again() {
    let stage = Stage::begin(exercise(&[5]), false).await;
    stage.sandbox.revoke(stage.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>()[0]).unwrap();
    stage.wait(3.0).await;
    let text = stage.glass.text();
    assert!(text.contains("lost      at ") && text.contains("n grants one like it"), "{text}");
    stage.press(&[KeyCode::Char('n'), KeyCode::Enter]).await;
    stage.wait(2.0).await;
    assert_eq!(stage.sandbox.leases().len(), 1);
    let again = stage.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>()[0].to_string();
    assert!(stage.glass.row(&again).contains(&"/service/5".to_owned()), "{}", stage.glass.text());
}

#[tokio::test(start_paused = true)]
async fn the_open_detail_scrolls_and_closes() {
    let stage = Stage::begin(exercise(&[10, 120]), false).await;
    stage.press(&[KeyCode::Enter]).await;
    let open = stage.glass.text();
    assert!(open.contains("╭ ") && !open.contains("FIRST KEY") && open.contains("left      "), "{open}");
    stage.press(&[KeyCode::End, KeyCode::Esc, KeyCode::Char('3')]).await;
    assert!(stage.glass.text().contains("3 Events all · newest last"), "{}", stage.glass.text());
    stage.press(&[KeyCode::Char('1')]).await;
    assert!(stage.glass.text().contains("FIRST KEY"));
}
