//! The leases of a listing as CSV, with the names of the JSON fields as column titles.

use super::{LeaseListing, ListedLease};
use crate::report::csv;
use crate::report::text::{json_key, seconds};

const TITLES: [&str; 14] = [
    "id",
    "state",
    "who",
    "granted_ttl",
    "left",
    "left_error",
    "left_at_least",
    "renewals",
    "every",
    "margin",
    "key_count",
    "first_key",
    "keys",
    "warnings",
];

/// All leases, one line each below the titles (RFC 4180, with line feeds). Unknown values are empty.
pub fn listing_csv(listing: &LeaseListing) -> String {
    let lines = listing.leases.iter().map(|lease| row(lease, listing));
    let titles = TITLES.map(str::to_owned);
    std::iter::once(titles).chain(lines).map(csv::line).collect()
}

fn row(listed: &ListedLease, listing: &LeaseListing) -> [String; 14] {
    let lease = &listed.lease;
    let left = listed.left(listing.now);
    let number = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.3}"));
    let own = lease.engine.as_ref().map(|status| status.cadence);
    let renewals = own.unwrap_or_else(|| *lease.observed.renewals().cadence());
    let every = match own {
        Some(cadence) => cadence.mean(),
        None => lease.others_usual_interval().map(|usual| usual.every),
    };
    let keys: Vec<String> = listed.keys.iter().flatten().map(|key| json_key(key)).collect();
    [
        lease.id.to_string(),
        listed.state.word().to_owned(),
        lease.ownership.word().to_owned(),
        lease.granted_ttl.map_or(String::new(), |ttl| ttl.to_string()),
        number(left.map(|(middle, _)| middle)),
        number(left.map(|(_, error)| error)),
        number(listed.left_at_least(listing.now)),
        // A lease that is read once shows no renewals.
        listing.watched.map_or(String::new(), |_| renewals.answers.to_string()),
        number(every.map(seconds)),
        number(renewals.least_left.map(seconds)),
        listed.key_count().map_or(String::new(), |count| count.to_string()),
        keys.iter().min().cloned().unwrap_or_default(),
        keys.join(" "),
        lease.warnings.join(" "),
    ]
}
