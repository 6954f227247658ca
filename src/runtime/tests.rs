//! The whole program in memory: keys in, a terminal's screen out, the sandbox over its pipe, a paused clock.

mod demo;
mod drills;
mod exercise;
mod headless;
mod many_leases;
mod others;
mod regrants;
mod restart;
mod times;
mod views;

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use tokio::sync::{Notify, mpsc};
use tokio_stream::wrappers::UnboundedReceiverStream;

use super::*;
use crate::app::{Backend, KeyTemplate, requests_for};
use etcd_lease::wire::{Settings, Target};
use etcd_sandbox::Sandbox;
use simkit::tasks::{Task, spawn};

/// A terminal in memory, which can be told to stop reading.
#[derive(Clone)]
struct FakeScreen(Arc<FakeScreenState>);

struct FakeScreenState {
    terminal: Mutex<vt100::Parser>,
    is_stuck: AtomicBool,
    freed: Notify,
    frames: AtomicUsize,
    /// Whether a suspension is over.
    continued: Notify,
}

impl Screen for FakeScreen {
    fn size(&self) -> (u16, u16) {
        let (rows, columns) = self.0.terminal.lock().unwrap().screen().size();
        (columns, rows)
    }

    fn is_free(&self) -> bool {
        !self.0.is_stuck.load(Ordering::SeqCst)
    }

    fn write_frame(&mut self, frame: Vec<u8>) {
        assert!(self.is_free(), "a frame for a screen that has one");
        self.0.frames.fetch_add(1, Ordering::SeqCst);
        self.0.terminal.lock().unwrap().process(&frame);
    }

    fn keep_mouse(&mut self, _: bool) {}

    async fn until_free(&self) {
        while !self.is_free() {
            self.0.freed.notified().await;
        }
    }

    async fn suspend(&mut self, _: bool) {
        self.0.continued.notified().await;
    }

    fn reenter(&mut self) {
        *self.0.terminal.lock().unwrap() = vt100::Parser::new(40, 180, 0);
    }
}

impl FakeScreen {
    fn new(columns: u16, rows: u16) -> Self {
        FakeScreen(Arc::new(FakeScreenState {
            terminal: Mutex::new(vt100::Parser::new(rows, columns, 0)),
            is_stuck: AtomicBool::new(false),
            freed: Notify::new(),
            frames: AtomicUsize::new(0),
            continued: Notify::new(),
        }))
    }

    fn text(&self) -> String {
        self.0.terminal.lock().unwrap().screen().contents()
    }

    fn frames(&self) -> usize {
        self.0.frames.load(Ordering::SeqCst)
    }

    fn stick(&self, is_stuck: bool) {
        self.0.is_stuck.store(is_stuck, Ordering::SeqCst);
        self.0.freed.notify_one();
    }

    /// The words of the row that holds a text.
    fn row(&self, part: &str) -> Vec<String> {
        let text = self.text();
        let line = text.lines().find(|line| line.contains(part)).unwrap_or_else(|| panic!("no {part} in\n{text}"));
        line.split_whitespace().map(str::to_owned).collect()
    }
}

/// A running monitor and all that one needs to play with it.
struct MonitorTest {
    screen: FakeScreen,
    sandbox: Sandbox,
    clock: Clock,
    input: mpsc::UnboundedSender<io::Result<Event>>,
    external: mpsc::UnboundedSender<ExternalEvent>,
    monitor: Task<ExitState>,
    /// The sandbox that took the place of the first, where one did.
    anew: RestartedSandbox,
}

/// Where a sandbox is found that was begun anew.
type RestartedSandbox = Arc<Mutex<Option<Sandbox>>>;

fn environments(anew: RestartedSandbox) -> EnvironmentFactory {
    EnvironmentFactory::new(move |warp| {
        let anew = Arc::clone(&anew);
        async move {
            let clock = Clock::with_speed(warp);
            let sandbox = Sandbox::builder().seed(8).start(clock.clone());
            let cluster = Cluster::connect(Settings::new(vec![target(&sandbox)])).await.unwrap();
            *anew.lock().unwrap() = Some(sandbox.clone());
            Environment { cluster, clock, resources: Arc::new(sandbox) }
        }
    })
}

