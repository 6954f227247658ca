//! The exercise from its beginning on, at another speed, in the whole program.

use super::*;

#[tokio::test(start_paused = true)]
async fn w_begins_the_exercise_anew_at_sixty_times_the_speed() {
    let stage = Stage::begin(exercise(&[10, 3600]), false).await;
    stage.wait(20.0).await;
    let first = stage.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>();
    stage.press(&[KeyCode::Char('2'), KeyCode::Char('W')]).await;
    assert!(stage.glass.text().contains("60 times as fast as the wall"), "{}", stage.glass.text());
    stage.press(&[KeyCode::Char('3')]).await;
    let text = stage.glass.text();
    assert!(text.contains("clock ×60") && text.contains("2 Cadence"), "one looks where one looked:\n{text}");
    stage.wait(45.0).await;
    let sandbox = stage.anew.lock().unwrap().clone().expect("another sandbox");
    assert_eq!(sandbox.leases().len(), 2);
    assert!(sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>().iter().all(|lease| !first.contains(lease)));
    let hour = stage.glass.row("3600 s");
    assert!(hour.contains(&"1200.5".to_owned()), "two renewals within 45 s of the wall: {hour:?}");
    stage.press(&[KeyCode::Char('3')]).await;
    assert!(!stage.glass.text().contains(&first[0].short()), "nothing is told of what was before");
}

#[tokio::test(start_paused = true)]
async fn it_can_be_begun_anew_again_and_again_and_nothing_of_before_goes_on() {
    let stage = Stage::begin(exercise(&[2]), true).await;
    stage.wait(25.0).await;
    assert!(stage.glass.row("/service/2").contains(&"16/16".to_owned()), "{}", stage.glass.text());
    for (key, speed) in [('2', 10), ('3', 60), ('1', 1)] {
        stage.press(&[KeyCode::Char('W'), KeyCode::Char(key)]).await;
        stage.wait(1.5).await;
        assert_eq!(stage.glass.text().contains(&format!("clock ×{speed}")), speed > 1, "{}", stage.glass.text());
    }
    let row = stage.glass.row("/service/2");
    assert!(!row.contains(&"16/16".to_owned()) && row.contains(&"1.00/1.0".to_owned()), "{row:?}");
    let renewals = stage
        .sandbox
        .leases()
        .into_iter()
        .map(LeaseId)
        .collect::<Vec<_>>()
        .first()
        .map(|lease| stage.sandbox.keep_alives(*lease));
    stage.wait(10.0).await;
    assert_eq!(
        stage
            .sandbox
            .leases()
            .into_iter()
            .map(LeaseId)
            .collect::<Vec<_>>()
            .first()
            .map(|lease| stage.sandbox.keep_alives(*lease)),
        renewals
    );
}

#[tokio::test(start_paused = true)]
async fn a_real_clusters_clock_is_everybodys() {
    let stage = Stage::begin(Setup { place: Place::Cluster, ..exercise(&[10]) }, false).await;
    let lease = stage.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>();
    stage.press(&[KeyCode::Char('W')]).await;
    assert!(stage.glass.text().contains("A real cluster keeps its own time"), "{}", stage.glass.text());
    stage.press(&[KeyCode::Char('3')]).await;
    assert_eq!(
        (stage.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>(), stage.anew.lock().unwrap().is_none()),
        (lease, true)
    );
}
