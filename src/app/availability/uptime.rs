//! For how long something was gone while it was watched.

use std::time::Duration;

use simkit::Timestamp;

/// A shorter gap does not count as an outage. A registry that repairs itself deletes a key and puts it again at once.
pub const SHORTEST_OUTAGE: Duration = Duration::from_secs(1);

/// A key or service that is gone for longer than this is forgotten.
pub(super) const MAX_GONE: Duration = Duration::from_secs(3_600);
/// Maximum number of records of keys, and of services that are gone. The oldest are forgotten first.
pub(super) const MAX_RECORDS: usize = 10_000;

/// The outages of a key or service since it was first seen.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Uptime {
    since: Timestamp,
    gone_since: Option<Timestamp>,
    past: Outages,
}

/// Outages that are over.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Outages {
    count: u32,
    total: Duration,
    longest: Duration,
}

/// The availability of a key or service.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AvailabilityFigures {
    /// The time since it was first seen.
    pub watched: Duration,
    /// Number of outages, with the present one.
    pub outages: u32,
    /// The time for which it was gone.
    pub gone: Duration,
    /// The longest outage.
    pub longest: Duration,
    /// How long the present outage has lasted. `None` if there is none.
    pub gone_now: Option<Duration>,
}

impl AvailabilityFigures {
    /// The figures of something that was never gone since `since`.
    pub(super) fn without_outage(since: Timestamp, now: Timestamp) -> Self {
        Uptime::new(since).figures(now)
    }

    /// The share of the watched time in which it was there, from 0 to 1.
    pub fn share(&self) -> f64 {
        if self.gone.is_zero() {
            return 1.0;
        }
        1.0 - self.gone.as_secs_f64() / self.watched.max(self.gone).as_secs_f64()
    }

    /// The share in percent, such as `98.7 %`. It is rounded down, so that only a share of 1 is shown as `100 %`.
    pub fn percent(&self) -> String {
        let tenths = (self.share() * 1_000.0).floor() / 10.0;
        if self.gone.is_zero() { "100 %".to_owned() } else { format!("{tenths:.1} %") }
    }
}

impl Uptime {
    pub(super) fn new(since: Timestamp) -> Self {
        Uptime { since, gone_since: None, past: Outages::default() }
    }

    pub(super) fn since(&self) -> Timestamp {
        self.since
    }

    pub(super) fn gone_since(&self) -> Option<Timestamp> {
        self.gone_since
    }

    /// Records that it vanished.
    pub(super) fn vanish(&mut self, at: Timestamp) {
        self.gone_since.get_or_insert(at);
    }

    /// Records that it exists. Returns for how long it was gone.
    pub(super) fn come_back(&mut self, at: Timestamp) -> Option<Duration> {
        let gone = at - self.gone_since.take()?;
        if gone >= SHORTEST_OUTAGE {
            self.past.count += 1;
            self.past.total += gone;
            self.past.longest = self.past.longest.max(gone);
        }
        Some(gone)
    }

    pub(super) fn figures(&self, now: Timestamp) -> AvailabilityFigures {
        let gone_now = self.gone_since.map(|at| now - at).filter(|gone| *gone >= SHORTEST_OUTAGE);
        let Outages { count, total, longest } = self.past;
        let present = gone_now.unwrap_or_default();
        AvailabilityFigures {
            watched: now - self.since,
            outages: count + u32::from(gone_now.is_some()),
            gone: total + present,
            longest: longest.max(present),
            gone_now,
        }
    }
}
