//! The monitor, running: the one event loop and what it is tied to; and the same mind without a screen, for `events`
//! and `list --for`.
//!
//! ```text
//!  engine's board --------+                         +--> driver: Effect -> call -> Msg, and round again
//!  consumer's tally ------+--> mind: Msg -> update -+      with the observer's news: leases, keys
//!  cluster's view --------+     ^                   +--> consumer: keep, leave
//!  the state's next wake -+     |                   +--> follow: events -> whoever takes them (no screen)
//!                               |                   |
//!  keys (EventStream) ----------+                   +--> easel: when to draw -> canvas: cells -> bytes
//!  outside: signals, sleep -----+ run                        -> screen (a writer thread)
//! ```
//!
//! Renewing never waits for the screen: a frame is drawn only while the writer thread has none, and a terminal that
//! nobody reads stops the writer thread alone.
//!
//! A sandbox can be begun anew at another speed: another [`Environment`] takes its place, and the mind begins anew with it.

mod clipboard;
mod driver;
mod environment;
mod frame_encoder;
mod frame_scheduler;
mod headless;
mod input;
mod mouse;
mod observations;
mod response_reader;
mod run;
mod screen;
mod session;
mod signals;
mod sleep_watch;
mod terminal;

use std::io;

use crossterm::event::EventStream;

pub use environment::{Environment, EnvironmentFactory, OwnedResources};
pub use headless::{FinalState, HeadlessOptions, TimedEvent, follow_events, watch_leases};
pub use run::{ExitState, run};
pub use screen::Screen;
pub use signals::{ExternalEvent, sleeps};

use crate::app::AppConfig;
use crate::ui::Theme;
use etcd_lease::LeaseId;
use etcd_lease::engine;
use etcd_lease::wire::Cluster;
use simkit::Clock;
use simkit::tasks;

/// What the monitor runs on, and how.
#[derive(Clone, Debug)]
pub struct MonitorOptions {
    /// The cluster, or the sandbox that stands for it.
    pub cluster: Cluster,
    /// The clock of engine, polls and ages: the sandbox's, where there is one.
    pub clock: Clock,
    /// What has to live as long as the cluster does.
    pub resources: Option<OwnedResources>,
    /// Makes another sandbox in its place, where it is one.
    pub environments: Option<EnvironmentFactory>,
    /// How leases are kept alive.
    pub engine: engine::Options,
    /// What the state starts from: place, rights, budget, leases to grant.
    pub config: AppConfig,
    /// How it looks.
    pub theme: Theme,
    /// Reads no response, so that the queues fill: what a stalled consumer looks like.
    pub stall_consumer: bool,
    /// The program with its connection flags (`leasetop --endpoints a:2379`): what goes on keeping leases alive that
    /// are left at the end is printed as this, `keep-alive` and their ids.
    pub command: String,
}

/// What ended the monitor before its time.
#[derive(Debug, thiserror::Error)]
pub enum MonitorError {
    /// The terminal could not be used.
    #[error("could not {tried} the terminal: {error}; the monitor needs one, `leasetop list` does not")]
    Terminal {
        /// What was tried.
        tried: &'static str,
        /// Why it failed.
        error: io::Error,
    },
    /// Signals could not be caught.
    #[error("could not catch signals: {0}")]
    Signals(io::Error),
    /// A task panicked; its message stands above.
    #[error("a part of leasetop panicked, so it ended; leases that it kept alive expire by themselves")]
    Panicked,
}

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
            "{what} unless somebody goes on:\n{command} keep-alive -- {ids}\nor, in the monitor:\n{command} --keep-alive={list}\n{rest}"
        )
    })
}

#[cfg(test)]
mod tests;
