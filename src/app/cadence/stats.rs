//! Incremental cadence statistics, a few dozen bytes per lease.

use std::collections::HashMap;
use std::time::Duration;

use hdrhistogram::Histogram;

use super::{Intervals, LostLease, Series};
use etcd_lease::{Cadence, Ended, Granted, LeaseId, LeaseStatus, QueueGauge};
use simkit::Timestamp;

/// Maximum number of ids in a series of the report.
const NAMED: usize = 16;
/// Maximum number of series; leases of further TTLs are not counted. A series takes some 100 kB.
const MAX_SERIES: usize = 128;
/// Maximum number of lost leases that are listed. All are counted.
const MAX_LOSSES: usize = 10_000;

/// Statistics of all leases so far.
#[derive(Clone, Debug, Default)]
pub struct CadenceStats {
    series: Vec<SeriesCounter>,
    leases: HashMap<LeaseId, LeaseCounter>,
}

/// What has already been counted of one lease, so that each change counts once.
#[derive(Clone, Debug)]
struct LeaseCounter {
    series: usize,
    answers: u32,
    dropped: u64,
    interval_nanos: u64,
    expires: Timestamp,
    over: bool,
}

#[derive(Clone, Debug)]
struct SeriesCounter {
    totals: Series,
    intervals: u64,
    interval_sum: Duration,
    /// Intervals and round trips in microseconds, with three significant digits.
    interval_micros: Histogram<u32>,
    round_trip_micros: Histogram<u32>,
}

impl CadenceStats {
    /// Empty statistics for leases with these TTLs, in seconds.
    pub fn new(ttls: impl Iterator<Item = i64>) -> Self {
        CadenceStats { series: ttls.map(SeriesCounter::new).collect(), leases: HashMap::new() }
    }

    /// Adds a granted lease to a series. `sent` is when the grant request was sent.
    pub fn granted(&mut self, series: usize, granted: &Granted, sent: Timestamp) {
        self.join(series, granted.id, granted.ttl, sent + Duration::from_secs(granted.ttl.unsigned_abs()));
    }

    /// Counts the newest status of a kept-alive lease. A lease that is not known yet joins the series of its requested
    /// and granted TTL. If `asked` is unknown, the granted TTL is used for both. A lease that ended is forgotten.
    pub fn follow(&mut self, status: &LeaseStatus, asked: Option<i64>) {
        if status.ended.is_none()
            && !self.leases.contains_key(&status.id)
            && let Some(ttl) = status.granted_ttl
            && let Some(series) = self.series_of(asked.unwrap_or(ttl), ttl)
        {
            self.join(series, status.id, ttl, status.deadline.or(status.last_answer).unwrap_or_default());
        }
        self.status(status);
        if status.ended.is_some() {
            self.leases.remove(&status.id);
        }
    }

    /// The index of the series with these TTLs, created if needed. `None` if there are too many series.
    fn series_of(&mut self, asked: i64, granted: i64) -> Option<usize> {
        let has_ttls =
            |counter: &SeriesCounter| (counter.totals.ttl, counter.totals.granted_ttl) == (asked, Some(granted));
        let known = self.series.iter().position(has_ttls);
        if known.is_some() || self.series.len() == MAX_SERIES {
            return known;
        }
        self.series.push(SeriesCounter::new(asked));
        Some(self.series.len() - 1)
    }

    fn join(&mut self, series: usize, id: LeaseId, ttl: i64, expires: Timestamp) {
        let Series { granted_ttl, count, ids, .. } = &mut self.series[series].totals;
        *granted_ttl = Some(ttl);
        *count += 1;
        if ids.len() < NAMED {
            ids.push(id);
        }
        let kept = LeaseCounter { series, answers: 0, dropped: 0, interval_nanos: 0, expires, over: false };
        self.leases.insert(id, kept);
    }

