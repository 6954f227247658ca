//! The values of locks of one key. They name the leader or the owner of the lock.
//!
//! A value is read when a lock is on the screen, or for all locks in `leasetop locks`, and again after each put of its
//! key. No other values are read. The reads count against the limit of bytes received for keys.

use std::collections::HashMap;
use std::sync::Arc;

use super::ReadValue;

/// Maximum number of values kept for the screen.
const MAX_VALUES: usize = 1000;
/// Maximum number of values in one read.
const MAX_IN_READ: usize = 32;

#[derive(Clone, Debug, Default)]
pub(super) struct LockValues {
    known: HashMap<Arc<[u8]>, ReadValue>,
    /// The keys of the read that is not answered yet.
    open: Vec<Arc<[u8]>>,
}

impl LockValues {
    pub(super) fn get(&self, key: &[u8]) -> Option<&ReadValue> {
        self.known.get(key)
    }

    /// The keys of the next read: those of `shown` whose values are not known. Empty while a read is not answered.
    pub(super) fn due<'a>(&self, shown: impl Iterator<Item = &'a Arc<[u8]>>) -> Vec<Arc<[u8]>> {
        if !self.open.is_empty() {
            return Vec::new();
        }
        shown.filter(|key| !self.known.contains_key(*key)).take(MAX_IN_READ).cloned().collect()
    }

    /// Whether a read is not answered yet.
    pub(super) fn is_reading(&self) -> bool {
        !self.open.is_empty()
    }

    pub(super) fn started(&mut self, keys: &[Arc<[u8]>]) {
        self.open = keys.to_vec();
    }

    /// Stores a reply, without the values whose keys have changed since the request. Forgets all older values if there
    /// would be more than [`MAX_VALUES`], unless `are_all_wanted`.
    pub(super) fn answered(&mut self, pairs: Vec<(Vec<u8>, ReadValue)>, are_all_wanted: bool) {
        if !are_all_wanted && self.known.len() + pairs.len() > MAX_VALUES {
            self.known.clear();
        }
        let open = std::mem::take(&mut self.open);
        for (key, value) in pairs {
            if let Some(key) = open.iter().find(|one| one[..] == key[..]) {
                self.known.insert(Arc::clone(key), value);
            }
        }
    }

    /// Forgets the value of a key that has changed, and ignores it in the next reply, which may have the old value.
    pub(super) fn forget(&mut self, key: &[u8]) {
        self.known.remove(key);
        for open in self.open.iter_mut().filter(|open| open[..] == *key) {
            *open = Arc::from(&b""[..]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_values_are_kept_if_all_are_wanted() {
        for (are_all_wanted, expected) in [(true, MAX_VALUES + MAX_IN_READ), (false, MAX_VALUES)] {
            let mut values = LockValues::default();
            let keys: Vec<Arc<[u8]>> =
                (0..MAX_VALUES + MAX_IN_READ).map(|number| number.to_string().as_bytes().into()).collect();
            for _ in 0..keys.len().div_ceil(MAX_IN_READ) {
                let due = values.due(keys.iter());
                values.started(&due);
                values.answered(due.iter().map(|key| (key.to_vec(), ReadValue::Absent)).collect(), are_all_wanted);
            }
            assert!(values.known.len() <= expected, "{} values", values.known.len());
            assert_eq!(values.due(keys.iter()).is_empty(), are_all_wanted);
        }
    }
}