fn target(sandbox: &Sandbox) -> Target {
    Target::Pipe { name: "sandbox".into(), dialer: sandbox.dialer(0) }
}

impl MonitorTest {
    async fn start(config: AppConfig, stall_consumer: bool) -> MonitorTest {
        MonitorTest::with(config, stall_consumer, |_| ()).await
    }

    async fn with(config: AppConfig, stall_consumer: bool, prepare: impl FnOnce(&Sandbox)) -> MonitorTest {
        let clock = Clock::real();
        let sandbox = Sandbox::builder().seed(7).start(clock.clone());
        prepare(&sandbox);
        let anew = RestartedSandbox::default();
        let options = MonitorOptions {
            cluster: Cluster::connect(Settings::new(vec![target(&sandbox)])).await.unwrap(),
            clock: clock.clone(),
            resources: None,
            environments: Some(environments(Arc::clone(&anew))),
            engine: engine::Options::default(),
            config,
            theme: Theme::default(),
            stall_consumer,
            command: "leasetop".into(),
        };
        let screen = FakeScreen::new(180, 40);
        let (input, keys) = mpsc::unbounded_channel();
        let (external, happens) = mpsc::unbounded_channel();
        let monitor = spawn(run(
            options,
            screen.clone(),
            UnboundedReceiverStream::new(keys),
            UnboundedReceiverStream::new(happens),
        ));
        let test = MonitorTest { screen, sandbox, clock, input, external, monitor, anew };
        test.wait(2.0).await;
        test
    }

    async fn wait(&self, seconds: f64) {
        self.clock.sleep(Duration::from_secs_f64(seconds)).await;
    }

    /// Without letting time go by.
    async fn at_once(&self, event: Event) {
        let frames = self.screen.frames();
        self.input.send(Ok(event)).unwrap();
        while self.screen.frames() == frames {
            tokio::task::yield_now().await;
        }
    }

    fn ctrl(&self, letter: char) {
        let key = KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL);
        self.input.send(Ok(Event::Key(key))).unwrap();
    }

    async fn press(&self, keys: &[KeyCode]) {
        for key in keys {
            self.input.send(Ok(Event::Key(KeyEvent::new(*key, KeyModifiers::NONE)))).unwrap();
        }
        self.wait(0.5).await;
    }
}

fn exercise(ttls: &[i64]) -> AppConfig {
    let grants = requests_for(ttls, 1, &[KeyTemplate::parse("/service/{ttl}=127.0.0.1").unwrap()]).unwrap();
    AppConfig { grants, backend: Backend::Sandbox { warp: 1 }, ..AppConfig::default() }
}

#[tokio::test(start_paused = true)]
async fn leases_of_the_start_are_kept_alive_and_their_cadence_is_seen() {
    let test = MonitorTest::start(exercise(&[10, 120, 3600]), false).await;
    test.wait(88.0).await;
    let ten = test.screen.row("/service/10");
    assert!(ten.contains(&"3.50/3.5".to_owned()) && ten.contains(&"own".to_owned()), "{ten:?}");
    assert!(test.screen.row("/service/120").contains(&"40.50/40.5".to_owned()), "{}", test.screen.text());
    assert_eq!(test.sandbox.leases().len(), 3);
    assert!(test.screen.text().contains("0/16"), "the consumer reads what comes");
}

#[tokio::test(start_paused = true)]
async fn n_2_enter_grants_and_x_y_revokes() {
    let mut test = MonitorTest::start(exercise(&[]), false).await;
    assert!(test.screen.text().contains("No leases yet."));
    test.press(&[KeyCode::Char('n'), KeyCode::Char('2'), KeyCode::Enter]).await;
    let lease = test.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>()[0];
    assert!(test.screen.row(&lease.to_string()).contains(&"120".to_owned()));
    test.sandbox.put("/mine", "x", Some(lease.0)).unwrap();
    test.press(&[KeyCode::Char('x')]).await;
    test.wait(1.5).await;
    assert!(test.screen.text().contains("1 key will be deleted:"), "{}", test.screen.text());
    test.press(&[KeyCode::Char('y')]).await;
    assert_eq!(test.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>(), []);
    assert!(test.screen.text().contains("1 key deleted"), "{}", test.screen.text());
    assert!(test.screen.row("⊘ revoked").contains(&"own".to_owned()), "{}", test.screen.text());
    test.press(&[KeyCode::Char('q')]).await;
    assert_eq!((&mut test.monitor).await.unwrap(), ExitState::default());
}