    /// Counts the newest status of a known lease.
    pub fn status(&mut self, status: &LeaseStatus) {
        let Some(kept) = self.leases.get_mut(&status.id) else { return };
        let counter = &mut self.series[kept.series];
        counter.count_answers(kept, &status.cadence, status.round_trip);
        counter.count_queue(kept, status.queue);
        counter.totals.intervals.expected = status.expected.or(counter.totals.intervals.expected);
        kept.expires = status.deadline.unwrap_or(kept.expires);
        if let Some(ended) = &status.ended
            && !std::mem::replace(&mut kept.over, true)
        {
            counter.totals.lost += u64::from(ended.is_loss());
        }
    }

    /// Records when and why a lease was lost. [`status`](Self::status) counts the loss.
    pub fn ended(&mut self, id: LeaseId, at: Timestamp, why: &Ended) {
        let listed: usize = self.series.iter().map(|counter| counter.totals.losses.len()).sum();
        if !why.is_loss() || listed >= MAX_LOSSES {
            return;
        }
        if let Some(kept) = self.leases.get(&id) {
            self.series[kept.series].totals.losses.push(LostLease { id, at, why: why.clone() });
        }
    }

    /// The series for the report.
    pub fn report(&self) -> Vec<Series> {
        self.series.iter().map(SeriesCounter::report).collect()
    }

    /// Leases that have not ended, with the time at which they expire if they are not renewed.
    pub fn alive(&self) -> impl Iterator<Item = (LeaseId, Timestamp)> {
        self.leases.iter().filter(|(_, kept)| !kept.over).map(|(id, kept)| (*id, kept.expires))
    }

    /// The numbers of granted leases, answered renewals and lost leases.
    pub fn totals(&self) -> (u64, u64, u64) {
        let sum = |of: fn(&Series) -> u64| self.series.iter().map(|counter| of(&counter.totals)).sum();
        (sum(|series| series.count), sum(|series| series.renewals), sum(|series| series.lost))
    }
}

impl SeriesCounter {
    fn new(ttl: i64) -> Self {
        let histogram = || Histogram::new(3).expect("three digits are in hdrhistogram's range of 0 to 5");
        SeriesCounter {
            totals: Series { ttl, ..Series::default() },
            intervals: 0,
            interval_sum: Duration::ZERO,
            interval_micros: histogram(),
            round_trip_micros: histogram(),
        }
    }

    /// Counts the renewals since the last status of the lease. Sums, minimum and maximum are exact however often a status
    /// arrives. The percentiles need one status per renewal.
    fn count_answers(&mut self, kept: &mut LeaseCounter, cadence: &Cadence, round_trip: Option<Duration>) {
        let answers = u32::try_from(cadence.answers).unwrap_or(u32::MAX);
        if answers == kept.answers {
            return;
        }
        if answers < kept.answers {
            // The lease was released and is kept alive again, so its counters restarted at 0.
            kept.answers = 0;
            kept.interval_nanos = 0;
            kept.dropped = 0;
        }
        let Intervals { min, max, .. } = &mut self.totals.intervals;
        *min = least(*min, cadence.min);
        *max = (*max).max(cadence.max);
        self.totals.least_left = least(self.totals.least_left, cadence.least_left);
        self.totals.renewals += u64::from(answers - kept.answers);
        self.intervals += u64::from(answers.saturating_sub(1) - kept.answers.saturating_sub(1));
        let sum = nanos(cadence.sum);
        self.interval_sum += Duration::from_nanos(sum - kept.interval_nanos);
        record(&mut self.interval_micros, cadence.last);
        record(&mut self.round_trip_micros, round_trip);
        kept.answers = answers;
        kept.interval_nanos = sum;
    }

    /// Counts the drops since the last status of the lease, after [`count_answers`](Self::count_answers), which notices
    /// restarted counters.
    fn count_queue(&mut self, kept: &mut LeaseCounter, gauge: QueueGauge) {
        let queue = &mut self.totals.queue;
        queue.capacity = queue.capacity.max(gauge.capacity);
        queue.depth = queue.depth.max(gauge.depth);
        queue.dropped += gauge.dropped.saturating_sub(kept.dropped);
        // The count falls without a restart if one of several readers of the lease ends.
        kept.dropped = gauge.dropped;
    }

