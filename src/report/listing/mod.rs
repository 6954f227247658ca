//! `list`: every lease, as one reading tells of it or as it was watched for a while; as a table, as bare ids, as JSON.

mod json;
mod table;
#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime};

use crate::app::{AppState, EndCause, Lease, LeaseKeys, LeaseState, Rank, Sort};
use crate::filter::{Filter, FilterFacts};
use crate::inference::TimeRange;
use crate::inference::lease_inference::Certainty;
use crate::inference::lints::Finding;
use etcd_lease::{ClusterView, Header, LeaseId, MemberView, TimeToLive, TtlStatus};
use simkit::Timestamp;

#[cfg(test)]
pub(super) use json::ListingObject;
pub use json::listing_json;
pub use table::{LISTED, WATCHED, listing_table};

/// One lease of the list.
#[derive(Clone, Debug)]
pub struct ListedLease {
    lease: Lease,
    state: LeaseState,
    /// The keys that are known, raw; none where they may not be read.
    keys: Option<Vec<Vec<u8>>>,
    /// What is wrong with it, the most urgent first.
    warnings: Vec<Finding>,
}

/// All leases, at one moment.
#[derive(Clone, Debug)]
pub struct LeaseListing {
    /// The cluster, as far as its members have said who they are.
    pub view: ClusterView,
    /// The header of the list's answer.
    pub header: Header,
    /// The moment that all is told for.
    pub now: Timestamp,
    /// What the wall said at the start of the clock.
    pub start: SystemTime,
    /// For how long the leases were watched; none where they were read once.
    pub watched: Option<Duration>,
    /// The leases.
    pub leases: Vec<ListedLease>,
}

impl ListedLease {
    /// As one answer tells of it. Its keys are known where the user may read them, its deadline where the answer told one:
    /// the earliest and the latest moment.
    pub fn read_once(answer: TimeToLive, keys_known: bool, deadline: Option<(Timestamp, Timestamp)>) -> Self {
        let mut lease = Lease::read_once(&answer, deadline);
        lease.keys = lease.keys.filter(|_| keys_known);
        let state = match answer.ttl_status() {
            TtlStatus::Alive | TtlStatus::AtDeadline => LeaseState::Ok,
            TtlStatus::Dying => LeaseState::Dying,
            TtlStatus::Missing => LeaseState::Ended(EndCause::Unknown),
            TtlStatus::Invalid => LeaseState::Unseen,
        };
        ListedLease { lease, state, keys: keys_known.then_some(answer.keys), warnings: Vec::new() }
    }

    /// As a state has come to know it.
    fn watched(app: &AppState, lease: &Lease, now: Timestamp) -> Self {
        let keys = lease.keys.as_ref().map(|_| app.keys.index().of(lease.id).map(|(key, _)| key.to_vec()).collect());
        let is_warned = !lease.warnings.is_empty();
        let warnings = if is_warned { app.leases.lint_report().of(lease.id).cloned().collect() } else { Vec::new() };
        ListedLease { state: lease.state(now), keys, warnings, lease: lease.clone() }
    }

    /// Whether it is not there any more.
    pub fn is_gone(&self) -> bool {
        matches!(self.state, LeaseState::Ended(_))
    }

    /// Where its deadline lies, as long as nobody can have renewed it unseen.
    fn bounds(&self) -> Option<TimeRange> {
        self.lease.bounds().filter(|_| self.state != LeaseState::Unseen)
    }

    /// The time left in seconds: the middle of what is known and the half-width of it.
    fn left(&self, now: Timestamp) -> Option<(f64, f64)> {
        let bounds = self.bounds()?;
        Some((bounds.middle().signed_since(now), bounds.half_width().as_secs_f64()))
    }

    /// The least that is left, in seconds, where it may have been renewed since anybody looked.
    fn left_at_least(&self, now: Timestamp) -> Option<f64> {
        let bounds = self.lease.bounds().filter(|_| self.state == LeaseState::Unseen)?;
        Some(bounds.earliest.signed_since(now)).filter(|least| *least > 0.0)
    }

