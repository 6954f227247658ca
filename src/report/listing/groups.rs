//! The groups of `list --group`, as a table or as JSON.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;

use super::LeaseListing;
use crate::app::{GroupBy, GroupFigures, GroupKey, LeaseGroup, ServiceAvailability, group_leases, rate_in_words};
use crate::report::json::line;
use crate::report::table::{Align, table};
use crate::report::text::{or_dash, seconds};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Leases in groups.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::report) struct GroupsObject {
    /// The groups: those with the worst leases first, or in the order of --sort.
    groups: Vec<GroupObject>,
}

/// A group of leases.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct GroupObject {
    /// What the leases have in common: a service, a TTL or an owner. Keys that are not UTF-8 are escaped.
    name: String,
    /// Number of leases.
    leases: usize,
    /// The worst state of a lease. Left out if a service has lost all its keys.
    #[cfg_attr(test, schemars(extend("enum" = ["ok", "paused", "stalled", "unrenewed", "late", "risk", "unseen", "dying"])))]
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    /// Number of leases in that state.
    state_leases: usize,
    /// The lowest number of seconds left.
    #[cfg_attr(test, schemars(range(min = 0)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<f64>,
    /// The median of the renewal intervals as a share of the TTL: 0.33 is healthy. Only with --for.
    #[cfg_attr(test, schemars(range(min = 0)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    share: Option<f64>,
    /// Renewals per second of the leases whose interval is known. Only with --for.
    #[cfg_attr(test, schemars(range(min = 0)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    renewals_per_second: Option<f64>,
    #[serde(flatten)]
    availability: Option<AvailabilityObject>,
}

/// The availability of a service since it was first seen. Only with --for and --group service.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct AvailabilityObject {
    /// The share of the time in which the service had at least one key, from 0 to 1.
    #[cfg_attr(test, schemars(range(min = 0, max = 1)))]
    availability: f64,
    /// Seconds to which `availability` refers.
    #[cfg_attr(test, schemars(range(min = 0)))]
    availability_watched: f64,
    /// Seconds without a key.
    #[cfg_attr(test, schemars(range(min = 0)))]
    gone: f64,
    /// Seconds since the service has had no key. Left out if it has one.
    #[cfg_attr(test, schemars(range(min = 0)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    gone_now: Option<f64>,
    /// How often a key of the service was gone for a second or more and came back.
    key_outages: u32,
    /// Seconds of the longest of these outages.
    #[cfg_attr(test, schemars(range(min = 0)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    longest_key_outage: Option<f64>,
}

impl LeaseListing {
    /// The groups: services that have lost all their keys, then groups with leases, those with the worst ones first. With
    /// `follows_rows`, groups with leases are in the order of their first leases.
    fn groups(&self, by: GroupBy, follows_rows: bool) -> Vec<LeaseGroup> {
        let mut groups = self.gone_services(by);
        groups.extend(group_leases(self.leases.iter().map(|listed| (&listed.lease, listed.state)), by));
        if follows_rows {
            let rows: HashMap<LeaseId, usize> = self.ids().into_iter().enumerate().map(|(row, id)| (id, row)).collect();
            groups.sort_by_key(|group| group.ids.first().and_then(|id| rows.get(id)).copied());
        }
        groups
    }

    /// The services that have lost all their keys.
    fn gone_services(&self, by: GroupBy) -> Vec<LeaseGroup> {
        let known = self.availability.iter().filter(|_| by == GroupBy::Service && !self.is_filtered);
        let gone = known.flat_map(|availability| availability.services().gone(self.now));
        gone.map(|(name, _)| LeaseGroup::empty_service(Arc::clone(name))).collect()
    }

    fn availability_of(&self, group: &LeaseGroup) -> Option<ServiceAvailability> {
        let GroupKey::Service(name) = &group.key else { return None };
        self.availability.as_ref()?.services().get(name, self.now)
    }
}

