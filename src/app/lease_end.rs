//! The end of a lease, and the loss of its keep-alive.

use std::time::Duration;

use super::EndCause;
use crate::inference::lease_inference::RemovalDelay;
use etcd_lease::Ended;
use simkit::Timestamp;

/// When and how a lease ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseEnd {
    /// When the first sign arrived that it is gone.
    pub at: Timestamp,
    /// The cause.
    pub cause: EndCause,
    /// Whether it was revoked from here.
    pub is_ours: bool,
    /// How long after its deadline etcd removed it, if it expired and the delay is known.
    pub lag: Option<RemovalDelay>,
    /// The revision by which it was gone, if known: a key put with it after that belongs to a later lease with the same id.
    pub revision: Option<i64>,
}

/// How the keep-alive of a lease was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeepaliveLoss {
    /// When it was lost.
    pub at: Timestamp,
    /// The reason.
    pub why: Ended,
    /// When the last renewal was answered, if one was.
    pub last_answer: Option<Timestamp>,
    /// When its next renewal is due, if a poll or list showed the end of the lease before that renewal.
    pub next: Option<Timestamp>,
}

impl KeepaliveLoss {
    /// The earliest and the latest moment at which Go's clientv3 closes the keepalive channel: with the reply to a renewal that
    /// says that the lease does not exist; without any reply, from TTL to TTL + 1 s after the last one, because the client
    /// checks deadlines every second (clientv3/lease.go, `deadlineLoop`). None if no renewal was ever answered.
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

    /// The reason, and when a Go program's keepalive channel closes.
    pub(super) fn in_words(&self, ttl: Option<i64>) -> String {
        format!("keep-alive stopped: {}; {}", self.why, self.known(ttl))
    }

    /// When a Go program's keepalive channel closes.
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
