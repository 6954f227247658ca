//! Offers to begin the exercise anew, on a clock of another speed.

use std::time::Duration;

use super::Dialog;
use super::closes;
use crate::app::{Effect, Key, Model};
use crate::domain::{Moment, Pace};

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
pub fn speeds(pace: Pace) -> [Speed; 3] {
    const HOUR: Duration = Duration::from_secs(3_600);
    const QUEUE: u32 = 16;
    let speed = |key, warp| {
        let renewed = pace.expected(HOUR) / warp;
        Speed { key, warp, renewed, dropped: renewed * QUEUE }
    };
    [speed('1', 1), speed('2', 10), speed('3', 60)]
}

/// A number takes a speed; Enter is on Cancel.
pub(super) fn key(model: &mut Model, key: Key, _now: Moment) -> Vec<Effect> {
    if let Some(speed) = speeds(model.setup.pace).into_iter().find(|speed| Key::Char(speed.key) == key) {
        return vec![Effect::BeginAnew { warp: speed.warp }];
    }
    if key != Key::Enter && !closes(key) {
        model.dialog = Some(Dialog::Warp);
    }
    Vec::new()
}