#[tokio::test(start_paused = true)]
async fn other_clients_leases_come_and_go_and_can_be_adopted() {
    let test = MonitorTest::start(exercise(&[]), false).await;
    let (theirs, dying) = (LeaseId(test.sandbox.grant(30).unwrap()), LeaseId(test.sandbox.grant(600).unwrap()));
    test.wait(1.5).await;
    assert!(test.screen.row(&theirs.to_string()).contains(&"other".to_owned()));
    test.sandbox.revoke(dying).unwrap();
    test.press(&[KeyCode::Home, KeyCode::Char('a'), KeyCode::Char('y')]).await;
    test.wait(60.0).await;
    assert!(test.screen.row(&theirs.to_string()).contains(&"adopted".to_owned()), "{}", test.screen.text());
    assert!(test.screen.row(&theirs.to_string()).contains(&"10.50/10.5".to_owned()), "{}", test.screen.text());
    assert!(test.screen.text().contains("other client's 600 s lease, revoked by another"), "{}", test.screen.text());
    test.press(&[KeyCode::Char('a')]).await;
    test.wait(35.0).await;
    assert_eq!(test.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>(), []);
    assert!(test.screen.row("✗ expired").contains(&"other".to_owned()), "{}", test.screen.text());
}

#[tokio::test(start_paused = true)]
async fn with_a_stalled_consumer_the_engine_is_seen_all_the_same() {
    let test = MonitorTest::start(exercise(&[2]), true).await;
    test.wait(28.0).await;
    let row = test.screen.row("/service/2");
    assert!(row.contains(&"16/16".to_owned()) && row.contains(&"1.00/1.0".to_owned()), "{row:?}");
    let dropped =
        |row: &[String]| row[row.iter().position(|word| word == "16/16").unwrap() + 1].parse::<u64>().unwrap();
    let before = dropped(&row);
    test.wait(5.0).await;
    assert_eq!(dropped(&test.screen.row("/service/2")), before + 5);
}

#[tokio::test(start_paused = true)]
async fn a_terminal_that_nobody_reads_stops_no_renewal_and_is_right_afterwards() {
    let test = MonitorTest::start(exercise(&[2, 10]), false).await;
    let renewals = test.sandbox.keep_alives(test.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>()[0]);
    test.screen.stick(true);
    let frames = test.screen.frames();
    test.wait(60.0).await;
    assert_eq!(test.screen.frames(), frames);
    assert_eq!(test.sandbox.leases().len(), 2);
    assert!(
        test.sandbox.keep_alives(test.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>()[0])
            >= renewals + 15
    );
    test.screen.stick(false);
    test.wait(1.2).await;
    // At one moment: first only what has changed, then everything.
    test.at_once(Event::Key(KeyEvent::new(KeyCode::Home, KeyModifiers::NONE))).await;
    let after_changes = test.screen.text();
    test.at_once(Event::Resize(180, 40)).await;
    let drawn_anew = test.screen.text();
    for (changed, anew) in after_changes.lines().zip(drawn_anew.lines()) {
        assert_eq!(changed, anew);
    }
}

