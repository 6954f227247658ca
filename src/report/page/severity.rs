//! How much a lease deserves attention.

use crate::app::{EventCategory, EventKind};

use super::Tone;

/// The worst that happened to a lease, in ascending order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Severity {
    /// Nothing.
    #[default]
    Healthy,
    /// It ended on purpose, or as expected.
    Ended,
    /// A diagnosis, or nobody renews it.
    Noted,
    /// Responses were dropped.
    Dropped,
    /// A renewal was late or not answered.
    Late,
    /// Less than one interval was left.
    Risk,
    /// It expired or was lost.
    Lost,
}

impl Severity {
    /// The severity of an event of a lease.
    pub(super) fn of(kind: &EventKind) -> Severity {
        let is_problem = EventCategory::Problems.has(kind);
        match kind {
            EventKind::LeaseEnded(_) | EventKind::Lost { .. } if is_problem => Severity::Lost,
            EventKind::LeaseEnded(_) => Severity::Ended,
            EventKind::Risk { .. } => Severity::Risk,
            EventKind::Late { .. } | EventKind::Missed { .. } => Severity::Late,
            EventKind::Dropped { .. } => Severity::Dropped,
            EventKind::Unrenewed { .. } => Severity::Noted,
            _ => Severity::Healthy,
        }
    }

    pub(super) fn tone(self) -> Tone {
        match self {
            Severity::Healthy => Tone::Good,
            Severity::Ended => Tone::Plain,
            Severity::Noted | Severity::Dropped | Severity::Late => Tone::Warning,
            Severity::Risk | Severity::Lost => Tone::Bad,
        }
    }
}
