//! The living leases by state and TTL class.

use crate::app::LeaseState;

/// Names of the TTL classes.
pub const TTL_CLASSES: [&str; 4] = ["≤ 10 s", "≤ 1 min", "≤ 10 min", "> 10 min"];
/// Number of TTL classes, with one for unknown TTLs.
pub const TTL_CLASS_COUNT: usize = TTL_CLASSES.len() + 1;

/// The states of living leases, most urgent first.
pub const LIVING_STATES: [LeaseState; 8] = [
    LeaseState::Risk,
    LeaseState::Late,
    LeaseState::Dying,
    LeaseState::Unseen,
    LeaseState::Stalled,
    LeaseState::Paused,
    LeaseState::Unrenewed,
    LeaseState::Ok,
];

/// The largest TTL of each class but the last two, in seconds.
const CLASS_ENDS: [i64; TTL_CLASSES.len() - 1] = [10, 60, 600];

/// Number of living leases by state (as in [`LIVING_STATES`]) and TTL class.
pub type LeaseTable = [[usize; TTL_CLASS_COUNT]; LIVING_STATES.len()];

/// The class of a TTL in seconds, as an index into [`TTL_CLASSES`]. For an unknown TTL, the index after the last class.
pub(in crate::app) fn ttl_class(ttl: Option<i64>) -> usize {
    let Some(ttl) = ttl else { return TTL_CLASSES.len() };
    CLASS_ENDS.iter().position(|end| ttl <= *end).unwrap_or(CLASS_ENDS.len())
}

/// The place of a living state in [`LIVING_STATES`]. `None` if the lease has ended.
pub(in crate::app) fn state_index(state: LeaseState) -> Option<usize> {
    LIVING_STATES.iter().position(|other| *other == state)
}
