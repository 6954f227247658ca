//! A walk over all leases that loads their keys into the cache ahead.

use std::hint::black_box;

use super::{Lease, sort};

/// So many leases are loaded ahead.
const BLOCK: usize = 64;

/// A walk over all leases. Reading a key follows three pointers, one after the other. The processor follows those of many
/// leases at once if it need not decide anything in between.
pub(super) struct LeaseWalk<'a, I> {
    leases: I,
    loads_keys: bool,
    /// The leases that were loaded ahead, the next one last.
    block: Vec<&'a Lease>,
}

impl<'a, I: Iterator<Item = &'a Lease>> LeaseWalk<'a, I> {
    pub(super) fn new(leases: I, loads_keys: bool) -> Self {
        LeaseWalk { leases, loads_keys, block: Vec::with_capacity(BLOCK) }
    }
}

impl<'a, I: Iterator<Item = &'a Lease>> Iterator for LeaseWalk<'a, I> {
    type Item = &'a Lease;

    fn next(&mut self) -> Option<&'a Lease> {
        if !self.loads_keys {
            return self.leases.next();
        }
        if self.block.is_empty() {
            self.block.extend(self.leases.by_ref().take(BLOCK));
            load_keys(&self.block);
            self.block.reverse();
        }
        self.block.pop()
    }
}

/// Loads the first key of each lease.
fn load_keys(block: &[&Lease]) {
    let mut keys = [None; BLOCK];
    for (key, lease) in keys.iter_mut().zip(block) {
        *key = sort::first_key(lease);
    }
    let first_byte = |key: Option<&Vec<u8>>| key.and_then(|key| key.first()).map_or(0, |byte| u32::from(*byte));
    black_box(keys.into_iter().map(first_byte).sum::<u32>());
}