    /// Whether it may have been renewed without anybody seeing it.
    fn may_hide_renewals(&self) -> bool {
        let observed = &self.lease.observed;
        let is_seen = observed.seen_at().is_some() && self.state != LeaseState::Unseen;
        !is_seen || observed.renewals().certainty() == Certainty::AtLeast
    }

    /// How many keys it has, where all are known.
    fn key_count(&self) -> Option<usize> {
        self.lease.keys.as_ref().filter(|keys| keys.is_all).map(|keys| keys.count)
    }

    /// The keys in short, where that says anything.
    fn counted(&self) -> Option<&LeaseKeys> {
        self.lease.keys.as_ref().filter(|keys| keys.is_all || keys.count > 0)
    }
}

/// What a listing tells a filter.
struct FilteredLease<'a> {
    lease: &'a ListedLease,
    now: Timestamp,
}

impl FilterFacts for FilteredLease<'_> {
    fn id(&self) -> LeaseId {
        self.lease.lease.id
    }

    fn who(&self) -> &str {
        self.lease.lease.ownership.word()
    }

    fn state(&self) -> &str {
        self.lease.state.word()
    }

    fn ttl(&self) -> Option<i64> {
        self.lease.lease.granted_ttl
    }

    fn left(&self) -> Option<f64> {
        self.lease.left(self.now).map(|(middle, _)| middle)
    }

    fn key_count(&self) -> Option<usize> {
        self.lease.key_count()
    }

    fn keys(&self) -> &[Vec<u8>] {
        self.lease.keys.as_deref().unwrap_or_default()
    }

    /// Of leases that nobody keeps here no drops are known.
    fn drops(&self) -> Option<u64> {
        None
    }
}

impl LeaseListing {
    /// What a state has come to know of all leases that live, after it watched them for so long.
    pub fn watched(app: &AppState, watched: Duration, now: Timestamp, start: SystemTime) -> Self {
        let header = app.cluster.view.current().map_or_else(Header::default, |member| Header {
            cluster_id: app.cluster.view.cluster_id,
            member_id: member.member_id,
            revision: member.revision,
            raft_term: member.raft_term,
        });
        let leases = app.leases.living().map(|lease| ListedLease::watched(app, lease, now)).collect();
        LeaseListing { view: app.cluster.view.clone(), header, now, start, watched: Some(watched), leases }
    }

    /// Keeps this lease alone.
    pub fn keep_only(&mut self, id: LeaseId) {
        self.leases.retain(|lease| lease.lease.id == id);
    }

    /// Keeps the leases that a filter means.
    pub fn retain(&mut self, filter: &Filter) {
        let now = self.now;
        self.leases.retain(|lease| filter.matches(&FilteredLease { lease, now }));
    }

    /// Puts them in order; what is not known stands last.
    pub fn sort(&mut self, sort: Sort) {
        let now = self.now;
        self.leases.sort_by_cached_key(|lease| Rank::of(&lease.lease, sort, now));
    }

    /// Their ids.
    pub fn ids(&self) -> Vec<LeaseId> {
        self.leases.iter().map(|lease| lease.lease.id).collect()
    }

    /// What is known of whom it was heard; none once nobody answers any more.
    fn known_header(&self) -> Option<Header> {
        Some(self.header).filter(|header| header.member_id != 0)
    }

    fn member(&self) -> Option<&MemberView> {
        self.view.members.iter().find(|member| member.member_id == self.header.member_id && member.member_id != 0)
    }

    fn leader(&self) -> Option<u64> {
        self.view.members.iter().find(|member| member.is_leader).map(|member| member.member_id)
    }
}

/// The ids alone, a line each.
pub fn listing_ids(ids: &[LeaseId]) -> String {
    ids.iter().map(|id| format!("{id}\n")).collect()
}
