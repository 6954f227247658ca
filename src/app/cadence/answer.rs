//! Answers the exercise's question: is the renewal interval the same for every TTL?

use std::time::Duration;

use super::{CadenceReport, Intervals, Series, human};
use crate::plural::plural;
use etcd_lease::RenewalSchedule;

impl CadenceReport {
    /// The answer in a few sentences. It says so if the run was too short to know.
    pub fn answer(&self) -> String {
        let seen: Vec<MeasuredSeries> = self.series.iter().filter_map(MeasuredSeries::of).collect();
        let mut sentences = vec![conclusion(self, &seen)];
        sentences.extend(tick(self, &seen));
        sentences.extend(delayed(&seen));
        sentences.extend(too_short(self));
        sentences.push(queues(self));
        sentences.extend(losses(self));
        sentences.join(" ")
    }

    /// Why some intervals vary by 500 ms, if any do.
    pub fn reason(&self) -> Option<&'static str> {
        // A third of such a TTL is a multiple of 500 ms.
        let falls_on_tick = |series: &Series| series.effective_ttl() % 3 == 0;
        if self.pace != RenewalSchedule::Clientv3 || !self.series.iter().any(falls_on_tick) {
            return None;
        }
        Some(
            "If TTL/3 is a multiple of 500 ms, the next renewal falls due right at a tick; latency decides whether it goes \
             out on that tick or 500 ms later.",
        )
    }
}

/// A series with at least one interval.
struct MeasuredSeries {
    /// Seconds.
    ttl: i64,
    mean: Duration,
    /// The mean interval divided by the TTL.
    share: f64,
    /// The interval that the schedule aims at.
    expected: Option<Duration>,
}

impl MeasuredSeries {
    fn of(series: &Series) -> Option<Self> {
        let Intervals { mean, expected, .. } = series.intervals;
        Some(MeasuredSeries { ttl: series.effective_ttl(), mean: mean?, share: series.interval_to_ttl()?, expected })
    }

    /// How much longer the mean is than expected. None if the difference is within 30 ms or 1 %.
    fn delay(&self) -> Option<Duration> {
        const TOLERANCE: Duration = Duration::from_millis(30);
        let late = self.mean.saturating_sub(self.expected?);
        if late > TOLERANCE.max(self.mean / 100) { Some(late) } else { None }
    }
}

fn conclusion(report: &CadenceReport, seen: &[MeasuredSeries]) -> String {
    let least = |of: fn(&MeasuredSeries) -> f64| seen.iter().map(of).fold(f64::INFINITY, f64::min);
    let most = |of: fn(&MeasuredSeries) -> f64| seen.iter().map(of).fold(0.0, f64::max);
    let several_ttls = seen.iter().any(|one| one.ttl != seen[0].ttl);
    let low = least(|one| one.share);
    let high = most(|one| one.share);
    match seen {
        [] => "No answer: no lease was renewed twice.".to_owned(),
        [one, ..] if !several_ttls => {
            let only = if report.kept_for.is_none() { "So far only" } else { "Only" };
            let share = if is_a_third(low, high) { "about TTL/3".to_owned() } else { percent_of_ttl(low, high) };
            format!("{only} {} s has an interval: {}, {share}.", one.ttl, human(one.mean))
        }
        _ if most(|one| one.mean.as_secs_f64()) < 1.1 * least(|one| one.mean.as_secs_f64()) => {
            format!("Yes. It is about {} for every TTL.", human(seen[0].mean))
        }
        _ if is_a_third(low, high) => "No. It grows with the TTL: about one third of it.".to_owned(),
        _ => format!("No. It grows with the TTL: {}.", percent_of_ttl(low, high)),
    }
}

fn is_a_third(low: f64, high: f64) -> bool {
    low > 0.3 && high < 0.37
}

fn percent_of_ttl(low: f64, high: f64) -> String {
    let low = format!("{:.0}", low * 100.0);
    let high = format!("{:.0}", high * 100.0);
    if low == high { format!("{low} % of it") } else { format!("{low} to {high} % of it") }
}

/// Explains the series that is furthest from TTL/3, if the 500 ms ticks of the schedule cause it.
fn tick(report: &CadenceReport, seen: &[MeasuredSeries]) -> Option<String> {
    if report.pace != RenewalSchedule::Clientv3 {
        return None;
    }
    let off = |one: &MeasuredSeries| one.mean.as_secs_f64() - one.ttl as f64 / 3.0;
    // A difference of more than one tick has another cause.
    let is_explained = |one: &&MeasuredSeries| off(one) > 0.02 && off(one) < 0.55 && one.delay().is_none();
    let one = seen.iter().filter(is_explained).max_by(|one, other| one.share.total_cmp(&other.share))?;
    let third = human(Duration::from_secs_f64(one.ttl as f64 / 3.0));
    Some(format!(
        "A {} s lease renews every {}, not {third}, because the client checks only every 500 ms.",
        one.ttl,
        human(one.mean)
    ))
}

/// Names the series whose renewals were delayed most.
fn delayed(seen: &[MeasuredSeries]) -> Option<String> {
    let (one, _) = seen.iter().filter_map(|one| Some((one, one.delay()?))).max_by_key(|(_, delay)| *delay)?;
    let mean = human(one.mean);
    let expected = human(one.expected?);
    Some(format!("{} s averaged {mean} instead of {expected}: this machine, the network or etcd is slow.", one.ttl))
}

