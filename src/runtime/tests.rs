//! The whole program in memory: keys in, a terminal's screen out, the sandbox in process, a paused clock.

mod availability;
mod clients;
mod counts;
mod demo;
mod drills;
mod event_hooks;
mod exercise;
mod fake_screen;
mod frames;
mod headless;
mod large_key_space;
mod late_recording;
mod liar;
mod many_leases;
mod members;
mod metrics;
mod others;
mod regrants;
mod replay;
mod restart;
mod restored;
mod rewind;
mod times;
mod unrenewed;
mod verbs;
mod views;
mod week;

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;

use fake_screen::FakeScreen;

use super::*;
use crate::app::{AppConfig, Backend, Column, KeyTemplate, Sort, requests_for};
use crate::ui::Theme;
use etcd_lease::engine;
use etcd_lease::wire::{Cluster, Settings, Target};
use etcd_sandbox::Sandbox;
use simkit::Clock;
use simkit::tasks::{Task, spawn};

/// A running monitor, its sandbox, screen and keys.
struct MonitorTest {
    screen: FakeScreen,
    sandbox: Sandbox,
    clock: Clock,
    input: mpsc::UnboundedSender<io::Result<Event>>,
    external: mpsc::UnboundedSender<ExternalEvent>,
    monitor: Task<ExitState>,
    /// The sandbox that replaced the first, if one did.
    restarted: RestartedSandbox,
}

/// Where a restarted sandbox is found.
type RestartedSandbox = Arc<Mutex<Option<Sandbox>>>;

