//! What a reply says about its cluster, and how that can differ from before.

use std::fmt;
use std::time::Duration;

use crate::Header;

/// The facts of a reply.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Evidence {
    pub(crate) header: Header,
    /// The committed raft index; 0 in replies other than a status.
    pub(crate) raft_index: u64,
    /// When the request was sent, or the stream was opened, since the connections were set up.
    pub(crate) sent: Duration,
    /// When the reply arrived, since the connections were set up.
    pub(crate) received: Duration,
}

/// How etcd showed that it is another cluster, or the same one with an older history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ClusterChange {
    /// The cluster id changed.
    ClusterId {
        /// The id until now.
        old: u64,
        /// The id of the cluster that answers now.
        new: u64,
    },
    /// The revision of a member went back.
    Revision {
        /// The highest known revision of the member.
        old: u64,
        /// Its revision now.
        new: u64,
    },
    /// The raft term of a member went back.
    Term {
        /// The highest known term of the member.
        old: u64,
        /// Its term now.
        new: u64,
    },
    /// The raft index of a member went back.
    RaftIndex {
        /// The highest known index of the member.
        old: u64,
        /// Its index now.
        new: u64,
    },
}

impl fmt::Display for ClusterChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClusterChange::ClusterId { old, new } => write!(f, "the cluster id changed from {old:x} to {new:x}"),
            ClusterChange::Revision { old, new } => write!(f, "the revision went back from {old} to {new}"),
            ClusterChange::Term { old, new } => write!(f, "the raft term went back from {old} to {new}"),
            ClusterChange::RaftIndex { old, new } => write!(f, "the raft index went back from {old} to {new}"),
        }
    }
}
