//! Every fault drill in the whole program: its start, effect and end, in state, events and log.

use std::io::Write;

use super::*;

/// The log line of Go's client.
const GO: &str = "lease keepalive response queue is full; dropping response send";

/// Collects the log while this is alive.
struct Log {
    lines: Arc<Mutex<Vec<u8>>>,
    _guard: tracing::subscriber::DefaultGuard,
    /// With a single subscriber, tracing applies the first thread's interest in a line to all threads.
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

    /// The lines with this text.
    fn with(&self, text: &str) -> Vec<String> {
        let lines = String::from_utf8(self.lines.lock().unwrap().clone()).unwrap();
        lines.lines().filter(|line| line.contains(text)).map(str::to_owned).collect()
    }
}

impl MonitorTest {
    /// Opens the drill dialog of the selected lease, and presses keys in it.
    async fn drill(&self, keys: &str) {
        let keys: Vec<KeyCode> = std::iter::once('!').chain(keys.chars()).map(KeyCode::Char).collect();
        self.press(&keys).await;
    }

    /// Whether the events view shows this text.
    async fn has_event(&self, text: &str) -> bool {
        self.press(&[KeyCode::Char('3')]).await;
        let reported = self.screen.text().contains(text);
        self.press(&[KeyCode::Char('1')]).await;
        reported
    }

    fn shows(&self, part: &str, word: &str) -> bool {
        self.screen.row(part).contains(&word.to_owned())
    }

    fn dropped(&self, part: &str) -> u64 {
        dropped(&self.screen.row(part))
    }
}

#[tokio::test(start_paused = true)]
async fn a_stalled_reader_drops_responses_and_no_renewal() {
    let log = Log::start();
    let test = MonitorTest::start(exercise(&[2]), false).await;
    let lease = test.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>()[0];
    test.drill("1").await;
    assert!(test.shows("/service/2", "stalled") && test.has_event("started: reader stalled").await);
    test.wait(10.0).await;
    assert_eq!((test.dropped("/service/2"), log.with(GO).len()), (0, 0), "the queue has room yet");
    let renewals = test.sandbox.keep_alives(lease);
    test.wait(20.0).await;
    assert!(test.shows("/service/2", "16/16"), "{}", test.screen.text());
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
    assert!(test.shows("/service/2", "0/16") && test.shows("/service/2", "ok"), "{}", test.screen.text());
    let dropped = test.dropped("/service/2");
    test.wait(10.0).await;
    assert_eq!(test.dropped("/service/2"), dropped, "nothing more is dropped");
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_drops_what_it_cannot_read_in_time() {
    let log = Log::start();
    let test = MonitorTest::start(exercise(&[2]), false).await;
    // From a response every 2 s (the TTL) to one every 5 s.
    test.drill(">2").await;
    assert!(test.has_event("started: slow reader").await);
    test.wait(15.0).await;
    assert!(test.shows("/service/2", "ok") && test.dropped("/service/2") == 0, "{}", test.screen.text());
    test.wait(30.0).await;
    let dropped = test.dropped("/service/2");
    test.wait(50.0).await;
    let more = test.dropped("/service/2") - dropped;
    assert!((39..=41).contains(&more), "of five responses four are dropped, one is read: {more} of 50");
    assert!(log.with(GO).len() as u64 >= more && test.has_event(GO).await);
    test.drill("").await;
    test.wait(3.0).await;
    assert!(test.shows("/service/2", "0/16") && test.shows("/service/2", "ok"), "{}", test.screen.text());
    assert_eq!(test.sandbox.leases().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn with_a_paused_sender_a_lease_expires_and_shows_what_a_program_would_see() {
    let test = MonitorTest::start(exercise(&[10]), false).await;
    test.wait(20.0).await;
    test.drill("3").await;
    assert!(test.shows("/service/10", "paused") && test.has_event("started: renewals held back").await);
    let mut seen = Vec::new();
    while !test.sandbox.leases().is_empty() && !test.shows("/service/10", "risk") {
        seen.push(test.screen.row("/service/10")[3].clone());
        test.wait(0.5).await;
    }
    assert_eq!(test.sandbox.leases().len(), 1, "less than an interval is left, and its time is not over: {seen:?}");
    assert!(seen.contains(&"late".to_owned()), "{seen:?}");
    test.wait(8.0).await;
    assert_eq!(test.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>(), []);
    assert!(test.sandbox.get("/service/10").is_none(), "its key is deleted");
    let text = test.screen.text();
    assert!(text.contains("✗ expired") && text.contains("programs"), "{text}");
    assert!(test.has_event("a Go program's keepalive channel closes").await);
}

#[tokio::test(start_paused = true)]
async fn a_sender_resumed_in_time_costs_only_margin() {
    let test = MonitorTest::start(exercise(&[10]), false).await;
    test.wait(20.0).await;
    test.drill("3").await;
    test.wait(5.0).await;
    test.drill("").await;
    test.wait(1.0).await;
    assert!(test.shows("/service/10", "ok"), "{}", test.screen.text());
    assert_eq!(test.sandbox.leases().len(), 1);
    let margin = test.screen.row("/service/10");
    assert!(!margin.contains(&"6.5".to_owned()), "the margin shrank: {margin:?}");
}

#[tokio::test(start_paused = true)]
async fn dropped_replies_are_shown_as_missed_and_the_lease_survives() {
    let test = MonitorTest::start(exercise(&[30]), false).await;
    test.wait(5.0).await;
    // Three by default, and one more.
    test.drill("+4").await;
    assert!(test.has_event("started: dropping the next 4").await);
    test.wait(16.0).await;
    test.press(&[KeyCode::Char('3')]).await;
    let missed = test.screen.text().matches("▲ missed").count();
    assert_eq!(missed, 4, "{}", test.screen.text());
    test.press(&[KeyCode::Char('1')]).await;
    assert!(test.shows("/service/30", "ok"), "over after the last: {}", test.screen.text());
    assert_eq!(test.sandbox.leases().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_cut_stream_is_reopened_without_a_missed_renewal() {
    let test = MonitorTest::start(exercise(&[10]), false).await;
    test.wait(20.0).await;
    test.drill("5").await;
    assert!(test.has_event("closed by a fault drill").await, "{}", test.screen.text());
    test.wait(10.0).await;
    assert!(test.shows("/service/10", "ok") && test.shows("/service/10", "3.50"), "{}", test.screen.text());
    assert!(!test.has_event("▲ missed").await);
}
