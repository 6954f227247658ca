//! The members of the cluster, from the member list and from their statuses.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::{CallFailure, LeaderHistory, MemberRole, MemberRow};
use crate::error_table::alarm_sentence;
use etcd_lease::wire::{MemberProbe, ProbeStep};
use etcd_lease::{ClusterView, ListedMember, MemberAlarm, MemberView, Reachability};
use simkit::Timestamp;

/// Maximum number of members whose last status reply is kept.
const MAX_ANSWERS: usize = 256;
/// Maximum number of removed members that are kept.
const MAX_REMOVED: usize = 16;

/// What one reading of the members showed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MemberReading {
    /// The member list.
    pub listed: Result<Vec<ListedMember>, CallFailure>,
    /// The statuses of the members that are not endpoints. Empty if they were not asked for.
    pub outside: Vec<MemberView>,
}

/// What is known about the members besides the endpoints' own statuses.
#[derive(Clone, Debug, Default)]
pub struct MemberList {
    /// The last member list; empty before the first one.
    pub listed: Vec<ListedMember>,
    /// The last members that were removed from the list, oldest first.
    removed: Vec<ListedMember>,
    /// When the list was read last.
    pub(super) listed_at: Option<Timestamp>,
    /// Why the member list cannot be read. `None` while it can.
    pub failure: Option<CallFailure>,
    /// The statuses of the members that are not endpoints, as of the last reading.
    outside: Vec<MemberView>,
    /// The last status reply of each member, by address.
    answers: BTreeMap<String, LastAnswer>,
    /// When the certificate of each member ends, by address.
    certificates: BTreeMap<String, SystemTime>,
    /// Which member led from when until when.
    pub leaders: LeaderHistory,
    /// The last probe of the members with a lease, and when it ended.
    probes: Option<(Vec<MemberProbe>, Timestamp)>,
    /// Whether a probe of the members is under way.
    pub(super) is_probing: bool,
    /// When the user was asked whether to start a probe.
    pub(super) asked_to_probe: Option<Timestamp>,
    /// Whether a reading is under way.
    pub(super) is_reading: bool,
    /// When the last reading ended, and whether it included the members that are not endpoints.
    pub(super) last_read: Option<(Timestamp, bool)>,
    /// When the last reading ended that included the members that are not endpoints.
    pub(super) last_outside: Option<Timestamp>,
}

#[derive(Clone, Debug)]
struct LastAnswer {
    view: MemberView,
    at: Timestamp,
}

impl MemberList {
    /// Stores what the endpoints answered, and updates the history of leaders.
    pub(super) fn on_view(&mut self, view: &ClusterView, now: Timestamp) {
        view.members.iter().for_each(|member| self.note(member, now));
        let asked: Vec<u64> = view.here().map(|member| self.id_of(member)).collect();
        self.leaders.on_view(view, |id| asked.contains(&id), now);
    }

    /// The member id of an endpoint. One that does not answer is known by its earlier answers; 0 if it never answered.
    fn id_of(&self, endpoint: &MemberView) -> u64 {
        let known = self.answers.get(&endpoint.endpoint).map_or(0, |last| last.view.member_id);
        if endpoint.member_id == 0 { known } else { endpoint.member_id }
    }

    /// Stores what the members answered to a probe with a lease.
    pub fn on_probed(&mut self, probes: Vec<MemberProbe>, now: Timestamp) {
        self.is_probing = false;
        self.probes = Some((probes, now));
    }

