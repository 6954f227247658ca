//! The table of `list`.

use std::time::Duration;

use super::{LeaseListing, ListedLease};
use crate::app::{Column, Lease, Ownership};
use crate::error_table::alarm_sentence;
use crate::escape::printable;
use crate::inference::lease_inference::Certainty;
use crate::plural::plural;
use crate::report::table::{Align, table};
use crate::report::text::{millis, or_dash};
use crate::sawtooth::sawtooth;
use etcd_lease::Header;
use simkit::Timestamp;

/// Default columns of leases that were read once.
pub const LISTED: [Column; 6] = [Column::Id, Column::State, Column::Ttl, Column::Left, Column::Keys, Column::FirstKey];

/// Default columns of leases that were watched.
pub const WATCHED: [Column; 10] = {
    use Column::{Every, FirstKey, Id, Keys, Last, Left, Margin, State, Ttl, Warn};
    [Id, State, Ttl, Left, Every, Last, Margin, Keys, Warn, FirstKey]
};

/// A line about the cluster, then the table.
pub fn listing_table(listing: &LeaseListing, columns: &[Column]) -> String {
    if listing.leases.is_empty() {
        return title(listing);
    }
    let header: Vec<_> = columns.iter().map(|column| (column.title(), align(*column))).collect();
    let row = |lease: &ListedLease| columns.iter().map(|column| cell(lease, *column, listing)).collect::<Vec<_>>();
    format!("{}{}", title(listing), table(&header, &listing.leases.iter().map(row).collect::<Vec<_>>()))
}

fn align(column: Column) -> Align {
    match column {
        Column::Id | Column::Who | Column::State | Column::Warn | Column::FirstKey => Align::Left,
        _ => Align::Right,
    }
}

/// A line about the member, the term, the revision and the number of leases, and another one if there is an alarm.
pub(super) fn title(listing: &LeaseListing) -> String {
    let count = match &listing.unmatched {
        Some((1, filter)) => format!("the only lease does not match {}", printable(filter.as_bytes())),
        Some((count, filter)) => format!("none of {count} leases match {}", printable(filter.as_bytes())),
        None => plural(listing.leases.len(), "lease"),
    };
    let member = listing.member().map_or_else(String::new, |member| {
        let leader = if listing.leader() == Some(member.member_id) { " (leader)" } else { "" };
        let round_trip = member.round_trip.map_or_else(String::new, |time| format!(", rtt {}", millis(time)));
        format!("{}{leader}, etcd {}{round_trip}, ", member.endpoint, printable(member.version.as_bytes()))
    });
    let watched = listing.watched.map_or_else(String::new, |span| format!(", watched for {}", short(span)));
    let at = listing.known_header().map_or_else(String::new, |Header { raft_term, revision, .. }| {
        format!("term {raft_term}, revision {revision}: ")
    });
    let alarm = listing.view.alarm();
    let alarm = alarm.map_or_else(String::new, |cause| format!("{}\n", alarm_sentence(cause, &[])));
    format!("{member}{at}{count}{watched}\n{alarm}")
}

/// The value of a column, `-` if it is unknown.
fn cell(listed: &ListedLease, column: Column, listing: &LeaseListing) -> String {
    let now = listing.now;
    let lease = &listed.lease;
    match column {
        Column::Id => lease.id.to_string(),
        Column::Who => Ownership::word(lease.ownership).to_owned(),
        Column::State => listed.state.word().to_owned(),
        Column::Left => left(listed, now),
        Column::Ttl => or_dash(lease.granted_ttl, |ttl| format!("{ttl} s")),
        // Hidden renewals make the true interval shorter and the true margin larger.
        Column::Every => every(lease),
        Column::Share => or_dash(lease.interval_share(), |share| format!("{}{:.0} %", bound(lease), share * 100.0)),
        Column::Cycles => cycles(lease, now),
        Column::Last => or_dash(lease.last_renewed(), |at| format!("~{}", short(now - at))),
        Column::Margin => or_dash(lease.margin(), |(least, sureness)| inferred(least, sureness, ">=")),
        Column::Keys => {
            or_dash(listed.counted(), |keys| format!("{}{}", if keys.is_all { "" } else { ">=" }, keys.count))
        }
        Column::Warn => warnings(lease),
        Column::FirstKey => {
            or_dash(listed.keys.iter().flatten().min(), |key| if listing.shows_hex { hex(key) } else { printable(key) })
        }
        // Only leases that this process keeps alive have these.
        Column::Next | Column::Queue | Column::Drop | Column::RoundTrip => "-".to_owned(),
    }
}

/// Bytes as etcdctl prints them with `--hex`: `\x2f\x61`.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect()
}

/// `<=` if renewals may have been missed, so that the true share is smaller.
fn bound(lease: &Lease) -> &'static str {
    let interval = lease.observed_interval();
    if interval.is_some_and(|interval| interval.certainty == Certainty::AtLeast) { "<=" } else { "" }
}

fn cycles(lease: &Lease, now: Timestamp) -> String {
    let teeth = sawtooth(&lease.cycles(now));
    if teeth.is_empty() { "-".to_owned() } else { teeth }
}

/// The time left and its maximum error in tenths of a second, although etcd reports whole seconds: several polls narrow them
/// down. For an unseen lease, a lower bound.
fn left(listed: &ListedLease, now: Timestamp) -> String {
    match (listed.left(now), listed.left_at_least(now)) {
        (Some((middle, half_width)), _) => format!("{middle:.1} s ±{half_width:.1}"),
        (None, least) => or_dash(least, |least| format!(">={least:.1} s")),
    }
}

/// The interval of the renewals and a hint which clients renew like this, or how often its client grants a new lease
/// instead.
fn every(lease: &Lease) -> String {
    let like = lease.renewal_style().map_or_else(String::new, |style| format!(" ({})", style.word()));
    match (lease.others_usual_interval(), lease.new_lease_every()) {
        (None, Some(every)) => format!("new lease every ~{:.0} s", every.as_secs_f64()),
        (interval, _) => or_dash(interval, |usual| inferred(usual.every, usual.certainty, "<=") + &like),
    }
}

fn inferred(span: Duration, certainty: Certainty, bound: &str) -> String {
    let sign = if certainty == Certainty::About { "~" } else { bound };
    format!("{sign}{}", short(span))
}

fn short(span: Duration) -> String {
    format!("{:.1} s", span.as_secs_f64())
}

/// The most urgent active warning, and the number of others. Muted ones come last, in parentheses.
fn warnings(lease: &Lease) -> String {
    let muted = lease.muted_warnings().map(|name| format!("({name})"));
    let names: Vec<String> = lease.active_warnings().map(str::to_owned).chain(muted).collect();
    match names.as_slice() {
        [] => "-".to_owned(),
        [one] => one.clone(),
        [first, rest @ ..] => format!("{first} +{}", rest.len()),
    }
}
