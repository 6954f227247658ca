//! The whole program in memory: keys in, a terminal's screen out, the sandbox over its pipe, a paused clock.

mod anew;
mod crowds;
mod demo;
mod drills;
mod exercise;
mod follow;
mod lives;
mod others;
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
use crate::app::{Place, Put, spread};
use etcd_lease::wire::{Settings, Target};
use etcd_sandbox::Sandbox;
use simkit::tasks::{Task, spawn};

/// A terminal in memory, which can be told to stop reading.
#[derive(Clone)]
struct Glass(Arc<Inner>);

struct Inner {
    terminal: Mutex<vt100::Parser>,
    is_stuck: AtomicBool,
    freed: Notify,
    frames: AtomicUsize,
    /// Whether a suspension is over.
    continued: Notify,
}

impl Screen for Glass {
    fn size(&self) -> (u16, u16) {
        let (rows, columns) = self.0.terminal.lock().unwrap().screen().size();
        (columns, rows)
    }

    fn is_free(&self) -> bool {
        !self.0.is_stuck.load(Ordering::SeqCst)
    }

    fn show(&mut self, frame: Vec<u8>) {
        assert!(self.is_free(), "a frame for a screen that has one");
        self.0.frames.fetch_add(1, Ordering::SeqCst);
        self.0.terminal.lock().unwrap().process(&frame);
    }

    fn keep_mouse(&mut self, _: bool) {}

    async fn freed(&self) {
        while !self.is_free() {
            self.0.freed.notified().await;
        }
    }

    async fn suspend(&mut self, _: bool) {
        self.0.continued.notified().await;
    }

    fn retake(&mut self) {
        *self.0.terminal.lock().unwrap() = vt100::Parser::new(40, 180, 0);
    }
}

