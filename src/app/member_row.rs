//! One member, as the members view shows it.

use std::time::{Duration, SystemTime};

use etcd_lease::wire::MemberProbe;
use etcd_lease::{ListedMember, MemberAlarm, MemberView};
use simkit::Timestamp;

/// What a member is in the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberRole {
    /// It leads in the newest term.
    Leader,
    /// It votes.
    Follower,
    /// It has no vote.
    Learner,
    /// It does not answer, or denies its status.
    Unknown,
    /// An endpoint that does not answer, because its member was removed from the cluster.
    Removed,
}

impl MemberRole {
    /// The word on the screen and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            MemberRole::Leader => "leader",
            MemberRole::Follower => "follower",
            MemberRole::Learner => "learner",
            MemberRole::Unknown => "unknown",
            MemberRole::Removed => "removed",
        }
    }
}

/// One member, as the members view shows it.
#[derive(Clone, Debug)]
pub struct MemberRow<'a> {
    /// Its entry in the member list.
    pub listed: Option<&'a ListedMember>,
    /// Its entry in an earlier member list, if it was removed since.
    pub former: Option<&'a ListedMember>,
    /// The endpoint, or the address at which it was asked. Not escaped; empty if it advertises none.
    pub address: &'a str,
    /// Whether it is one of the endpoints.
    pub is_endpoint: bool,
    /// Whether calls and renewals go to it.
    pub is_chosen: bool,
    /// What the member is in the cluster.
    pub role: MemberRole,
    /// Whether it answers. `None` if it was not asked.
    pub answers: Option<bool>,
    /// Its last status reply, which can be old. `None` if there was none.
    pub status: Option<&'a MemberView>,
    /// When its last status reply arrived.
    pub answered: Option<Timestamp>,
    /// When its certificate ends, as it was read last. `None` in plain text, and while it is not known.
    pub certificate_end: Option<SystemTime>,
    /// What it answered to the last probe with a lease, and when that was.
    pub probe: Option<(&'a MemberProbe, Timestamp)>,
    /// What is wrong, as sentences.
    pub problems: Vec<String>,
    /// The alarms that this member raised.
    pub alarms: Vec<MemberAlarm>,
}

impl MemberRow<'_> {
    /// The name, or the address if the name is not known. Not escaped.
    pub fn name(&self) -> &str {
        let name = self.listed.or(self.former).map(|listed| listed.name.as_str()).filter(|name| !name.is_empty());
        name.unwrap_or(self.address)
    }

    /// The member id; 0 while unknown.
    pub fn id(&self) -> u64 {
        let listed = self.listed.map(|listed| listed.id);
        listed.or(self.status.map(|status| status.member_id)).unwrap_or(0)
    }

    /// Whether it is a member and does not answer.
    pub fn is_silent(&self) -> bool {
        self.answers == Some(false) && self.role != MemberRole::Removed
    }

    /// How long it has not answered. `None` while it answers, and if it never did.
    pub fn silent_for(&self, now: Timestamp) -> Option<Duration> {
        if self.answers == Some(false) { self.answered.map(|at| now - at) } else { None }
    }
}
