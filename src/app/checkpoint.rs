//! Messages that recreate a state, for a recording that does not begin with the monitor.

use super::lease::{KnownLease, KnownLeases};
use super::{AppState, Listing, MemberReading, Msg};
use etcd_lease::LeaseStatus;

/// The messages after which a new state knows the living leases, how they were renewed, the statuses of own leases, the keys
/// and the members. Its event log is empty.
pub fn checkpoint(app: &AppState) -> Vec<Msg> {
    let mut messages = vec![Msg::Cluster(app.cluster.view.clone())];
    if !app.cluster.members.listed.is_empty() {
        let reading = MemberReading { listed: Ok(app.cluster.members.listed.clone()), outside: Vec::new() };
        messages.push(Msg::Members { reading, has_outside: false });
    }
    if let Some(sent) = app.cluster.listed_at {
        let born: Vec<_> = app.leases.living().filter(|lease| lease.is_listed).map(|lease| lease.id).collect();
        let (total, received) = (born.len(), sent + app.cluster.list_took);
        let revision = app.keys.revision;
        messages.push(Msg::Listed(Listing { sent, received, revision, born, total, ..Listing::default() }));
    }
    if app.keys.index.is_by_lease() {
        messages.push(Msg::KeysByLease { revision: app.keys.revision });
    } else if app.keys.index.is_read() {
        let pages = app.keys.index.entries();
        messages.extend([Msg::KeysReloading, Msg::KeysPage(pages), Msg::KeysRead { revision: app.keys.revision }]);
    }
    let leases = app.leases.living().map(KnownLease::from).collect();
    messages.push(Msg::Known(Box::new(KnownLeases { leases, cohorts: app.leases.cohorts.clone() })));
    let statuses: Vec<LeaseStatus> = app.leases.living().filter_map(|lease| lease.engine.as_deref().cloned()).collect();
    messages.push(Msg::Statuses(statuses));
    messages
}
