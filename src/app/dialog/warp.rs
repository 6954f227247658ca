//! Offers to begin the exercise anew, on a clock of another speed.

use std::time::Duration;

use super::{Dialog, dialog_action, is_over};
use crate::app::{AppState, Backend, Effect, Key, KeyContext};
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
pub fn no_speed(app: &AppState) -> Option<&'static str> {
    match app.config.backend {
        // The clock of a real cluster is everybody's.
        Backend::Cluster => Some("Only a sandbox's clock can be sped up. Try `leasetop demo`."),
        Backend::Sandbox { .. } if app.config.is_read_only => {
            Some("Read-only: grant, renew and revoke are disabled, and so is a restart.")
        }
        Backend::Sandbox { .. } => None,
    }
}

/// A number takes a speed, where there is one; Enter is on Cancel.
pub(super) fn key(app: &mut AppState, key: Key) -> Vec<Effect> {
    let speed = speeds(app.config.pace).into_iter().find(|speed| Key::Char(speed.key) == key);
    if let Some(speed) = speed.filter(|_| no_speed(app).is_none()) {
        return vec![Effect::RestartSandbox { warp: speed.warp }];
    }
    if !is_over(dialog_action(app, KeyContext::Warp, key)) {
        app.view.dialog = Some(Dialog::Warp);
    }
    Vec::new()
}
