//! How leases end, and how keeping one alive ended.

use std::time::Duration;

use super::EndCause;
use crate::inference::lease_inference::RemovalDelay;
use etcd_lease::Ended;
use simkit::Timestamp;

/// When and how a lease died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseEnd {
    /// When it was seen to be gone.
    pub at: Timestamp,
    /// How.
    pub cause: EndCause,
    /// Whether it was revoked from here.
    pub is_ours: bool,
    /// How long after its deadline it was removed, where it expired and that is known.
    pub lag: Option<RemovalDelay>,
    /// By which revision of the keys it was gone, where that is known: a key that is put on it later hangs on a lease that
    /// was granted again under its id.
    pub revision: Option<i64>,
}

/// How a lease that was to be kept alive was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeepaliveLoss {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub why: Ended,
    /// When the last renewal was answered, if any was.
    pub last_answer: Option<Timestamp>,
    /// When its next renewal was due, where the server was seen to have lost it before that.
    pub next: Option<Timestamp>,
}

impl KeepaliveLoss {
    /// The earliest and the latest moment at which a program that holds the lease with Go's clientv3 would have found its
    /// keepalive channel closed: at the answer to a renewal that says that the lease is not there, else, without any answer, TTL to
    /// TTL + 1 s after the last one. None where there was no answer at all.
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
}

impl KeepaliveLoss {
    /// Why, and what a program that reads the keepalive channel knows of it.
    pub(super) fn in_words(&self, ttl: Option<i64>) -> String {
        format!("keep-alive stopped: {}; {}", self.why, self.known(ttl))
    }

    /// What a program that reads the keepalive channel knows of it.
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
