//! Maps without empty places.

use std::collections::{BTreeMap, BTreeSet};

/// With fewer new entries, the memory is not worth the time.
const FEW: usize = 1_000;

/// Rebuilds a map if most of its entries are new; `new` is their number. Nodes are about half full after many inserts, and
/// full after this.
pub(crate) fn compact<K: Ord, V>(map: &mut BTreeMap<K, V>, new: usize) {
    if new >= FEW && new > map.len() / 2 {
        *map = std::mem::take(map).into_iter().collect();
    }
}

/// Rebuilds a set if most of its entries are new, like [`compact`] a map.
pub(crate) fn compact_set<K: Ord>(set: &mut BTreeSet<K>, new: usize) {
    if new >= FEW && new > set.len() / 2 {
        *set = std::mem::take(set).into_iter().collect();
    }
}
