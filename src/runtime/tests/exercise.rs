//! The exercise: how often each lease is renewed, and when its first response is dropped.

use super::*;

/// The words of the row of a TTL on the clock of the cadence view.
fn row(test: &MonitorTest, ttl: u32) -> Vec<String> {
    let text = test.screen.text();
    let name = format!(" {ttl} s own ");
    let line = text.lines().find(|line| line.contains(&name));
    line.unwrap_or_else(|| panic!("no {ttl} s in\n{text}")).split_whitespace().map(str::to_owned).collect()
}

#[tokio::test(start_paused = true)]
async fn the_interval_grows_with_the_ttl() {
    let test = MonitorTest::start(exercise(&[10, 120, 3600]), false).await;
    test.press(&[KeyCode::Char('2')]).await;
    test.screen.stick(true);
    test.wait(2_450.0).await;
    test.screen.stick(false);
    test.wait(1.5).await;
    let mean = |ttl| row(&test, ttl).into_iter().find(|word| word.contains('.')).expect("a mean");
    assert_eq!([mean(10), mean(120), mean(3600)], ["3.50", "40.50", "1200.5"]);
    let text = test.screen.text();
    assert!(text.contains("NO: it is TTL/3, sent at the next 500 ms tick."), "{text}");
}

#[tokio::test(start_paused = true)]
async fn the_time_until_the_first_drop_depends_on_the_ttl() {
    let test = MonitorTest::start(exercise(&[10, 120]), true).await;
    test.press(&[KeyCode::Char('2')]).await;
    for (ttl, seconds) in [(10, 56.0), (120, 648.0)] {
        let dropped = || {
            let numbers = row(&test, ttl).into_iter().rev().find_map(|word| word.parse::<u64>().ok());
            numbers.expect("a number of drops")
        };
        test.screen.stick(true);
        test.wait(seconds - 2.0 - test.clock.now().since_start().as_secs_f64()).await;
        test.screen.stick(false);
        test.wait(1.1).await;
        assert_eq!(dropped(), 0, "of {ttl} s before {seconds} s: {}", test.screen.text());
        test.wait(3.0).await;
        assert_eq!(dropped(), 1, "of {ttl} s after {seconds} s: {}", test.screen.text());
    }
    assert_eq!(test.sandbox.leases().len(), 2, "all live");
}
