//! Recent renewals of a lease, and their problems.
//!
//! A history is bounded and compact: 32 bytes per entry. All histories share a few megabytes, but each has room for at
//! least [`MIN_CAPACITY`] entries. With few leases each covers an hour; with many, only the last minutes. That of the
//! selected lease grows to an hour from then on. A lease that is not kept alive here gets a history when its detail first
//! opens, starting with the renewals that polls have already shown.

use std::collections::VecDeque;
use std::time::Duration;

mod entry;
mod segments;

use crate::inference::lease_inference::{Change, DeadlineChange, Inferred, LeaseInference};
use crate::inference::{Renewal, TimeRange};
pub use entry::{HistoryEntry, HistoryEvent, RecordedRenewal};
pub use segments::{DeadlineSegment, DeadlineSegments};
use simkit::Timestamp;

/// Minimum number of entries per lease.
const MIN_CAPACITY: usize = 48;
/// Maximum number of entries per lease: an hour of renewals every second, plus some problems.
const MAX_CAPACITY: usize = 4_096;
/// Maximum number of entries of all leases that are kept alive, unless [`MIN_CAPACITY`] requires more.
const TOTAL_CAPACITY: usize = 131_072;

/// Maximum number of entries per lease if there are `leases` leases.
pub(super) fn capacity_for(leases: usize) -> usize {
    (TOTAL_CAPACITY / leases.max(1)).clamp(MIN_CAPACITY, MAX_CAPACITY)
}

/// Maximum number of entries of the selected lease.
pub(super) const SELECTED_CAPACITY: usize = MAX_CAPACITY;

/// The last entries of a lease, oldest first.
#[derive(Clone, Debug, PartialEq)]
pub struct LeaseHistory {
    entries: VecDeque<HistoryEntry>,
    /// Maximum number of entries.
    capacity: usize,
}

impl Default for LeaseHistory {
    fn default() -> Self {
        LeaseHistory { entries: VecDeque::new(), capacity: MIN_CAPACITY }
    }
}

impl LeaseHistory {
    /// Creates the history of a lease that is not kept alive here, from what polls have shown: the last renewals, or
    /// the deadline if there was no renewal. After a renewal with a gap in the polls, the state is unknown.
    pub(super) fn from_observed(observed: &LeaseInference) -> Self {
        let mut history = LeaseHistory::default();
        let (renewals, ttl) = (observed.renewals(), observed.granted_ttl().unwrap_or_default());
        let mut last = None;
        for (at, has_gap) in renewals.recent_with_gaps() {
            if let Some(last) = last
                && has_gap
            {
                history.push(last, HistoryEvent::Unknown);
            }
            history.push(at.middle(), HistoryEvent::Observed { deadline: at.later(ttl), is_renewal: true });
            last = Some(at.middle());
        }
        if let Some(last) = last
            && renewals.has_gap_since_last()
        {
            history.push(last, HistoryEvent::Unknown);
            let known = observed.seen_at().zip(observed.bounds());
            if let Some((at, deadline)) = known {
                history.push(at, HistoryEvent::Observed { deadline, is_renewal: false });
            }
        }
        if renewals.cadence().answers == 0
            && let (Some(since), Some(deadline)) = (renewals.watched_since(), observed.bounds())
        {
            history.push(since, HistoryEvent::Observed { deadline, is_renewal: false });
        }
        history
    }

    /// Intervals between other clients' renewals that polls have shown, oldest first. Intervals that span a gap or an
    /// election are left out.
    pub fn inferred(&self) -> Vec<Duration> {
        let mut last = None;
        let mut intervals = Vec::new();
        for entry in &self.entries {
            match entry.event {
                HistoryEvent::Observed { deadline, is_renewal: true } => {
                    let at = deadline.middle();
                    intervals.extend(last.replace(at).map(|last| at - last));
                }
                HistoryEvent::Leader | HistoryEvent::Unknown => last = None,
                _ => {}
            }
        }
        intervals
    }

