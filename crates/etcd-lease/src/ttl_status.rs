//! The replies to LeaseGrant and LeaseTimeToLive, and what they mean.

use std::time::Duration;

use super::{LeaseId, Timestamp};

/// The longest TTL that etcd grants, in seconds (`lease.MaxLeaseTTL` in etcd's `lessor.go`).
pub const MAX_TTL: i64 = 9_000_000_000;

/// The header of a reply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Header {
    /// The id of the cluster.
    pub cluster_id: u64,
    /// The id of the member that replied.
    pub member_id: u64,
    /// The revision of the key space at the time of the reply.
    pub revision: i64,
    /// The raft term. It changes with every election.
    pub raft_term: u64,
}

/// The reply to LeaseGrant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Granted {
    /// The id of the lease.
    pub id: LeaseId,
    /// The requested TTL in seconds.
    pub requested_ttl: i64,
    /// The granted TTL in seconds. etcd raises a TTL below its minimum.
    pub ttl: i64,
    /// The header of the reply.
    pub header: Header,
}

/// The reply to LeaseTimeToLive, as etcd returned it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TimeToLive {
    /// The id of the lease.
    pub id: LeaseId,
    /// The time left in whole seconds, truncated toward zero; -1 for an unknown lease.
    pub ttl: i64,
    /// The granted TTL in seconds; 0 for an unknown lease.
    pub granted_ttl: i64,
    /// The attached keys if they were requested, unsorted.
    #[cfg_attr(feature = "serde", serde(with = "crate::key_text::list"))]
    pub keys: Vec<Vec<u8>>,
    /// The header of the reply.
    pub header: Header,
}

/// What a reply to LeaseTimeToLive means.
///
/// etcd truncates the seconds left toward zero (`int64(remaining.Seconds())` in its `v3rpc/lease.go`), so it returns 0
/// from one second before the deadline to one second after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum TtlStatus {
    /// The lease is alive and has at least `ttl` seconds left.
    Alive,
    /// The deadline is less than one second away, in the future or in the past.
    AtDeadline,
    /// The lease has expired and is not removed yet. Only a new leader can bring it back.
    Dying,
    /// The lease does not exist: it expired, was revoked or never existed.
    Missing,
    /// A TTL that etcd cannot grant. A demoted leader returns one before etcd 3.4.32 and 3.5.14.
    Invalid,
}

impl TimeToLive {
    /// What this reply means.
    pub fn ttl_status(&self) -> TtlStatus {
        match (self.ttl, self.granted_ttl) {
            (_, ..=0) => TtlStatus::Missing,
            (ttl, granted) if ttl.max(granted) > MAX_TTL || ttl < -MAX_TTL => TtlStatus::Invalid,
            (..=-1, _) => TtlStatus::Dying,
            (0, _) => TtlStatus::AtDeadline,
            _ => TtlStatus::Alive,
        }
    }

    /// Whether the lease exists according to this reply.
    pub fn is_alive(&self) -> bool {
        !matches!(self.ttl_status(), TtlStatus::Missing | TtlStatus::Invalid)
    }

    /// The earliest and the latest possible deadline, for a request sent at `sent` with the reply at `received`.
    ///
    /// A TTL `t > 0` gives (sent + t, received + t + 1), `t = 0` one second to either side, and `t < 0` a deadline from
    /// -t to 1 - t seconds ago. `None` for a reply without a deadline.
    pub fn deadline(&self, sent: Timestamp, received: Timestamp) -> Option<(Timestamp, Timestamp)> {
        const SECOND: Duration = Duration::from_secs(1);
        let whole = Duration::from_secs(self.ttl.unsigned_abs());
        match self.ttl_status() {
            TtlStatus::Alive => Some((sent + whole, received + whole + SECOND)),
            TtlStatus::AtDeadline => Some((sent.before(SECOND), received + SECOND)),
            TtlStatus::Dying => Some((sent.before(whole + SECOND), received.before(whole))),
            TtlStatus::Missing | TtlStatus::Invalid => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(ttl: i64, granted_ttl: i64) -> TimeToLive {
        TimeToLive { id: LeaseId(1), ttl, granted_ttl, keys: Vec::new(), header: Header::default() }
    }

    #[test]
    fn unusual_replies_have_their_own_states() {
        let readings = [
            (9, 10, TtlStatus::Alive),
            (0, 10, TtlStatus::AtDeadline),
            (-1, 10, TtlStatus::Dying),
            (-68_272, 10, TtlStatus::Dying),
            (-1, 0, TtlStatus::Missing),
            (9_223_372_036, 10, TtlStatus::Invalid),
            (5, i64::MAX, TtlStatus::Invalid),
            (i64::MIN, 10, TtlStatus::Invalid),
            (i64::MAX, i64::MIN, TtlStatus::Missing),
        ];
        for (ttl, granted, expected) in readings {
            assert_eq!(answer(ttl, granted).ttl_status(), expected, "{ttl} of {granted}");
        }
    }

    #[test]
    fn the_deadline_lies_within_the_bounds() {
        let (sent, received) = (Timestamp::from_nanos(5_000_000_000), Timestamp::from_nanos(5_010_000_000));
        // A lease whose deadline is at `true_ms` is read somewhere between sending and receiving.
        for true_ms in (1_000..12_000).step_by(37) {
            for read_ms in [5_000_i64, 5_005, 5_010] {
                let ttl = (true_ms - read_ms) / 1000;
                let bounds = answer(ttl, 10).deadline(sent, received);
                let deadline = Timestamp::from_nanos(u64::try_from(true_ms).unwrap() * 1_000_000);
                let (earliest, latest) = bounds.unwrap();
                assert!(earliest <= deadline && deadline <= latest, "{true_ms} read at {read_ms}: {bounds:?}");
            }
        }
        assert_eq!(answer(-1, 0).deadline(sent, received), None);
    }
}
