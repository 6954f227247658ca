//! Recording the whole program, and playing what was recorded.

use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::*;
use crate::recording::Recording;

/// A recording that is played, its screen and keys.
struct ReplayTest {
    screen: FakeScreen,
    clock: Clock,
    input: mpsc::UnboundedSender<io::Result<Event>>,
    _external: mpsc::UnboundedSender<ExternalEvent>,
    replay: Task<ExitState>,
}

impl ReplayTest {
    async fn start(path: &Path) -> Self {
        let clock = Clock::real();
        let options = ReplayOptions {
            recording: Recording::read(path).unwrap(),
            config: AppConfig::default(),
            clock: clock.clone(),
            appearance: Appearance::default(),
            files: UserFiles::default(),
        };
        let screen = FakeScreen::new(180, 40);
        let (input, keys) = mpsc::unbounded_channel();
        let (external, happens) = mpsc::unbounded_channel();
        let (keys, happens) = (UnboundedReceiverStream::new(keys), UnboundedReceiverStream::new(happens));
        let replay = spawn(run_replay(options, screen.clone(), keys, happens));
        let test = ReplayTest { screen, clock, input, _external: external, replay };
        test.wait(0.1).await;
        test
    }

    async fn wait(&self, seconds: f64) {
        self.clock.sleep(Duration::from_secs_f64(seconds)).await;
    }

    async fn type_keys(&self, text: &str) {
        for key in keys(text) {
            self.input.send(Ok(Event::Key(KeyEvent::new(key, KeyModifiers::NONE)))).unwrap();
        }
        self.wait(0.2).await;
    }

    /// The screen without blanks at the ends of lines.
    fn text(&self) -> String {
        self.screen.text().lines().map(|line| line.trim_end().to_owned() + "\n").collect()
    }
}

/// The keys of a text. `\n` is Enter.
pub(super) fn keys(text: &str) -> Vec<KeyCode> {
    text.chars().map(|letter| if letter == '\n' { KeyCode::Enter } else { KeyCode::Char(letter) }).collect()
}

/// Records a minute with two own leases, one of another client that expires, and a value that must stay secret.
async fn record(folder: &tempfile::TempDir) -> PathBuf {
    let path = folder.path().join("minute.jsonl.gz");
    let test = MonitorTest::start(exercise(&[2, 10]), false).await;
    for some in keys(&format!(":record {}\n", path.display())).chunks(20) {
        test.press(some).await;
    }
    assert!(test.screen.text().contains("● REC"), "{}", test.screen.text());
    let other = test.sandbox.grant(20).unwrap();
    test.sandbox.put("/other/key", "secret-value", Some(other)).unwrap();
    test.wait(60.0).await;
    test.press(&[KeyCode::Char('R')]).await;
    assert!(test.screen.text().contains("Recorded "), "{}", test.screen.text());
    path
}

#[tokio::test(start_paused = true)]
async fn a_recording_shows_what_the_monitor_showed_and_contains_no_value() {
    let folder = tempfile::tempdir().unwrap();
    let path = record(&folder).await;
    let mut text = String::new();
    MultiGzDecoder::new(std::fs::File::open(&path).unwrap()).read_to_string(&mut text).unwrap();
    assert!(text.contains("/other/key") && !text.contains("secret-value"), "{text}");

    let mut test = ReplayTest::start(&path).await;
    test.wait(70.0).await;
    assert!(test.text().contains("■ end"), "{}", test.text());
    for (key, every) in [("/service/2", "1.00"), ("/service/10", "3.50")] {
        let row = test.screen.row(key);
        assert!(is_own(&row) && row.contains(&every.to_owned()), "{row:?}");
    }
    test.type_keys("3f").await;
    assert!(test.text().contains("ran out"), "{}", test.text());
    test.type_keys("1n").await;
    assert!(test.text().contains("This is a recording: there is no etcd to act on"), "{}", test.text());
    test.type_keys("q").await;
    assert_eq!((&mut test.replay).await.unwrap(), ExitState::default(), "no lease is reported");
    let detail = ReplayTest::start(&path).await;
    detail.wait(10.0).await;
    detail.type_keys("\n").await;
    assert!(detail.text().contains("(not recorded)"), "{}", detail.text());
}

#[tokio::test(start_paused = true)]
async fn two_replays_show_the_same_wherever_they_come_from() {
    let folder = tempfile::tempdir().unwrap();
    let path = record(&folder).await;
    let forward = ReplayTest::start(&path).await;
    forward.type_keys("p:seek 50%\n").await;
    let back = ReplayTest::start(&path).await;
    back.type_keys(":speed 1000\n").await;
    back.wait(1.0).await;
    back.type_keys(":seek 50%\np").await;
    forward.wait(10.0).await;
    back.wait(10.0).await;
    // Rows may be held in their order just after a key.
    for test in [&forward, &back] {
        test.type_keys(":seek 60%\n").await;
        test.wait(10.0).await;
        test.type_keys(".").await;
        test.wait(10.0).await;
    }
    assert!(forward.text().contains("‖ paused"), "{}", forward.text());
    assert_eq!(forward.text(), back.text());
}

#[tokio::test(start_paused = true)]
async fn time_is_paused_stepped_and_moved_to_the_next_event() {
    let folder = tempfile::tempdir().unwrap();
    let test = ReplayTest::start(&record(&folder).await).await;
    test.type_keys("p:seek 0%\n").await;
    assert!(test.text().contains("‖ paused") && test.text().contains(" 0:00:00 /"), "{}", test.text());
    let top = test.text().lines().next().unwrap_or_default().to_owned();
    assert!(!top.contains("unreachable"), "the recording starts at this moment: {top}");
    test.wait(5.0).await;
    assert!(test.text().contains(" 0:00:00 /"), "{}", test.text());
    test.type_keys("...").await;
    assert!(test.text().contains(" 0:00:03 /"), "{}", test.text());
    test.type_keys(",").await;
    assert!(test.text().contains(" 0:00:02 /"), "{}", test.text());
    // A step is a minute, and the recording a little longer.
    test.type_keys("))").await;
    assert!(test.text().contains("■ end"), "{}", test.text());
    // No event is a problem. Events of every kind come soon.
    test.type_keys("(E").await;
    assert!(test.text().contains("no further event of kind \"problems\"; f in view 3"), "{}", test.text());
    test.type_keys("3f(E").await;
    assert!(test.text().contains("‖ paused"), "{}", test.text());
    test.type_keys("p+").await;
    test.wait(2.0).await;
    assert!(test.text().contains("▶ 2x"), "{}", test.text());
}

#[tokio::test(start_paused = true)]
async fn a_replay_that_was_suspended_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let test = ReplayTest::start(&record(&folder).await).await;
    test.input.send(Ok(Event::Key(KeyEvent::new(KeyCode::Char('z'), KeyModifiers::CONTROL)))).unwrap();
    test.wait(70.0).await;
    test.screen.0.continued.notify_one();
    test.wait(1.0).await;
    assert!(!test.text().contains("■ end"), "{}", test.text());
    test.wait(70.0).await;
    assert!(test.text().contains("■ end"), "{}", test.text());
}
