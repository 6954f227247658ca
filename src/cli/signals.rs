//! SIGINT (Ctrl-C), SIGTERM and SIGHUP, which end a command.

use std::future::pending;

use futures_util::future::select_all;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::CliError;

/// Catches the signals from its creation on, except those that [stay ignored](stays_ignored).
pub(super) struct Signals(Vec<Signal>);

impl Signals {
    pub(super) fn catch() -> Result<Self, CliError> {
        let catch = |kind| signal(kind).map_err(|error| CliError::System { tried: "catch signals", error });
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        let caught = kinds.into_iter().filter(|kind| !stays_ignored(*kind)).map(catch);
        Ok(Signals(caught.collect::<Result<_, _>>()?))
    }

    /// Waits for the next signal.
    pub(super) async fn next(&mut self) {
        if self.0.is_empty() {
            return pending().await;
        }
        select_all(self.0.iter_mut().map(|signal| Box::pin(signal.recv()))).await;
    }

    /// Waits for a result. `None` if a signal arrived before.
    pub(super) async fn or_end<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.next() => None,
            result = work => Some(result),
        }
    }
}

/// Whether the process was started with this signal ignored, so that it stays ignored: `nohup` ignores SIGHUP, and a shell
/// ignores SIGINT and SIGQUIT for the background jobs of a script. Only Linux says so; elsewhere SIGHUP may be ignored.
pub(super) fn stays_ignored(kind: SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.map_or(kind == SignalKind::hangup(), |mask| mask >> (kind.as_raw_value() - 1) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use rustix::process::{Signal, getpid, kill_process};

    use super::*;

    #[tokio::test]
    async fn a_signal_ends_what_hangs() {
        // A signal that harms no other test.
        let mut signals = Signals(vec![signal(SignalKind::window_change()).expect("it can be caught")]);
        assert_eq!(signals.or_end(async { 1 }).await, Some(1));
        kill_process(getpid(), Signal::WINCH).expect("a signal to this process");
        assert_eq!(signals.or_end(pending::<()>()).await, None);
    }
}