fn too_short(report: &CadenceReport) -> Option<String> {
    let is_unseen = |series: &&Series| series.intervals.mean.is_none() && series.count > series.lost;
    let unseen = report.series.iter().filter(is_unseen);
    let ttls: Vec<String> = unseen.map(|series| format!("{} s", series.effective_ttl())).collect();
    let (last, others) = ttls.split_last()?;
    let ttls = if others.is_empty() { last.clone() } else { format!("{} and {last}", others.join(", ")) };
    Some(match report.kept_for.map(human) {
        Some(kept_for) => format!("{ttls}: no interval measured in {kept_for}."),
        None => format!("{ttls}: no interval measured yet."),
    })
}

fn queues(report: &CadenceReport) -> String {
    let dropped: u64 = report.series.iter().map(|series| series.queue.dropped).sum();
    if dropped == 0 && report.stalled {
        return "Responses were left unread; no queue filled up.".to_owned();
    }
    if dropped == 0 {
        return "No responses were dropped.".to_owned();
    }
    let cause = if report.stalled { "because they were left unread" } else { "because they were not read in time" };
    format!("{} dropped {cause}; the leases were renewed all the same.", was(dropped, "response"))
}

fn losses(report: &CadenceReport) -> Option<String> {
    let lost: u64 = report.series.iter().map(|series| series.lost).sum();
    if lost == 0 {
        return None;
    }
    Some(format!("{} lost.", was(lost, "lease")))
}

fn was(count: u64, noun: &str) -> String {
    format!("{} {}", plural(count, noun), if count == 1 { "was" } else { "were" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::cadence::Intervals;
    use etcd_lease::QueueGauge;

    /// TTLs in seconds with their mean interval in milliseconds.
    type Means = [(i64, Option<u64>)];

    fn run(matches_filter: &Means) -> CadenceReport {
        let series = matches_filter.iter().map(|(ttl, mean)| Series {
            ttl: *ttl,
            granted_ttl: Some(*ttl),
            count: 1,
            intervals: Intervals { mean: mean.map(Duration::from_millis), ..Intervals::default() },
            ..Series::default()
        });
        let series = series.collect();
        CadenceReport {
            pace: RenewalSchedule::Clientv3,
            kept_for: Some(Duration::from_secs(60)),
            stalled: false,
            series,
        }
    }

    #[test]
    fn each_outcome_has_its_sentence() {
        let cases: [(&Means, &str); 7] = [
            (
                &[(10, Some(3_500)), (120, Some(40_050)), (3600, None)],
                "No. It grows with the TTL: about one third of it. A 10 s lease renews every 3.50 s, not 3.33 s, because \
                 the client checks only every 500 ms. 3600 s: no interval measured in 60.00 s. No responses were dropped.",
            ),
            (
                &[(10, None), (3600, None)],
                "No answer: no lease was renewed twice. 10 s and 3600 s: no interval measured in 60.00 s. No responses \
                 were dropped.",
            ),
            (&[(12, Some(4_000))], "Only 12 s has an interval: 4.00 s, about TTL/3. No responses were dropped."),
            (
                &[(10, Some(3_500))],
                "Only 10 s has an interval: 3.50 s, about TTL/3. A 10 s lease renews every 3.50 s, not 3.33 s, because \
                 the client checks only every 500 ms. No responses were dropped.",
            ),
            (
                &[(2, Some(1_000)), (10, Some(3_500))],
                "No. It grows with the TTL: 35 to 50 % of it. A 2 s lease renews every 1.00 s, not 0.67 s, because the \
                 client checks only every 500 ms. No responses were dropped.",
            ),
            (
                &[(10, Some(5_000)), (30, Some(5_000))],
                "Yes. It is about 5.00 s for every TTL. No responses were dropped.",
            ),
            (
                &[(10, Some(8_000)), (30, Some(24_000))],
                "No. It grows with the TTL: 80 % of it. No responses were dropped.",
            ),
        ];
        for (matches_filter, expected) in cases {
            assert_eq!(run(matches_filter).answer(), expected);
        }
    }

    #[test]
    fn a_delay_is_not_explained_by_ticks() {
        let mut run = run(&[(10, Some(3_630)), (120, Some(40_100))]);
        run.series[0].intervals.expected = Some(Duration::from_millis(3_500));
        run.series[1].intervals.expected = Some(Duration::from_millis(40_500));
        let told = run.answer();
        assert!(told.contains("10 s averaged 3.63 s instead of 3.50 s"), "{told}");
        assert!(!told.contains("A 10 s lease renews every"), "{told}");
        run.series[0].intervals.mean = Some(Duration::from_millis(3_501));
        let told = run.answer();
        assert!(told.contains("A 10 s lease renews every 3.50 s, not 3.33 s") && !told.contains("instead"), "{told}");
    }

    #[test]
    fn while_leases_are_kept_an_interval_may_still_come() {
        let run = CadenceReport { kept_for: None, ..run(&[(12, Some(4_000)), (3600, None)]) };
        assert!(run.answer().contains("3600 s: no interval measured yet."), "{}", run.answer());
    }

    #[test]
    fn ticks_are_a_reason_only_for_a_ttl_that_falls_on_them() {
        let reason = |ttl, pace| CadenceReport { pace, ..run(&[(ttl, None)]) }.reason();
        assert!(reason(120, RenewalSchedule::Clientv3).is_some_and(|reason| reason.contains("500 ms")));
        assert_eq!((reason(10, RenewalSchedule::Clientv3), reason(120, RenewalSchedule::Exact)), (None, None));
    }

    #[test]
    fn drops_and_losses_are_counted() {
        let mut run = run(&[(12, Some(4_000))]);
        run.series[0].queue = QueueGauge { depth: 16, capacity: 16, dropped: 3 };
        run.series[0].lost = 1;
        run.stalled = true;
        let told = run.answer();
        assert!(told.ends_with(
            "3 responses were dropped because they were left unread; the leases were renewed all the same. 1 lease was \
                 lost."
        ));
    }
}
