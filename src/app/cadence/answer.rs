//! The exercise's question, answered from what was seen: is the interval the same for every TTL?

use std::time::Duration;

use super::{CadenceReport, Intervals, Series, human};
use crate::plural::plural;
use etcd_lease::RenewalSchedule;

impl CadenceReport {
    /// The answer in a few sentences; it says so where the run was too short to know.
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

    /// Why a TTL falls on either side of the pace's grid, where one of these does.
    pub fn reason(&self) -> Option<&'static str> {
        // A third of it is a multiple of 500 ms.
        let on_grid = |series: &Series| series.effective_ttl() % 3 == 0;
        (self.pace == RenewalSchedule::Clientv3 && self.series.iter().any(on_grid)).then_some(
            "Where TTL/3 is a multiple of 500 ms, the renewal falls due right at a tick; latency decides whether it goes out \
             on that tick or 500 ms later.",
        )
    }
}

/// A series with at least one interval.
struct MeasuredSeries {
    ttl: i64,
    mean: Duration,
    share: f64,
    /// What the pace gives, where that is known.
    expected: Option<Duration>,
}

impl MeasuredSeries {
    fn of(series: &Series) -> Option<Self> {
        let Intervals { mean, expected, .. } = series.intervals;
        Some(MeasuredSeries { ttl: series.effective_ttl(), mean: mean?, share: series.interval_to_ttl()?, expected })
    }

    /// By how much the mean is above what the pace gives, where that is more than chance.
    fn delay(&self) -> Option<Duration> {
        const CHANCE: Duration = Duration::from_millis(30);
        let late = self.mean.saturating_sub(self.expected?);
        Some(late).filter(|late| *late > CHANCE.max(self.mean / 100))
    }
}

fn conclusion(seen: &[MeasuredSeries]) -> String {
    let least = |of: fn(&MeasuredSeries) -> f64| seen.iter().map(of).fold(f64::INFINITY, f64::min);
    let most = |of: fn(&MeasuredSeries) -> f64| seen.iter().map(of).fold(0.0, f64::max);
    let several_ttls = seen.iter().any(|one| one.ttl != seen[0].ttl);
    let (low, high) = (least(|one| one.share), most(|one| one.share));
    match seen {
        [] => "No answer: no lease was renewed twice.".to_owned(),
        [one, ..] if !several_ttls => {
            format!("So far only {} s has an interval: {}, {}.", one.ttl, human(one.mean), share_of_one(low, high))
        }
        _ if most(|one| one.mean.as_secs_f64()) < 1.1 * least(|one| one.mean.as_secs_f64()) => {
            format!("Yes. About {} for every TTL.", human(seen[0].mean))
        }
        _ => format!("No. It grows with the TTL: {} of it.", share(low, high)),
    }
}

fn share_of_one(low: f64, high: f64) -> String {
    if is_a_third(low, high) { "about TTL/3".to_owned() } else { format!("{} of the TTL", share(low, high)) }
}

fn is_a_third(low: f64, high: f64) -> bool {
    low > 0.3 && high < 0.37
}

fn share(low: f64, high: f64) -> String {
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    if is_a_third(low, high) {
        "about one third".to_owned()
    } else if percent(low) == percent(high) {
        percent(low)
    } else {
        format!("{:.0} to {}", low * 100.0, percent(high))
    }
}

/// Names the series that is furthest from TTL/3, where the pace's grid explains it.
fn grid(exercise: &CadenceReport, seen: &[MeasuredSeries]) -> Option<String> {
    let off = |one: &MeasuredSeries| one.mean.as_secs_f64() - one.ttl as f64 / 3.0;
    // Whatever is more than one tick off has another cause.
    let explained = |one: &&MeasuredSeries| off(one) > 0.02 && off(one) < 0.55 && one.delay().is_none();
    let one = seen.iter().filter(explained).max_by(|one, other| (one.share).total_cmp(&other.share))?;
    let third = human(Duration::from_secs_f64(one.ttl as f64 / 3.0));
    let because = format!("not {third}, because the client checks only every 500 ms.");
    (exercise.pace == RenewalSchedule::Clientv3).then(|| match seen {
        [_] => format!("It is {because}"),
        _ => format!("A {} s lease renews every {}, {because}", one.ttl, human(one.mean)),
    })
}

