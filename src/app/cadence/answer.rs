//! The conclusion in words: is the renewal interval the same for every TTL?

use std::time::Duration;

use super::{CadenceReport, Intervals, Series, human, plural};
use etcd_lease::RenewalSchedule;

impl CadenceReport {
    /// The conclusion in a few sentences. It says so if the run was too short.
    pub fn answer(&self) -> String {
        let seen: Vec<MeasuredSeries> = self.series.iter().filter_map(MeasuredSeries::of).collect();
        let mut sentences = vec![conclusion(&seen)];
        sentences.extend(grid(self, &seen));
        sentences.extend(delayed(&seen));
        sentences.extend(too_short(self));
        sentences.push(queues(self));
        sentences.extend(losses(self));
        sentences.join(" ")
    }

    /// Explains why a TTL can fall on either side of the schedule's 500 ms grid, if one of these TTLs does.
    pub fn reason(&self) -> Option<&'static str> {
        // TTL/3 is a multiple of 500 ms.
        let on_grid = |series: &Series| series.effective_ttl() % 3 == 0;
        if self.pace != RenewalSchedule::Clientv3 || !self.series.iter().any(on_grid) {
            return None;
        }
        Some(
            "Where TTL/3 is a multiple of 500 ms, the next renewal is wanted so shortly after a wake-up of the sender that \
             it goes out at that one or at the next, 500 ms later: which one, the round trip decides.",
        )
    }
}

/// A series with at least one interval.
struct MeasuredSeries {
    ttl: i64,
    mean: Duration,
    share: f64,
    /// The interval that the schedule should give, if it is known.
    expected: Option<Duration>,
}

impl MeasuredSeries {
    fn of(series: &Series) -> Option<Self> {
        let Intervals { mean, expected, .. } = series.intervals;
        Some(MeasuredSeries { ttl: series.effective_ttl(), mean: mean?, share: series.interval_to_ttl()?, expected })
    }

    /// How far the mean exceeds the scheduled interval, if that is more than noise: 30 ms and 1 %.
    fn delay(&self) -> Option<Duration> {
        const CHANCE: Duration = Duration::from_millis(30);
        let delay = self.mean.saturating_sub(self.expected?);
        if delay > CHANCE.max(self.mean / 100) { Some(delay) } else { None }
    }
}

fn conclusion(seen: &[MeasuredSeries]) -> String {
    let least = |of: fn(&MeasuredSeries) -> f64| seen.iter().map(of).fold(f64::INFINITY, f64::min);
    let most = |of: fn(&MeasuredSeries) -> f64| seen.iter().map(of).fold(0.0, f64::max);
    let several_ttls = seen.iter().any(|one| one.ttl != seen[0].ttl);
    let (low, high) = (least(|one| one.share), most(|one| one.share));
    match seen {
        [] => "No answer: no lease was renewed twice, so no interval was seen.".to_owned(),
        [one, ..] if !several_ttls => {
            format!("One TTL alone: {} s renews every {}, {} of it.", one.ttl, human(one.mean), share(low, high))
        }
        _ if most(|one| one.mean.as_secs_f64()) < 1.1 * least(|one| one.mean.as_secs_f64()) => {
            format!("Yes: about {} whatever the TTL.", human(seen[0].mean))
        }
        _ => format!("No: it grows with the TTL, {} of it.", share(low, high)),
    }
}

fn share(low: f64, high: f64) -> String {
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    if low > 0.3 && high < 0.37 {
        "about a third".to_owned()
    } else if percent(low) == percent(high) {
        percent(low)
    } else {
        format!("{:.0} to {}", low * 100.0, percent(high))
    }
}

/// Names the series furthest from TTL/3, if the schedule's grid explains the difference.
fn grid(report: &CadenceReport, seen: &[MeasuredSeries]) -> Option<String> {
    if report.pace != RenewalSchedule::Clientv3 {
        return None;
    }
    let off = |one: &MeasuredSeries| one.mean.as_secs_f64() - one.ttl as f64 / 3.0;
    // A difference of more than one tick has another cause.
    let explained = |one: &&MeasuredSeries| off(one) > 0.02 && off(one) < 0.55 && one.delay().is_none();
    let one = seen.iter().filter(explained).max_by(|one, other| (one.share).total_cmp(&other.share))?;
    let third = human(Duration::from_secs_f64(one.ttl as f64 / 3.0));
    let because = format!("not {third}, because the sender wakes each 500 ms.");
    Some(match seen {
        [_] => format!("It is {because}"),
        _ => format!("{} s renews every {}, {because}", one.ttl, human(one.mean)),
    })
}

/// Names the series with the most delayed renewals.
fn delayed(seen: &[MeasuredSeries]) -> Option<String> {
    let (one, _) = seen.iter().filter_map(|one| Some((one, one.delay()?))).max_by_key(|(_, delay)| *delay)?;
    let (mean, pace) = (human(one.mean), human(one.expected?));
    Some(format!(
        "{} s renewed every {mean} on the mean where the pace gives {pace}: something held renewals up, this machine, the \
         network or etcd.",
        one.ttl
    ))
}

