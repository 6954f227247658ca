//! Figures of a lease that columns, groups and filters share.

use std::time::Duration;

use crate::app::Lease;
use simkit::Timestamp;

impl Lease {
    /// The renewal interval in percent of the TTL, rounded: 33 is healthy.
    pub fn interval_percent(&self) -> Option<u16> {
        let percent = (self.interval_share()? * 100.0).round();
        Some(percent.min(f64::from(u16::MAX)) as u16)
    }

    /// The lowest time left at a renewal, as the column MARGIN shows it.
    pub fn shown_margin(&self) -> Option<Duration> {
        match &self.engine {
            Some(status) => status.cadence.least_left,
            None => Some(self.margin()?.0),
        }
    }

    /// When the next renewal is due. `None` for leases that are not kept alive here.
    pub fn next_renewal(&self) -> Option<Timestamp> {
        if self.is_kept_alive { self.engine.as_ref()?.next_due } else { None }
    }

    /// The warnings that are not muted, most urgent first.
    pub fn active_warnings(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.warnings.iter().copied().filter(|name| !self.muted.has(name))
    }

    /// The warnings that are muted, most urgent first.
    pub fn muted_warnings(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.warnings.iter().copied().filter(|name| self.muted.has(name))
    }
}