/// Names the series whose renewals were held up most.
fn delayed(seen: &[MeasuredSeries]) -> Option<String> {
    let (one, _) = seen.iter().filter_map(|one| Some((one, one.delay()?))).max_by_key(|(_, delay)| *delay)?;
    let (mean, pace) = (human(one.mean), human(one.expected?));
    Some(format!("A {} s lease averaged {mean} instead of {pace}: this machine, the network or etcd is slow.", one.ttl))
}

fn too_short(exercise: &CadenceReport) -> Option<String> {
    let unseen = |series: &&Series| series.intervals.mean.is_none() && series.count > series.lost;
    let ttls: Vec<_> =
        exercise.series.iter().filter(unseen).map(|series| format!("{} s", series.effective_ttl())).collect();
    let ttls = (!ttls.is_empty()).then(|| join_ttls(&ttls))?;
    Some(match exercise.kept_for.map(human) {
        Some(kept_for) => format!("{ttls}: no interval measured in {kept_for}."),
        None => format!("{ttls}: no interval measured yet."),
    })
}

/// `10 s, 120 s and 3600 s`
fn join_ttls(ttls: &[String]) -> String {
    match ttls {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => ttls.concat(),
    }
}

fn queues(exercise: &CadenceReport) -> String {
    let dropped = exercise.series.iter().map(|series| series.queue.dropped).sum();
    match (dropped, exercise.stalled) {
        (0, true) => "Nobody read the responses, but no queue filled up.".to_owned(),
        (0, false) => "No response was dropped.".to_owned(),
        _ => {
            let reader = if exercise.stalled { "nobody read them" } else { "they were not read in time" };
            format!("{} dropped because {reader}; the leases were renewed all the same.", was(dropped, "response"))
        }
    }
}

fn losses(exercise: &CadenceReport) -> Option<String> {
    let lost = exercise.series.iter().map(|series| series.lost).sum();
    (lost > 0).then(|| format!("{} lost.", was(lost, "lease")))
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
                "No. It grows with the TTL: about one third of it. A 10 s lease renews every 3.50 s, not 3.33 s, \
                 because the client checks only every 500 ms. 3600 s: no interval measured in 60.00 s. No response was dropped.",
            ),
            (
                &[(10, None), (3600, None)],
                "No answer: no lease was renewed twice. 10 s and 3600 s: no interval measured in 60.00 s. No response was dropped.",
            ),
            (&[(12, Some(4_000))], "So far only 12 s has an interval: 4.00 s, about TTL/3. No response was dropped."),
            (
                &[(10, Some(3_500))],
                "So far only 10 s has an interval: 3.50 s, about TTL/3. It is not 3.33 s, because the client checks \
                 only every 500 ms. No response was dropped.",
            ),
            (
                &[(2, Some(1_000)), (10, Some(3_500))],
                "No. It grows with the TTL: 35 to 50 % of it. A 2 s lease renews every 1.00 s, not 0.67 s, because \
                 the client checks only every 500 ms. No response was dropped.",
            ),
            (&[(10, Some(5_000)), (30, Some(5_000))], "Yes. About 5.00 s for every TTL. No response was dropped."),
            (
                &[(10, Some(8_000)), (30, Some(24_000))],
                "No. It grows with the TTL: 80 % of it. No response was dropped.",
            ),
        ];
        for (matches_filter, expected) in cases {
            assert_eq!(run(matches_filter).answer(), expected);
        }
    }

    #[test]
    fn what_held_renewals_up_is_not_put_on_the_grid() {
        let mut run = run(&[(10, Some(3_630)), (120, Some(40_100))]);
        run.series[0].intervals.expected = Some(Duration::from_millis(3_500));
        run.series[1].intervals.expected = Some(Duration::from_millis(40_500));
        let told = run.answer();
        assert!(told.contains("A 10 s lease averaged 3.63 s instead of 3.50 s"), "{told}");
        assert!(!told.contains("A 10 s lease renews every"), "{told}");
        run.series[0].intervals.mean = Some(Duration::from_millis(3_501));
        let told = run.answer();
        assert!(told.contains("A 10 s lease renews every 3.50 s, not 3.33 s") && !told.contains("slow"), "{told}");
    }

    #[test]
    fn while_leases_are_kept_there_may_be_an_interval_yet() {
        let run = CadenceReport { kept_for: None, ..run(&[(12, Some(4_000)), (3600, None)]) };
        assert!(run.answer().contains("3600 s: no interval measured yet."), "{}", run.answer());
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
        let told = run.answer();
        assert!(told.ends_with(
            "3 responses were dropped because nobody read them; the leases were renewed all the same. 1 lease was lost."
        ));
    }
}
