//! The availability of services.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use super::deleted_key::DeletedKey;
use super::uptime::{AvailabilityFigures, MAX_GONE, MAX_RECORDS, Uptime};
use crate::app::service::service_of;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// The availability of a service.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ServiceAvailability {
    /// The service itself. It is gone from the deletion of its last key until one of its keys is put.
    pub service: AvailabilityFigures,
    /// How often one of its keys was gone and came back.
    pub key_outages: u32,
    /// The longest of these outages.
    pub longest_key_outage: Duration,
}

/// A service of which a key has been seen.
#[derive(Clone, Debug)]
struct ServiceRecord {
    /// Number of keys that are attached to a lease.
    keys: u32,
    since: Timestamp,
    /// Boxed, because most services never lose a key.
    past: Option<Box<ServicePast>>,
}

/// What happened to a service that lost a key.
#[derive(Clone, Debug)]
struct ServicePast {
    uptime: Uptime,
    key_outages: u32,
    longest_key_outage: Duration,
    /// When it lost its last key.
    emptied: Timestamp,
    /// Whether a client kept that key.
    was_kept: bool,
}

impl ServiceRecord {
    fn past_mut(&mut self) -> &mut ServicePast {
        let since = self.since;
        self.past.get_or_insert_with(|| {
            let uptime = Uptime::new(since);
            Box::new(ServicePast {
                uptime,
                key_outages: 0,
                longest_key_outage: Duration::ZERO,
                emptied: since,
                was_kept: false,
            })
        })
    }

    fn figures(&self, now: Timestamp) -> ServiceAvailability {
        match &self.past {
            Some(past) => ServiceAvailability {
                service: past.uptime.figures(now),
                key_outages: past.key_outages,
                longest_key_outage: past.longest_key_outage,
            },
            None => ServiceAvailability {
                service: AvailabilityFigures::without_outage(self.since, now),
                key_outages: 0,
                longest_key_outage: Duration::ZERO,
            },
        }
    }
}

/// The services by name, not escaped.
#[derive(Clone, Debug, Default)]
pub struct Services {
    all: HashMap<Arc<[u8]>, ServiceRecord>,
    /// Services without a key, in the order in which they lost the last one.
    empty: BTreeSet<(Timestamp, Arc<[u8]>)>,
}

impl Services {
    /// The availability of a service. `None` if it has not been seen, or is forgotten.
    pub fn get(&self, name: &[u8], now: Timestamp) -> Option<ServiceAvailability> {
        Some(self.all.get(name)?.figures(now))
    }

    /// The services that have lost all their keys although a client kept them, as far as they are not forgotten.
    pub fn gone(&self, now: Timestamp) -> impl Iterator<Item = (&Arc<[u8]>, ServiceAvailability)> {
        let empty = self.empty.iter().filter_map(|(_, name)| self.all.get_key_value(name));
        let empty = empty.filter(|(_, record)| record.past.as_ref().is_some_and(|past| past.was_kept));
        let figures = empty.map(move |(name, record)| (name, record.figures(now)));
        figures.filter(|(_, figures)| figures.service.gone_now.is_some())
    }

    pub(super) fn attach(&mut self, key: &[u8], id: LeaseId, at: Timestamp) {
        let name = service_of(key, id);
        let Some(record) = self.all.get_mut(name) else {
            self.all.insert(Arc::from(name), ServiceRecord { keys: 1, since: at, past: None });
            return;
        };
        record.keys += 1;
        if record.keys > 1 {
            return;
        }
        let past = record.past_mut();
        past.uptime.come_back(at);
        self.empty.remove(&(past.emptied, Arc::from(name)));
    }

    /// Counts a key that is no longer attached to the lease, but exists.
    pub(super) fn detach(&mut self, key: &[u8], id: LeaseId, at: Timestamp) {
        self.remove_key(service_of(key, id), at);
    }

    /// Records that a key was deleted. Returns whether it was the last key of its service.
    pub(super) fn delete(&mut self, key: &[u8], DeletedKey { lease, at, is_kept, .. }: DeletedKey) -> bool {
        let name = service_of(key, lease);
        let was_last = self.remove_key(name, at);
        if was_last && let Some(record) = self.all.get_mut(name) {
            let past = record.past_mut();
            past.uptime.vanish(at);
            past.was_kept = is_kept;
        }
        was_last
    }

    /// Records that a key of the service exists without a lease, so the service is not gone.
    pub(super) fn come_back(&mut self, key: &[u8], id: LeaseId, at: Timestamp) {
        let record = self.all.get_mut(service_of(key, id));
        if let Some(past) = record.and_then(|record| record.past.as_mut()) {
            past.uptime.come_back(at);
        }
    }

    /// Counts an outage of a key of the service, which lasted for `gone`.
    pub(super) fn count_key_outage(&mut self, key: &[u8], id: LeaseId, gone: Duration) {
        let Some(record) = self.all.get_mut(service_of(key, id)) else { return };
        let past = record.past_mut();
        past.key_outages += 1;
        past.longest_key_outage = past.longest_key_outage.max(gone);
    }

    /// Counts one key less. Returns whether that was the last key.
    fn remove_key(&mut self, name: &[u8], at: Timestamp) -> bool {
        let Some(record) = self.all.get_mut(name).filter(|record| record.keys > 0) else { return false };
        record.keys -= 1;
        if record.keys > 0 {
            return false;
        }
        record.past_mut().emptied = at;
        self.empty.insert((at, Arc::from(name)));
        true
    }

    pub(super) fn forget_old(&mut self, now: Timestamp) {
        let is_old = |(emptied, _): &(Timestamp, Arc<[u8]>)| *emptied + MAX_GONE < now;
        while self.empty.len() > MAX_RECORDS || self.empty.first().is_some_and(is_old) {
            let Some((_, name)) = self.empty.pop_first() else { break };
            self.all.remove(&name);
        }
    }
}
