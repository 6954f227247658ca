//! The cadence report of `exercise`: is the renewal interval the same for every TTL?

use std::time::SystemTime;

use serde::Serialize;

use super::etcdctl::end_reason;
use super::json::line;
#[cfg(test)]
use super::schema;
use super::table::{Align, table};
use super::text::{human, millis, or_dash, rfc3339, seconds};
use crate::app::cadence::{CadenceReport, LostLease, Series};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Lost leases that are listed one by one below the table.
const MAX_LISTED: usize = 16;

/// The table, the answer in a few sentences, and a line per lost lease, at most 16. `start` is the real time at the start of
/// the clock.
pub fn exercise_table(exercise: &CadenceReport, start: SystemTime) -> String {
    let right = |title| (title, Align::Right);
    let header = [
        "TTL",
        "LEASES",
        "LOST",
        "RENEWALS",
        "MEAN",
        "MIN",
        "MAX",
        "P99",
        "% OF TTL",
        "EXPECTED",
        "LOWEST LEFT",
        "QUEUE",
        "DROPPED",
        "RTT P50",
        "RTT P99",
    ];
    let rows: Vec<_> = exercise.series.iter().map(row).collect();
    format!("{}\n{}\n{}", table(header.map(right), &rows), exercise.answer(), loss_lines(exercise, start))
}

fn loss_lines(exercise: &CadenceReport, start: SystemTime) -> String {
    let all = || exercise.series.iter().flat_map(|series| series.losses.iter().map(move |lost| (series, lost)));
    let line = |(series, lost): (&Series, &LostLease)| {
        let LostLease { id, at, why } = lost;
        format!("lost: lease {id} ({}) at {}: {}\n", series.ttl_in_words(), rfc3339(wall(*at, start)), end_reason(why))
    };
    let named: String = all().take(MAX_LISTED).map(line).collect();
    match all().count().saturating_sub(MAX_LISTED) {
        0 => named,
        rest => format!("{named}and {rest} more\n"),
    }
}

fn wall(at: Timestamp, start: SystemTime) -> SystemTime {
    start + at.since_start()
}

fn row(series: &Series) -> [String; 15] {
    let Series { intervals, queue, .. } = series;
    [
        series.ttl_in_words(),
        series.count.to_string(),
        series.lost.to_string(),
        series.renewals.to_string(),
        or_dash(intervals.mean, human),
        or_dash(intervals.min, human),
        or_dash(intervals.max, human),
        or_dash(intervals.p99, human),
        or_dash(series.interval_to_ttl(), |share| format!("{:.0}", share * 100.0)),
        or_dash(intervals.expected, human),
        or_dash(series.least_left, human),
        format!("{}/{}", queue.depth, queue.capacity),
        queue.dropped.to_string(),
        or_dash(series.round_trip, |(p50, _)| millis(p50)),
        or_dash(series.round_trip, |(_, p99)| millis(p99)),
    ]
}

/// The cadence report: is the renewal interval the same for every TTL?
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ExerciseObject {
    /// When the leases were no longer kept: RFC 3339 with milliseconds.
    #[cfg_attr(test, schemars(regex(pattern = schema::TIME)))]
    at: String,
    /// Timing of renewals.
    #[cfg_attr(test, schemars(extend("enum" = ["clientv3", "exact"])))]
    pace: String,
    /// Seconds that the leases were kept.
    #[cfg_attr(test, schemars(with = "f64", range(min = 0)))]
    #[serde(rename = "for")]
    kept_for: Option<f64>,
    /// The leases of each TTL.
    series: Vec<SeriesObject>,
    /// The answer, in a few sentences.
    answer: String,
}

/// The leases of one TTL.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct SeriesObject {
    /// Requested seconds.
    #[cfg_attr(test, schemars(range(min = 1)))]
    ttl: i64,
    /// Granted seconds.
    granted_ttl: Option<i64>,
    /// Number of leases.
    count: u64,
    /// Leases that ended while they were kept.
    lost: u64,
    /// Each lost lease.
    losses: Vec<LostObject>,
    /// Replies, the first included.
    renewals: u64,
    /// Seconds between renewals, from reply to reply. Null if no lease was renewed twice.
    interval: IntervalObject,
    /// Mean interval divided by the TTL.
    interval_to_ttl: Option<f64>,
    /// Seconds from the request to the reply.
    round_trip: RoundTripObject,
    /// Lowest time left at a renewal, in seconds.
    least_left: Option<f64>,
    /// Response queues.
    queue: QueueCountsObject,
    /// At most the first 16 lease ids.
    #[cfg_attr(test, schemars(inner(regex(pattern = schema::ID))))]
    ids: Vec<String>,
}

/// A lost lease.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct LostObject {
    /// Lease id in hex, as etcdctl prints it.
    #[cfg_attr(test, schemars(regex(pattern = schema::ID)))]
    id: String,
    /// Time of the loss: RFC 3339 with milliseconds.
    #[cfg_attr(test, schemars(regex(pattern = schema::TIME)))]
    at: String,
    /// The reason, as keep-alive reports it.
    #[cfg_attr(test, schemars(extend("enum" = ["expired", "not found", "unanswered", "forbidden", "cancelled", "closed"])))]
    cause: &'static str,
}

