//! Members of a sandbox, one of which is killed.

use super::headless::HeadlessTest;
use super::*;

#[tokio::test(start_paused = true)]
async fn a_killed_member_is_named_and_the_others_go_on() {
    let sandbox = Sandbox::builder().members(3).seed(7).start(Clock::real());
    let test = HeadlessTest::on("", 100, sandbox, 3).await;
    test.sandbox.faults().on(2).down();
    test.wait(12.0).await;
    let last = test.end().await;
    let cluster = &last.app.cluster;
    assert_eq!(cluster.members.answering(&cluster.view), (2, 3));
    let rows = cluster.members.rows(&cluster.view);
    let words: Vec<_> = rows.iter().map(|row| (row.name(), row.role.word(), row.is_chosen, row.answers)).collect();
    let expected = [
        ("sandbox-0", "leader", true, Some(true)),
        ("sandbox-1", "follower", false, Some(true)),
        ("sandbox-2", "unknown", false, Some(false)),
    ];
    assert_eq!(words, expected);
    assert!(rows[2].silent_for(last.now) >= Some(Duration::from_secs(11)), "{rows:?}");
}
