//! The highest revision, raft term and raft index that a member has reported.

use std::time::Duration;

use super::evidence::{ClusterChange, Evidence};

/// The highest value in the replies of a member.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peak {
    pub(super) value: u64,
    /// When the first reply with it arrived.
    since: Duration,
}

/// The peaks of one member.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MemberPeaks {
    pub(super) revision: Option<Peak>,
    term: Option<Peak>,
    pub(super) raft_index: Option<Peak>,
}

impl MemberPeaks {
    /// Records the values of a reply. Returns the change if one went back: the revision first, then the term.
    pub(super) fn observe(&mut self, reply: &Evidence) -> Option<ClusterChange> {
        let (new_revision, new_term, new_index) = (revision(reply), reply.header.raft_term, reply.raft_index);
        let old_revision = observe_peak(&mut self.revision, new_revision, reply);
        let old_term = observe_peak(&mut self.term, new_term, reply);
        let old_index = observe_peak(&mut self.raft_index, new_index, reply);
        old_revision
            .map(|old| ClusterChange::Revision { old, new: new_revision })
            .or(old_term.map(|old| ClusterChange::Term { old, new: new_term }))
            .or(old_index.map(|old| ClusterChange::RaftIndex { old, new: new_index }))
    }
}

pub(super) fn revision(reply: &Evidence) -> u64 {
    u64::try_from(reply.header.revision).unwrap_or(0)
}

/// Records a value as the peak if it is higher; 0 means that the reply has none. Returns the peak if the value is
/// lower, although its request was sent after the peak had arrived.
fn observe_peak(peak: &mut Option<Peak>, value: u64, reply: &Evidence) -> Option<u64> {
    if value == 0 {
        return None;
    }
    match *peak {
        Some(peak) if value < peak.value => {
            let is_older = peak.since < reply.sent;
            if is_older { Some(peak.value) } else { None }
        }
        Some(peak) if value == peak.value => None,
        _ => {
            *peak = Some(Peak { value, since: reply.received });
            None
        }
    }
}
