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
    fn begin() -> Self {
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

impl Stage {
    /// Opens the drills of the selected lease, and presses what comes after.
    async fn drill(&self, keys: &str) {
        let keys: Vec<KeyCode> = std::iter::once('!').chain(keys.chars()).map(KeyCode::Char).collect();
        self.press(&keys).await;
    }

    /// The events view holds this text.
    async fn told(&self, text: &str) -> bool {
        self.press(&[KeyCode::Char('3')]).await;
        let told = self.glass.text().contains(text);
        self.press(&[KeyCode::Char('1')]).await;
        told
    }

    fn says(&self, part: &str, word: &str) -> bool {
        self.glass.row(part).contains(&word.to_owned())
    }

    fn dropped(&self, part: &str) -> u64 {
        let row = self.glass.row(part);
        let queue = row.iter().position(|word| word.ends_with("/16")).expect("a queue of 16");
        row[queue + 1].parse().expect("a number of drops")
    }
}

#[tokio::test(start_paused = true)]
async fn a_stalled_consumer_costs_responses_and_no_renewal() {
    let log = Log::begin();
    let stage = Stage::begin(exercise(&[2]), false).await;
    let lease = stage.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>()[0];
    stage.drill("1").await;
    assert!(stage.says("/service/2", "paused") && stage.told("stalled consumer, as asked").await);
    stage.wait(10.0).await;
    assert_eq!((stage.dropped("/service/2"), log.with(GO).len()), (0, 0), "the queue has room yet");
    let renewals = stage.sandbox.keep_alives(lease);
    stage.wait(20.0).await;
    assert!(stage.says("/service/2", "16/16"), "{}", stage.glass.text());
    let dropped = stage.dropped("/service/2");
    assert!((13..=16).contains(&dropped), "{dropped}");
    assert!(stage.told(GO).await);
    let lines = log.with(GO);
    assert!(lines.len() as u64 >= dropped, "a line each: {lines:?}");
    assert!(lines.iter().all(|line| line.contains(&format!("lease={lease}")) && line.contains("WARN")), "{lines:?}");
    assert!(
        stage.sandbox.keep_alives(lease) >= renewals + 20
            && stage.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>() == [lease],
        "it lives"
    );
    stage.drill("").await;
    stage.wait(5.0).await;
    assert!(stage.says("/service/2", "0/16") && stage.says("/service/2", "ok"), "{}", stage.glass.text());
    let dropped = stage.dropped("/service/2");
    stage.wait(10.0).await;
    assert_eq!(stage.dropped("/service/2"), dropped, "nothing more is dropped");
}

#[tokio::test(start_paused = true)]
async fn a_slow_consumer_falls_behind_by_what_it_is_slower() {
    let log = Log::begin();
    let stage = Stage::begin(exercise(&[2]), false).await;
    // From 2 s, a response each TTL, to 5 s.
    stage.drill(">2").await;
    assert!(stage.told("slow consumer: one response each 5 s, as asked").await);
    stage.wait(15.0).await;
    assert!(stage.says("/service/2", "paused") && stage.dropped("/service/2") == 0, "{}", stage.glass.text());
    stage.wait(30.0).await;
    let dropped = stage.dropped("/service/2");
    stage.wait(50.0).await;
    let more = stage.dropped("/service/2") - dropped;
    assert!((39..=41).contains(&more), "of five responses four are dropped, one is read: {more} of 50");
    assert!(log.with(GO).len() as u64 >= more && stage.told(GO).await);
    stage.drill("").await;
    stage.wait(3.0).await;
    assert!(stage.says("/service/2", "0/16") && stage.says("/service/2", "ok"), "{}", stage.glass.text());
    assert_eq!(stage.sandbox.leases().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn with_its_sender_held_a_lease_dies_and_says_what_a_program_would_know() {
    let stage = Stage::begin(exercise(&[10]), false).await;
    stage.wait(20.0).await;
    stage.drill("3").await;
    assert!(stage.says("/service/10", "paused") && stage.told("held sender, as asked").await);
    let mut seen = Vec::new();
    while !stage.sandbox.leases().is_empty() && !stage.says("/service/10", "risk") {
        seen.push(stage.glass.row("/service/10")[4].clone());
        stage.wait(0.5).await;
    }
    assert_eq!(stage.sandbox.leases().len(), 1, "less than an interval is left, and its time is not over: {seen:?}");
    assert!(seen.contains(&"late".to_owned()), "{seen:?}");
    stage.wait(8.0).await;
    assert_eq!(stage.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>(), []);
    assert!(stage.sandbox.get("/service/10").is_none(), "its key went with it");
    let text = stage.glass.text();
    assert!(text.contains("✗ expired") && text.contains("programs"), "{text}");
    assert!(stage.told("a program's keepalive channel closes").await);
}

#[tokio::test(start_paused = true)]
async fn a_sender_that_is_let_go_in_time_costs_margin_alone() {
    let stage = Stage::begin(exercise(&[10]), false).await;
    stage.wait(20.0).await;
    stage.drill("3").await;
    stage.wait(5.0).await;
    stage.drill("").await;
    stage.wait(1.0).await;
    assert!(stage.says("/service/10", "ok"), "{}", stage.glass.text());
    assert_eq!(stage.sandbox.leases().len(), 1);
    let margin = stage.glass.row("/service/10");
    assert!(!margin.contains(&"6.5".to_owned()), "less was left than ever: {margin:?}");
}

#[tokio::test(start_paused = true)]
async fn answers_that_are_dropped_are_missed_and_the_lease_lives() {
    let stage = Stage::begin(exercise(&[30]), false).await;
    stage.wait(5.0).await;
    // Three, and one more.
    stage.drill("+4").await;
    assert!(stage.says("/service/30", "paused") && stage.told("the next 4 answers are dropped, as asked").await);
    stage.wait(16.0).await;
    stage.press(&[KeyCode::Char('3')]).await;
    let missed = stage.glass.text().matches("▲ missed").count();
    assert_eq!(missed, 4, "{}", stage.glass.text());
    stage.press(&[KeyCode::Char('1')]).await;
    assert!(stage.says("/service/30", "ok"), "over after the last: {}", stage.glass.text());
    assert_eq!(stage.sandbox.leases().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_cut_stream_is_opened_again_and_costs_nothing() {
    let stage = Stage::begin(exercise(&[10]), false).await;
    stage.wait(20.0).await;
    stage.drill("5").await;
    assert!(stage.told("cut by a drill").await, "{}", stage.glass.text());
    stage.wait(10.0).await;
    assert!(stage.says("/service/10", "ok") && stage.says("/service/10", "3.50/3.5"), "{}", stage.glass.text());
    assert!(!stage.told("▲ missed").await);
}
