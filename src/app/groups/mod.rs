//! Leases in groups of one service, TTL or owner.
//!
//! [`GroupIndex`] keeps the groups up to date while leases change. [`group_leases`] computes the same from all leases at
//! once, for `leasetop list --group` and as the reference of the tests.

mod index;
mod key;
mod naive;
mod tally;
#[cfg(test)]
mod tests;

pub use index::{Group, GroupId, GroupIndex};
pub use key::GroupKey;
#[cfg(test)]
pub(super) use naive::grouped;
pub use naive::{LeaseGroup, group_leases};
pub use tally::GroupFigures;
