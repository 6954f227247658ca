//! `list`: leases that were read once or watched for a while, as a table, as ids or as JSON.

mod csv;
mod groups;
mod json;
mod table;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use crate::app::{
    AppState, Availability, EndCause, Event, Lease, LeaseKeys, LeaseState, RowSortKey, Sort, TypedFilter, service,
};
use crate::filter::{self, FilterFacts, Number};
use crate::inference::TimeRange;
use crate::inference::lease_inference::Certainty;
use crate::inference::lints::Finding;
use etcd_lease::{ClusterView, Header, LeaseId, MemberView, TimeToLive, TtlStatus};
use simkit::Timestamp;

pub use csv::listing_csv;
#[cfg(test)]
pub(super) use groups::GroupsObject;
pub use groups::{groups_json, groups_table};
#[cfg(test)]
pub(super) use json::ListingObject;
pub use json::listing_json;
pub use table::{LISTED, WATCHED, listing_table};

/// One lease of the list.
#[derive(Clone, Debug)]
pub struct ListedLease {
    lease: Lease,
    state: LeaseState,
    /// The known keys, raw. None if the user may not read them.
    keys: Option<Vec<Vec<u8>>>,
    /// Problems, the most urgent first.
    warnings: Vec<Finding>,
}

/// All leases at one time.
#[derive(Clone, Debug)]
pub struct LeaseListing {
    /// The cluster, with the status of members that replied.
    pub view: ClusterView,
    /// The header of the reply to the list.
    pub header: Header,
    /// The time that all values refer to.
    pub now: Timestamp,
    /// Real time at the start of the clock.
    pub start: SystemTime,
    /// How long the leases were watched. None if they were read once.
    pub watched: Option<Duration>,
    /// The leases.
    pub leases: Vec<ListedLease>,
    /// The ends of other leases while these were watched, if they are known.
    pub ended: Option<Vec<Event>>,
    /// The availability of keys and services. None if the leases were read once.
    pub availability: Option<Availability>,
    /// Whether only some of the leases were chosen.
    pub is_filtered: bool,
    /// Whether the table shows keys in hex, as etcdctl with `--hex`.
    pub shows_hex: bool,
    /// The number of leases before a filter that none of them matches, and that filter.
    pub unmatched: Option<(usize, String)>,
}

impl ListedLease {
    /// A lease from one reply. `keys_known` is whether the user may read its keys, `deadline` the earliest and the latest
    /// possible deadline.
    pub fn read_once(answer: TimeToLive, keys_known: bool, deadline: Option<(Timestamp, Timestamp)>) -> Self {
        let mut lease = Lease::read_once(&answer, deadline);
        if !keys_known {
            lease.keys = None;
        }
        let state = match answer.ttl_status() {
            TtlStatus::Alive | TtlStatus::AtDeadline => LeaseState::Ok,
            TtlStatus::Dying => LeaseState::Dying,
            TtlStatus::Missing => LeaseState::Ended(EndCause::Unknown),
            TtlStatus::Invalid => LeaseState::Unseen,
        };
        let keys = if keys_known { Some(answer.keys) } else { None };
        ListedLease { lease, state, keys, warnings: Vec::new() }
    }

    /// Turns a lease whose latest possible deadline has passed since it was read into a dying one.
    fn expire(&mut self, now: Timestamp) {
        let is_past = self.lease.bounds().is_some_and(|bounds| bounds.latest <= now);
        if self.state == LeaseState::Ok && is_past {
            self.state = LeaseState::Dying;
        }
    }

    /// A lease as the application state knows it.
    fn watched(app: &AppState, lease: &Lease, now: Timestamp) -> Self {
        let keys = lease.keys.as_ref().map(|_| app.keys.index().of(lease.id).map(|(key, _)| key.to_vec()).collect());
        let is_warned = !lease.warnings.is_empty();
        let warnings = if is_warned { app.leases.findings(lease) } else { Vec::new() };
        ListedLease { state: lease.state(now), keys, warnings, lease: lease.clone() }
    }

    /// Whether it has ended.
    pub fn is_gone(&self) -> bool {
        matches!(self.state, LeaseState::Ended(_))
    }

    /// The known range of the deadline. None if it may have been renewed unseen.
    fn bounds(&self) -> Option<TimeRange> {
        if self.state == LeaseState::Unseen { None } else { self.lease.bounds() }
    }

    /// Seconds left, 0 or more, and their maximum error.
    fn left(&self, now: Timestamp) -> Option<(f64, f64)> {
        let bounds = self.bounds()?;
        Some((bounds.middle().signed_since(now).max(0.0), bounds.half_width().as_secs_f64()))
    }

    /// Minimum seconds left of a lease that may have been renewed unseen.
    fn left_at_least(&self, now: Timestamp) -> Option<f64> {
        if self.state != LeaseState::Unseen {
            return None;
        }
        let least = self.lease.bounds()?.earliest.signed_since(now);
        if least > 0.0 { Some(least) } else { None }
    }

    /// Whether renewals may have been missed.
    fn may_hide_renewals(&self) -> bool {
        let observed = &self.lease.observed;
        let is_seen = observed.seen_at().is_some() && self.state != LeaseState::Unseen;
        !is_seen || observed.renewals().certainty() == Certainty::AtLeast
    }

    /// Number of keys, if all are known.
    fn key_count(&self) -> Option<usize> {
        self.lease.keys.as_ref().filter(|keys| keys.is_all).map(|keys| keys.count)
    }

    /// The keys, if their number or a bound of it is known.
    fn counted(&self) -> Option<&LeaseKeys> {
        self.lease.keys.as_ref().filter(|keys| keys.is_all || keys.count > 0)
    }
}

