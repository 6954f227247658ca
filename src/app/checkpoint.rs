//! Messages that recreate a state, for a recording that does not begin with the monitor.

use super::{AppState, Listing, MemberReading, Msg};
use etcd_lease::{Granted, Header, LeaseStatus, TimeToLive};
use simkit::Timestamp;

/// The messages after which a new state knows the living leases, their last TTL replies, the statuses of own leases, the keys
/// and the members. It does not know what happened before.
pub fn checkpoint(app: &AppState, now: Timestamp) -> Vec<Msg> {
    let mut messages = vec![Msg::Cluster(app.cluster.view.clone())];
    if !app.cluster.members.listed.is_empty() {
        let reading = MemberReading { listed: Ok(app.cluster.members.listed.clone()), outside: Vec::new() };
        messages.push(Msg::Members { reading, has_outside: false });
    }
    if app.cluster.has_listed() {
        let born: Vec<_> = app.leases.living().map(|lease| lease.id).collect();
        let total = born.len();
        let revision = app.keys.revision;
        messages.push(Msg::Listed(Listing { sent: now, received: now, revision, born, total, ..Listing::default() }));
    }
    if app.keys.index.is_by_lease() {
        messages.push(Msg::KeysByLease { revision: app.keys.revision });
    } else if app.keys.index.is_read() {
        let pages = app.keys.index.entries();
        messages.extend([Msg::KeysReloading, Msg::KeysPage(pages), Msg::KeysRead { revision: app.keys.revision }]);
    }
    // A later reply of another term would show an election.
    let raft_term = app.cluster.view.current().map_or(0, |member| member.raft_term);
    let (granted, polled): (Vec<_>, Vec<_>) =
        app.leases.living().map(|lease| (grant(lease), poll(lease, raft_term))).unzip();
    messages.extend(granted.into_iter().chain(polled).flatten());
    let statuses: Vec<LeaseStatus> = app.leases.living().filter_map(|lease| lease.engine.as_deref().cloned()).collect();
    messages.push(Msg::Statuses(statuses));
    messages
}

/// The grant of an own lease.
fn grant(lease: &super::Lease) -> Option<Msg> {
    let answer =
        Granted { id: lease.id, requested_ttl: lease.asked_ttl?, ttl: lease.granted_ttl?, header: Header::default() };
    let at = lease.bounds()?.earliest.before(std::time::Duration::from_secs(answer.ttl.unsigned_abs()));
    Some(Msg::Granted { sent: at, received: at, answer, keep_alive: lease.is_kept_alive })
}

/// The last TTL reply about a lease.
fn poll(lease: &super::Lease, raft_term: u64) -> Option<Msg> {
    let reply = lease.last_ttl_reply?;
    let answer = TimeToLive {
        id: lease.id,
        ttl: reply.ttl,
        granted_ttl: lease.granted_ttl?,
        keys: Vec::new(),
        header: Header { raft_term, ..Header::default() },
    };
    Some(Msg::Polled { sent: reply.sent(), received: reply.received, answer, has_keys: false })
}