impl Glass {
    fn new(columns: u16, rows: u16) -> Self {
        Glass(Arc::new(Inner {
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
struct Stage {
    glass: Glass,
    sandbox: Sandbox,
    clock: Clock,
    input: mpsc::UnboundedSender<io::Result<Event>>,
    outside: mpsc::UnboundedSender<Outside>,
    monitor: Task<Ended>,
    /// The sandbox that took the place of the first, where one did.
    anew: Anew,
}

/// Where a sandbox is found that was begun anew.
type Anew = Arc<Mutex<Option<Sandbox>>>;

fn worlds(anew: Anew) -> Worlds {
    Worlds::new(move |warp| {
        let anew = Arc::clone(&anew);
        async move {
            let clock = Clock::with_speed(warp);
            let sandbox = Sandbox::builder().seed(8).start(clock.clone());
            let cluster = Cluster::connect(Settings::new(vec![target(&sandbox)])).await.unwrap();
            *anew.lock().unwrap() = Some(sandbox.clone());
            World { cluster, clock, held: Arc::new(sandbox) }
        }
    })
}

fn target(sandbox: &Sandbox) -> Target {
    Target::Pipe { name: "sandbox".into(), dialer: sandbox.dialer(0) }
}

impl Stage {
    async fn begin(setup: Setup, stall_consumer: bool) -> Stage {
        Stage::with(setup, stall_consumer, |_| ()).await
    }

    async fn with(setup: Setup, stall_consumer: bool, prepare: impl FnOnce(&Sandbox)) -> Stage {
        let clock = Clock::real();
        let sandbox = Sandbox::builder().seed(7).start(clock.clone());
        prepare(&sandbox);
        let anew = Anew::default();
        let options = MonitorOptions {
            cluster: Cluster::connect(Settings::new(vec![target(&sandbox)])).await.unwrap(),
            clock: clock.clone(),
            held: None,
            worlds: Some(worlds(Arc::clone(&anew))),
            engine: engine::Options::default(),
            setup,
            look: Look::default(),
            stall_consumer,
            command: "leasetop".into(),
        };
        let glass = Glass::new(180, 40);
        let (input, keys) = mpsc::unbounded_channel();
        let (outside, happens) = mpsc::unbounded_channel();
        let monitor = spawn(run(
            options,
            glass.clone(),
            UnboundedReceiverStream::new(keys),
            UnboundedReceiverStream::new(happens),
        ));
        let stage = Stage { glass, sandbox, clock, input, outside, monitor, anew };
        stage.wait(2.0).await;
        stage
    }

    async fn wait(&self, seconds: f64) {
        self.clock.sleep(Duration::from_secs_f64(seconds)).await;
    }

    /// Without letting time go by.
    async fn at_once(&self, event: Event) {
        let frames = self.glass.frames();
        self.input.send(Ok(event)).unwrap();
        while self.glass.frames() == frames {
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

fn exercise(ttls: &[i64]) -> Setup {
    let grants = spread(ttls, 1, &[Put::parse("/service/{ttl}=127.0.0.1").unwrap()]).unwrap();
    Setup { grants, place: Place::Sandbox { warp: 1 }, ..Setup::default() }
}

#[tokio::test(start_paused = true)]
async fn leases_of_the_start_are_kept_alive_and_their_cadence_is_seen() {
    let stage = Stage::begin(exercise(&[10, 120, 3600]), false).await;
    stage.wait(88.0).await;
    let ten = stage.glass.row("/service/10");
    assert!(ten.contains(&"3.50/3.5".to_owned()) && ten.contains(&"own".to_owned()), "{ten:?}");
    assert!(stage.glass.row("/service/120").contains(&"40.50/40.5".to_owned()), "{}", stage.glass.text());
    assert_eq!(stage.sandbox.leases().len(), 3);
    assert!(stage.glass.text().contains("0/16"), "the consumer reads what comes");
}

#[tokio::test(start_paused = true)]
async fn n_2_enter_grants_and_x_y_revokes() {
    let mut stage = Stage::begin(exercise(&[]), false).await;
    assert!(stage.glass.text().contains("There is no lease yet."));
    stage.press(&[KeyCode::Char('n'), KeyCode::Char('2'), KeyCode::Enter]).await;
    let lease = stage.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>()[0];
    assert!(stage.glass.row(&lease.to_string()).contains(&"120".to_owned()));
    stage.sandbox.put("/mine", "x", Some(lease.0)).unwrap();
    stage.press(&[KeyCode::Char('x')]).await;
    stage.wait(1.5).await;
    assert!(stage.glass.text().contains("1 key goes with it:"), "{}", stage.glass.text());
    stage.press(&[KeyCode::Char('y')]).await;
    assert_eq!(stage.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>(), []);
    assert!(stage.glass.text().contains("1 key deleted"), "{}", stage.glass.text());
    assert!(stage.glass.row("⊘ revoked").contains(&"own".to_owned()), "{}", stage.glass.text());
    stage.press(&[KeyCode::Char('q')]).await;
    assert_eq!((&mut stage.monitor).await.unwrap(), Ended::default());
}

#[tokio::test(start_paused = true)]
async fn other_clients_leases_come_and_go_and_can_be_adopted() {
    let stage = Stage::begin(exercise(&[]), false).await;
    let (theirs, dying) = (LeaseId(stage.sandbox.grant(30).unwrap()), LeaseId(stage.sandbox.grant(600).unwrap()));
    stage.wait(1.5).await;
    assert!(stage.glass.row(&theirs.to_string()).contains(&"other".to_owned()));
    stage.sandbox.revoke(dying).unwrap();
    stage.press(&[KeyCode::Home, KeyCode::Char('a'), KeyCode::Char('y')]).await;
    stage.wait(60.0).await;
    assert!(stage.glass.row(&theirs.to_string()).contains(&"adopted".to_owned()), "{}", stage.glass.text());
    assert!(stage.glass.row(&theirs.to_string()).contains(&"10.50/10.5".to_owned()), "{}", stage.glass.text());
    assert!(stage.glass.text().contains("another's lease of 600 s: by another client"), "{}", stage.glass.text());
    stage.press(&[KeyCode::Char('a')]).await;
    stage.wait(35.0).await;
    assert_eq!(stage.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>(), []);
    assert!(stage.glass.row("✗ expired").contains(&"other".to_owned()), "{}", stage.glass.text());
}

#[tokio::test(start_paused = true)]
async fn with_a_stalled_consumer_the_engine_is_seen_all_the_same() {
    let stage = Stage::begin(exercise(&[2]), true).await;
    stage.wait(28.0).await;
    let row = stage.glass.row("/service/2");
    assert!(row.contains(&"16/16".to_owned()) && row.contains(&"1.00/1.0".to_owned()), "{row:?}");
    let dropped =
        |row: &[String]| row[row.iter().position(|word| word == "16/16").unwrap() + 1].parse::<u64>().unwrap();
    let before = dropped(&row);
    stage.wait(5.0).await;
    assert_eq!(dropped(&stage.glass.row("/service/2")), before + 5);
}

#[tokio::test(start_paused = true)]
async fn a_terminal_that_nobody_reads_stops_no_renewal_and_is_right_afterwards() {
    let stage = Stage::begin(exercise(&[2, 10]), false).await;
    let renewals = stage.sandbox.keep_alives(stage.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>()[0]);
    stage.glass.stick(true);
    let frames = stage.glass.frames();
    stage.wait(60.0).await;
    assert_eq!(stage.glass.frames(), frames);
    assert_eq!(stage.sandbox.leases().len(), 2);
    assert!(
        stage.sandbox.keep_alives(stage.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>()[0])
            >= renewals + 15
    );
    stage.glass.stick(false);
    stage.wait(1.2).await;
    // At one moment: first only what has changed, then everything.
    stage.at_once(Event::Key(KeyEvent::new(KeyCode::Home, KeyModifiers::NONE))).await;
    let after_changes = stage.glass.text();
    stage.at_once(Event::Resize(180, 40)).await;
    let drawn_anew = stage.glass.text();
    for (changed, anew) in after_changes.lines().zip(drawn_anew.lines()) {
        assert_eq!(changed, anew);
    }
}

#[tokio::test(start_paused = true)]
async fn it_waits_for_an_etcd_that_is_not_there_yet() {
    let stage = Stage::with(exercise(&[10]), false, |sandbox| sandbox.faults().down()).await;
    stage.wait(3.0).await;
    assert!(stage.glass.text().contains("Trying to reach etcd"), "{}", stage.glass.text());
    stage.sandbox.faults().up();
    stage.wait(5.0).await;
    assert!(stage.glass.row("/service/10").contains(&"own".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn on_a_real_cluster_quitting_asks_and_leaves() {
    let mut stage = Stage::begin(Setup { place: Place::Cluster, ..exercise(&[10]) }, false).await;
    let lease = stage.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>()[0];
    stage.press(&[KeyCode::Char('q')]).await;
    assert!(stage.glass.text().contains("1 lease is being kept alive"), "{}", stage.glass.text());
    stage.press(&[KeyCode::Enter]).await;
    let ended = (&mut stage.monitor).await.unwrap();
    assert_eq!(ended, Ended { left: vec![lease] });
    assert_eq!(stage.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>(), [lease], "leaving revokes nothing");
    let text = farewell("leasetop --endpoints a:2379", &ended.left).unwrap();
    assert_eq!(
        text,
        format!(
            "1 lease expires unless somebody goes on:\nleasetop --endpoints a:2379 keep-alive -- {lease}\n\
             or, in the monitor:\nleasetop --endpoints a:2379 --keep-alive={lease}\n"
        )
    );
}

#[tokio::test(start_paused = true)]
async fn a_signal_ends_it_and_revokes_nothing() {
    let mut stage = Stage::begin(Setup { place: Place::Cluster, ..exercise(&[10]) }, false).await;
    stage.glass.stick(true);
    stage.outside.send(Outside::End).unwrap();
    assert_eq!(
        (&mut stage.monitor).await.unwrap().left,
        stage.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>()
    );
}

#[tokio::test(start_paused = true)]
async fn an_idle_hour_costs_a_few_frames_and_a_countdown_one_a_second() {
    let stage = Stage::begin(exercise(&[]), false).await;
    let frames = stage.glass.frames();
    stage.wait(3600.0).await;
    assert_eq!(stage.glass.frames(), frames);
    stage.sandbox.grant(3600).unwrap();
    stage.wait(10.0).await;
    let frames = stage.glass.frames();
    stage.wait(60.0).await;
    assert!((60..=130).contains(&(stage.glass.frames() - frames)), "{}", stage.glass.frames() - frames);
}

#[tokio::test(start_paused = true)]
async fn ctrl_z_asks_once_more_and_afterwards_says_what_it_cost() {
    let stage = Stage::begin(exercise(&[10]), false).await;
    stage.ctrl('z');
    stage.wait(0.1).await;
    assert!(stage.glass.text().contains("Nothing is renewed while"), "{}", stage.glass.text());
    stage.ctrl('z');
    let frames = stage.glass.frames();
    stage.wait(4.0).await;
    assert!(stage.glass.frames() <= frames + 1, "it draws while it is suspended");
    stage.glass.0.continued.notify_one();
    stage.wait(0.1).await;
    assert!(stage.glass.text().contains("nothing was renewed for 4.0 s: no lease ran out"), "{}", stage.glass.text());
}

#[tokio::test(start_paused = true)]
async fn what_is_continued_from_outside_is_drawn_anew() {
    let stage = Stage::begin(exercise(&[10]), false).await;
    stage.outside.send(Outside::Continued).unwrap();
    stage.wait(0.1).await;
    assert!(stage.glass.row("/service/10").contains(&"own".to_owned()));
    stage.at_once(Event::Key(KeyEvent::new(KeyCode::Char('l'), KeyModifiers::CONTROL))).await;
    assert!(stage.glass.row("/service/10").contains(&"own".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn after_the_machine_slept_leases_are_unseen_until_they_are_polled_and_own_ones_renewed_at_once() {
    let stage = Stage::begin(exercise(&[3600]), false).await;
    let other = LeaseId(stage.sandbox.grant(600).unwrap());
    stage.wait(2.0).await;
    let renewals = stage.sandbox.keep_alives(stage.sandbox.leases().into_iter().map(LeaseId).collect::<Vec<_>>()[0]);
    stage.sandbox.faults().down();
    stage.outside.send(Outside::Slept(Duration::from_secs(3_600))).unwrap();
    stage.wait(0.2).await;
    let row = stage.glass.row(&other.to_string());
    assert!(row.contains(&"unseen".to_owned()) && row.contains(&"-".to_owned()), "{row:?}");
    assert!(stage.glass.text().contains("the machine slept for 3600 s"), "{}", stage.glass.text());
    stage.sandbox.faults().up();
    stage.wait(5.0).await;
    assert!(stage.glass.row(&other.to_string()).contains(&"ok".to_owned()), "{}", stage.glass.text());
    let own = stage
        .sandbox
        .leases()
        .into_iter()
        .map(LeaseId)
        .collect::<Vec<_>>()
        .into_iter()
        .find(|id| *id != other)
        .unwrap();
    assert!(stage.sandbox.keep_alives(own) > renewals, "long before its time");
}
