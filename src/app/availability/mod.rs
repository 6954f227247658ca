//! The availability of keys and services.
//!
//! Callers look for a key, whichever lease it is attached to. A key is gone from its deletion until it is put again, on
//! any lease or on none. A service is gone from the deletion of its last key until one of its keys is put.
//!
//! Only keys that were deleted at least once have a record. The key of a lock is deleted on purpose and does not count as
//! gone; if it is named after its lease it has no record. A key that is named after its lease in decimal never comes back,
//! so its service has a record of this kind instead.

mod deleted_key;
mod services;
mod uptime;

pub(super) use deleted_key::DeletedKey;
pub use services::ServiceAvailability;
pub use uptime::{AvailabilityFigures, SHORTEST_OUTAGE};

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use self::services::Services;
use self::uptime::{MAX_GONE, MAX_RECORDS, Uptime};
use crate::inference::locks::{KeyRole, LockPattern};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Longest key in bytes that has a record. etcd takes keys of 1.5 MB, and records outlive the key.
const LONGEST_KEY: usize = 4096;

/// A key or a service that came back.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ReturnedKey {
    /// The key, or the name of the service.
    pub(super) name: Arc<[u8]>,
    pub(super) deleted: DeletedKey,
    /// For how long it was gone.
    pub(super) gone: Duration,
    /// Whether its absence was reported.
    pub(super) is_reported: bool,
}

#[derive(Clone, Debug)]
struct KeyRecord {
    /// Whether it is a service whose keys are named after their leases.
    is_service: bool,
    uptime: Uptime,
    deleted: DeletedKey,
    is_reported: bool,
    /// When it vanished or came back.
    changed: Timestamp,
}

/// The availability of keys and services, as far as they are watched.
#[derive(Clone, Debug, Default)]
pub struct Availability {
    keys: HashMap<Arc<[u8]>, KeyRecord>,
    /// The records: keys that are gone, then the others, each in the order in which they changed.
    order: BTreeSet<(bool, Timestamp, Arc<[u8]>)>,
    /// Kept keys that are gone, and when to report that.
    unreported: VecDeque<(Timestamp, Arc<[u8]>)>,
    services: Services,
    /// The patterns of locks in the config file.
    lock_patterns: Vec<LockPattern>,
}

impl Availability {
    /// The initial state, with the patterns of locks in the config file.
    pub(super) fn new(lock_patterns: Vec<LockPattern>) -> Self {
        Availability { lock_patterns, ..Availability::default() }
    }

