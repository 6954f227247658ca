//! Drills: faults that one plays on a lease of one's own, to see what a program would see.

use std::fmt;
use std::time::Duration;

/// A fault that is played on one lease. The lease is in danger with [`Fault::HoldSender`] alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The consumer reads no response: its queue fills, then each response is dropped, and the lease lives.
    StallConsumer,
    /// The consumer reads one response in so long.
    SlowConsumer {
        /// The time from one response that is read to the next.
        every: Duration,
    },
    /// No renewal is sent: the lease dies at its deadline, and its keys go with it.
    HoldSender,
    /// So many answers arrive and are thrown away as if they were lost; ends by itself after the last.
    DropReplies {
        /// How many are still to be thrown away.
        left: u32,
    },
    /// The stream that renewed it last is closed as if the network did. Over at once: nothing is left to be ended.
    CutStream,
}

impl Fault {
    /// Whether the one who reads the responses carries it out, and not the one who renews.
    pub fn is_reader_fault(self) -> bool {
        matches!(self, Fault::StallConsumer | Fault::SlowConsumer { .. })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::StallConsumer => f.write_str("reader stalled"),
            Fault::SlowConsumer { every } => write!(f, "reader slowed to one response every {} s", every.as_secs()),
            Fault::HoldSender => f.write_str("renewals stopped"),
            Fault::DropReplies { left: 1 } => f.write_str("dropping the next reply"),
            Fault::DropReplies { left } => write!(f, "dropping the next {left} replies"),
            Fault::CutStream => f.write_str("stream broken"),
        }
    }
}