    /// Stores a reading. `has_outside` says whether the members that are not endpoints were asked. Returns the members
    /// that were added and those that were removed since the last list.
    pub(super) fn on_read(
        &mut self,
        reading: MemberReading,
        has_outside: bool,
        now: Timestamp,
    ) -> (Vec<ListedMember>, Vec<ListedMember>) {
        self.is_reading = false;
        self.last_read = Some((now, has_outside));
        self.last_outside = if has_outside { Some(now) } else { self.last_outside };
        reading.outside.iter().for_each(|member| self.note(member, now));
        self.outside = reading.outside;
        let listed = match reading.listed {
            Ok(listed) => listed,
            Err(failure) => {
                self.failure = Some(failure);
                return Default::default();
            }
        };
        self.failure = None;
        self.listed_at = Some(now);
        let before = std::mem::replace(&mut self.listed, listed);
        if before.is_empty() {
            return Default::default();
        }
        let missing = |from: &[ListedMember], others: &[ListedMember]| -> Vec<ListedMember> {
            from.iter().filter(|member| others.iter().all(|other| other.id != member.id)).cloned().collect()
        };
        let (added, removed) = (missing(&self.listed, &before), missing(&before, &self.listed));
        self.removed.extend(removed.iter().cloned());
        self.removed.drain(..self.removed.len().saturating_sub(MAX_REMOVED));
        (added, removed)
    }

    /// Whether an endpoint does not answer because its member was removed: etcd exits then. A member of another cluster was
    /// not.
    fn is_removed(&self, view: &ClusterView, endpoint: &MemberView) -> bool {
        let id = self.id_of(endpoint);
        let was_elsewhere = self.answers.get(&endpoint.endpoint).is_some_and(|last| view.is_elsewhere(&last.view));
        let is_listed = self.listed.iter().any(|listed| listed.id == id);
        id != 0 && !endpoint.answers() && !self.listed.is_empty() && !is_listed && !was_elsewhere
    }

    /// Forgets the statuses of the members that are not endpoints, because they are no longer asked regularly.
    pub(super) fn forget_outside(&mut self) {
        self.outside.clear();
    }

    fn note(&mut self, member: &MemberView, now: Timestamp) {
        if member.answers() && !member.version.is_empty() {
            self.answers.insert(member.endpoint.clone(), LastAnswer { view: member.clone(), at: now });
        }
        if let Some(end) = member.certificate_end {
            self.certificates.insert(member.endpoint.clone(), end);
        }
        if self.answers.len() > MAX_ANSWERS {
            let oldest = self.answers.iter().min_by_key(|(_, answer)| answer.at).map(|(endpoint, _)| endpoint.clone());
            if let Some(endpoint) = oldest {
                self.answers.remove(&endpoint);
                self.certificates.remove(&endpoint);
            }
        }
    }

    /// The name of a member in the list, or in an earlier one. Not escaped.
    pub fn name(&self, id: u64) -> Option<&str> {
        let listed = self.listed.iter().chain(&self.removed).find(|listed| listed.id == id)?;
        if listed.name.is_empty() { None } else { Some(&listed.name) }
    }

    /// Number of members that answer, and of all that were asked: the endpoints, and the others while they are asked too.
    /// Endpoints of removed members do not count.
    pub fn answering(&self, view: &ClusterView) -> (usize, usize) {
        let asked = view.members.iter().chain(&self.outside).filter(|member| !view.is_elsewhere(member));
        let asked =
            asked.filter(|member| member.reachability != Reachability::Unknown && !self.is_removed(view, member));
        (asked.clone().filter(|member| member.answers()).count(), asked.count())
    }

