//! Every metric. Each has a limited number of samples: no label contains a lease, a key or a service unless asked for.

use std::collections::BTreeMap;
use std::fmt;

use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::MetricType::{Counter, Gauge, Info};

use super::{Metric, Samples};
use crate::app::metrics::{
    AllServices, END_CAUSES, LIVING_STATES, LOSS_REASONS, MetricsSnapshot, OWNERS, RENEWAL_SOURCES, ServiceFigures,
    TTL_CLASS_COUNT,
};
use crate::app::{EndCause, EventName, LeaseState, RenewalSource};
use crate::escape::printable;

/// The TTL classes, as values of the label `ttl`.
const TTL_CLASSES: [&str; TTL_CLASS_COUNT] = ["up_to_10s", "up_to_1m", "up_to_10m", "over_10m", "unknown"];
/// The service of all leases whose services have no figures of their own.
const OTHER_SERVICES: &str = "other";

const TTL_LABEL: &str = "`ttl`: `up_to_10s` `up_to_1m` `up_to_10m` `over_10m` `unknown`";
const OWNER_LABEL: &str = "`owner`: `own` `adopted` `other`";
const RESULT_LABEL: &str = "`result`: `ok` `failed`";
const SERVICE_LABEL: &str = "`service`, with `--metrics-services`";

/// Every metric, in the order of the output.
pub const METRICS: &[Metric] = &[
    Metric::new(
        "leases",
        Gauge,
        "`state`: `risk` `late` `dying` `unseen` `stalled` `paused` `unrenewed` `ok`; `ttl`",
        "Living leases of all clients by state and TTL class",
        leases,
    ),
    Metric::new("leases_by_owner", Gauge, OWNER_LABEL, "Living leases by who keeps them alive", |snapshot, samples| {
        OWNERS
            .iter()
            .zip(snapshot.by_owner)
            .try_for_each(|(owner, count)| samples.count(&[("owner", owner.word())], count))
    }),
    Metric::new(
        "lowest_time_left",
        Gauge,
        TTL_LABEL,
        "Lowest time left of a living lease that is not unseen, to 0.25 s",
        |snapshot, samples| {
            let known = TTL_CLASSES.iter().zip(snapshot.lowest_left).filter_map(|(class, left)| Some((class, left?)));
            known.into_iter().try_for_each(|(class, left)| samples.value(&[("ttl", class)], left.as_secs_f64()))
        },
    )
    .in_unit("seconds"),
    Metric::new("expiry_backlog", Gauge, "", "Expired leases that etcd has not removed yet", |snapshot, samples| {
        samples.count(&[], snapshot.backlog)
    }),
    Metric::new("warned_leases", Gauge, "", "Living leases with a warning that is not muted", |snapshot, samples| {
        samples.count(&[], snapshot.warned)
    }),
    Metric::new(
        "services_without_lease",
        Gauge,
        "",
        "Services that lost all their keys although a client kept them alive",
        |snapshot, samples| samples.count(&[], snapshot.services_gone),
    ),
    Metric::new("service_leases", Gauge, SERVICE_LABEL, "Living leases of a service", |snapshot, samples| {
        services(snapshot, samples, |figures| figures.leases)
    }),
    Metric::new(
        "service_endangered_leases",
        Gauge,
        SERVICE_LABEL,
        "Leases of a service that are late or at risk",
        |snapshot, samples| services(snapshot, samples, |figures| figures.endangered),
    ),
    Metric::new(
        "renewals",
        Counter,
        "`source`: `kept` (by leasetop) `once` (on request) `other` (by other clients, as far as polls show)",
        "Renewals",
        |snapshot, samples| {
            RENEWAL_SOURCES
                .iter()
                .zip(snapshot.events.renewals)
                .try_for_each(|(source, count)| samples.count(&[("source", source_name(*source))], count))
        },
    ),
    Metric::new(
        "renewal_interval_ratio",
        MetricType::Histogram,
        TTL_LABEL,
        "Time between two renewals as a share of the TTL, where it is known to a tenth of the TTL",
        |snapshot, samples| {
            let by_class = TTL_CLASSES.iter().zip(&snapshot.events.interval_ratios);
            by_class.into_iter().try_for_each(|(class, ratios)| samples.histogram(&[("ttl", class)], ratios))
        },
    ),
    Metric::new(
        "expected_renewals_per_second",
        Gauge,
        "",
        "Renewals per second of all leases, computed from their usual intervals",
        |snapshot, samples| samples.value(&[], snapshot.renewal_rate),
    ),
    Metric::new(
        "leases_ended",
        Counter,
        "`cause`: `expired` `ran_out` `revoked` `replaced` `gone` `absent`; `owner`",
        "Leases that ended, by cause and owner",
        leases_ended,
    ),
    Metric::new(
        "removal_delay",
        MetricType::Histogram,
        "",
        "Time from the deadline of an expired lease to its removal by etcd, where it is known to a second",
        |snapshot, samples| samples.histogram(&[], &snapshot.events.removal_delays),
    )
    .in_unit("seconds"),
    Metric::new(
        "keepalive_round_trip",
        MetricType::Histogram,
        "",
        "Time from a renewal by leasetop to its reply",
        |snapshot, samples| samples.histogram(&[], &snapshot.events.round_trips),
    )
    .in_unit("seconds"),
    Metric::new(
        "dropped_responses",
        Counter,
        "",
        "Responses to renewals by leasetop that were dropped because their queue was full",
        |snapshot, samples| samples.count(&[], snapshot.events.dropped),
    ),
    Metric::new("missed_renewals", Counter, "", "Renewals by leasetop without a reply in time", |snapshot, samples| {
        samples.count(&[], snapshot.events.missed)
    }),
    Metric::new(
        "keepalives_lost",
        Counter,
        "`reason`: `expired` `not_found` `unanswered` `not_started` `forbidden`",
        "Leases that leasetop should keep alive and lost",
        |snapshot, samples| {
            LOSS_REASONS
                .iter()
                .zip(snapshot.events.lost)
                .try_for_each(|(reason, count)| samples.count(&[("reason", &reason.replace(' ', "_"))], count))
        },
    ),
    Metric::new("events", Counter, "`event`: as in `leasetop events`", "Events by name", events),
    Metric::new("polls", Counter, RESULT_LABEL, "TimeToLive calls", |snapshot, samples| {
        samples.count(&[("result", "ok")], snapshot.polls)?;
        samples.count(&[("result", "failed")], snapshot.failed_polls)
    }),
    Metric::new("lease_lists", Counter, "", "Lists of all leases that were read", |snapshot, samples| {
        samples.count(&[], snapshot.lists)
    }),
    Metric::new("key_read", Counter, "", "Data received for keys", |snapshot, samples| {
        samples.count(&[], snapshot.key_bytes)
    })
    .in_unit("bytes"),
    Metric::new("data_age", Gauge, "", "Time since the last list of leases was requested", |snapshot, samples| {
        snapshot.data_age.iter().try_for_each(|age| samples.value(&[], age.as_secs_f64()))
    })
    .in_unit("seconds"),
    Metric::new("keys_followed", Gauge, "", "1 if all keys are known and their changes arrive", |snapshot, samples| {
        samples.count(&[], u64::from(snapshot.follows_keys))
    }),
    Metric::new("cluster_up", Gauge, "", "1 if a member of the cluster answers", |snapshot, samples| {
        samples.count(&[], u64::from(snapshot.is_reached))
    }),
    Metric::new("cluster_has_leader", Gauge, "", "1 if the member in use knows a leader", |snapshot, samples| {
        samples.count(&[], u64::from(snapshot.has_leader))
    }),
    Metric::new("cluster_raft_term", Gauge, "", "Raft term of the member in use", |snapshot, samples| {
        snapshot.raft_term.iter().try_for_each(|term| samples.count(&[], *term))
    }),
    Metric::new(
        "members",
        Gauge,
        "`state`: `up` `down` `unknown`",
        "Members given as endpoints, by whether they answer",
        |snapshot, samples| {
            samples.count(&[("state", "up")], snapshot.members.up)?;
            samples.count(&[("state", "down")], snapshot.members.down)?;
            samples.count(&[("state", "unknown")], snapshot.members.unknown)
        },
    ),
    Metric::new("cluster", Info, "`cluster_id` `etcd_version`", "The cluster", |snapshot, samples| {
        let id = format!("{:x}", snapshot.cluster_id);
        snapshot.version.iter().try_for_each(|version| samples.info(&[("cluster_id", &id), ("etcd_version", version)]))
    }),
    Metric::new("build", Info, "`version`", "This program", |_, samples| {
        samples.info(&[("version", env!("CARGO_PKG_VERSION"))])
    }),
];

