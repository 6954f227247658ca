//! Notices that the machine slept.

use std::time::{Duration, SystemTime};

/// Notices that the machine slept. On Linux the monotonic clock does not advance then, but the system time does.
#[derive(Clone, Copy, Debug)]
pub(super) struct SleepWatch {
    wall: SystemTime,
    ran: Duration,
}

impl SleepWatch {
    /// Starts with the system time, and with the monotonic time since some start.
    pub(super) fn start(wall: SystemTime, ran: Duration) -> Self {
        SleepWatch { wall, ran }
    }

    /// How long the machine slept since the last check. `None` for 2 s or less, and if the system time was set back.
    pub(super) fn check(&mut self, wall: SystemTime, ran: Duration) -> Option<Duration> {
        /// Small corrections of the system time are not a sleep.
        const MIN_SLEEP: Duration = Duration::from_secs(2);
        let before = std::mem::replace(self, SleepWatch { wall, ran });
        let passed = wall.duration_since(before.wall).unwrap_or_default();
        let slept = passed.saturating_sub(ran.saturating_sub(before.ran));
        if slept > MIN_SLEEP { Some(slept) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_of_the_system_time_is_a_sleep() {
        let (start, at) = (SystemTime::UNIX_EPOCH + Duration::from_secs(1_000), Duration::from_secs);
        let mut watch = SleepWatch::start(start, at(0));
        assert_eq!(watch.check(start + at(60), at(60)), None);
        assert_eq!(watch.check(start + at(3_661), at(61)), Some(at(3_600)));
        assert_eq!(watch.check(start + at(3_663), at(62)), None, "a correction by one second");
        assert_eq!(watch.check(start, at(63)), None, "the system time was set back");
        assert_eq!(watch.check(start + at(10), at(64)), Some(at(9)));
    }
}