    /// All members by name: those of the list, and endpoints that are none of them.
    pub fn rows<'a>(&'a self, view: &'a ClusterView) -> Vec<MemberRow<'a>> {
        let term = self.term(view);
        let mut rows: Vec<MemberRow<'a>> = Vec::new();
        let mut used = vec![false; view.members.len()];
        for listed in &self.listed {
            // Several endpoints can lead to one member.
            let places: Vec<usize> =
                (0..used.len()).filter(|place| self.is_of(&view.members[*place], listed)).collect();
            places.iter().for_each(|place| used[*place] = true);
            let place = places.iter().copied().min_by_key(|place| view.chosen != Some(*place));
            rows.push(match place {
                Some(place) => {
                    self.row(Some(listed), Some(&view.members[place]), (true, view.chosen == Some(place)), term)
                }
                None => {
                    let asked = self.outside.iter().find(|member| member.member_id == listed.id);
                    self.row(Some(listed), asked, (false, false), term)
                }
            });
        }
        let others = view.members.iter().enumerate().filter(|(place, _)| !used[*place]);
        rows.extend(others.map(|(place, member)| {
            let mut row = self.row(None, Some(member), (true, view.chosen == Some(place)), term);
            if view.is_elsewhere(member) {
                row.role = MemberRole::Unknown;
                row.problems = vec![format!("belongs to another cluster, {:x}", member.cluster_id)];
            } else if self.is_removed(view, member) {
                row.role = MemberRole::Removed;
                row.former = self.removed.iter().find(|removed| removed.id == self.id_of(member));
                row.problems = vec!["was removed from the cluster; its endpoint can be left out".to_owned()];
            } else {
                row.problems.extend(self.why_unlisted(member));
            }
            row
        }));
        let alarms = self.alarms(view);
        for row in &mut rows {
            row.alarms = alarms.iter().filter(|alarm| alarm.member_id == row.id()).copied().collect();
            row.problems.extend(row.alarms.iter().map(|alarm| alarm_sentence(alarm.cause, &[])));
            row.problems.extend(row.listed.and_then(|listed| self.shared_url(listed)));
        }
        rows.sort_by(|one, two| one.name().cmp(two.name()));
        rows
    }

    fn row<'a>(
        &'a self,
        listed: Option<&'a ListedMember>,
        asked: Option<&'a MemberView>,
        (is_endpoint, is_chosen): (bool, bool),
        term: u64,
    ) -> MemberRow<'a> {
        let advertised = listed.and_then(|listed| listed.client_urls.first()).map_or("", String::as_str);
        let address = asked.map_or(advertised, |member| member.endpoint.as_str());
        let answers = asked.filter(|member| member.reachability != Reachability::Unknown).map(MemberView::answers);
        // Two members can advertise one address.
        let is_its = |last: &&LastAnswer| listed.is_none_or(|listed| listed.id == last.view.member_id);
        let last = self.answers.get(address).filter(is_its);
        MemberRow {
            listed,
            former: None,
            address,
            is_endpoint,
            is_chosen,
            role: role(listed, asked, term),
            answers,
            status: last.map(|last| &last.view),
            answered: last.map(|last| last.at),
            certificate_end: self.certificates.get(address).copied(),
            probe: self.probe(listed, address),
            problems: match listed {
                Some(listed) if listed.name.is_empty() => vec!["was added and has not started".to_owned()],
                _ => asked.and_then(problem).into_iter().collect(),
            },
            alarms: Vec::new(),
        }
    }

    /// Says which other member advertises a client URL of this one. Clients that use the URL reach one of the two.
    fn shared_url(&self, listed: &ListedMember) -> Option<String> {
        let others = self.listed.iter().filter(|other| other.id != listed.id);
        let mut shared = others
            .filter_map(|other| Some((other, other.client_urls.iter().find(|url| listed.client_urls.contains(url))?)));
        let (other, url) = shared.next()?;
        let name = if other.name.is_empty() { format!("{:x}", other.id) } else { other.name.clone() };
        Some(format!("advertises {url}, as member {name} does"))
    }

    /// Why an endpoint is not in the member list, if that is known.
    fn why_unlisted(&self, endpoint: &MemberView) -> Option<String> {
        if self.listed.is_empty() || self.failure.is_some() {
            return None;
        }
        let is_known = self.answers.contains_key(&endpoint.endpoint);
        // An endpoint that never answered may still lead to a listed member that advertises another address.
        Some(if is_known { "is not in the member list" } else { "its address is not in the member list" }.to_owned())
    }

    fn probe(&self, listed: Option<&ListedMember>, address: &str) -> Option<(&MemberProbe, Timestamp)> {
        let (probes, at) = self.probes.as_ref()?;
        // A member that was listed after the probe had no id then.
        let is_at = |probe: &MemberProbe| (listed.is_none() || probe.member_id == 0) && probe.endpoint == address;
        let is_of = |probe: &&MemberProbe| listed.is_some_and(|listed| probe.member_id == listed.id) || is_at(probe);
        Some((probes.iter().find(is_of)?, *at))
    }

    /// Whether an endpoint leads to a listed member. One that never answered is known by its address.
    fn is_of(&self, endpoint: &MemberView, listed: &ListedMember) -> bool {
        let id = self.id_of(endpoint);
        if id == 0 { endpoint.is_at(listed) } else { id == listed.id }
    }

    /// The newest term of the members that answer.
    fn term(&self, view: &ClusterView) -> u64 {
        let asked = view.members.iter().chain(&self.outside).filter(|member| member.answers());
        let asked = asked.filter(|member| !view.is_elsewhere(member));
        asked.map(|member| member.raft_term).max().unwrap_or(0)
    }

    /// The alarms that any member of this cluster reports, each once.
    pub fn alarms(&self, view: &ClusterView) -> Vec<MemberAlarm> {
        let mut alarms: Vec<MemberAlarm> = Vec::new();
        for alarm in view.here().chain(&self.outside).flat_map(|member| &member.alarms) {
            if !alarms.contains(alarm) {
                alarms.push(*alarm);
            }
        }
        alarms
    }

    /// Which member renewals go through, and why. `None` while no endpoint answers.
    pub fn renewals_through(&self, view: &ClusterView) -> Option<String> {
        let rows = self.rows(view);
        // A learner answers, and refuses renewals.
        let chosen =
            rows.iter().find(|row| row.is_chosen && row.answers == Some(true) && row.role != MemberRole::Learner)?;
        let leader_id = chosen.status.map_or(0, |status| status.leader_id);
        let leader = rows.iter().find(|row| leader_id != 0 && row.id() == leader_id);
        let why = match leader {
            Some(leader) if leader.is_chosen => "it is the leader".to_owned(),
            Some(leader) if leader.answers == Some(false) => format!("the leader, {}, does not answer", leader.name()),
            Some(leader) if !leader.is_endpoint => format!("the leader, {}, is not among the endpoints", leader.name()),
            Some(leader) => format!("the leader, {}, is chosen next", leader.name()),
            None if view.members.len() == 1 => "it is the only endpoint".to_owned(),
            None => "no leader is known".to_owned(),
        };
        Some(format!("{}: {why}", chosen.name()))
    }
}

