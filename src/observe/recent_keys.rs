//! The keys that were added last.

use std::collections::{HashMap, VecDeque};

/// Maximum number of keys: as many as the application remembers.
const MAX_KEYS: usize = 10_000;
/// Maximum number of their bytes. A key can have 1.5 MB.
const MAX_BYTES: usize = 16_000_000;

/// A set of keys that forgets the oldest ones.
#[derive(Debug, Default)]
pub(super) struct RecentKeys {
    numbers: HashMap<Box<[u8]>, u64>,
    order: VecDeque<(u64, Box<[u8]>)>,
    /// Bytes of the keys in `order`.
    bytes: usize,
    next: u64,
}

impl RecentKeys {
    pub(super) fn insert(&mut self, key: &[u8]) {
        self.next += 1;
        self.numbers.insert(Box::from(key), self.next);
        self.order.push_back((self.next, Box::from(key)));
        self.bytes += key.len();
        while self.order.len() > MAX_KEYS || self.bytes > MAX_BYTES {
            let Some((number, oldest)) = self.order.pop_front() else { return };
            self.bytes -= oldest.len();
            // A key that was added again has a later entry.
            if self.numbers.get(&oldest) == Some(&number) {
                self.numbers.remove(&oldest);
            }
        }
    }

    /// Removes a key. Returns whether it was in the set.
    pub(super) fn remove(&mut self, key: &[u8]) -> bool {
        self.numbers.remove(key).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_keys_are_forgotten() {
        let mut keys = RecentKeys::default();
        keys.insert(b"again");
        for number in 0..MAX_KEYS as u64 {
            keys.insert(&number.to_be_bytes());
            keys.insert(b"again");
        }
        assert!(keys.remove(b"again") && !keys.remove(b"again"));
        assert!(!keys.remove(&0_u64.to_be_bytes()) && keys.remove(&(MAX_KEYS as u64 - 1).to_be_bytes()));
        assert!(keys.order.len() <= MAX_KEYS && keys.numbers.len() <= MAX_KEYS);
        (0..40).for_each(|n| keys.insert(&vec![n; 1_500_000]));
        assert!(keys.bytes <= MAX_BYTES && keys.order.len() == 10, "{} bytes", keys.bytes);
    }
}