/// The facts of a lease that a filter tests.
struct FilteredLease<'a> {
    lease: &'a ListedLease,
    is_watched: bool,
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

    /// A lease that is read once may be late, for example.
    fn is_in_state(&self, name: &str) -> Option<bool> {
        let is_unknown = !self.is_watched && self.lease.state == LeaseState::Ok && filter::is_seen_by_watching(name);
        if is_unknown { None } else { Some(filter::names_state(name, self.state())) }
    }

    fn number(&self, number: Number) -> Option<f64> {
        match number {
            Number::Left => self.lease.left(self.now).map(|(middle, _)| middle),
            Number::Keys => self.lease.key_count().map(|count| count as f64),
            number => self.lease.lease.number(number, self.now),
        }
    }

    fn keys(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.lease.keys.as_deref().unwrap_or_default().iter().map(Vec::as_slice)
    }

    fn service(&self) -> Option<&[u8]> {
        service(&self.lease.lease)
    }

    /// `None` if the leases were read once: diagnoses need more than one reading.
    fn has_warning(&self, name: &str) -> Option<bool> {
        if self.is_watched { Some(self.lease.lease.has_warning(name, self.state())) } else { None }
    }

    fn renewer(&self) -> Option<&str> {
        self.lease.lease.renewer()
    }
}

impl LeaseListing {
    /// Leases that were read once.
    pub fn read_once(
        view: ClusterView,
        header: Header,
        mut leases: Vec<ListedLease>,
        now: Timestamp,
        start: SystemTime,
    ) -> Self {
        leases.iter_mut().for_each(|lease| lease.expire(now));
        LeaseListing {
            view,
            header,
            now,
            start,
            watched: None,
            leases,
            ended: None,
            availability: None,
            is_filtered: false,
            shows_hex: false,
            unmatched: None,
        }
    }

    /// All existing leases of a state that watched them for `watched`.
    pub fn watched(app: &AppState, watched: Duration, now: Timestamp, start: SystemTime) -> Self {
        let header = app.cluster.view.current().map_or_else(Header::default, |member| Header {
            cluster_id: app.cluster.view.cluster_id,
            member_id: member.member_id,
            revision: member.revision,
            raft_term: member.raft_term,
        });
        let availability = Some(app.keys.index().availability().clone());
        let leases = app.leases.living().map(|lease| ListedLease::watched(app, lease, now)).collect();
        LeaseListing {
            view: app.cluster.view.clone(),
            header,
            now,
            start,
            watched: Some(watched),
            leases,
            ended: None,
            availability,
            is_filtered: false,
            shows_hex: false,
            unmatched: None,
        }
    }

    /// Removes all leases but this one.
    pub fn keep_only(&mut self, id: LeaseId) {
        self.leases.retain(|lease| lease.lease.id == id);
        self.ended.iter_mut().for_each(|ended| ended.retain(|event| event.lease == Some(id)));
        self.is_filtered = true;
    }

    /// Removes leases that do not match.
    pub fn retain(&mut self, typed: &TypedFilter) {
        let filter = typed.filter();
        let (now, is_watched) = (self.now, self.watched.is_some());
        self.is_filtered |= !filter.is_empty();
        let count = self.leases.len();
        self.leases.retain(|lease| filter.matches(&FilteredLease { lease, is_watched, now }));
        if self.leases.is_empty() && count > 0 {
            self.unmatched = Some((count, typed.text().to_owned()));
        }
    }

    /// Whether it depends on unknown values if a lease matches.
    pub fn is_undecided(&self, typed: &TypedFilter) -> bool {
        let (now, is_watched) = (self.now, self.watched.is_some());
        let facts = |lease| FilteredLease { lease, is_watched, now };
        self.leases.iter().any(|lease| typed.filter().decide(&facts(lease)).is_none())
    }

    /// Keeps the leases with these ids, in this order.
    pub fn arrange(&mut self, ids: &[LeaseId]) {
        let mut leases: HashMap<LeaseId, ListedLease> =
            self.leases.drain(..).map(|lease| (lease.lease.id, lease)).collect();
        self.leases = ids.iter().filter_map(|id| leases.remove(id)).collect();
    }

    /// Sorts the leases. Unknown values come last.
    pub fn sort(&mut self, sort: Sort) {
        let now = self.now;
        self.leases.sort_by_cached_key(|lease| RowSortKey::of(&lease.lease, sort, now));
    }

    /// The ids, in order.
    pub fn ids(&self) -> Vec<LeaseId> {
        self.leases.iter().map(|lease| lease.lease.id).collect()
    }

    /// The ids with the number of keys, in order. None where not all keys are known.
    pub fn ids_with_keys(&self) -> Vec<(LeaseId, Option<usize>)> {
        self.leases.iter().map(|lease| (lease.lease.id, lease.key_count())).collect()
    }

    /// Number of keys of the leases whose keys are all known.
    pub fn known_keys(&self) -> usize {
        self.leases.iter().filter_map(ListedLease::key_count).sum()
    }

    /// The header of the member that replied. None if no member replies any more.
    fn known_header(&self) -> Option<Header> {
        if self.header.member_id == 0 { None } else { Some(self.header) }
    }

    fn member(&self) -> Option<&MemberView> {
        self.view.members.iter().find(|member| member.member_id == self.header.member_id && member.member_id != 0)
    }

    fn leader(&self) -> Option<u64> {
        self.view.leader().map(|member| member.member_id)
    }
}

/// The ids, one per line.
pub fn listing_ids(ids: &[LeaseId]) -> String {
    ids.iter().map(|id| format!("{id}\n")).collect()
}