#[tokio::test(start_paused = true)]
async fn it_waits_for_an_etcd_that_is_not_there_yet() {
    let test = MonitorTest::with(exercise(&[10]), false, |sandbox| sandbox.faults().down()).await;
    test.wait(3.0).await;
    assert!(test.screen.text().contains("Trying to reach etcd"), "{}", test.screen.text());
    test.sandbox.faults().up();
    test.wait(5.0).await;
    assert!(test.screen.row("/service/10").contains(&"own".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn on_a_real_cluster_quitting_asks_and_leaves() {
    let mut test = MonitorTest::start(AppConfig { backend: Backend::Cluster, ..exercise(&[10]) }, false).await;
    let lease = test.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>()[0];
    test.press(&[KeyCode::Char('q')]).await;
    assert!(test.screen.text().contains("You are keeping 1 lease alive"), "{}", test.screen.text());
    test.press(&[KeyCode::Enter]).await;
    let ended = (&mut test.monitor).await.unwrap();
    assert_eq!(ended, ExitState { still_alive: vec![lease] });
    assert_eq!(test.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>(), [lease], "leaving revokes nothing");
    let text = exit_notice("leasetop --endpoints a:2379", &ended.still_alive).unwrap();
    assert_eq!(
        text,
        format!(
            "1 lease expires unless kept alive. To resume:\nleasetop --endpoints a:2379 keep-alive -- {lease}\n\
             or in the monitor:\nleasetop --endpoints a:2379 --keep-alive={lease}\n"
        )
    );
}

#[tokio::test(start_paused = true)]
async fn a_signal_ends_it_and_revokes_nothing() {
    let mut test = MonitorTest::start(AppConfig { backend: Backend::Cluster, ..exercise(&[10]) }, false).await;
    test.screen.stick(true);
    test.external.send(ExternalEvent::End).unwrap();
    assert_eq!(
        (&mut test.monitor).await.unwrap().still_alive,
        test.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>()
    );
}

#[tokio::test(start_paused = true)]
async fn an_idle_hour_costs_a_few_frames_and_a_countdown_one_a_second() {
    let test = MonitorTest::start(exercise(&[]), false).await;
    let frames = test.screen.frames();
    test.wait(3600.0).await;
    assert_eq!(test.screen.frames(), frames);
    test.sandbox.grant(3600).unwrap();
    test.wait(10.0).await;
    let frames = test.screen.frames();
    test.wait(60.0).await;
    assert!((60..=130).contains(&(test.screen.frames() - frames)), "{}", test.screen.frames() - frames);
}

#[tokio::test(start_paused = true)]
async fn ctrl_z_asks_once_more_and_afterwards_says_what_it_cost() {
    let test = MonitorTest::start(exercise(&[10]), false).await;
    test.ctrl('z');
    test.wait(0.1).await;
    assert!(test.screen.text().contains("Renewals stop while"), "{}", test.screen.text());
    test.ctrl('z');
    let frames = test.screen.frames();
    test.wait(4.0).await;
    assert!(test.screen.frames() <= frames + 1, "it draws while it is suspended");
    test.screen.0.continued.notify_one();
    test.wait(0.1).await;
    assert!(test.screen.text().contains("No renewals for 4.0 s: no lease expired"), "{}", test.screen.text());
}

#[tokio::test(start_paused = true)]
async fn what_is_continued_from_outside_is_drawn_anew() {
    let test = MonitorTest::start(exercise(&[10]), false).await;
    test.external.send(ExternalEvent::Continued).unwrap();
    test.wait(0.1).await;
    assert!(test.screen.row("/service/10").contains(&"own".to_owned()));
    test.at_once(Event::Key(KeyEvent::new(KeyCode::Char('l'), KeyModifiers::CONTROL))).await;
    assert!(test.screen.row("/service/10").contains(&"own".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn after_the_machine_slept_leases_are_unseen_until_they_are_polled_and_own_ones_renewed_at_once() {
    let test = MonitorTest::start(exercise(&[3600]), false).await;
    let other = LeaseId(test.sandbox.grant(600).unwrap());
    test.wait(2.0).await;
    let renewals = test.sandbox.keep_alives(test.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>()[0]);
    test.sandbox.faults().down();
    test.external.send(ExternalEvent::Slept(Duration::from_secs(3_600))).unwrap();
    test.wait(0.2).await;
    let row = test.screen.row(&other.to_string());
    assert!(row.contains(&"unseen".to_owned()) && row.contains(&"-".to_owned()), "{row:?}");
    assert!(test.screen.text().contains("The machine slept for 3600 s"), "{}", test.screen.text());
    test.sandbox.faults().up();
    test.wait(5.0).await;
    assert!(test.screen.row(&other.to_string()).contains(&"ok".to_owned()), "{}", test.screen.text());
    let own =
        test.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>().into_iter().find(|id| *id != other).unwrap();
    assert!(test.sandbox.keep_alives(own) > renewals, "long before its time");
}
