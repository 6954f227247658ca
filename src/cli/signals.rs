//! SIGINT (Ctrl-C), SIGTERM and SIGHUP, which end a command.

use futures_util::future::select_all;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::CliError;

/// Catches the signals from its creation on. Under `nohup`, which ignores SIGHUP, it stays ignored.
pub(super) struct Signals(Vec<Signal>);

impl Signals {
    pub(super) fn catch() -> Result<Self, CliError> {
        let catch = |kind| signal(kind).map_err(|error| CliError::System { tried: "catch signals", error });
        let mut signals = vec![catch(SignalKind::interrupt())?, catch(SignalKind::terminate())?];
        if !may_be_ignored(SignalKind::hangup()) {
            signals.push(catch(SignalKind::hangup())?);
        }
        Ok(Signals(signals))
    }

    /// Waits for the next signal.
    pub(super) async fn next(&mut self) {
        select_all(self.0.iter_mut().map(|signal| Box::pin(signal.recv()))).await;
    }
}

/// Whether the process may have been started with this signal ignored. Only Linux says whether it was.
pub(super) fn may_be_ignored(kind: SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_none_or(|mask| mask >> (kind.as_raw_value() - 1) & 1 == 1)
}
