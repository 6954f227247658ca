//! The views, in the whole program.

use super::*;

#[tokio::test(start_paused = true)]
async fn the_detail_updates_the_values_of_keys() {
    let test = MonitorTest::start(exercise(&[10]), false).await;
    assert!(test.screen.text().contains("/service/10  127.0.0.1"), "{}", test.screen.text());
    let lease = test.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>()[0];
    test.sandbox.put("/service/10", "\x1b[2Jmoved", Some(lease.0)).unwrap();
    test.sandbox.put("/service/11", "other", Some(lease.0)).unwrap();
    test.wait(6.0).await;
    let text = test.screen.text();
    assert!(text.contains(r"/service/10  \x1b[2Jmoved") && text.contains("/service/11  other"), "{text}");
    assert!(text.contains("tolerates 1 missed renewal"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_frozen_screen_does_not_change_while_leases_are_renewed() {
    let test = MonitorTest::start(exercise(&[2]), false).await;
    test.press(&[KeyCode::Char('p')]).await;
    let (row, lease) =
        (test.screen.row("/service/2"), test.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>()[0]);
    test.wait(20.0).await;
    assert!(test.screen.text().contains("‖ FROZEN 20 s"), "{}", test.screen.text());
    assert_eq!(
        (test.screen.row("/service/2"), test.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>()),
        (row, vec![lease])
    );
    test.press(&[KeyCode::Esc]).await;
    assert!(
        !test.screen.text().contains("FROZEN") && test.screen.text().contains("cadence   2"),
        "{}",
        test.screen.text()
    );
}

#[tokio::test(start_paused = true)]
async fn an_own_lease_that_was_lost_can_be_granted_again() {
    let test = MonitorTest::start(exercise(&[5]), false).await;
    test.sandbox.revoke(test.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>()[0]).unwrap();
    test.wait(3.0).await;
    let text = test.screen.text();
    assert!(text.contains("lost      at ") && text.contains("n grants a new lease"), "{text}");
    test.press(&[KeyCode::Char('n'), KeyCode::Enter]).await;
    test.wait(2.0).await;
    assert_eq!(test.sandbox.leases().len(), 1);
    let again = test.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>()[0].to_string();
    assert!(test.screen.row(&again).contains(&"/service/5".to_owned()), "{}", test.screen.text());
}

#[tokio::test(start_paused = true)]
async fn the_open_detail_scrolls_and_closes() {
    let test = MonitorTest::start(exercise(&[10, 120]), false).await;
    test.press(&[KeyCode::Enter]).await;
    let open = test.screen.text();
    assert!(open.contains(" · own · ") && !open.contains("STATE") && open.contains("left      "), "{open}");
    test.press(&[KeyCode::End, KeyCode::Esc, KeyCode::Char('3')]).await;
    assert!(test.screen.text().contains("all · newest last"), "{}", test.screen.text());
    test.press(&[KeyCode::Char('1')]).await;
    assert!(test.screen.text().contains("STATE"));
}
