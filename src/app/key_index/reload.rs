//! Reading all keys again, page by page.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{DeletedKey, HeldKey, KeyAttached, LeaseKeyIndex, MAX_BYTES, size};
use crate::app::KeyName;
use crate::compact::compact;
use crate::inference::locks::ReadKey;
use etcd_lease::LeaseId;
use simkit::Timestamp;

impl LeaseKeyIndex {
    /// Starts reading all pages again.
    pub(in crate::app) fn start_reload(&mut self) {
        self.drop_pages();
        self.known = self.held.keys().map(|(_, key)| key.clone()).collect();
    }

    /// Forgets the pages read so far.
    pub(super) fn drop_pages(&mut self) {
        self.incoming.clear();
        self.incoming_bytes = 0;
        self.incoming_unleased = HashSet::new();
        self.known = HashSet::new();
    }

    /// Adds a page of the reload.
    pub(in crate::app) fn add_page(&mut self, page: Vec<ReadKey>) {
        for key in page {
            if key.lease.is_none() && !self.known.contains(&key.key) && self.availability.gone(&key.key, None).is_none()
            {
                continue;
            }
            let size = size(&key.key);
            if self.incoming_bytes + size > MAX_BYTES {
                self.is_full = true;
                continue;
            }
            self.incoming_bytes += size;
            match key.lease {
                Some(id) => self.incoming.push(((id, key.key), key.create_revision)),
                None => drop(self.incoming_unleased.insert(key.key)),
            }
        }
    }

    /// The keys without a lease in the new pages that were attached to one, or that were deleted.
    pub(in crate::app) fn newly_unleased(&self) -> Vec<KeyName> {
        let mut keys: Vec<KeyName> = self.incoming_unleased.iter().cloned().collect();
        // Each replay of a recording has the events in the same order.
        keys.sort();
        keys
    }

    /// The keys in the new pages that were not attached to their lease before. Empty on the first load.
    pub(in crate::app) fn newly_attached(&self) -> Vec<KeyAttached> {
        if !self.is_read {
            return Vec::new();
        }
        let incoming: BTreeSet<&(LeaseId, KeyName)> = self.incoming.iter().map(|(held, _)| held).collect();
        let gone = self.held.keys().filter(|held| !incoming.contains(held));
        let from: BTreeMap<&[u8], LeaseId> = gone.map(|(id, key)| (&key[..], *id)).collect();
        let arrived = incoming.into_iter().filter(|held| !self.held.contains_key(*held));
        arrived.map(|(to, key)| KeyAttached { key: key.to_vec(), from: from.get(&key[..]).copied(), to: *to }).collect()
    }

    /// Replaces the index with the pages of `revision`. Returns the leases that had a key before or have one now. Keys that
    /// are missing vanished at `lost`.
    pub(in crate::app) fn finish_reload(
        &mut self,
        revision: i64,
        lost: Timestamp,
        now: Timestamp,
    ) -> BTreeSet<LeaseId> {
        let mut holders: BTreeSet<LeaseId> = self.holders().collect();
        self.by_lease = None;
        let mut incoming: BTreeMap<_, _> = std::mem::take(&mut self.incoming).into_iter().collect();
        let unleased = std::mem::take(&mut self.incoming_unleased);
        self.drop_pages();
        self.keep_newer(&mut incoming, revision);
        let missing: Vec<_> = self.held.keys().filter(|held| !incoming.contains_key(*held)).cloned().collect();
        let arrived = incoming.keys().filter(|held| !missing.is_empty() && !self.held.contains_key(*held));
        let arrived: HashSet<KeyName> = arrived.map(|(_, key)| key.clone()).collect();
        // A put here may be newer than the pages.
        let unconfirmed = self.unconfirmed.clone();
        let mut known_since = HashMap::new();
        for (id, key) in missing {
            let is_in_flight = unconfirmed.contains(&(id, key.clone()));
            let since = if is_in_flight || arrived.contains(&key) || unleased.contains(&key) {
                self.detach(id, &key, now)
            } else {
                let doubt = now - lost;
                let deleted = DeletedKey { lease: id, at: lost, doubt, revision: None, is_kept: false, is_lock: false };
                self.delete(&key, deleted, now)
            };
            known_since.extend(since.map(|since| (key, since)));
        }
        let held = |key: &KeyName, created| HeldKey { created, since: known_since.get(key).copied().unwrap_or(now) };
        if self.held.is_empty() {
            self.fill(incoming.into_iter().map(|(place, created)| (held(&place.1, created), place)), now);
        } else {
            for ((id, key), created) in incoming {
                let held = held(&key, created);
                self.insert(id, key, held, now);
            }
            compact(&mut self.held, usize::MAX);
        }
        self.unconfirmed = unconfirmed;
        self.unconfirmed.retain(|held| self.held.get(held).is_none_or(|key| key.created == 0));
        self.is_read = true;
        holders.extend(self.holders());
        holders
    }

    /// Adds the keys to the pages that were attached here after the pages were read at `revision`.
    fn keep_newer(&self, incoming: &mut BTreeMap<(LeaseId, KeyName), i64>, revision: i64) {
        let is_newer = |(id, key): &&(LeaseId, KeyName)| self.changes.since(key, revision) == Some(Some(*id));
        for held in self.unconfirmed.iter().filter(is_newer) {
            incoming.entry(held.clone()).or_insert(0);
        }
    }

    /// Fills the empty index with keys that are sorted by lease and key. Building the tree at once makes its nodes full;
    /// inserting keys one by one does not.
    fn fill(&mut self, keys: impl Iterator<Item = (HeldKey, (LeaseId, KeyName))>, at: Timestamp) {
        // The lease of the last key, and the number of its keys so far.
        let mut last = (None, 0);
        let mut held = Vec::new();
        for (key, (id, name)) in keys {
            let size = size(&name);
            if size > self.room {
                self.is_full = true;
                continue;
            }
            self.room -= size;
            self.availability.attach(&name, id, at);
            last = if last.0 == Some(id) { (last.0, last.1 + 1) } else { (Some(id), 1) };
            self.set_count(id, last.1);
            held.push(((id, name), key));
        }
        self.held = held.into_iter().collect();
    }
}