    /// The entries, oldest first.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &HistoryEntry> + ExactSizeIterator {
        self.entries.iter()
    }

    /// The renewals by the engine with their times, newest first.
    pub fn renewals(&self) -> impl Iterator<Item = (Timestamp, RecordedRenewal)> {
        self.entries.iter().rev().filter_map(|entry| match entry.event {
            HistoryEvent::Renewed(renewal) => Some((entry.at, renewal)),
            _ => None,
        })
    }

    /// When the oldest of `depth` unread responses arrived; `None` if it is no longer in the history. A full queue
    /// drops new responses, so the queue contains the last responses that were not dropped.
    pub fn oldest_unread(&self, depth: usize) -> Option<Timestamp> {
        let queued = self.renewals().filter(|(_, renewal)| !renewal.is_dropped);
        queued.map(|(at, _)| at).nth(depth.checked_sub(1)?)
    }

    /// The spans with one known deadline each, oldest first. The last one ends at `end`.
    pub fn segments(&self, end: Timestamp) -> DeadlineSegments<'_> {
        DeadlineSegments::new(self.entries.iter(), end)
    }

    /// Keeps up to `capacity` entries from now on, and drops the oldest ones beyond that.
    pub(super) fn set_capacity(&mut self, capacity: usize) -> &mut Self {
        self.capacity = capacity;
        if self.entries.len() > capacity {
            self.entries.drain(..self.entries.len() - capacity);
            self.entries.shrink_to_fit();
        }
        self
    }

    /// Adds an engine renewal whose reply arrived at `at`.
    pub(super) fn renewed(&mut self, at: Timestamp, renewal: &Renewal) {
        self.push(at, HistoryEvent::Renewed(renewal.into()));
    }

    /// Adds the deadline and change that a TTL reply at `at` showed for a lease that is not kept alive here. A reply
    /// that only refines the deadline updates the last entry.
    pub(super) fn observed(&mut self, at: Timestamp, deadline: TimeRange, change: &Change) {
        let last = self.entries.back_mut().and_then(|entry| match &mut entry.event {
            HistoryEvent::Observed { deadline, .. } => Some((entry.at, deadline)),
            _ => None,
        });
        match (last, change.inferred, change.deadline) {
            (Some((since, _)), Inferred::Renewed(renewal), _) => {
                let at = renewal.at.middle().clamp(since, at.max(since));
                self.push(at, HistoryEvent::Observed { deadline, is_renewal: true });
            }
            (Some((_, known)), _, DeadlineChange::Unchanged | DeadlineChange::Refined { .. }) => {
                *known = known.intersect(deadline).unwrap_or(deadline);
            }
            _ => self.push(at, HistoryEvent::Observed { deadline, is_renewal: false }),
        }
    }

    /// Marks the response of the renewal at `at` as dropped.
    pub(super) fn dropped(&mut self, at: Timestamp) {
        let renewed = self.entries.iter_mut().rev().find(|entry| entry.at == at);
        if let Some(HistoryEvent::Renewed(renewal)) = renewed.map(|entry| &mut entry.event) {
            renewal.is_dropped = true;
        }
    }

    /// Adds an entry, and drops the oldest one if the history is full. An `Unknown` adds nothing in an empty history or
    /// after another `Unknown`. A `Known` adds nothing unless it follows an `Unknown`.
    pub(super) fn push(&mut self, at: Timestamp, event: HistoryEvent) {
        let is_unknown = self.entries.back().map(|last| last.event == HistoryEvent::Unknown);
        let is_redundant = match event {
            HistoryEvent::Unknown => is_unknown != Some(false),
            HistoryEvent::Known => is_unknown != Some(true),
            _ => false,
        };
        if is_redundant {
            return;
        }
        if self.entries.len() >= self.capacity {
            self.entries.pop_front();
        }
        self.entries.push_back(HistoryEntry { at, event });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inference::RenewalSource;

    fn at(millis: u64) -> Timestamp {
        Timestamp::at(Duration::from_millis(millis))
    }

    fn renewal(at: Timestamp, ttl: i64) -> Renewal {
        Renewal::new(RenewalSource::Kept, at, Some(ttl))
    }

    fn renewed(history: &mut LeaseHistory, millis: u64, interval: Option<u64>) {
        let interval = interval.map(Duration::from_millis);
        let round_trip = Some(Duration::from_millis(2));
        history.renewed(at(millis), &Renewal { interval, round_trip, ..renewal(at(millis), 10) });
    }

    #[test]
    fn a_renewal_keeps_its_figures_to_the_millisecond() {
        let mut history = LeaseHistory::default();
        let micros = |micros| Some(Duration::from_micros(micros));
        let (interval, left, round_trip) = (micros(3_500_400), micros(6_498_900), micros(600));
        history.renewed(at(3_500), &Renewal { left, ..renewal(at(3_500), 10) });
        history.renewed(at(7_000), &Renewal { interval, left, round_trip, ..renewal(at(7_000), 10) });
        let newest: Vec<_> =
            history.renewals().map(|(_, one)| (one.interval(), one.left(), one.round_trip())).collect();
        let millis = |millis| Some(Duration::from_millis(millis));
        assert_eq!(newest, [(millis(3_500), millis(6_498), millis(0)), (None, millis(6_498), None)]);
    }

    #[test]
    fn the_oldest_unread_response_is_one_that_was_not_dropped() {
        let mut history = LeaseHistory::default();
        (1..=4).for_each(|n| renewed(&mut history, n * 1_000, Some(1_000)));
        history.dropped(at(3_000));
        history.dropped(at(4_000));
        assert_eq!(history.oldest_unread(2), Some(at(1_000)));
        assert_eq!((history.oldest_unread(0), history.oldest_unread(3)), (None, None));
    }

    #[test]
    fn a_history_is_bounded_and_compact_and_saturates() {
        let mut history = LeaseHistory::default();
        (0..10_000).for_each(|n| renewed(&mut history, n, None));
        assert_eq!(history.entries().len(), MIN_CAPACITY);
        history.set_capacity(SELECTED_CAPACITY);
        (0..10_000).for_each(|n| renewed(&mut history, n, None));
        assert_eq!(history.entries().len(), MAX_CAPACITY);
        history.set_capacity(capacity_for(1_000));
        assert_eq!((history.entries().len(), history.entries().next().map(|entry| entry.at)), (131, Some(at(9_869))));
        assert!(size_of::<HistoryEntry>() <= 32, "{}", size_of::<HistoryEntry>());
        let interval = Some(Duration::from_secs(9_000_000_000));
        history.renewed(at(5), &Renewal { interval, ..renewal(at(5), 9_000_000_000) });
        let (_, last) = history.renewals().next().unwrap();
        assert_eq!((last.ttl(), last.interval()), (u32::MAX, Some(Duration::from_millis(u64::from(u32::MAX) - 1))));
    }

    #[test]
    fn a_gap_is_recorded_once_and_never_in_an_empty_history() {
        let mut history = LeaseHistory::default();
        history.push(at(1), HistoryEvent::Unknown);
        renewed(&mut history, 2, None);
        history.push(at(3), HistoryEvent::Unknown);
        history.push(at(4), HistoryEvent::Unknown);
        assert_eq!(history.entries().len(), 2);
        history.push(at(5), HistoryEvent::Known);
        history.push(at(6), HistoryEvent::Known);
        assert_eq!(history.entries().len(), 3);
    }

    #[test]
    fn few_leases_keep_an_hour_each_and_all_stay_small() {
        assert!(capacity_for(1) >= 3_600 && capacity_for(32) >= 3_600, "{}", capacity_for(32));
        for leases in [1, 10, 100, 1_000] {
            assert!(
                capacity_for(leases) * leases * size_of::<HistoryEntry>() <= 5_000_000,
                "{leases}: {}",
                capacity_for(leases)
            );
        }
        assert_eq!((capacity_for(0), capacity_for(100_000)), (MAX_CAPACITY, MIN_CAPACITY));
    }

    #[test]
    fn a_reply_refines_the_deadline_or_adds_a_renewal() {
        let mut history = LeaseHistory::default();
        let bounds = |earliest, latest| TimeRange { earliest: at(earliest), latest: at(latest) };
        let change = |inferred, deadline| Change { inferred, deadline, previous_query: None };
        let [first, refined, last] = [bounds(9_000, 10_000), bounds(9_500, 10_500), bounds(14_000, 15_000)];
        history.observed(at(1_000), first, &change(Inferred::Nothing, DeadlineChange::First(first)));
        let refine = DeadlineChange::Refined { before: first, after: refined };
        history.observed(at(2_000), refined, &change(Inferred::Nothing, refine));
        let renewal = Renewal::new(RenewalSource::Inferred, bounds(4_000, 5_000), Some(10));
        let replace = DeadlineChange::Replaced { before: refined, after: last };
        history.observed(at(5_000), last, &change(Inferred::Renewed(renewal), replace));
        let entries: Vec<HistoryEntry> = history.entries().copied().collect();
        let observed = |deadline, is_renewal| HistoryEvent::Observed { deadline, is_renewal };
        assert_eq!(entries[0], HistoryEntry { at: at(1_000), event: observed(bounds(9_500, 10_000), false) });
        let renewed = HistoryEntry { at: at(4_500), event: observed(last, true) };
        assert_eq!(entries[1..], [renewed], "in the middle of the time of the renewal");
        history.observed(at(6_000), first, &change(Inferred::Contradiction, replace));
        assert_eq!(
            history.entries().last(),
            Some(&HistoryEntry { at: at(6_000), event: observed(first, false) }),
            "a contradiction is not a renewal and does not change the past"
        );
    }
}