    /// The role of a key that is attached to this lease, or to none.
    pub(super) fn role<'a>(&self, key: &'a [u8], lease: Option<LeaseId>) -> KeyRole<'a> {
        KeyRole::of(key, lease, &self.lock_patterns)
    }

    /// The name of the record for a key, and whether it is that of a service.
    fn record_name<'a>(&self, key: &'a [u8], lease: Option<LeaseId>) -> (&'a [u8], bool) {
        match self.role(key, lease) {
            KeyRole::Instance(service) => (service, true),
            KeyRole::Key | KeyRole::Lock => (key, false),
        }
    }

    /// The figures of a key that has been attached since `attached`. `None` if it is not attached and has no record.
    pub(super) fn of_key(
        &self,
        key: &[u8],
        attached: Option<Timestamp>,
        now: Timestamp,
    ) -> Option<AvailabilityFigures> {
        match self.keys.get(key) {
            Some(record) => Some(record.uptime.figures(now)),
            None => Some(AvailabilityFigures::without_outage(attached?, now)),
        }
    }

    /// The figures of the services.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// When a deleted key was first seen. `None` if it has no record.
    pub(super) fn first_seen(&self, key: &[u8]) -> Option<Timestamp> {
        Some(self.keys.get(key)?.uptime.since())
    }

    /// The last deletion of a key that is gone, or of the last key of its service if the service is gone. `id` is the lease
    /// to which the key is attached now, if any.
    pub(super) fn gone(&self, key: &[u8], id: Option<LeaseId>) -> Option<DeletedKey> {
        let (name, is_service) = self.record_name(key, id);
        let record = self.keys.get(name).filter(|record| record.is_service == is_service)?;
        record.uptime.gone_since()?;
        Some(record.deleted)
    }

    /// Whether the availability of a key of this lease is recorded.
    fn is_counted(&self, key: &[u8], id: LeaseId) -> bool {
        key.len() <= LONGEST_KEY && self.role(key, Some(id)) != KeyRole::Lock
    }

    /// Counts a key that is attached to a lease.
    pub(super) fn attach(&mut self, key: &[u8], id: LeaseId, at: Timestamp) {
        if self.is_counted(key, id) {
            self.services.attach(key, id, at);
        }
    }

    /// Counts a key that is no longer attached to the lease, but exists.
    pub(super) fn detach(&mut self, key: &[u8], id: LeaseId, at: Timestamp) {
        if self.is_counted(key, id) {
            self.services.detach(key, id, at);
        }
    }

    /// Records a key that was deleted. It was first seen at `since`, and the deletion became known at `now`.
    pub(super) fn delete(&mut self, key: &[u8], deleted: DeletedKey, since: Timestamp, now: Timestamp) {
        if !self.is_counted(key, deleted.lease) {
            return;
        }
        let was_last = if deleted.is_lock {
            self.services.detach(key, deleted.lease, deleted.at);
            false
        } else {
            self.services.delete(key, deleted)
        };
        let (name, is_service) = self.record_name(key, Some(deleted.lease));
        if is_service && !was_last {
            return;
        }
        let (key, mut record) = self.take(name).unwrap_or_else(|| {
            let uptime = Uptime::new(since);
            (Arc::from(name), KeyRecord { is_service, uptime, deleted, is_reported: false, changed: now })
        });
        if !deleted.is_lock {
            record.uptime.vanish(deleted.at);
        }
        if deleted.is_kept && !deleted.is_lock && self.unreported.len() < MAX_RECORDS {
            self.unreported.push_back((now + SHORTEST_OUTAGE, Arc::clone(&key)));
        }
        self.insert(key, KeyRecord { deleted, is_reported: false, changed: now, ..record });
        self.forget_old(now);
    }

    /// Records that a key exists. Returns the key or service that came back. `None` if it was not gone.
    pub(super) fn come_back(
        &mut self,
        key: &[u8],
        id: Option<LeaseId>,
        at: Timestamp,
        now: Timestamp,
    ) -> Option<ReturnedKey> {
        self.gone(key, id)?;
        let (name, mut record) = self.take(self.record_name(key, id).0)?;
        let gone = record.uptime.come_back(at)?;
        let KeyRecord { deleted, is_reported, is_service, .. } = record;
        if id.is_none() {
            self.services.come_back(key, deleted.lease, at);
        }
        if gone >= SHORTEST_OUTAGE && !is_service {
            self.services.count_key_outage(key, id.unwrap_or(deleted.lease), gone);
        }
        self.insert(Arc::clone(&name), KeyRecord { changed: now, ..record });
        Some(ReturnedKey { name, deleted, gone, is_reported })
    }

    /// When the next key is due to be reported as gone.
    pub(super) fn next_wake(&self) -> Option<Timestamp> {
        self.unreported.front().map(|(due, _)| *due)
    }

    /// Takes the next key that is due to be reported as gone. Skips keys that came back or were reported.
    pub(super) fn take_due(&mut self, now: Timestamp) -> Option<Arc<[u8]>> {
        while self.next_wake().is_some_and(|due| due <= now) {
            let (due, key) = self.unreported.pop_front()?;
            // A later deletion has an entry of its own.
            let is_gone =
                |record: &&KeyRecord| record.uptime.gone_since().is_some() && record.changed + SHORTEST_OUTAGE <= due;
            if self.keys.get(&key).filter(is_gone).is_some_and(|record| !record.is_reported) {
                return Some(key);
            }
        }
        None
    }

    /// Reports a key as gone later, because it is not known yet why it vanished.
    pub(super) fn postpone(&mut self, key: Arc<[u8]>, now: Timestamp) {
        self.unreported.push_back((now + SHORTEST_OUTAGE, key));
    }

    /// The last deletion of a key.
    pub(super) fn deletion(&self, key: &[u8]) -> Option<DeletedKey> {
        Some(self.keys.get(key)?.deleted)
    }

    /// Records that the absence of a key was reported.
    pub(super) fn set_reported(&mut self, key: &[u8]) {
        if let Some(record) = self.keys.get_mut(key) {
            record.is_reported = true;
        }
    }

    fn insert(&mut self, key: Arc<[u8]>, record: KeyRecord) {
        self.order.insert((record.uptime.gone_since().is_none(), record.changed, Arc::clone(&key)));
        self.keys.insert(key, record);
    }

    fn take(&mut self, key: &[u8]) -> Option<(Arc<[u8]>, KeyRecord)> {
        let (key, record) = self.keys.remove_entry(key)?;
        let place = (record.uptime.gone_since().is_none(), record.changed, key);
        self.order.remove(&place);
        Some((place.2, record))
    }

    /// Forgets keys and services that have been gone for long, and the oldest records if there are too many.
    fn forget_old(&mut self, now: Timestamp) {
        let is_old = |(is_back, changed, _): &(bool, Timestamp, Arc<[u8]>)| !is_back && *changed + MAX_GONE < now;
        while self.order.len() > MAX_RECORDS || self.order.first().is_some_and(is_old) {
            let Some((.., key)) = self.order.pop_first() else { break };
            self.keys.remove(&key);
        }
        self.services.forget_old(now);
    }
}
