//! Every drill in the whole program: its start, its height and its end, in state, events and log.

use std::io::Write;

use super::*;

/// The line of Go's client, as it stands in the log of a program.
const GO: &str = "lease keepalive response queue is full; dropping response send";

/// The log as a file would hold it, while this lives.
struct Log {
    lines: Arc<Mutex<Vec<u8>>>,
    _guard: tracing::subscriber::DefaultGuard,
    /// With one subscriber alone, tracing takes the first thread that comes to a line for all threads.
    _other: tracing::Dispatch,
}

struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn start() -> Self {
        let lines = Arc::<Mutex<Vec<u8>>>::default();
        let sink = Arc::clone(&lines);
        let subscriber =
            tracing_subscriber::fmt().with_ansi(false).with_writer(move || Sink(Arc::clone(&sink))).finish();
        let other = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
        Log { lines, _guard: tracing::subscriber::set_default(subscriber), _other: other }
    }

    /// The lines that hold a text.
    fn with(&self, text: &str) -> Vec<String> {
        let lines = String::from_utf8(self.lines.lock().unwrap().clone()).unwrap();
        lines.lines().filter(|line| line.contains(text)).map(str::to_owned).collect()
    }
}

impl MonitorTest {
    /// Opens the drills of the selected lease, and presses what comes after.
    async fn drill(&self, keys: &str) {
        let keys: Vec<KeyCode> = std::iter::once('!').chain(keys.chars()).map(KeyCode::Char).collect();
        self.press(&keys).await;
    }

    /// The events view holds this text.
    async fn has_event(&self, text: &str) -> bool {
        self.press(&[KeyCode::Char('3')]).await;
        let told = self.screen.text().contains(text);
        self.press(&[KeyCode::Char('1')]).await;
        told
    }

    fn says(&self, part: &str, word: &str) -> bool {
        self.screen.row(part).contains(&word.to_owned())
    }

    fn dropped(&self, part: &str) -> u64 {
        let row = self.screen.row(part);
        let queue = row.iter().position(|word| word.ends_with("/16")).expect("a queue of 16");
        row[queue + 1].parse().expect("a number of drops")
    }
}

#[tokio::test(start_paused = true)]
async fn a_stalled_consumer_costs_responses_and_no_renewal() {
    let log = Log::start();
    let test = MonitorTest::start(exercise(&[2]), false).await;
    let lease = test.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>()[0];
    test.drill("1").await;
    assert!(test.says("/service/2", "paused") && test.has_event("reader stalled").await);
    test.wait(10.0).await;
    assert_eq!((test.dropped("/service/2"), log.with(GO).len()), (0, 0), "the queue has room yet");
    let renewals = test.sandbox.keep_alives(lease);
    test.wait(20.0).await;
    assert!(test.says("/service/2", "16/16"), "{}", test.screen.text());
    let dropped = test.dropped("/service/2");
    assert!((13..=16).contains(&dropped), "{dropped}");
    assert!(test.has_event(GO).await);
    let lines = log.with(GO);
    assert!(lines.len() as u64 >= dropped, "a line each: {lines:?}");
    assert!(lines.iter().all(|line| line.contains(&format!("lease={lease}")) && line.contains("WARN")), "{lines:?}");
    assert!(
        test.sandbox.keep_alives(lease) >= renewals + 20
            && test.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>() == [lease],
        "it lives"
    );
    test.drill("").await;
    test.wait(5.0).await;
    assert!(test.says("/service/2", "0/16") && test.says("/service/2", "ok"), "{}", test.screen.text());
    let dropped = test.dropped("/service/2");
    test.wait(10.0).await;
    assert_eq!(test.dropped("/service/2"), dropped, "nothing more is dropped");
}

