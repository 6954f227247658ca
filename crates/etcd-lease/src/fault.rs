//! Faults for drills on own leases. They show what a program would see.

use std::fmt;
use std::time::Duration;

/// A fault in the keepalive of one lease. Only [`Fault::HoldSender`] endangers the lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Fault {
    /// The reader stops. The queue fills, then each response is dropped. The lease survives.
    StallConsumer,
    /// The reader reads one response per interval.
    SlowConsumer {
        /// The time from one read response to the next.
        every: Duration,
    },
    /// No renewal is sent. The lease expires at its deadline, and its keys are deleted.
    HoldSender,
    /// The next replies are discarded as if they were lost. The drill ends after the last of them.
    DropReplies {
        /// How many replies are still to be discarded.
        left: u32,
    },
    /// The stream that renewed it last is closed, as by a network failure. The drill ends at once.
    CutStream,
}

impl Fault {
    /// Whether the response reader simulates the fault instead of the engine.
    pub fn is_reader_fault(self) -> bool {
        matches!(self, Fault::StallConsumer | Fault::SlowConsumer { .. })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::StallConsumer => f.write_str("reader stalled"),
            Fault::SlowConsumer { every } => write!(f, "slow reader: one response every {} s", every.as_secs()),
            Fault::HoldSender => f.write_str("renewals held back"),
            Fault::DropReplies { left: 1 } => f.write_str("dropping the next reply"),
            Fault::DropReplies { left } => write!(f, "dropping the next {left} replies"),
            Fault::CutStream => f.write_str("stream closed"),
        }
    }
}