/// The groups in one JSON object.
pub fn groups_json(listing: &LeaseListing, by: GroupBy, follows_rows: bool) -> String {
    let groups = listing.groups(by, follows_rows);
    let object = |group: &LeaseGroup| GroupObject {
        name: group.key.name(),
        leases: group.figures.leases,
        state: group.figures.worst.map(|class| class.state().word()),
        state_leases: group.figures.worst_count,
        left: left(&group.figures, listing.now).map(|left| rounded(left, 1e3)),
        share: group.figures.median_percent.map(|percent| f64::from(percent) / 100.0),
        renewals_per_second: group.figures.median_percent.map(|_| rounded(group.figures.renewals, 1e3)),
        availability: listing.availability_of(group).map(AvailabilityObject::of),
    };
    line(&GroupsObject { groups: groups.iter().map(object).collect() })
}

/// A line about the cluster, then the groups.
pub fn groups_table(listing: &LeaseListing, by: GroupBy, follows_rows: bool) -> String {
    let title = super::table::title(listing);
    let groups = listing.groups(by, follows_rows);
    if groups.is_empty() {
        return title;
    }
    let mut header = vec![
        (heading(by), if by == GroupBy::Ttl { Align::Right } else { Align::Left }),
        ("LEASES", Align::Right),
        ("STATE", Align::Left),
        ("LEFT", Align::Right),
        ("/TTL", Align::Right),
        ("RENEWALS/S", Align::Right),
    ];
    let mut rows: Vec<Vec<String>> = groups.iter().map(|group| cells(group, listing.now).to_vec()).collect();
    if by == GroupBy::Service && listing.availability.is_some() {
        header.extend([("AVAILABLE", Align::Right), ("KEY OUTAGES", Align::Left)]);
        for (row, group) in rows.iter_mut().zip(&groups) {
            row.extend(availability_cells(listing.availability_of(group)));
        }
    }
    format!("{title}{}", table(&header, &rows))
}

fn heading(by: GroupBy) -> &'static str {
    match by {
        GroupBy::None => "ALL",
        GroupBy::Service => "SERVICE",
        GroupBy::Ttl => "TTL",
        GroupBy::Owner => "OWNER",
    }
}

fn cells(group: &LeaseGroup, now: Timestamp) -> [String; 6] {
    let figures = &group.figures;
    [
        group.key.name(),
        figures.leases.to_string(),
        state(figures),
        or_dash(left(figures, now), |left| format!("{left:.1} s")),
        or_dash(figures.median_percent, |percent| format!("{percent} %")),
        or_dash(figures.median_percent, |_| rate_in_words(figures.renewals)),
    ]
}

/// `98.7 %`, and `2, at most 7.7 s`.
fn availability_cells(known: Option<ServiceAvailability>) -> [String; 2] {
    let outages = |known: &ServiceAvailability| match known.key_outages {
        0 => "-".to_owned(),
        count => format!("{count}, at most {:.1} s", known.longest_key_outage.as_secs_f64()),
    };
    [or_dash(known.as_ref(), |known| known.service.percent()), or_dash(known.as_ref(), outages)]
}

impl AvailabilityObject {
    fn of(ServiceAvailability { service, key_outages, longest_key_outage }: ServiceAvailability) -> Self {
        AvailabilityObject {
            availability: (service.share() * 1e6).floor() / 1e6,
            availability_watched: seconds(service.watched),
            gone: seconds(service.gone),
            gone_now: service.gone_now.map(seconds),
            key_outages,
            longest_key_outage: if key_outages > 0 { Some(seconds(longest_key_outage)) } else { None },
        }
    }
}

/// The worst state, with the number of its leases if others are better: `risk (3)`.
fn state(figures: &GroupFigures) -> String {
    if figures.leases == 0 {
        return "gone".to_owned();
    }
    let word = or_dash(figures.worst, |class| class.state().word().to_owned());
    if figures.worst_count == figures.leases { word } else { format!("{word} ({})", figures.worst_count) }
}

fn left(figures: &GroupFigures, now: Timestamp) -> Option<f64> {
    Some(figures.deadline?.signed_since(now).max(0.0))
}

fn rounded(value: f64, parts: f64) -> f64 {
    (value * parts).round() / parts
}
