//! Restarting the exercise at another speed, in the whole program.

use super::*;

#[tokio::test(start_paused = true)]
async fn w_restarts_the_exercise_at_sixty_times_the_speed() {
    let test = MonitorTest::start(exercise(&[10, 3600]), false).await;
    test.wait(20.0).await;
    let first = test.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>();
    test.press(&[KeyCode::Char('2'), KeyCode::Char('W')]).await;
    assert!(test.screen.text().contains("60x"), "{}", test.screen.text());
    test.press(&[KeyCode::Char('3')]).await;
    let text = test.screen.text();
    assert!(text.contains("clock ×60") && text.contains("2 Cadence"), "the position is kept:\n{text}");
    test.wait(45.0).await;
    let sandbox = test.restarted.lock().unwrap().clone().expect("another sandbox");
    assert_eq!(sandbox.leases().len(), 2);
    assert!(sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>().iter().all(|lease| !first.contains(lease)));
    let hour = test.screen.row("3600 s");
    assert!(hour.contains(&"1200.5".to_owned()), "two renewals within 45 s of the wall: {hour:?}");
    test.press(&[KeyCode::Char('3')]).await;
    assert!(!test.screen.text().contains(&first[0].short()), "nothing of the previous run is shown");
}

#[tokio::test(start_paused = true)]
async fn repeated_restarts_leave_nothing_of_the_previous_run() {
    let test = MonitorTest::start(exercise(&[2]), true).await;
    test.wait(25.0).await;
    assert!(test.screen.row("/service/2").contains(&"16/16".to_owned()), "{}", test.screen.text());
    for (key, speed) in [('2', 10), ('3', 60), ('1', 1)] {
        test.press(&[KeyCode::Char('W'), KeyCode::Char(key)]).await;
        test.wait(1.5).await;
        assert_eq!(test.screen.text().contains(&format!("clock ×{speed}")), speed > 1, "{}", test.screen.text());
    }
    let row = test.screen.row("/service/2");
    assert!(!row.contains(&"16/16".to_owned()) && row.contains(&"1.00".to_owned()), "{row:?}");
    let renewals = test
        .sandbox
        .leases()
        .into_iter()
        .map(LeaseId)
        .collect::<Vec<_>>()
        .first()
        .map(|lease| test.sandbox.keep_alives(*lease));
    test.wait(10.0).await;
    assert_eq!(
        test.sandbox
            .leases()
            .into_iter()
            .map(LeaseId)
            .collect::<Vec<_>>()
            .first()
            .map(|lease| test.sandbox.keep_alives(*lease)),
        renewals
    );
}

#[tokio::test(start_paused = true)]
async fn the_clock_of_a_real_cluster_cannot_be_changed() {
    let test = MonitorTest::start(AppConfig { backend: Backend::Cluster, ..exercise(&[10]) }, false).await;
    let lease = test.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>();
    test.press(&[KeyCode::Char('W')]).await;
    assert!(test.screen.text().contains("Only a sandbox's clock can be sped up"), "{}", test.screen.text());
    test.press(&[KeyCode::Char('3')]).await;
    assert_eq!(
        (test.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>(), test.restarted.lock().unwrap().is_none()),
        (lease, true)
    );
}
