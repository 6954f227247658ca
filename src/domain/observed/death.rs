//! How a lease ended, as far as it can be told.

use std::time::Duration;

use super::{Known, Observed};
use crate::domain::{Bounds, Moment};

/// A lease that was alive so short a time before its deadline, and is gone after it, has expired.
const BRINK: Duration = Duration::from_millis(50);
/// The last poll may lie that far before the deadline where a watch tells the moment of the end.
const NEAR: Duration = Duration::from_millis(600);
/// etcd removes that many expired leases each time it looks, twice a second.
const REMOVED_EACH_TIME: u32 = 500;

/// When a lease was removed: it was there after `after`, and was gone by `by`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removal {
    /// The last sign of life: when the poll or the list that still had it was asked for, or a round trip before the
    /// watch told of its keys' end.
    pub after: Moment,
    /// The first sign that it is gone, as it arrived.
    pub by: Moment,
}

/// Why a lease is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Nobody renewed it: removed after its deadline, with this lag.
    Expired(Lag),
    /// Revoked by us.
    RevokedHere,
    /// Revoked by somebody else: it had time left.
    Revoked,
    /// It cannot be told.
    Unknown,
}

/// How long after its deadline a lease was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lag {
    /// At least.
    pub least: Duration,
    /// At most.
    pub most: Duration,
}

impl Observed {
    /// Why it is gone. What was not seen to be near its deadline is not called expired, and what may have expired is not
    /// called revoked.
    pub fn cause_of_death(&self, removal: Removal, revoked_here: bool) -> Cause {
        match self.known {
            _ if revoked_here => Cause::RevokedHere,
            Some(known) if known.has_expired(removal) => Cause::Expired(lag(known.track.bounds(), removal)),
            Some(known) if removal.by < known.soonest_end() => Cause::Revoked,
            _ => Cause::Unknown,
        }
    }
}

impl Known {
    /// No earlier can it have expired, renewed since the last poll or not. (A renewal after a refill takes back what
    /// the refill gave on top.)
    fn soonest_end(&self) -> Moment {
        self.track.bounds().earliest.min(self.sent + self.ttl)
    }

    fn has_expired(&self, removal: Removal) -> bool {
        let earliest = self.track.bounds().earliest;
        let was_told = self.sent >= earliest.before(NEAR) && removal.after >= earliest.before(BRINK);
        let is_over = removal.by >= earliest;
        self.dying || is_over && (self.sent >= earliest.before(BRINK) || was_told)
    }
}

fn lag(deadline: Bounds, removal: Removal) -> Lag {
    Lag { least: removal.after - deadline.latest, most: removal.by - deadline.earliest }
}

/// Leases that have expired and wait to be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// How many.
    pub dying: u32,
}

impl Backlog {
    /// How long etcd takes to remove them: 500 every 500 ms.
    ///
    /// ```
    /// use leasetop::domain::observed::Backlog;
    /// assert_eq!(Backlog { dying: 6_000 }.takes().as_secs(), 6);
    /// ```
    pub fn takes(self) -> Duration {
        Duration::from_millis(500) * self.dying.div_ceil(REMOVED_EACH_TIME)
    }
}
