//! What a LeaseTimeToLive answer means.

use std::time::Duration;

use super::{LeaseId, Timestamp};

/// The longest TTL that etcd grants, in seconds (`lease.MaxLeaseTTL` in etcd's `lessor.go`).
pub const MAX_TTL: i64 = 9_000_000_000;

/// What every answer's header says, and from which member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The cluster's id.
    pub cluster_id: u64,
    /// The member that answered.
    pub member_id: u64,
    /// The key space's revision at the time of the answer.
    pub revision: i64,
    /// The raft term; a new one means that there was an election.
    pub raft_term: u64,
}

/// The answer to a LeaseGrant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Granted {
    /// The lease's id.
    pub id: LeaseId,
    /// The TTL that was asked for, in seconds.
    pub requested_ttl: i64,
    /// The TTL that was granted, in seconds: the server may raise it to its minimum.
    pub ttl: i64,
    /// The answer's header.
    pub header: Header,
}

/// The answer to a LeaseTimeToLive, as the server gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeToLive {
    /// Which lease.
    pub id: LeaseId,
    /// Whole seconds left, truncated toward zero; -1 for an unknown lease.
    pub ttl: i64,
    /// The TTL that was granted, in seconds; 0 for an unknown lease.
    pub granted_ttl: i64,
    /// The attached keys where they were asked for, in no order, raw.
    pub keys: Vec<Vec<u8>>,
    /// The answer's header.
    pub header: Header,
}

/// What a LeaseTimeToLive answer means.
///
/// etcd truncates the seconds left toward zero (`int64(remaining.Seconds())` in its `v3rpc/lease.go`), so that
/// 0 is said up to a second before and up to a second after the deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TtlStatus {
    /// Alive, with at least that many whole seconds left.
    Alive,
    /// Less than a second on either side of its deadline.
    AtDeadline,
    /// Expired, and not removed yet: it never comes back, unless a new leader refills it.
    Dying,
    /// Not known to the server: expired and removed, revoked, or never there.
    Missing,
    /// A demoted leader's answer ("for ever"): it says nothing. Servers before 3.4.32 and 3.5.14.
    Invalid,
}

impl TimeToLive {
    /// What this answer means.
    pub fn ttl_status(&self) -> TtlStatus {
        match (self.ttl, self.granted_ttl) {
            (_, ..=0) => TtlStatus::Missing,
            (..=-1, _) => TtlStatus::Dying,
            (0, _) => TtlStatus::AtDeadline,
            (ttl, _) if ttl > MAX_TTL => TtlStatus::Invalid,
            _ => TtlStatus::Alive,
        }
    }

    /// Whether the server knows the lease by this answer.
    pub fn is_alive(&self) -> bool {
        !matches!(self.ttl_status(), TtlStatus::Missing | TtlStatus::Invalid)
    }

    /// The earliest and the latest moment at which the lease's deadline can lie, for a question sent at `sent` and
    /// answered at `received`: `t > 0` gives (sent + t, received + t + 1), `t = 0` a second on either side,
    /// `t < 0` means that t to t - 1 seconds have passed since. None for an answer that tells no deadline.
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
    fn odd_answers_are_named_states() {
        let readings = [
            (9, 10, TtlStatus::Alive),
            (0, 10, TtlStatus::AtDeadline),
            (-1, 10, TtlStatus::Dying),
            (-68_272, 10, TtlStatus::Dying),
            (-1, 0, TtlStatus::Missing),
            (9_223_372_036, 10, TtlStatus::Invalid),
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
