//! The facts about a lease that most filters and sort orders need.

use std::num::NonZeroU64;
use std::time::Duration;

use super::countdown::Countdown;
use super::lease_facts::LeaseFacts;
use super::lease_store::LeaseStore;
use super::problem_class::ProblemClass;
use super::row_rank::RowRank;
use super::service::service_of;
use super::sort;
use super::{EndCause, FirstKeys, Lease, LeaseState, Ownership};
use crate::filter::{FilterFacts, Number};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// The facts about a lease that most filters and sort orders need, as of its last change. They lie side by side in memory:
/// reading 100,000 leases takes several milliseconds more, because they are large and scattered.
#[derive(Clone, Debug)]
pub(super) struct RowFacts {
    pub(super) id: LeaseId,
    /// Its rank in the current order. `None` if it has no row.
    pub(super) rank: Option<RowRank>,
    /// The number of its first key among those of all leases.
    pub(super) name: Option<NonZeroU64>,
    pub(super) countdown: Option<Countdown>,
    /// The TTL, if it is known and above 0.
    ttl: Option<NonZeroU64>,
    pub(super) last_renewed: Option<Timestamp>,
    /// The observed interval.
    pub(super) every: Option<Span>,
    /// The lowest time left at a renewal.
    pub(super) margin: Option<Span>,
    /// Number of known keys.
    pub(super) keys: Option<u32>,
    /// Whether these are all keys.
    has_all_keys: bool,
    /// The keys that are known by name.
    pub(super) first_keys: FirstKeys,
    /// The state of a living lease.
    pub(super) state: Option<LeaseState>,
    /// The class by which a living lease is sorted.
    pub(super) class: ProblemClass,
    pub(super) ownership: Ownership,
    /// The index in the list of lints of its most urgent warning that is not muted.
    pub(super) warning: Option<u8>,
    /// Whether the engine has reported figures about it.
    pub(super) has_engine: bool,
    pub(super) is_pinned: bool,
    pub(super) has_ended: bool,
    /// Whether the row of the ended lease made room for leases that ended later.
    pub(super) is_row_dropped: bool,
}

impl RowFacts {
    /// The facts about a lease of which only the id is known.
    pub(super) fn new(id: LeaseId) -> Self {
        RowFacts {
            id,
            rank: None,
            name: None,
            countdown: None,
            ttl: None,
            last_renewed: None,
            every: None,
            margin: None,
            keys: None,
            has_all_keys: false,
            first_keys: FirstKeys::default(),
            state: None,
            class: ProblemClass::default(),
            ownership: Ownership::default(),
            warning: None,
            has_engine: false,
            is_pinned: false,
            has_ended: false,
            is_row_dropped: false,
        }
    }

    /// Copies all facts except the rank and the number of the name. `state` is the state of a living lease.
    pub(super) fn update(&mut self, lease: &Lease, state: Option<LeaseState>, class: ProblemClass) {
        let keys = lease.keys.as_ref();
        *self = RowFacts {
            id: self.id,
            rank: self.rank,
            name: self.name,
            countdown: lease.countdown(),
            ttl: lease.granted_ttl.and_then(|ttl| NonZeroU64::new(u64::try_from(ttl).ok()?)),
            last_renewed: lease.last_renewed(),
            every: lease.observed_interval().map(|interval| interval.every.into()),
            margin: lease.shown_margin().map(Span::from),
            keys: keys.map(|keys| u32::try_from(keys.count).unwrap_or(u32::MAX)),
            has_all_keys: keys.is_some_and(|keys| keys.is_all),
            first_keys: keys.map(|keys| keys.first.clone()).unwrap_or_default(),
            state,
            class,
            ownership: lease.ownership,
            warning: sort::warning(lease),
            has_engine: lease.engine.is_some(),
            is_pinned: lease.is_pinned,
            has_ended: lease.end.is_some(),
            is_row_dropped: lease.is_row_dropped,
        };
    }

    /// The observed interval as a share of the TTL, as [`Lease::interval_share`] works it out.
    pub(super) fn interval_share(&self) -> Option<f64> {
        Some(self.every?.length().as_secs_f64() / self.ttl?.get() as f64)
    }

    /// The TTL in seconds.
    pub(super) fn ttl(&self) -> Option<u64> {
        self.ttl.map(NonZeroU64::get)
    }

    /// The state. The cause of an end is not known here.
    pub(super) fn state_or_end(&self) -> LeaseState {
        self.state.unwrap_or(LeaseState::Ended(EndCause::Unknown))
    }
}

/// A span of at least a nanosecond. An option of it takes 8 bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span(NonZeroU64);

impl Span {
    pub(super) fn nanos(self) -> u64 {
        self.0.get()
    }

    fn length(self) -> Duration {
        Duration::from_nanos(self.nanos())
    }
}

impl From<Duration> for Span {
    fn from(span: Duration) -> Self {
        Span(NonZeroU64::MIN.saturating_add(sort::nanos(span).saturating_sub(1)))
    }
}

/// Where to get a lease if its [`RowFacts`] are not enough.
#[derive(Clone, Copy)]
pub(super) enum LeaseSource<'a> {
    /// The lease itself.
    Lease(&'a Lease),
    /// A search by id.
    Store(&'a LeaseStore),
}

impl<'a> LeaseSource<'a> {
    pub(super) fn get(self, id: LeaseId) -> Option<&'a Lease> {
        match self {
            LeaseSource::Lease(lease) => Some(lease),
            LeaseSource::Store(leases) => leases.get(id),
        }
    }
}

/// The facts that a filter can test. It reads the lease only if needed.
pub(super) struct IndexedFacts<'a> {
    pub(super) facts: &'a RowFacts,
    pub(super) lease: LeaseSource<'a>,
    pub(super) now: Timestamp,
}

impl<'a> IndexedFacts<'a> {
    fn of_lease(&self) -> Option<LeaseFacts<'a>> {
        Some(LeaseFacts::now(self.lease.get(self.facts.id)?, self.facts.state, self.now))
    }
}

impl FilterFacts for IndexedFacts<'_> {
    fn id(&self) -> LeaseId {
        self.facts.id
    }

    fn who(&self) -> &str {
        self.facts.ownership.word()
    }

    fn state(&self) -> &str {
        match self.facts.state {
            Some(state) => state.word(),
            None => self.lease.get(self.facts.id).map_or("", |lease| lease.state(self.now).word()),
        }
    }

    fn number(&self, number: Number) -> Option<f64> {
        let facts = self.facts;
        match number {
            Number::Ttl => facts.ttl().map(|ttl| ttl as f64),
            Number::Left if facts.has_ended => None,
            Number::Left => Some(facts.countdown?.left(self.now)),
            Number::Every => Some(facts.every?.length().as_secs_f64()),
            Number::Share => Some(facts.interval_share()? * 100.0),
            Number::Last => Some((self.now - facts.last_renewed?).as_secs_f64()),
            Number::Keys if facts.has_all_keys => Some(f64::from(facts.keys?)),
            Number::Keys => None,
            number => self.lease.get(facts.id)?.number(number, self.now),
        }
    }

    fn keys(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.facts.first_keys.iter().map(|key| &**key)
    }

    fn service(&self) -> Option<&[u8]> {
        Some(service_of(self.facts.first_keys.first()?, self.facts.id))
    }

    fn has_warning(&self, name: &str) -> Option<bool> {
        self.of_lease()?.has_warning(name)
    }

    fn renewer(&self) -> Option<&str> {
        self.lease.get(self.facts.id)?.renewer()
    }
}
