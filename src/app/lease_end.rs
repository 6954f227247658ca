//! The end of a lease, and the loss of its keep-alive.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::EndCause;
use crate::inference::lease_inference::RemovalDelay;
use etcd_lease::Ended;
use simkit::Timestamp;

/// When and how a lease ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseEnd {
    /// When the first evidence arrived that the lease is gone.
    pub at: Timestamp,
    /// The cause.
    pub cause: EndCause,
    /// Whether leasetop revoked the lease.
    pub is_ours: bool,
    /// The delay from the deadline to the removal by etcd, if the lease expired and the delay is known.
    pub lag: Option<RemovalDelay>,
    /// The revision at which the lease was gone, if known. A key put with this id later belongs to a later lease.
    pub revision: Option<i64>,
}

/// How the keep-alive of a lease was lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeepaliveLoss {
    /// When it was lost.
    pub at: Timestamp,
    /// The reason.
    pub why: Ended,
    /// When the last reply to a renewal arrived, if any did.
    pub last_answer: Option<Timestamp>,
    /// When the next renewal was due, if a poll or list showed the end before that renewal.
    pub next: Option<Timestamp>,
}

impl KeepaliveLoss {
    /// The earliest and latest time at which Go's clientv3 closes the keepalive channel. It closes when a renewal reply
    /// reports that the lease does not exist. Without a reply it closes TTL to TTL + 1 s after the last one, because
    /// the client checks deadlines every second (clientv3/lease.go, `deadlineLoop`). `None` if no renewal ever got a
    /// reply.
    pub fn closed(&self, ttl: Option<i64>) -> Option<(Timestamp, Timestamp)> {
        const SECOND: Duration = Duration::from_secs(1);
        match self.why {
            Ended::Expired | Ended::NotFound => {
                let at = self.next.unwrap_or(self.at);
                Some((at, at))
            }
            _ => {
                let from = self.last_answer? + Duration::from_secs(ttl?.unsigned_abs());
                Some((from, from + SECOND))
            }
        }
    }

    /// Says why the keep-alive stopped, and when a Go program's keepalive channel closes.
    pub(super) fn in_words(&self, ttl: Option<i64>) -> String {
        format!("keep-alive stopped: {}; {}", self.why, self.known(ttl))
    }

    /// Says when a Go program's keepalive channel closes, as far as it is known.
    pub(super) fn known(&self, ttl: Option<i64>) -> String {
        match (self.closed(ttl), ttl) {
            (Some(_), _) if self.next.is_some() => {
                "a Go program's keepalive channel closes at its next renewal".to_owned()
            }
            (Some((from, to)), _) if from == to => "a Go program's keepalive channel closes with this reply".to_owned(),
            (Some(_), Some(ttl)) => {
                let most = ttl.saturating_add(1);
                format!("a Go program's keepalive channel closes {ttl} to {most} s after the last reply")
            }
            _ => "no renewal ever got a reply: a Go program's keepalive channel closes without a response".to_owned(),
        }
    }
}
