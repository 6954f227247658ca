//! The running monitor: the event loop and its inputs and outputs. `events` and `list --for` run the same session
//! without a screen.
//!
//! ```text
//!  engine's status feed ----+
//!  the reader's counts -----+--> session: Msg -> update -> Effect -> effects: one match
//!  the cluster's view ------+        ^                                  |-> driver: call -> Msg, and round again,
//!  the state's next wake ---+        |                                  |     with what the observer sees
//!                                    |                                  +-> LoopRequests: terminal, suspend, exit
//!  keys (EventStream) ---------------+ run
//!  signals, sleeps ------------------+        frame_scheduler: when to draw -> frame_encoder: cells -> bytes
//!                                                -> screen (a writer thread)
//!  headless: the same session without a screen, its events handed out
//! ```
//!
//! Renewals never wait for the screen: a frame is only drawn while the writer thread is idle, and a terminal that does
//! not read blocks only that thread.
//!
//! A sandbox can be restarted at another clock speed: a new [`Environment`] and a new session replace the old ones.

mod background;
mod call_failure;
mod clipboard;
mod clusters;
mod driver;
mod effects;
mod environment;
mod event_hook;
mod export;
mod files;
mod frame_encoder;
mod frame_scheduler;
mod headless;
mod input;
mod journal;
mod local_calls;
mod metrics_server;
mod mouse;
mod notification;
mod observations;
mod options;
mod outputs;
mod playback;
mod response_reader;
mod rewind;
mod run;
mod screen;
mod session;
mod signals;
mod terminal;
mod time_of_day;

use crossterm::event::EventStream;

pub use clusters::{ClusterConnector, ClusterSetup};
pub use effects::ExitState;
pub use environment::{Environment, EnvironmentFactory, OwnedResources};
pub use event_hook::{EventHook, HookOutput, RATES};
pub use files::UserFiles;
pub use headless::{FinalState, HeadlessOptions, TimedEvent, follow_events, watch_leases, watch_until};
pub use metrics_server::{MetricsListenError, MetricsServer};
pub use notification::{NotificationOptions, NotificationSequence};
pub use options::{Appearance, MonitorError, MonitorOptions, ReplayOptions};
pub use outputs::Outputs;
pub use run::{run, run_replay};
pub use screen::Screen;
pub use signals::{ExternalEvent, sleeps};

use crate::app::AppConfig;
use etcd_lease::LeaseId;
use simkit::tasks;

/// Runs the monitor on this process's terminal until the user quits or a signal ends it. A signal does not revoke
/// leases.
///
/// # Errors
/// Returns an error if there is no usable terminal, or if a task panicked. The terminal is restored in either case.
pub async fn monitor(mut options: MonitorOptions) -> Result<(), MonitorError> {
    let external = signals::external_events(options.clock.clone()).map_err(MonitorError::Signals)?;
    prepare(&mut options.config, &options.files);
    let command = options.command.clone();
    let terminal = terminal::Terminal::enter()?;
    let screen = terminal.screen(options.config.has_mouse);
    let ended = tokio::select! {
        ended = run(options, screen, EventStream::new(), external) => ended,
        () = tasks::panicked() => return Err(MonitorError::Panicked),
    };
    terminal.close();
    let command = ended.command.unwrap_or(command);
    for (command, still_alive) in std::iter::once((command, ended.still_alive)).chain(ended.elsewhere) {
        if let Some(text) = exit_notice(&command, &still_alive) {
            terminal::print(&text);
        }
    }
    Ok(())
}

/// Plays a recording on this process's terminal until the user quits or a signal ends it.
///
/// # Errors
/// Returns an error if there is no usable terminal, or if a task panicked. The terminal is restored in either case.
pub async fn replay(mut options: ReplayOptions) -> Result<(), MonitorError> {
    let external = signals::external_events(options.clock.clone()).map_err(MonitorError::Signals)?;
    prepare(&mut options.config, &options.files);
    let terminal = terminal::Terminal::enter()?;
    let screen = terminal.screen(options.config.has_mouse);
    tokio::select! {
        _ = run_replay(options, screen, EventStream::new(), external) => (),
        () = tasks::panicked() => return Err(MonitorError::Panicked),
    }
    terminal.close();
    Ok(())
}

/// Adds what only the running process knows: whether a shell can resume it, and the lines that were typed in earlier
/// runs.
fn prepare(config: &mut AppConfig, files: &UserFiles) {
    config.can_suspend = signals::has_shell();
    config.typed = files.typed_lines();
}

/// The notice at the exit: how many leases expire, and the commands that keep them alive again. `None` without leases.
fn exit_notice(command: &str, still_alive: &[LeaseId]) -> Option<String> {
    /// Maximum number of ids in each command, so that the notice fits on a screen.
    const MAX_IDS: usize = 50;
    if still_alive.is_empty() {
        return None;
    }
    let named: Vec<String> = still_alive.iter().take(MAX_IDS).map(ToString::to_string).collect();
    let rest = match still_alive.len().saturating_sub(MAX_IDS) {
        0 => String::new(),
        rest => format!("and {rest} more leases\n"),
    };
    let what = match still_alive.len() {
        1 => "1 lease expires",
        count => &format!("{count} leases expire"),
    };
    let (ids, list) = (named.join(" "), named.join(","));
    Some(format!(
        "{what} unless kept alive. To resume:\n{command} keep-alive -- {ids}\nor in the monitor:\n{command} --keep-alive={list}\n{rest}"
    ))
}

#[cfg(test)]
mod tests;
