//! Beginning the exercise anew, on a clock of another speed: a menu offers the speeds.

use std::time::Duration;

use crate::app::command::Command;
use crate::app::dialog::{DialogContext, DialogOutcome, is_over};
use crate::app::{AppConfig, Backend, Key, KeyContext};
use etcd_lease::RenewalSchedule;

/// A speed that is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockSpeed {
    /// The key that takes it.
    pub key: char,
    /// How many times as fast as the wall.
    pub warp: u32,
    /// The real time from one renewal of an hour's lease to the next.
    pub renewed: Duration,
    /// The real time until its first response is dropped, if nobody reads them.
    pub dropped: Duration,
}

/// The speeds that are offered, at this pace and with queues of 16.
pub fn speeds(pace: RenewalSchedule) -> [ClockSpeed; 3] {
    const HOUR: Duration = Duration::from_secs(3_600);
    const QUEUE: u32 = 16;
    let speed = |key, warp| {
        let renewed = pace.expected(HOUR) / warp;
        ClockSpeed { key, warp, renewed, dropped: renewed * QUEUE }
    };
    [speed('1', 1), speed('2', 10), speed('3', 60)]
}

/// Why there is no other speed here, in a sentence; none where there is.
pub fn no_speed(config: &AppConfig) -> Option<&'static str> {
    match config.backend {
        // The clock of a real cluster is everybody's.
        Backend::Cluster => Some("Only a sandbox's clock can be sped up. Try `leasetop demo`."),
        Backend::Sandbox { .. } if config.is_read_only => {
            Some("Read-only: grant, renew and revoke are disabled, and so is a restart.")
        }
        Backend::Sandbox { .. } => None,
    }
}

/// A number takes a speed, where there is one; Enter is on Cancel.
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
