//! How urgently a lease needs attention: the first key of the default order.

use std::time::Duration;

use super::{Lease, LeaseState};
use simkit::Timestamp;

/// How urgently a lease needs attention, the most urgent first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ProblemClass {
    /// Less than one renewal interval is left.
    Risk,
    /// The renewal is overdue.
    Late,
    /// Expired, but not removed yet.
    Dying,
    /// Its responses are not read, or its response queue is full.
    Stalled,
    /// None of the above, with an active warning.
    Warned,
    /// None of the above, without an active warning. This includes unseen leases, whose rows do not move just because their
    /// state is unknown.
    #[default]
    Ok,
    /// Deliberately not renewed.
    Paused,
}

impl ProblemClass {
    /// Number of classes.
    pub(super) const COUNT: usize = 7;

    /// The class of a living lease.
    pub(super) fn of(lease: &Lease, now: Timestamp) -> Self {
        ProblemClass::in_state(lease, lease.state(now))
    }

    /// The class of a living lease in this state.
    pub(super) fn in_state(lease: &Lease, state: LeaseState) -> Self {
        let has_warning = lease.active_warnings().next().is_some();
        match state {
            LeaseState::Risk => ProblemClass::Risk,
            LeaseState::Late => ProblemClass::Late,
            LeaseState::Dying => ProblemClass::Dying,
            LeaseState::Stalled => ProblemClass::Stalled,
            LeaseState::Paused => ProblemClass::Paused,
            LeaseState::Ok | LeaseState::Unrenewed | LeaseState::Unseen | LeaseState::Ended(_) => {
                if has_warning {
                    ProblemClass::Warned
                } else {
                    ProblemClass::Ok
                }
            }
        }
    }
}

/// The class by which a row is sorted. It gets worse at once, but only improves after the lease has been better for a
/// while: a lease that is at risk in every cycle would otherwise move twice per renewal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SettledClass {
    pub(super) class: ProblemClass,
    /// When the class improves if the lease stays as it is.
    pub(super) improves_at: Option<Timestamp>,
}

impl SettledClass {
    /// The class of a lease seen for the first time.
    pub(super) fn first(lease: &Lease, now: Timestamp) -> Self {
        SettledClass { class: ProblemClass::of(lease, now), improves_at: None }
    }

    /// The class at `now`.
    pub(super) fn next(self, lease: &Lease, now: Timestamp) -> Self {
        let class = ProblemClass::of(lease, now);
        // Dying and paused leases have lower rows but did not get better, so their rows move at once.
        let is_better = class > self.class && !matches!(class, ProblemClass::Dying | ProblemClass::Paused);
        match self.improves_at {
            _ if !is_better => SettledClass { class, improves_at: None },
            Some(at) if at <= now => SettledClass { class, improves_at: None },
            Some(_) => self,
            None => SettledClass { improves_at: Some(now + settling_time(lease)), ..self },
        }
    }
}

/// How long a lease must be better: one and a half renewal intervals, because by then a cycle has passed without the
/// problem; 5 s to 30 s.
fn settling_time(lease: &Lease) -> Duration {
    let interval = lease.usual_interval().unwrap_or_default();
    (interval * 3 / 2).clamp(Duration::from_secs(5), Duration::from_secs(30))
}
