//! The figures of a group, updated lease by lease.

use std::collections::BTreeSet;

use crate::app::problem_class::ProblemClass;
use crate::app::state_class::StateClass;
use crate::app::{Lease, LeaseState};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// The highest interval that is counted, in percent of the TTL. Longer intervals count as this.
const MAX_PERCENT: u16 = 999;

/// What one living lease adds to the figures of its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Contribution {
    class: StateClass,
    /// The class by which it is sorted, which improves only after a while.
    problem: ProblemClass,
    deadline: Option<Timestamp>,
    /// The renewal interval in percent of the TTL.
    percent: Option<u16>,
    /// Renewals per 10^9 seconds. An integer, so that additions and subtractions cancel exactly.
    rate: u64,
    is_warned: bool,
}

impl Contribution {
    /// What a lease in this state and problem class adds. `None` if it has ended.
    pub(super) fn of(lease: &Lease, state: LeaseState, problem: ProblemClass) -> Option<Self> {
        let class = StateClass::of(lease, state);
        if class == StateClass::Ended {
            return None;
        }
        Some(Contribution {
            class,
            problem,
            // An unseen lease may have been renewed since.
            deadline: if class == StateClass::Unseen { None } else { lease.shown_deadline() },
            percent: lease.interval_percent().map(|percent| percent.min(MAX_PERCENT)),
            rate: rate(lease, state),
            is_warned: lease.active_warnings().next().is_some(),
        })
    }
}

/// Renewals per 10^9 seconds. 0 for a lease that nobody renews at present.
fn rate(lease: &Lease, state: LeaseState) -> u64 {
    /// Intervals in seconds below this count as this, so that the sum of all rates cannot overflow.
    const SHORTEST: f64 = 1e-3;
    let is_renewed = lease.engine.is_none() || lease.is_kept_alive;
    if !is_renewed || state == LeaseState::Dying {
        return 0;
    }
    lease.usual_interval().map_or(0, |interval| (1e9 / interval.as_secs_f64().max(SHORTEST)) as u64)
}

/// The figures of a group of leases.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupFigures {
    /// Number of living leases.
    pub leases: usize,
    /// The worst state of a living lease. `None` if all have ended.
    pub worst: Option<StateClass>,
    /// Number of leases whose state has the same word as the worst one. Healthy leases count with or without a warning.
    pub worst_count: usize,
    /// Number of living leases with a warning that is not muted.
    pub warned: usize,
    /// The lease with the earliest deadline.
    pub first_to_end: Option<LeaseId>,
    /// The earliest deadline. `None` if no deadline is known.
    pub deadline: Option<Timestamp>,
    /// The median of the renewal intervals, as a share of the TTL in percent. `None` if no interval is known.
    pub median_percent: Option<u16>,
    /// Renewals per second of all leases, by their usual intervals.
    pub renewals: f64,
}

/// The sums from which the figures follow.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    leases: usize,
    by_class: [usize; StateClass::COUNT],
    by_problem: [usize; ProblemClass::COUNT],
    deadlines: BTreeSet<(Timestamp, LeaseId)>,
    /// How many leases have which share in percent, sorted by share. At most a thousand entries.
    percents: Vec<(u16, usize)>,
    percent_count: usize,
    rate: u64,
    warned: usize,
}

impl Tally {
    pub(super) fn add(&mut self, id: LeaseId, one: Contribution) {
        self.leases += 1;
        self.by_class[one.class.index()] += 1;
        self.by_problem[one.problem as usize] += 1;
        self.deadlines.extend(one.deadline.map(|deadline| (deadline, id)));
        if let Some(percent) = one.percent {
            self.percent_count += 1;
            match self.percents.binary_search_by_key(&percent, |(percent, _)| *percent) {
                Ok(at) => self.percents[at].1 += 1,
                Err(at) => self.percents.insert(at, (percent, 1)),
            }
        }
        self.rate += one.rate;
        self.warned += usize::from(one.is_warned);
    }

    pub(super) fn remove(&mut self, id: LeaseId, one: Contribution) {
        self.leases -= 1;
        self.by_class[one.class.index()] -= 1;
        self.by_problem[one.problem as usize] -= 1;
        if let Some(deadline) = one.deadline {
            self.deadlines.remove(&(deadline, id));
        }
        if let Some(percent) = one.percent {
            self.percent_count -= 1;
            if let Ok(at) = self.percents.binary_search_by_key(&percent, |(percent, _)| *percent) {
                self.percents[at].1 -= 1;
                if self.percents[at].1 == 0 {
                    self.percents.remove(at);
                }
            }
        }
        self.rate -= one.rate;
        self.warned -= usize::from(one.is_warned);
    }

    /// The rank among groups: the index of the worst problem class of a living lease. Groups without one come last.
    pub(super) fn rank(&self) -> usize {
        self.by_problem.iter().position(|count| *count > 0).unwrap_or(ProblemClass::COUNT)
    }

    /// The worst class of a living lease.
    fn worst(&self) -> Option<StateClass> {
        StateClass::at(self.by_class.iter().position(|count| *count > 0)?)
    }

    /// Number of leases of a class. The class of healthy leases with a warning includes all healthy leases.
    fn count_of(&self, class: StateClass) -> usize {
        let others = if class == StateClass::Warned { self.by_class[StateClass::Ok.index()] } else { 0 };
        self.by_class[class.index()] + others
    }

    /// The lower median of the shares.
    fn median_percent(&self) -> Option<u16> {
        let middle = self.percent_count.checked_sub(1)? / 2;
        let mut passed = 0;
        for (percent, count) in &self.percents {
            passed += count;
            if passed > middle {
                return Some(*percent);
            }
        }
        None
    }

    pub(super) fn figures(&self) -> GroupFigures {
        let worst = self.worst();
        let first = self.deadlines.first();
        GroupFigures {
            leases: self.leases,
            worst,
            worst_count: worst.map_or(0, |class| self.count_of(class)),
            warned: self.warned,
            first_to_end: first.map(|(_, id)| *id),
            deadline: first.map(|(deadline, _)| *deadline),
            median_percent: self.median_percent(),
            renewals: self.rate as f64 / 1e9,
        }
    }
}