fn too_short(report: &CadenceReport) -> Option<String> {
    let unseen = |series: &&Series| series.intervals.mean.is_none() && series.count > series.lost;
    let ttls: Vec<_> =
        report.series.iter().filter(unseen).map(|series| format!("{} s", series.effective_ttl())).collect();
    if ttls.is_empty() {
        return None;
    }
    let ttls = ttls.join(", ");
    Some(match report.kept_for.map(human) {
        Some(kept_for) => format!("{kept_for} was too short for an interval of {ttls}."),
        None => format!("There is no interval of {ttls} yet."),
    })
}

fn queues(report: &CadenceReport) -> String {
    let dropped = report.series.iter().map(|series| series.queue.dropped).sum();
    match (dropped, report.stalled) {
        (0, true) => "Nobody read the responses; their queues did not fill up.".to_owned(),
        (0, false) => "Nothing was dropped.".to_owned(),
        _ => {
            let reader = if report.stalled { "nobody read them" } else { "they were not read in time" };
            format!("{} dropped because {reader}; the renewals stand.", was(dropped, "response"))
        }
    }
}

fn losses(report: &CadenceReport) -> Option<String> {
    let lost = report.series.iter().map(|series| series.lost).sum();
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

    fn run(means: &Means) -> CadenceReport {
        let series = means.iter().map(|(ttl, mean)| Series {
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
                "No: it grows with the TTL, about a third of it. 10 s renews every 3.50 s, not 3.33 s, because the \
                 sender wakes each 500 ms. 60.00 s was too short for an interval of 3600 s. Nothing was dropped.",
            ),
            (
                &[(10, None), (3600, None)],
                "No answer: no lease was renewed twice, so no interval was seen. 60.00 s was too short for an interval \
                 of 10 s, 3600 s. Nothing was dropped.",
            ),
            (
                &[(12, Some(4_000))],
                "One TTL alone: 12 s renews every 4.00 s, about a third of it. Nothing was dropped.",
            ),
            (
                &[(10, Some(3_500))],
                "One TTL alone: 10 s renews every 3.50 s, about a third of it. It is not 3.33 s, because the sender \
                 wakes each 500 ms. Nothing was dropped.",
            ),
            (
                &[(2, Some(1_000)), (10, Some(3_500))],
                "No: it grows with the TTL, 35 to 50 % of it. 2 s renews every 1.00 s, not 0.67 s, because the sender \
                 wakes each 500 ms. Nothing was dropped.",
            ),
            (&[(10, Some(5_000)), (30, Some(5_000))], "Yes: about 5.00 s whatever the TTL. Nothing was dropped."),
            (&[(10, Some(8_000)), (30, Some(24_000))], "No: it grows with the TTL, 80 % of it. Nothing was dropped."),
        ];
        for (means, expected) in cases {
            assert_eq!(run(means).answer(), expected);
        }
    }

    #[test]
    fn what_held_renewals_up_is_not_put_on_the_grid() {
        let mut run = run(&[(10, Some(3_630)), (120, Some(40_100))]);
        run.series[0].intervals.expected = Some(Duration::from_millis(3_500));
        run.series[1].intervals.expected = Some(Duration::from_millis(40_500));
        let answer = run.answer();
        assert!(answer.contains("10 s renewed every 3.63 s on the mean where the pace gives 3.50 s"), "{answer}");
        assert!(!answer.contains("10 s renews every"), "{answer}");
        run.series[0].intervals.mean = Some(Duration::from_millis(3_501));
        let answer = run.answer();
        assert!(answer.contains("10 s renews every 3.50 s, not 3.33 s") && !answer.contains("held"), "{answer}");
    }

    #[test]
    fn while_leases_are_kept_there_may_be_an_interval_yet() {
        let run = CadenceReport { kept_for: None, ..run(&[(12, Some(4_000)), (3600, None)]) };
        assert!(run.answer().contains("There is no interval of 3600 s yet."), "{}", run.answer());
    }

    #[test]
    fn the_grid_has_a_reason_only_where_a_ttl_falls_on_it() {
        let reason = |ttl, pace| CadenceReport { pace, ..run(&[(ttl, None)]) }.reason();
        assert!(reason(120, RenewalSchedule::Clientv3).is_some_and(|reason| reason.contains("500 ms")));
        assert_eq!((reason(10, RenewalSchedule::Clientv3), reason(120, RenewalSchedule::Exact)), (None, None));
    }

    #[test]
    fn drops_and_losses_are_told() {
        let mut run = run(&[(12, Some(4_000))]);
        run.series[0].queue = QueueGauge { depth: 16, capacity: 16, dropped: 3 };
        run.series[0].lost = 1;
        run.stalled = true;
        let answer = run.answer();
        assert!(
            answer
                .ends_with("3 responses were dropped because nobody read them; the renewals stand. 1 lease was lost.")
        );
    }
}
