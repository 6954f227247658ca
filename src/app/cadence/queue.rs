//! What happens to the response queue of an own lease if nobody reads it.

use std::time::Duration;

use simkit::Timestamp;

use crate::app::Lease;
use etcd_lease::QueueGauge;

/// When the first response is or was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstDrop {
    /// This long after the oldest unread response arrived.
    After(Duration),
    /// Responses were dropped, but the history does not reach back to the first.
    Earlier,
    /// This long from now, if nobody reads.
    In(Duration),
    /// The interval is not known yet.
    Unknown,
}

/// The response queue of an own lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueOutlook {
    /// Unread responses, capacity, and dropped responses.
    pub gauge: QueueGauge,
    /// When the first response is or was dropped.
    pub first_drop: FirstDrop,
    /// When the last response was dropped, as far as the history reaches.
    pub last_dropped: Option<Timestamp>,
}

impl QueueOutlook {
    /// The queue of a lease that the engine keeps alive.
    pub fn of(lease: &Lease, now: Timestamp) -> Option<Self> {
        let status = lease.engine.as_ref()?;
        let gauge = status.queue;
        let is_full = gauge.depth >= gauge.capacity;
        let room = gauge.capacity.saturating_sub(gauge.depth);
        let first_drop = match lease.time_until_renewals(room + 1, now) {
            _ if gauge.dropped > 0 && is_full => {
                first_drop(lease, gauge.depth).map_or(FirstDrop::Earlier, FirstDrop::After)
            }
            Some(span) => FirstDrop::In(span),
            None => FirstDrop::Unknown,
        };
        Some(QueueOutlook { gauge, first_drop, last_dropped: last_dropped(lease) })
    }
}

/// The time from the oldest unread response to the first response that was dropped after it. `None` if the history does not
/// reach back that far.
fn first_drop(lease: &Lease, depth: usize) -> Option<Duration> {
    let history = lease.history.as_ref()?;
    let start = history.oldest_unread(depth)?;
    let dropped = history.renewals().take_while(|(at, _)| *at > start).filter(|(_, renewal)| renewal.is_dropped);
    Some(dropped.last()?.0 - start)
}

fn last_dropped(lease: &Lease) -> Option<Timestamp> {
    let history = lease.history.as_ref()?;
    history.renewals().find(|(_, renewal)| renewal.is_dropped).map(|(at, _)| at)
}