fn environments(restarted: RestartedSandbox) -> EnvironmentFactory {
    EnvironmentFactory::new(move |warp| {
        let restarted = Arc::clone(&restarted);
        async move {
            let clock = Clock::with_speed(warp);
            let sandbox = Sandbox::builder().seed(8).start(clock.clone());
            let cluster = Cluster::connect(Settings::new(vec![target(&sandbox)])).await.unwrap();
            *restarted.lock().unwrap() = Some(sandbox.clone());
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
        MonitorTest::with_outputs(config, stall_consumer, prepare, Outputs::default()).await
    }

    async fn with_outputs(
        config: AppConfig,
        stall_consumer: bool,
        prepare: impl FnOnce(&Sandbox),
        outputs: Outputs,
    ) -> MonitorTest {
        let clock = Clock::real();
        let sandbox = Sandbox::builder().seed(7).start(clock.clone());
        prepare(&sandbox);
        let restarted = RestartedSandbox::default();
        let options = MonitorOptions {
            cluster: Cluster::connect(Settings::new(vec![target(&sandbox)])).await.unwrap(),
            clock: clock.clone(),
            resources: None,
            environments: Some(environments(Arc::clone(&restarted))),
            engine: engine::Options::default(),
            config,
            theme: Theme::default(),
            asks_background: false,
            stall_consumer,
            command: "leasetop".into(),
            connector: None,
            files: UserFiles::default(),
            themes: Vec::new(),
            outputs,
            record: None,
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
        let test = MonitorTest { screen, sandbox, clock, input, external, monitor, restarted };
        test.wait(2.0).await;
        test
    }

    async fn wait(&self, seconds: f64) {
        self.clock.sleep(Duration::from_secs_f64(seconds)).await;
    }

    /// Without advancing time.
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
        const FRAME: f64 = 0.02;
        for key in keys {
            // A dialog carries out nothing in its first 100 ms on the screen.
            if self.screen.text().contains('╭') {
                self.wait(0.1).await;
            }
            self.input.send(Ok(Event::Key(KeyEvent::new(*key, KeyModifiers::NONE)))).unwrap();
            self.wait(FRAME).await;
        }
        self.wait(0.5 - FRAME * keys.len() as f64).await;
    }

    /// Shows all events, not only problems, also in the pane beside the leases.
    async fn show_all_events(&self) {
        self.press(&[KeyCode::Char('3'), KeyCode::Char('f'), KeyCode::Char('1')]).await;
    }
}

/// Whether a row has the sign of own and adopted leases.
fn is_own(row: &[String]) -> bool {
    row.iter().any(|word| word.contains('★'))
}

/// The dropped responses in a row: the number before the id.
fn dropped(row: &[String]) -> u64 {
    let is_id = |word: &String| word.len() == 16 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let id = row.iter().position(is_id).expect("an id");
    row[id - 1].parse().expect("a number of drops")
}

fn exercise(ttls: &[i64]) -> AppConfig {
    let grants = requests_for(ttls, 1, &[KeyTemplate::parse("/service/{ttl}=127.0.0.1").unwrap()]).unwrap();
    AppConfig { grants, backend: Backend::Sandbox { warp: 1 }, ..AppConfig::default() }
}

#[tokio::test(start_paused = true)]
async fn initial_leases_are_kept_alive_and_their_cadence_is_shown() {
    let test = MonitorTest::start(exercise(&[10, 120, 3600]), false).await;
    test.wait(88.0).await;
    let ten = test.screen.row("/service/10");
    assert!(ten.contains(&"3.50".to_owned()) && is_own(&ten), "{ten:?}");
    assert!(test.screen.row("/service/120").contains(&"40.50".to_owned()), "{}", test.screen.text());
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
async fn leases_of_other_clients_appear_disappear_and_can_be_adopted() {
    let config = AppConfig { sort: Sort::by(Column::Left), ..exercise(&[]) };
    let test = MonitorTest::start(config, false).await;
    let (theirs, dying) = (LeaseId(test.sandbox.grant(30).unwrap()), LeaseId(test.sandbox.grant(600).unwrap()));
    test.wait(1.5).await;
    assert!(!is_own(&test.screen.row(&theirs.to_string())));
    test.sandbox.revoke(dying).unwrap();
    test.press(&[KeyCode::Home, KeyCode::Char('a'), KeyCode::Char('y')]).await;
    test.wait(60.0).await;
    assert!(is_own(&test.screen.row(&theirs.to_string())), "{}", test.screen.text());
    assert!(test.screen.row(&theirs.to_string()).contains(&"10.50".to_owned()), "{}", test.screen.text());
    test.show_all_events().await;
    assert!(test.screen.text().contains("other client's 600 s lease, revoked by another"), "{}", test.screen.text());
    test.press(&[KeyCode::Char('a')]).await;
    test.wait(35.0).await;
    assert_eq!(test.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>(), []);
    assert!(test.screen.row("✗ expired").contains(&"other".to_owned()), "{}", test.screen.text());
}

#[tokio::test(start_paused = true)]
async fn a_stalled_reader_does_not_hide_the_engine_status() {
    let test = MonitorTest::start(exercise(&[2]), true).await;
    test.wait(28.0).await;
    let row = test.screen.row("/service/2");
    assert!(row.contains(&"16/16".to_owned()) && row.contains(&"1.00".to_owned()), "{row:?}");
    let before = dropped(&row);
    test.wait(5.0).await;
    assert_eq!(dropped(&test.screen.row("/service/2")), before + 5);
}

#[tokio::test(start_paused = true)]
async fn an_unread_terminal_stops_no_renewal_and_is_correct_afterwards() {
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
    // At one moment: first a partial redraw, then a full one.
    test.at_once(Event::Key(KeyEvent::new(KeyCode::Home, KeyModifiers::NONE))).await;
    let after_changes = test.screen.text();
    test.at_once(Event::Resize(180, 40)).await;
    let after_redraw = test.screen.text();
    for (changed, redrawn) in after_changes.lines().zip(after_redraw.lines()) {
        assert_eq!(changed.trim_end(), redrawn.trim_end());
    }
}

#[tokio::test(start_paused = true)]
async fn the_monitor_waits_for_an_etcd_that_starts_later() {
    let test = MonitorTest::with(exercise(&[10]), false, |sandbox| sandbox.faults().down()).await;
    test.wait(3.0).await;
    assert!(test.screen.text().contains("No reply from etcd at"), "{}", test.screen.text());
    test.sandbox.faults().up();
    test.wait(5.0).await;
    assert!(is_own(&test.screen.row("/service/10")));
}

#[tokio::test(start_paused = true)]
async fn on_a_real_cluster_quitting_asks_and_keeps_the_leases() {
    let mut test = MonitorTest::start(AppConfig { backend: Backend::Cluster, ..exercise(&[10]) }, false).await;
    let lease = test.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>()[0];
    test.press(&[KeyCode::Char('q')]).await;
    assert!(test.screen.text().contains("You are keeping 1 lease alive"), "{}", test.screen.text());
    test.press(&[KeyCode::Enter]).await;
    let ended = (&mut test.monitor).await.unwrap();
    assert_eq!(ended, ExitState { still_alive: vec![lease], ..ExitState::default() });
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
async fn a_signal_ends_the_monitor_and_revokes_nothing() {
    let mut test = MonitorTest::start(AppConfig { backend: Backend::Cluster, ..exercise(&[10]) }, false).await;
    test.screen.stick(true);
    test.external.send(ExternalEvent::End).unwrap();
    assert_eq!(
        (&mut test.monitor).await.unwrap().still_alive,
        test.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>()
    );
}

#[tokio::test(start_paused = true)]
async fn a_clock_and_a_countdown_draw_a_frame_a_second() {
    let test = MonitorTest::start(exercise(&[]), false).await;
    let frames = test.screen.frames();
    test.wait(600.0).await;
    assert!((599..=601).contains(&(test.screen.frames() - frames)), "{}", test.screen.frames() - frames);
    test.sandbox.grant(3600).unwrap();
    test.wait(10.0).await;
    let frames = test.screen.frames();
    test.wait(60.0).await;
    assert!((60..=130).contains(&(test.screen.frames() - frames)), "{}", test.screen.frames() - frames);
}

#[tokio::test(start_paused = true)]
async fn ctrl_z_asks_once_and_reports_the_cost_afterwards() {
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
async fn a_program_continued_by_a_signal_redraws() {
    let test = MonitorTest::start(exercise(&[10]), false).await;
    test.external.send(ExternalEvent::Continued).unwrap();
    test.wait(0.1).await;
    assert!(is_own(&test.screen.row("/service/10")));
    test.at_once(Event::Key(KeyEvent::new(KeyCode::Char('l'), KeyModifiers::CONTROL))).await;
    assert!(is_own(&test.screen.row("/service/10")));
}

#[tokio::test(start_paused = true)]
async fn after_the_machine_slept_leases_are_unseen_until_polled_and_own_leases_renewed_at_once() {
    let test = MonitorTest::start(exercise(&[3600]), false).await;
    let other = LeaseId(test.sandbox.grant(600).unwrap());
    test.wait(2.0).await;
    let renewals = test.sandbox.keep_alives(test.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>()[0]);
    test.sandbox.faults().down();
    test.external.send(ExternalEvent::Slept(Duration::from_secs(3_600))).unwrap();
    test.wait(0.2).await;
    let row = test.screen.row(&other.to_string());
    assert!(row.contains(&"unseen".to_owned()) && row.iter().filter(|word| *word == "?").count() == 2, "{row:?}");
    assert!(test.screen.text().contains("The machine slept for 3600 s"), "{}", test.screen.text());
    test.sandbox.faults().up();
    test.wait(5.0).await;
    assert!(test.screen.row(&other.to_string()).contains(&"ok".to_owned()), "{}", test.screen.text());
    let own =
        test.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>().into_iter().find(|id| *id != other).unwrap();
    assert!(test.sandbox.keep_alives(own) > renewals, "long before its deadline");
}