#[tokio::test(start_paused = true)]
async fn a_slow_consumer_falls_behind_by_what_it_is_slower() {
    let log = Log::start();
    let test = MonitorTest::start(exercise(&[2]), false).await;
    // From 2 s, a response each TTL, to 5 s.
    test.drill(">2").await;
    assert!(test.has_event("reader slowed to one response every 5 s").await);
    test.wait(15.0).await;
    assert!(test.says("/service/2", "paused") && test.dropped("/service/2") == 0, "{}", test.screen.text());
    test.wait(30.0).await;
    let dropped = test.dropped("/service/2");
    test.wait(50.0).await;
    let more = test.dropped("/service/2") - dropped;
    assert!((39..=41).contains(&more), "of five responses four are dropped, one is read: {more} of 50");
    assert!(log.with(GO).len() as u64 >= more && test.has_event(GO).await);
    test.drill("").await;
    test.wait(3.0).await;
    assert!(test.says("/service/2", "0/16") && test.says("/service/2", "ok"), "{}", test.screen.text());
    assert_eq!(test.sandbox.leases().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn with_its_sender_held_a_lease_dies_and_says_what_a_program_would_know() {
    let test = MonitorTest::start(exercise(&[10]), false).await;
    test.wait(20.0).await;
    test.drill("3").await;
    assert!(test.says("/service/10", "paused") && test.has_event("renewals stopped").await);
    let mut seen = Vec::new();
    while !test.sandbox.leases().is_empty() && !test.says("/service/10", "risk") {
        seen.push(test.screen.row("/service/10")[4].clone());
        test.wait(0.5).await;
    }
    assert_eq!(test.sandbox.leases().len(), 1, "less than an interval is left, and its time is not over: {seen:?}");
    assert!(seen.contains(&"late".to_owned()), "{seen:?}");
    test.wait(8.0).await;
    assert_eq!(test.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>(), []);
    assert!(test.sandbox.get("/service/10").is_none(), "its key went with it");
    let text = test.screen.text();
    assert!(text.contains("✗ expired") && text.contains("programs"), "{text}");
    assert!(test.has_event("a program's keepalive channel closes").await);
}

#[tokio::test(start_paused = true)]
async fn a_sender_that_is_let_go_in_time_costs_margin_alone() {
    let test = MonitorTest::start(exercise(&[10]), false).await;
    test.wait(20.0).await;
    test.drill("3").await;
    test.wait(5.0).await;
    test.drill("").await;
    test.wait(1.0).await;
    assert!(test.says("/service/10", "ok"), "{}", test.screen.text());
    assert_eq!(test.sandbox.leases().len(), 1);
    let margin = test.screen.row("/service/10");
    assert!(!margin.contains(&"6.5".to_owned()), "less was left than ever: {margin:?}");
}

#[tokio::test(start_paused = true)]
async fn answers_that_are_dropped_are_missed_and_the_lease_lives() {
    let test = MonitorTest::start(exercise(&[30]), false).await;
    test.wait(5.0).await;
    // Three, and one more.
    test.drill("+4").await;
    assert!(test.says("/service/30", "paused") && test.has_event("dropping the next 4 replies").await);
    test.wait(16.0).await;
    test.press(&[KeyCode::Char('3')]).await;
    let missed = test.screen.text().matches("▲ missed").count();
    assert_eq!(missed, 4, "{}", test.screen.text());
    test.press(&[KeyCode::Char('1')]).await;
    assert!(test.says("/service/30", "ok"), "over after the last: {}", test.screen.text());
    assert_eq!(test.sandbox.leases().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_cut_stream_is_opened_again_and_costs_nothing() {
    let test = MonitorTest::start(exercise(&[10]), false).await;
    test.wait(20.0).await;
    test.drill("5").await;
    assert!(test.has_event("cut by a drill").await, "{}", test.screen.text());
    test.wait(10.0).await;
    assert!(test.says("/service/10", "ok") && test.says("/service/10", "3.50/3.5"), "{}", test.screen.text());
    assert!(!test.has_event("▲ missed").await);
}
