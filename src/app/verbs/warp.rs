//! The menu that restarts the sandbox at another clock speed.

use std::time::Duration;

use crate::app::command::Command;
use crate::app::dialog::{DialogContext, DialogOutcome, is_over};
use crate::app::{AppConfig, Backend, Key, KeyContext};
use etcd_lease::RenewalSchedule;

/// An entry of the menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockSpeed {
    /// The key that selects it.
    pub key: char,
    /// Clock speed as a multiple of real time.
    pub warp: u32,
    /// Real time between two renewals of a lease with a TTL of one hour.
    pub renewed: Duration,
    /// Real time until the first dropped response of that lease, if nothing reads its queue.
    pub dropped: Duration,
}

/// The selectable speeds, for a schedule and response queues of 16.
pub fn speeds(pace: RenewalSchedule) -> [ClockSpeed; 3] {
    const HOUR: Duration = Duration::from_secs(3_600);
    /// Unread responses that a queue takes by default.
    const QUEUE: u32 = 16;
    let speed = |key, warp| {
        let renewed = pace.expected(HOUR) / warp;
        ClockSpeed { key, warp, renewed, dropped: renewed * QUEUE }
    };
    [speed('1', 1), speed('2', 10), speed('3', 60)]
}

/// Why the speed cannot be changed, in a sentence. `None` if it can.
pub fn no_speed(config: &AppConfig) -> Option<&'static str> {
    match config.backend {
        // All clients share the clock of a real cluster.
        Backend::Cluster => Some("Only a sandbox's clock can be sped up. Try `leasetop demo`."),
        Backend::Sandbox { .. } if config.is_read_only => {
            Some("Read-only: grant, renew and revoke are disabled, and so is a restart.")
        }
        Backend::Sandbox { .. } => None,
    }
}

/// Handles a key. A digit selects a speed. Enter selects Cancel.
pub(in crate::app) fn on_key(key: Key, context: DialogContext<'_>) -> DialogOutcome {
    let speed = speeds(context.config.pace).into_iter().find(|speed| Key::Char(speed.key) == key);
    if let Some(speed) = speed
        && no_speed(context.config).is_none()
    {
        return DialogOutcome::Do(Command::RestartSandbox { warp: speed.warp });
    }
    if is_over(context.dialog_action(KeyContext::Warp, key)) {
        return DialogOutcome::Close;
    }
    DialogOutcome::Stay
}