fn role(listed: Option<&ListedMember>, asked: Option<&MemberView>, term: u64) -> MemberRole {
    let is_learner = listed.is_some_and(|listed| listed.is_learner) || asked.is_some_and(|asked| asked.is_learner);
    match asked.filter(|member| member.answers() && !member.version.is_empty()) {
        _ if is_learner => MemberRole::Learner,
        Some(member) if member.is_leader && member.raft_term == term => MemberRole::Leader,
        Some(_) => MemberRole::Follower,
        None => MemberRole::Unknown,
    }
}

/// What the status of a member shows to be wrong.
fn problem(member: &MemberView) -> Option<String> {
    match &member.reachability {
        Reachability::Down { trouble } if !member.is_learner => Some(trouble.message().to_owned()),
        Reachability::Up if !member.has_leader => Some("knows no leader, so it cannot renew".to_owned()),
        _ => None,
    }
}

/// What a member answered to one request of a probe: `1.2 ms`, `not tried`, or `failed after 4.0 s: ...`. Not escaped.
pub fn probe_step_text(step: &ProbeStep) -> String {
    match step {
        ProbeStep::NotSent => "not tried".to_owned(),
        ProbeStep::Done(took) => format!("{:.1} ms", took.as_secs_f64() * 1e3),
        ProbeStep::Failed { after, trouble } => {
            format!("failed after {:.1} s: {}", after.as_secs_f64(), trouble.message())
        }
    }
}

/// A size in bytes with its unit: `20.1 MB`.
pub fn size_in_words(bytes: u64) -> String {
    match bytes as f64 {
        bytes if bytes < 1e3 => format!("{bytes} B"),
        bytes if bytes < 1e6 => format!("{:.1} kB", bytes / 1e3),
        bytes if bytes < 1e9 => format!("{:.1} MB", bytes / 1e6),
        bytes => format!("{:.1} GB", bytes / 1e9),
    }
}
