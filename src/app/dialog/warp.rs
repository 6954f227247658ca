//! Offers to begin the exercise anew, on a clock of another speed.

use std::time::Duration;

use super::{Dialog, is_over, reply};
use crate::app::{Effect, Key, Model, Place, Scope};
use etcd_lease::RenewalSchedule;

/// A speed that is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Speed {
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
pub fn speeds(pace: RenewalSchedule) -> [Speed; 3] {
    const HOUR: Duration = Duration::from_secs(3_600);
    const QUEUE: u32 = 16;
    let speed = |key, warp| {
        let renewed = pace.expected(HOUR) / warp;
        Speed { key, warp, renewed, dropped: renewed * QUEUE }
    };
    [speed('1', 1), speed('2', 10), speed('3', 60)]
}

/// Why there is no other speed here, in a sentence; none where there is.
pub fn no_speed(model: &Model) -> Option<&'static str> {
    match model.setup.place {
        // The clock of a real cluster is everybody's.
        Place::Cluster => {
            Some("A real cluster keeps its own time: only a sandbox's clock can be warped. `leasetop demo` has one.")
        }
        Place::Sandbox { .. } if model.setup.is_read_only => {
            Some("Read-only: here nothing is granted, renewed or revoked, and so nothing begun anew.")
        }
        Place::Sandbox { .. } => None,
    }
}

/// A number takes a speed, where there is one; Enter is on Cancel.
pub(super) fn key(model: &mut Model, key: Key) -> Vec<Effect> {
    let speed = speeds(model.setup.pace).into_iter().find(|speed| Key::Char(speed.key) == key);
    if let Some(speed) = speed.filter(|_| no_speed(model).is_none()) {
        return vec![Effect::BeginAnew { warp: speed.warp }];
    }
    if !is_over(reply(model, Scope::Warp, key)) {
        model.dialog = Some(Dialog::Warp);
    }
    Vec::new()
}
