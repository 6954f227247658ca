//! The classes of states, most urgent first, by which rows and groups are ordered.

use super::{EndCause, Lease, LeaseState};

/// How urgent a lease is. A row moves only when its class changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StateClass {
    /// Less time is left than one renewal interval.
    Risk,
    /// The renewal is overdue.
    Late,
    /// Expired but not removed yet.
    Dying,
    /// Its responses are not read, or its response queue is full.
    Stalled,
    /// Nothing is known about it any more.
    Unseen,
    /// Healthy, with a warning that is not muted.
    Warned,
    /// Not renewed so far, which may be intended.
    Unrenewed,
    /// Healthy.
    Ok,
    /// Deliberately not renewed.
    Paused,
    /// It has ended.
    Ended,
}

impl StateClass {
    /// Number of classes.
    pub(super) const COUNT: usize = 10;

    const ALL: [StateClass; StateClass::COUNT] = [
        StateClass::Risk,
        StateClass::Late,
        StateClass::Dying,
        StateClass::Stalled,
        StateClass::Unseen,
        StateClass::Warned,
        StateClass::Unrenewed,
        StateClass::Ok,
        StateClass::Paused,
        StateClass::Ended,
    ];

    /// The class of a lease in this state.
    pub(super) fn of(lease: &Lease, state: LeaseState) -> Self {
        StateClass::new(state, lease.active_warnings().next().is_some())
    }

    /// The class of a lease in this state, with or without a warning that is not muted.
    pub(super) fn new(state: LeaseState, is_warned: bool) -> Self {
        match state {
            LeaseState::Risk => StateClass::Risk,
            LeaseState::Late => StateClass::Late,
            LeaseState::Dying => StateClass::Dying,
            LeaseState::Stalled => StateClass::Stalled,
            LeaseState::Unseen => StateClass::Unseen,
            LeaseState::Ok if is_warned => StateClass::Warned,
            LeaseState::Unrenewed => StateClass::Unrenewed,
            LeaseState::Ok => StateClass::Ok,
            LeaseState::Paused => StateClass::Paused,
            LeaseState::Ended(_) => StateClass::Ended,
        }
    }

    /// The state of the leases of this class. The cause of an end is not known here.
    pub fn state(self) -> LeaseState {
        match self {
            StateClass::Risk => LeaseState::Risk,
            StateClass::Late => LeaseState::Late,
            StateClass::Dying => LeaseState::Dying,
            StateClass::Stalled => LeaseState::Stalled,
            StateClass::Unseen => LeaseState::Unseen,
            StateClass::Unrenewed => LeaseState::Unrenewed,
            StateClass::Warned | StateClass::Ok => LeaseState::Ok,
            StateClass::Paused => LeaseState::Paused,
            StateClass::Ended => LeaseState::Ended(EndCause::Unknown),
        }
    }

    /// The position among all classes, 0 for the most urgent one.
    pub(super) fn index(self) -> usize {
        self as usize
    }

    /// The class at a position.
    pub(super) fn at(index: usize) -> Option<Self> {
        StateClass::ALL.get(index).copied()
    }
}