    fn report(&self) -> Series {
        let Intervals { expected, min, max, .. } = self.totals.intervals;
        // The histogram rounds up to three digits. Do not exceed the observed values.
        let within = |value: Duration| value.clamp(min.unwrap_or(value), max.unwrap_or(value));
        let mean = if self.intervals > 0 { Some(self.interval_sum.div_f64(self.intervals as f64)) } else { None };
        let intervals = Intervals {
            expected,
            mean,
            min,
            max,
            p50: quantile(&self.interval_micros, 0.5).map(within),
            p99: quantile(&self.interval_micros, 0.99).map(within),
        };
        let round_trip = quantile(&self.round_trip_micros, 0.5).zip(quantile(&self.round_trip_micros, 0.99));
        Series { intervals, round_trip, ..self.totals.clone() }
    }
}

fn least(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    one.into_iter().chain(other).min()
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn record(histogram: &mut Histogram<u32>, value: Option<Duration>) {
    if let Some(value) = value {
        // The histogram resizes itself, so recording cannot fail.
        let _ = histogram.record(nanos(value) / 1000);
    }
}

fn quantile(histogram: &Histogram<u32>, share: f64) -> Option<Duration> {
    if histogram.is_empty() {
        return None;
    }
    Some(Duration::from_micros(histogram.value_at_quantile(share)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use etcd_lease::{Header, Phase, RenewalSchedule};

    const MS: fn(u64) -> Duration = Duration::from_millis;

    fn status(id: i64, intervals: &[u64]) -> LeaseStatus {
        let mut cadence = Cadence::default();
        cadence.record(None, Some(MS(9_990)));
        intervals.iter().for_each(|interval| cadence.record(Some(MS(*interval)), Some(MS(10_000 - interval))));
        LeaseStatus {
            id: LeaseId(id),
            granted_ttl: Some(10),
            phase: Phase::Waiting,
            deadline: Some(Timestamp::at(MS(30_000))),
            last_answer: None,
            next_due: None,
            pace: RenewalSchedule::Clientv3,
            expected: Some(MS(3_500)),
            cadence,
            round_trip: Some(MS(1)),
            revision: None,
            queue: QueueGauge { depth: intervals.len(), capacity: 16, dropped: intervals.len() as u64 },
            drill: None,
            ended: None,
        }
    }

    fn tally(ids: &[i64]) -> CadenceStats {
        let mut tally = CadenceStats::new([10].into_iter());
        for id in ids {
            let granted = Granted { id: LeaseId(*id), requested_ttl: 10, ttl: 10, header: Header::default() };
            tally.granted(0, &granted, Timestamp::START);
        }
        tally
    }

    #[test]
    fn each_answer_counts_once_however_often_it_is_told() {
        let mut tally = tally(&[1, 2]);
        for intervals in [&[][..], &[3_500], &[3_500], &[3_500, 3_600]] {
            tally.status(&status(1, intervals));
        }
        tally.status(&status(2, &[3_400]));
        let series = tally.report().remove(0);
        assert_eq!((series.count, series.renewals, series.lost), (2, 5, 0));
        assert_eq!(series.intervals.mean, Some(MS(3_500)));
        assert_eq!((series.intervals.min, series.intervals.max), (Some(MS(3_400)), Some(MS(3_600))));
        assert_eq!(series.intervals.p99, Some(MS(3_600)), "not beyond the longest");
        assert_eq!(series.least_left, Some(MS(6_400)));
        assert_eq!(series.queue, QueueGauge { depth: 2, capacity: 16, dropped: 3 });
    }

    #[test]
    fn a_lease_that_is_followed_joins_the_series_of_its_ttl_and_leaves_it_at_its_end() {
        let mut tally = CadenceStats::default();
        let of = |id, ttl, intervals: &[u64]| LeaseStatus { granted_ttl: Some(ttl), ..status(id, intervals) };
        for one in [of(1, 10, &[3_500]), of(2, 120, &[9_500]), of(3, 10, &[]), of(1, 10, &[3_500, 3_600])] {
            tally.follow(&one, None);
        }
        let series: Vec<_> = tally.report().iter().map(|one| (one.ttl, one.count, one.renewals)).collect();
        assert_eq!(series, [(10, 2, 4), (120, 1, 2)]);
        let lost = LeaseStatus { ended: Some(Ended::NotFound), ..of(1, 10, &[3_500, 3_600]) };
        tally.follow(&lost, None);
        tally.follow(&lost, None);
        assert_eq!((tally.totals(), tally.alive().count()), ((3, 6, 1), 2));
    }

    #[test]
    fn series_and_losses_are_limited_and_all_losses_count() {
        let mut tally = CadenceStats::default();
        for ttl in 1..3_000 {
            tally.follow(&LeaseStatus { granted_ttl: Some(ttl), ..status(ttl, &[]) }, None);
        }
        assert_eq!((tally.series.len(), tally.leases.len()), (MAX_SERIES, MAX_SERIES));
        let lost = 3_000 + MAX_LOSSES as i64 * 2;
        for id in 3_000..lost {
            let kept = LeaseStatus { granted_ttl: Some(1), ..status(id, &[]) };
            tally.follow(&kept, None);
            tally.ended(LeaseId(id), Timestamp::START, &Ended::NotFound);
            tally.follow(&LeaseStatus { ended: Some(Ended::NotFound), ..kept }, None);
        }
        assert_eq!(tally.series[0].totals.losses.len(), MAX_LOSSES);
        assert_eq!((tally.totals().2, tally.leases.len()), (2 * MAX_LOSSES as u64, MAX_SERIES));
    }

    #[test]
    fn what_was_asked_for_and_what_was_granted_make_a_series() {
        let mut tally = CadenceStats::default();
        let of = |id| LeaseStatus { granted_ttl: Some(2), ..status(id, &[1_000]) };
        tally.follow(&of(1), Some(1));
        tally.follow(&of(2), Some(2));
        tally.follow(&of(3), Some(1));
        let series: Vec<_> = tally.report().iter().map(|one| (one.ttl_in_words(), one.count)).collect();
        assert_eq!(series, [("1 -> 2 s".to_owned(), 2), ("2 s".to_owned(), 1)]);
    }

    #[test]
    fn a_lease_that_is_kept_anew_counts_on_from_what_was_counted() {
        let mut tally = tally(&[1]);
        tally.status(&status(1, &[3_500, 3_500]));
        tally.status(&status(1, &[3_600]));
        let series = tally.report().remove(0);
        assert_eq!((series.renewals, series.intervals.max), (5, Some(MS(3_600))));
        assert_eq!(series.intervals.mean, Some(MS(10_600) / 3));
        assert_eq!(series.queue.dropped, 3);
    }

    #[test]
    fn a_ttl_that_is_not_known_yet_has_no_series() {
        let mut tally = CadenceStats::default();
        tally.follow(&LeaseStatus { granted_ttl: None, ..status(1, &[]) }, None);
        assert!(tally.report().is_empty());
    }

    #[test]
    fn without_a_second_answer_there_is_no_interval() {
        let mut tally = tally(&[1]);
        tally.status(&status(1, &[]));
        let series = tally.report().remove(0);
        assert_eq!((series.renewals, series.intervals.mean, series.intervals.p50), (1, None, None));
    }

    #[test]
    fn a_lost_lease_is_lost_once_and_not_alive() {
        let mut tally = tally(&[1, 2]);
        let lost = LeaseStatus { ended: Some(Ended::NotFound), ..status(1, &[3_500]) };
        tally.status(&lost);
        tally.status(&lost);
        tally.status(&LeaseStatus { ended: Some(Ended::Closed), ..status(2, &[]) });
        assert_eq!(tally.totals(), (2, 3, 1));
        assert_eq!(tally.alive().count(), 0);
    }

    #[test]
    fn which_were_lost_when_and_why_is_remembered() {
        let mut tally = tally(&[1, 2]);
        let at = Timestamp::at(MS(7_000));
        tally.ended(LeaseId(1), at, &Ended::NotFound);
        tally.ended(LeaseId(2), at, &Ended::Closed);
        tally.ended(LeaseId(3), at, &Ended::NotFound);
        assert_eq!(tally.report()[0].losses, [LostLease { id: LeaseId(1), at, why: Ended::NotFound }]);
    }
}
