//! Answers the exercise's question: is the renewal interval the same for every TTL?

use std::time::Duration;

use super::headline::OthersCadence;
use super::measured::MeasuredSeries;
use super::{CadenceReport, Series, human};
use crate::plural::plural;
use etcd_lease::RenewalSchedule;

impl CadenceReport {
    /// The answer in a few sentences. It says so if the run was too short to know.
    pub fn answer(&self) -> String {
        let mut sentences = vec![self.headline(&OthersCadence::default()).to_string()];
        sentences.extend(self.details());
        sentences.push(queues(self));
        sentences.extend(losses(self));
        sentences.join(" ")
    }

    /// The sentences after the headline: why an interval differs from TTL/3, and what is not known yet.
    pub fn details(&self) -> Vec<String> {
        let seen = self.measured();
        tick(self, &seen).into_iter().chain(delayed(&seen)).chain(too_short(self)).chain(not_started(self)).collect()
    }

    /// Why some intervals vary by 500 ms. `None` if the schedule and the TTLs give no reason.
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

/// The least excess of a mean interval over TTL/3 that is worth explaining, in seconds.
const SMALLEST_EXCESS: f64 = 0.02;
/// The largest excess of a mean interval over TTL/3 that the ticks can cause, in seconds: one tick of 500 ms, with 10 %
/// tolerance.
const LARGEST_EXCESS: f64 = 0.55;

/// Explains the series that is furthest from TTL/3, if the 500 ms ticks of the schedule cause it.
fn tick(report: &CadenceReport, seen: &[MeasuredSeries]) -> Option<String> {
    if report.pace != RenewalSchedule::Clientv3 {
        return None;
    }
    let is_explained = |one: &&MeasuredSeries| {
        let excess = one.mean.as_secs_f64() - one.ttl as f64 / 3.0;
        excess > SMALLEST_EXCESS && excess < LARGEST_EXCESS && one.delay().is_none()
    };
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
    let ttls = ttls_in_words(unseen)?;
    Some(match report.kept_for.map(human) {
        Some(kept_for) => format!("{ttls}: no interval measured in {kept_for}."),
        None => format!("{ttls}: no interval measured yet."),
    })
}

/// Names the series of which an exercise had granted no lease when it was stopped.
fn not_started(report: &CadenceReport) -> Option<String> {
    report.kept_for?;
    let ttls = ttls_in_words(report.series.iter().filter(|series| series.count == 0))?;
    Some(format!("{ttls}: not started, no lease was granted."))
}

/// The TTLs of the series, such as `10 s, 60 s and 3600 s`. `None` if there is no series.
fn ttls_in_words<'a>(series: impl Iterator<Item = &'a Series>) -> Option<String> {
    let ttls: Vec<String> = series.map(|series| format!("{} s", series.effective_ttl())).collect();
    let (last, others) = ttls.split_last()?;
    Some(if others.is_empty() { last.clone() } else { format!("{} and {last}", others.join(", ")) })
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

/// The start of a sentence, such as `1 lease was` or `2 leases were`.
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
                "NO: it is TTL/3, sent at the next 500 ms tick. A 10 s lease renews every 3.50 s, not 3.33 s, because \
                 the client checks only every 500 ms. 3600 s: no interval measured in 60.00 s. No responses were dropped.",
            ),
            (
                &[(10, None), (3600, None)],
                "No answer: no lease was renewed twice. 10 s and 3600 s: no interval measured in 60.00 s. No responses \
                 were dropped.",
            ),
            (
                &[(12, Some(4_000))],
                "No answer: only 12 s has an interval: 4.00 s, TTL/3, sent at the next 500 ms tick. No responses were dropped.",
            ),
            (
                &[(10, Some(3_500))],
                "No answer: only 10 s has an interval: 3.50 s, TTL/3, sent at the next 500 ms tick. A 10 s lease renews every 3.50 s, not 3.33 s, because \
                 the client checks only every 500 ms. No responses were dropped.",
            ),
            (
                &[(2, Some(1_000)), (10, Some(3_500))],
                "NO: it is TTL/3, sent at the next 500 ms tick. A 2 s lease renews every 1.00 s, not 0.67 s, because the \
                 client checks only every 500 ms. No responses were dropped.",
            ),
            (
                &[(10, Some(5_000)), (30, Some(5_000))],
                "YES: it is about 5.00 s for every TTL. No responses were dropped.",
            ),
            (&[(10, Some(8_000)), (30, Some(24_000))], "NO: it is 80 % of the TTL. No responses were dropped."),
        ];
        for (means, expected) in cases {
            assert_eq!(run(means).answer(), expected);
        }
    }

    /// Other clients' leases: `at_a_third` of them renew at TTL/3, `elsewhere` at other shares up to `highest`. `means` has
    /// the mean interval in milliseconds of each TTL in seconds.
    fn others(at_a_third: u64, elsewhere: u64, highest: f64, means: &[(i64, u64)]) -> OthersCadence {
        let means = means.iter().map(|(ttl, mean)| (*ttl, Duration::from_millis(*mean))).collect();
        OthersCadence { leases: at_a_third + elsewhere, at_a_third, lowest: 0.33, highest, means, is_partial: false }
    }

    #[test]
    fn the_headline_covers_the_leases_of_other_clients() {
        let own: &Means = &[(10, Some(3_500)), (120, Some(40_500))];
        let one: &Means = &[(10, Some(3_500))];
        let healthy = [(10, 3_400), (60, 20_500)];
        let partial = |means| OthersCadence { is_partial: true, ..others(34, 0, 0.35, means) };
        let cases: [(&Means, OthersCadence, &str); 11] = [
            (&[], OthersCadence::default(), "Not known yet: no lease was renewed twice so far."),
            (&[], partial(&[]), "So far: it is about TTL/3; there are too many TTLs to compare each."),
            (&[], partial(&healthy[..1]), "So far: it is about TTL/3; there are too many TTLs to compare each."),
            (
                one,
                partial(&healthy[..1]),
                "So far: only 10 s has an interval: 3.50 s, TTL/3, sent at the next 500 ms tick.",
            ),
            (&[], others(34, 0, 0.35, &healthy[..1]), "So far: only 10 s has an interval: 3.40 s, about TTL/3."),
            (&[], others(34, 0, 0.35, &healthy), "NO: it is about TTL/3."),
            (
                &[],
                others(34, 4, 0.8, &healthy),
                "NO: it is about TTL/3 for 34 of 38 measured leases, and 33 to 80 % of the TTL in all.",
            ),
            (&[], others(1, 4, 0.8, &healthy), "NO: it is 33 to 80 % of the TTL."),
            (&[], others(0, 4, 0.8, &[(10, 8_000), (20, 8_100)]), "YES: it is about 8.00 s for every TTL."),
            (own, others(34, 0, 0.35, &healthy), "NO: it is TTL/3, sent at the next 500 ms tick."),
            (
                one,
                others(3, 4, 0.8, &healthy),
                "NO: it is TTL/3, sent at the next 500 ms tick. Other clients: 33 to 80 % of the TTL.",
            ),
        ];
        for (means, others, expected) in cases {
            let run = CadenceReport { kept_for: None, ..run(means) };
            assert_eq!(run.headline(&others).to_string(), expected);
        }
    }

    #[test]
    fn the_exact_pace_is_exactly_a_third() {
        let run = CadenceReport { pace: RenewalSchedule::Exact, ..run(&[(10, Some(3_334)), (120, Some(40_001))]) };
        assert!(run.answer().starts_with("NO: it is exactly TTL/3. No responses"), "{}", run.answer());
    }

    #[test]
    fn a_delay_is_not_explained_by_ticks() {
        let mut run = run(&[(10, Some(3_630)), (120, Some(40_100))]);
        run.series[0].intervals.expected = Some(Duration::from_millis(3_500));
        run.series[1].intervals.expected = Some(Duration::from_millis(40_500));
        let told = run.answer();
        assert!(told.starts_with("NO: it is about TTL/3. "), "{told}");
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
    fn a_series_that_was_not_started_is_named() {
        let mut run = run(&[(12, Some(4_000)), (120, None), (3600, None)]);
        run.series[1].count = 0;
        run.series[2].count = 0;
        let answer = run.answer();
        assert!(answer.contains(" 120 s and 3600 s: not started, no lease was granted. No responses"), "{answer}");
        assert!(!answer.contains("measured in"), "{answer}");
        assert_eq!(
            CadenceReport { kept_for: None, ..run }.details(),
            Vec::<String>::new(),
            "a lease may still be granted"
        );
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
