//! The demo on the screen: own leases among those of other clients.

use super::*;
use crate::demo::DemoClients;

/// The exercise on a small screen, with the other clients of the demo.
async fn demo() -> (MonitorTest, DemoClients) {
    let test = MonitorTest::start(exercise(&[10, 120, 3600]), false).await;
    test.screen.0.terminal.lock().unwrap().screen_mut().set_size(24, 80);
    test.input.send(Ok(Event::Resize(80, 24))).unwrap();
    let target = Target::Pipe { name: "sandbox".into(), dialer: test.sandbox.dialer(0) };
    let cluster = Cluster::connect(Settings::new(vec![target])).await.unwrap();
    let others = DemoClients::start(cluster, test.clock.clone(), 3);
    (test, others)
}

#[tokio::test(start_paused = true)]
async fn on_a_small_screen_own_leases_stay_visible() {
    let (test, _others) = demo().await;
    for _ in 0..300 {
        test.wait(1.0).await;
        let text = test.screen.text();
        assert_eq!(rows(&text).filter(|line| line.contains("/service")).count(), 3, "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn locks_are_shown_with_all_waiters() {
    let (test, _others) = demo().await;
    test.press(&[KeyCode::Char('4')]).await;
    test.wait(50.0).await;
    let text = test.screen.text();
    let places = ["Held by", "holds", "next", "2 ", "3 "];
    let lines: Vec<usize> = places.iter().filter_map(|place| row_that_begins(&text, place)).collect();
    assert!(lines.len() == places.len() && lines.is_sorted(), "{text}");
    assert!(text.contains("/locks/nightly") && text.contains("looks dead"), "{text}");
    // The first one had it for 40 s.
    assert!(text.contains(" for 10 s; 3 waiters; "), "{text}");
    test.press(&[KeyCode::Down, KeyCode::Enter]).await;
    test.press(&[KeyCode::End]).await;
    let text = test.screen.text();
    assert!(text.contains("/locks/nightly/"), "the lease of the next one in detail: {text}");
}

/// The lines between the tabs and the next line across the screen.
fn rows(text: &str) -> impl Iterator<Item = &str> {
    text.lines().skip(3).take_while(|line| !line.starts_with('─'))
}

fn row_that_begins(text: &str, with: &str) -> Option<usize> {
    text.lines().position(|line| line.strip_prefix(' ').is_some_and(|line| line.starts_with(with)))
}

#[tokio::test(start_paused = true)]
async fn leases_of_others_appear_and_disappear_on_the_screen() {
    let (test, _others) = demo().await;
    test.wait(55.0).await;
    let text = test.screen.text();
    let others = rows(&text).filter(|line| line.contains('…') && !line.contains('★')).count();
    assert!(others >= 8, "{text}");
    for word in ["/billing", "nightly", "/cron/la"] {
        assert!(text.contains(word), "{word}\n{text}");
    }
    test.press(&[KeyCode::Char('3')]).await;
    assert!(test.screen.text().contains("→ moved"), "{}", test.screen.text());
}