fn leases(snapshot: &MetricsSnapshot, samples: &mut Samples<'_>) -> fmt::Result {
    for (state, by_class) in LIVING_STATES.iter().zip(snapshot.leases) {
        for (class, count) in TTL_CLASSES.iter().zip(by_class) {
            samples.count(&[("state", state.word()), ("ttl", class)], count)?;
        }
    }
    Ok(())
}

fn leases_ended(snapshot: &MetricsSnapshot, samples: &mut Samples<'_>) -> fmt::Result {
    for (cause, by_owner) in END_CAUSES.iter().zip(snapshot.events.ended) {
        for (owner, count) in OWNERS.iter().zip(by_owner) {
            samples.count(&[("cause", cause_name(*cause)), ("owner", owner.word())], count)?;
        }
    }
    Ok(())
}

/// Writes the number of events by name. Expired leases and those that ran out have the same name and are counted together.
fn events(snapshot: &MetricsSnapshot, samples: &mut Samples<'_>) -> fmt::Result {
    let mut counts = BTreeMap::<&str, u64>::new();
    for (name, count) in EventName::ALL.iter().zip(snapshot.events.events) {
        *counts.entry(name.as_str()).or_default() += count;
    }
    counts.into_iter().try_for_each(|(name, count)| samples.count(&[("event", name)], count))
}

/// Writes a figure of each named service, and of all others as [`OTHER_SERVICES`]. A service with that name is counted with
/// them, because labels must be unique.
fn services(
    snapshot: &MetricsSnapshot,
    samples: &mut Samples<'_>,
    figure: fn(&ServiceFigures) -> usize,
) -> fmt::Result {
    let Some(AllServices { named, others }) = &snapshot.services else { return Ok(()) };
    let mut counts = BTreeMap::from([(OTHER_SERVICES.to_owned(), figure(others))]);
    for (name, figures) in named {
        *counts.entry(printable(name)).or_default() += figure(figures);
    }
    counts.into_iter().try_for_each(|(name, count)| samples.count(&[("service", &name)], count))
}

fn cause_name(cause: EndCause) -> &'static str {
    match cause {
        EndCause::RanOut => "ran_out",
        cause => LeaseState::Ended(cause).word(),
    }
}

fn source_name(source: RenewalSource) -> &'static str {
    match source {
        RenewalSource::Kept => "kept",
        RenewalSource::Once => "once",
        RenewalSource::Inferred => "other",
    }
}
