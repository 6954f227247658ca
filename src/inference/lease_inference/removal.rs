//! How a lease ended, as far as it can be told.

use std::time::Duration;

use super::{Known, LeaseInference};
use crate::inference::TimeRange;
use simkit::Timestamp;

/// A lease that was alive so short a time before its deadline, and is gone after it, has expired.
const BRINK: Duration = Duration::from_millis(50);
/// The last poll may lie that far before the deadline where a watch tells the moment of the end.
const NEAR: Duration = Duration::from_millis(600);
/// Who nobody renews and was there so short a time before its latest possible deadline has not been revoked in between.
const TIGHT: Duration = Duration::from_millis(100);
/// In so short a time hardly anybody revokes a lease that may end just then, where none of its kind is revoked.
const UNLIKELY_REVOKE_SPAN: Duration = Duration::from_millis(300);
/// etcd removes that many expired leases each time it looks, twice a second.
const REMOVED_EACH_TIME: u32 = 500;

/// When a lease was removed: it was there after `after`, and was gone by `by`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemovalWindow {
    /// The last sign of life: when the poll or the list that still had it was asked for, or a round trip before the
    /// watch told of its keys' end.
    pub after: Timestamp,
    /// The first sign that it is gone, as it arrived.
    pub by: Timestamp,
}

/// What is done with leases of its kind: what was not seen of one lease may be seen of those that are like it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CohortHint {
    /// Nobody seems to renew it.
    pub is_unrenewed: bool,
    /// And of many that are like it none was revoked before its time.
    pub is_never_revoked: bool,
}

/// Why a lease is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemovalCause {
    /// Nobody renewed it: removed after its deadline, with this lag.
    Expired(RemovalDelay),
    /// Revoked by us.
    RevokedHere,
    /// Revoked by somebody else: it had time left.
    Revoked,
    /// It cannot be told.
    Unknown,
}

/// How long after its deadline a lease was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemovalDelay {
    /// At least.
    pub least: Duration,
    /// At most.
    pub most: Duration,
}

impl LeaseInference {
    /// Why it is gone. What was not seen to be near its deadline is not called expired, and what may have expired is not
    /// called revoked. Of a lease which nobody renews an old answer counts as a new one.
    pub fn removal_cause(&self, removal: RemovalWindow, revoked_here: bool, kind: CohortHint) -> RemovalCause {
        match self.known {
            _ if revoked_here => RemovalCause::RevokedHere,
            Some(known) if known.has_expired(removal, kind) => {
                RemovalCause::Expired(lag(known.track.bounds(), removal))
            }
            Some(known) if removal.by < known.soonest_end() => RemovalCause::Revoked,
            _ => RemovalCause::Unknown,
        }
    }
}

impl LeaseInference {
    /// Whether nobody had renewed it for so long, when it was last asked, that nobody seems to do it: for half its TTL,
    /// or for half as long again as it was renewed in before.
    pub fn is_unrenewed(&self) -> bool {
        let Some(known) = self.known else { return false };
        let unrenewed = known.sent - known.track.bounds().latest.before(known.ttl);
        let habit = self.renewals.mean_interval().map(|rhythm| rhythm.every * 3 / 2);
        let was_renewed = self.renewals.last().is_some();
        unrenewed >= habit.unwrap_or(if was_renewed { known.ttl * 2 / 3 } else { known.ttl / 2 })
    }

    /// Whether a poll has seen it so near its deadline that it has expired if it is gone after that.
    pub fn is_decided(&self) -> bool {
        self.known.is_some_and(|known| known.is_decided())
    }

    /// Its earliest possible end, where that may well be one: nobody seems to renew it. None where it is past that.
    pub fn idle_end(&self) -> Option<Timestamp> {
        let known = self.known.filter(|known| !known.dying)?;
        let is_idle = self.renewals.mean_interval().is_none() || self.is_unrenewed();
        is_idle.then(|| known.track.bounds().earliest)
    }
}

impl Known {
    /// No earlier can it have expired, renewed since the last poll or not. (A renewal after a refill takes back what
    /// the refill gave on top.)
    fn soonest_end(&self) -> Timestamp {
        self.track.bounds().earliest.min(self.sent + self.ttl)
    }

    /// Whether a poll has seen it near its deadline, so that nobody renewed it and nobody had the time to revoke it.
    fn is_decided(&self) -> bool {
        self.dying || self.sent >= self.track.bounds().earliest.before(BRINK)
    }

    fn has_expired(&self, removal: RemovalWindow, kind: CohortHint) -> bool {
        let TimeRange { earliest, latest } = self.track.bounds();
        let was_told = self.sent >= earliest.before(NEAR) && removal.after >= earliest.before(BRINK);
        let has_outlived = removal.after >= latest.before(TIGHT);
        let went_in_time = kind.is_never_revoked && removal.by - removal.after <= UNLIKELY_REVOKE_SPAN;
        let is_idle = kind.is_unrenewed && (has_outlived || went_in_time);
        self.dying || removal.by >= earliest && (self.is_decided() || was_told || is_idle)
    }
}

fn lag(deadline: TimeRange, removal: RemovalWindow) -> RemovalDelay {
    RemovalDelay { least: removal.after - deadline.latest, most: removal.by - deadline.earliest }
}

/// Leases that have expired and wait to be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpiryBacklog {
    /// How many.
    pub dying: u32,
}

impl ExpiryBacklog {
    /// How long etcd takes to remove them: 500 every 500 ms.
    ///
    /// ```
    /// use leasetop::inference::lease_inference::ExpiryBacklog;
    /// assert_eq!(ExpiryBacklog { dying: 6_000 }.removal_time().as_secs(), 6);
    /// ```
    pub fn removal_time(self) -> Duration {
        Duration::from_millis(500) * self.dying.div_ceil(REMOVED_EACH_TIME)
    }
}
