//! A panic while the monitor has the terminal. The program cannot be made to panic, so this test binary stands in for it:
//! it starts itself in a terminal to run one ignored function.

use std::time::Duration;

use etcd_lease::engine;
use etcd_lease::wire::{Cluster, Settings, Target, User};
use etcd_sandbox::Sandbox;
use leasetop::app::AppConfig;
use leasetop::runtime::{self, MonitorOptions, Outputs, UserFiles};
use leasetop::ui::Theme;
use portable_pty::CommandBuilder;
use simkit::Clock;
use simkit::tasks;

use crate::pty::Terminal;

const PASSWORD: &str = "hunter2-Zq9";

#[test]
fn a_panic_restores_the_terminal() {
    let mut command = CommandBuilder::new(std::env::current_exe().expect("a path"));
    command.args(["--exact", "panic::monitor_with_a_task_that_panics", "--ignored", "--nocapture"]);
    command.env("TERM", "xterm-256color");
    // A backtrace is longer than the screen and would hide the message.
    command.env("RUST_BACKTRACE", "0");
    let mut terminal = Terminal::start(command, 100, 30);
    terminal.wait_until("the alternate screen", |screen| screen.alternate_screen());
    assert!(!terminal.is_line_as_found());
    terminal.keys("m");
    terminal.wait_until("mouse mode is on", |screen| {
        screen.mouse_protocol_mode() == vt100::MouseProtocolMode::PressRelease
    });
    assert!(terminal.screen().hide_cursor() && terminal.screen().bracketed_paste());
    // A task panics at the first lease.
    terminal.keys("n1\r");
    assert_ne!(terminal.exit_code(), 0);
    terminal.assert_sane();
    let report = terminal.screen().contents();
    assert!(report.contains("internal error (panic)"), "{report}");
    assert!(report.contains("root") && !report.contains(PASSWORD), "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by a_panic_restores_the_terminal"]
async fn monitor_with_a_task_that_panics() {
    let clock = Clock::real();
    let sandbox = Sandbox::builder().start(clock.clone());
    let target = Target::Pipe { name: "sandbox".to_owned(), dialer: sandbox.dialer(0) };
    let cluster = Cluster::connect(Settings::new(vec![target])).await.expect("a sandbox");
    let options = MonitorOptions {
        cluster,
        clock,
        resources: None,
        environments: None,
        engine: engine::Options::default(),
        config: AppConfig::default(),
        outputs: Outputs::default(),
        record: None,
        theme: Theme::default(),
        asks_background: false,
        stall_consumer: false,
        command: "leasetop".to_owned(),
        connector: None,
        files: UserFiles::default(),
        themes: Vec::new(),
    };
    let _part = tasks::spawn(async move {
        while sandbox.leases().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let user = User { name: "root".to_owned(), password: PASSWORD.to_owned() };
        panic!("a part that panics with {user:?}");
    });
    if let Err(error) = runtime::monitor(options).await {
        panic!("{error}");
    }
}
