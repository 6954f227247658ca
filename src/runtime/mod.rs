//! The running monitor: the one event loop and what it is tied to; and the same session without a screen, for `events`
//! and `list --for`.
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
//! Renewing never waits for the screen: a frame is drawn only while the writer thread has none, and a terminal that
//! nobody reads stops the writer thread alone.
//!
//! A sandbox can be begun anew at another speed: another [`Environment`] takes its place, and the session begins anew with
//! it.

mod call_failure;
mod clipboard;
mod driver;
mod effects;
mod environment;
mod frame_encoder;
mod frame_scheduler;
mod headless;
mod input;
mod mouse;
mod observations;
mod options;
mod response_reader;
mod run;
mod screen;
mod session;
mod signals;
mod terminal;

use crossterm::event::EventStream;

pub use effects::ExitState;
pub use environment::{Environment, EnvironmentFactory, OwnedResources};
pub use headless::{FinalState, HeadlessOptions, TimedEvent, follow_events, watch_leases};
pub use options::{MonitorError, MonitorOptions};
pub use run::run;
pub use screen::Screen;
pub use signals::{ExternalEvent, sleeps};

use etcd_lease::LeaseId;
use simkit::tasks;

/// Runs the monitor on this process's terminal until it is quit or a signal ends it. A signal revokes nothing.
///
/// # Errors
/// Without a usable terminal, and when a task has panicked. The terminal is given back in each case.
pub async fn monitor(mut options: MonitorOptions) -> Result<(), MonitorError> {
    let external = signals::external_events(options.clock.clone()).map_err(MonitorError::Signals)?;
    options.config.can_suspend = signals::has_shell();
    let command = options.command.clone();
    let terminal = terminal::Terminal::enter()?;
    let ended = tokio::select! {
        ended = run(options, terminal.screen(), EventStream::new(), external) => ended,
        () = tasks::panicked() => return Err(MonitorError::Panicked),
    };
    terminal.close();
    if let Some(text) = exit_notice(&command, &ended.still_alive) {
        terminal::print(&text);
    }
    Ok(())
}

/// How to go on with leases that were left, so many that a line can hold.
fn exit_notice(command: &str, left: &[LeaseId]) -> Option<String> {
    const MOST: usize = 50;
    let named: Vec<String> = left.iter().take(MOST).map(ToString::to_string).collect();
    let rest = match left.len().saturating_sub(MOST) {
        0 => String::new(),
        rest => format!("and {rest} more leases\n"),
    };
    let what = if left.len() == 1 { "1 lease expires" } else { &format!("{} leases expire", left.len()) };
    let (ids, list) = (named.join(" "), named.join(","));
    (!left.is_empty()).then(|| {
        format!(
            "{what} unless kept alive. To resume:\n{command} keep-alive -- {ids}\nor in the monitor:\n{command} --keep-alive={list}\n{rest}"
        )
    })
}

#[cfg(test)]
mod tests;