/// Seconds between renewals.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct IntervalObject {
    /// The interval that the pace aims at.
    expected: Option<f64>,
    mean: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
    p50: Option<f64>,
    p99: Option<f64>,
}

/// Seconds from the request to the reply.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct RoundTripObject {
    p50: Option<f64>,
    p99: Option<f64>,
}

/// Response queues.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct QueueCountsObject {
    /// Capacity of each queue.
    capacity: usize,
    /// Largest number of unread responses in a queue.
    depth: usize,
    /// Dropped responses in all queues.
    dropped: u64,
}

/// The report as one JSON object. `start` is the real time at the start of the clock, `ended` the end of the exercise.
pub fn exercise_json(exercise: &CadenceReport, start: SystemTime, ended: Timestamp) -> String {
    line(&ExerciseObject {
        at: rfc3339(wall(ended, start)),
        pace: exercise.pace.to_string(),
        kept_for: exercise.kept_for.map(seconds),
        series: exercise.series.iter().map(|series| series_object(series, start)).collect(),
        answer: exercise.answer(),
    })
}

fn lost_object(lost: &LostLease, start: SystemTime) -> LostObject {
    LostObject { id: lost.id.to_string(), at: rfc3339(wall(lost.at, start)), cause: lost.why.word() }
}

fn series_object(series: &Series, start: SystemTime) -> SeriesObject {
    let Series { intervals, queue, round_trip, .. } = series;
    SeriesObject {
        ttl: series.ttl,
        granted_ttl: series.granted_ttl,
        count: series.count,
        lost: series.lost,
        losses: series.losses.iter().map(|lost| lost_object(lost, start)).collect(),
        renewals: series.renewals,
        interval: IntervalObject {
            expected: intervals.expected.map(seconds),
            mean: intervals.mean.map(seconds),
            min: intervals.min.map(seconds),
            max: intervals.max.map(seconds),
            p50: intervals.p50.map(seconds),
            p99: intervals.p99.map(seconds),
        },
        interval_to_ttl: series.interval_to_ttl().map(|share| (share * 1e4).round() / 1e4),
        round_trip: RoundTripObject {
            p50: round_trip.map(|(p50, _)| seconds(p50)),
            p99: round_trip.map(|(_, p99)| seconds(p99)),
        },
        least_left: series.least_left.map(seconds),
        queue: QueueCountsObject { capacity: queue.capacity, depth: queue.depth, dropped: queue.dropped },
        ids: series.ids.iter().map(LeaseId::to_string).collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::app::cadence::Intervals;
    use etcd_lease::{Ended, QueueGauge, RenewalSchedule};

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn exercise() -> CadenceReport {
        let intervals = Intervals {
            expected: Some(ms(3_500)),
            mean: Some(ms(3_503)),
            min: Some(ms(3_501)),
            max: Some(ms(3_509)),
            p50: Some(ms(3_503)),
            p99: Some(ms(3_509)),
        };
        let ten = Series {
            ttl: 10,
            granted_ttl: Some(10),
            count: 1,
            renewals: 18,
            intervals,
            round_trip: Some((Duration::from_micros(520), Duration::from_micros(910))),
            least_left: Some(ms(6_490)),
            queue: QueueGauge { depth: 1, capacity: 16, dropped: 0 },
            ids: vec![LeaseId(0x694d)],
            ..Series::default()
        };
        let intervals = Intervals { expected: Some(ms(1_200_000)), ..Intervals::default() };
        let raised = Series { ttl: 1, granted_ttl: Some(2), count: 1, renewals: 1, intervals, ..Series::default() };
        CadenceReport {
            pace: RenewalSchedule::Clientv3,
            kept_for: Some(ms(60_000)),
            stalled: false,
            series: vec![ten, raised],
        }
    }

    #[test]
    fn the_table_and_the_answer() {
        insta::assert_snapshot!(exercise_table(&exercise(), SystemTime::UNIX_EPOCH));
    }

    #[test]
    fn an_interval_that_was_not_seen_is_null() {
        insta::assert_snapshot!(exercise_json(&exercise(), SystemTime::UNIX_EPOCH, Timestamp::at(ms(60_000))));
    }

    #[test]
    fn lost_leases_are_listed_with_time_and_reason() {
        let mut exercise = exercise();
        let lost = |id| LostLease { id: LeaseId(id), at: Timestamp::at(ms(7_250)), why: Ended::NotFound };
        (exercise.series[0].lost, exercise.series[0].losses) = (18, (1..=18).map(lost).collect());
        let table = exercise_table(&exercise, SystemTime::UNIX_EPOCH);
        let line = "lost: lease 0000000000000010 (10 s) at 1970-01-01T00:00:07.250Z: not found";
        assert!(table.ends_with(&format!("{line}\nand 2 more\n")), "{table}");
        let json = exercise_json(&exercise, SystemTime::UNIX_EPOCH, Timestamp::at(ms(60_000)));
        let object = r#"{"id":"0000000000000012","at":"1970-01-01T00:00:07.250Z","cause":"not found"}"#;
        assert!(json.contains(object), "{json}");
    }
}
