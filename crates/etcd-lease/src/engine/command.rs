//! Commands to the task of an engine.

use std::sync::Arc;
use std::time::Duration;

use super::response_queues::ResponseQueues;
use crate::{Fault, LeaseId, RenewalSchedule, TimeToLive};
use simkit::Timestamp;

#[derive(Debug)]
pub(super) enum Command {
    StartKeepAlive {
        id: LeaseId,
        start: Start,
        pace: Option<RenewalSchedule>,
        queues: Arc<ResponseQueues>,
    },
    /// Stop the keepalive of leases whose queues were closed.
    StopKeepAlive(Vec<LeaseId>),
    RenewNow(LeaseId),
    /// The machine slept this long: renew every lease now.
    Slept(Duration),
    SetFault {
        id: LeaseId,
        drill: Option<Fault>,
    },
    /// Write the status of every lease, for a new reader.
    WriteStatuses,
    Close,
}

/// What is known about a lease when its keepalive starts.
#[derive(Debug)]
pub(super) enum Start {
    /// Only the id.
    Adopt,
    /// Its time left, and when the query was sent.
    Read { answer: Box<TimeToLive>, sent: Timestamp },
    /// The TTL in seconds, and when the grant was sent.
    Granted { ttl: i64, sent: Timestamp },
}
