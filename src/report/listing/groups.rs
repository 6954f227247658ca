//! The groups of `list --group`, as a table or as JSON.

use std::collections::HashMap;

use serde::Serialize;

use super::LeaseListing;
use crate::app::{GroupBy, GroupFigures, LeaseGroup, group_leases};
use crate::report::json::line;
use crate::report::table::{Align, table};
use crate::report::text::or_dash;
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
    /// The worst state of a lease.
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
}

impl LeaseListing {
    /// The groups, those with the worst leases first. With `follows_rows`, they are in the order of their first leases.
    fn groups(&self, by: GroupBy, follows_rows: bool) -> Vec<LeaseGroup> {
        let mut groups = group_leases(self.leases.iter().map(|listed| (&listed.lease, listed.state)), by);
        if follows_rows {
            let rows: HashMap<LeaseId, usize> = self.ids().into_iter().enumerate().map(|(row, id)| (id, row)).collect();
            groups.sort_by_key(|group| group.ids.first().and_then(|id| rows.get(id)).copied());
        }
        groups
    }
}

/// The groups in one JSON object.
pub fn groups_json(listing: &LeaseListing, by: GroupBy, follows_rows: bool) -> String {
    let groups = listing.groups(by, follows_rows);
    let object = |group: &LeaseGroup| GroupObject {
        name: group.key.name(),
        leases: group.figures.leases,
        state: group.figures.worst.map(|class| class.word()),
        state_leases: group.figures.worst_count,
        left: left(&group.figures, listing.now).map(|left| rounded(left, 1e3)),
        share: group.figures.median_percent.map(|percent| f64::from(percent) / 100.0),
        renewals_per_second: group.figures.median_percent.map(|_| rounded(group.figures.renewals, 1e3)),
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
    let header = [
        (heading(by), if by == GroupBy::Ttl { Align::Right } else { Align::Left }),
        ("LEASES", Align::Right),
        ("STATE", Align::Left),
        ("LEFT", Align::Right),
        ("/TTL", Align::Right),
        ("RENEWALS/S", Align::Right),
    ];
    let rows: Vec<_> = groups.iter().map(|group| cells(group, listing.now)).collect();
    format!("{title}{}", table(header, &rows))
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
        or_dash(figures.median_percent, |_| format!("{:.2}", figures.renewals)),
    ]
}

/// The worst state, with the number of its leases if others are better: `risk (3)`.
fn state(figures: &GroupFigures) -> String {
    let word = or_dash(figures.worst, |class| class.word().to_owned());
    if figures.worst_count == figures.leases { word } else { format!("{word} ({})", figures.worst_count) }
}

fn left(figures: &GroupFigures, now: Timestamp) -> Option<f64> {
    Some(figures.deadline?.signed_since(now).max(0.0))
}

fn rounded(value: f64, parts: f64) -> f64 {
    (value * parts).round() / parts
}
