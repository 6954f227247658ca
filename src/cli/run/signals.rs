//! The signals that `run` forwards to its command.

use std::fs::File;
use std::future::pending;

use futures_util::FutureExt;
use rustix::process::{Signal, getpgrp};
use rustix::termios::tcgetpgrp;
use tokio::signal::unix::{self, SignalKind, signal};

use crate::cli::CliError;
use crate::cli::signals::stays_ignored;

/// The signals that a supervisor or a terminal sends. Without a handler, each would end this process, and the command
/// would run on without renewals.
const FORWARDED: [Signal; 6] = [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT, Signal::USR1, Signal::USR2];

/// Catches the signals from its creation on, except those that [stay ignored](stays_ignored), for the command too.
pub(super) struct ForwardedSignals(Vec<(Signal, unix::Signal)>);

impl ForwardedSignals {
    pub(super) fn catch() -> Result<Self, CliError> {
        let catch = |kind: Signal| Ok((kind, signal(SignalKind::from_raw(kind.as_raw()))?));
        let is_caught = |kind: &Signal| !stays_ignored(SignalKind::from_raw(kind.as_raw()));
        let caught: std::io::Result<Vec<_>> = FORWARDED.into_iter().filter(is_caught).map(catch).collect();
        caught.map(ForwardedSignals).map_err(|error| CliError::System { tried: "catch signals", error })
    }

    /// Forgets the signals that have arrived.
    pub(super) fn forget(&mut self) {
        while self.next().now_or_never().is_some() {}
    }

    /// Waits for the next signal.
    pub(super) async fn next(&mut self) -> Signal {
        if self.0.is_empty() {
            return pending().await;
        }
        let arrived = self.0.iter_mut().map(|(kind, stream)| {
            Box::pin(async move {
                stream.recv().await;
                *kind
            })
        });
        futures_util::future::select_all(arrived).await.0
    }

    /// Waits for a signal to end. A terminal that closes sends several hangups, and the others have their own meaning.
    pub(super) async fn interrupted(&mut self) {
        while ![Signal::INT, Signal::TERM, Signal::QUIT].contains(&self.next().await) {}
    }

    /// Waits for the next signal that the command, which is running, has not got itself.
    pub(super) async fn next_for_command(&mut self) -> Signal {
        loop {
            let signal = self.next().await;
            if !comes_from_the_terminal(signal) {
                return signal;
            }
        }
    }
}

/// Whether the signal is assumed to come from the terminal, which sends those of Ctrl-C and Ctrl-\ to every process in
/// its foreground, so to the command too. If it was forwarded, it would look like a second Ctrl-C.
fn comes_from_the_terminal(kind: Signal) -> bool {
    if ![Signal::INT, Signal::QUIT].contains(&kind) {
        return false;
    }
    let Ok(terminal) = File::open("/dev/tty") else { return false };
    tcgetpgrp(&terminal).is_ok_and(|foreground| foreground == getpgrp())
}
