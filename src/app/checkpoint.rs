//! Messages that recreate a state, for a recording that does not begin with the monitor.

use super::lease::{KnownLease, KnownLeases};
use super::{AppState, Listing, MemberReading, Msg};
use etcd_lease::{KeyEntry, LeaseStatus};

/// Leases or keys per message, so that no message is too long for a reader of recordings. A lease takes up to 2 kB.
const BATCH: usize = 1_000;

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
    let is_by_lease = app.keys.index.is_by_lease();
    let revision = app.keys.revision;
    if is_by_lease {
        messages.push(Msg::KeysByLease { revision });
    } else if app.keys.index.is_read() {
        let keys = app.keys.index.entries();
        messages.push(Msg::KeysReloading);
        messages.extend(keys.chunks(BATCH).map(|page| Msg::KeysPage(page.to_vec())));
        messages.push(Msg::KeysRead { revision });
    }
    let known: Vec<KnownLease> = app.leases.living().map(KnownLease::from).collect();
    let batches = known.chunks(BATCH).map(|leases| KnownLeases { leases: leases.to_vec(), ..KnownLeases::default() });
    messages.extend(batches.map(|known| Msg::Known(Box::new(known))));
    if is_by_lease {
        let answered: Vec<_> =
            known.iter().filter_map(|lease| Some((lease.id, app.keys.index.answered(lease.id)?))).collect();
        let batches = answered
            .chunks(BATCH)
            .map(|answered| KnownLeases { answered: answered.to_vec(), ..KnownLeases::default() });
        let keys: Vec<KeyEntry> =
            app.keys.index.entries().into_iter().filter_map(|key| with_revision(app, key)).collect();
        let keys = keys.chunks(BATCH).map(|keys| KnownLeases { keys: keys.to_vec(), ..KnownLeases::default() });
        messages.extend(keys.chain(batches).map(|known| Msg::Known(Box::new(known))));
    }
    // The last message has the cohorts: each replaces those of the one before.
    let last = KnownLeases { cohorts: app.leases.cohorts.clone(), is_last: true, ..KnownLeases::default() };
    messages.push(Msg::Known(Box::new(last)));
    let statuses: Vec<LeaseStatus> = app.leases.living().filter_map(|lease| lease.engine.as_deref().cloned()).collect();
    messages.extend(statuses.chunks(BATCH).map(|batch| Msg::Statuses(batch.to_vec())));
    messages
}

/// A key with its create revision, by which candidates of a lock are sorted. `None` for a candidate whose revision is not
/// known yet; it is read soon, and recorded then.
fn with_revision(app: &AppState, mut key: KeyEntry) -> Option<KeyEntry> {
    if key.create_revision == 0 {
        let lease = key.lease?;
        key.create_revision = app.keys.locks.create_revision(&key.key).unwrap_or(0);
        if key.create_revision == 0 && app.keys.locks.is_lock(&key.key, lease) {
            return None;
        }
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{AppConfig, KeyRead, LoadedKeys, update};
    use etcd_lease::{Header, LeaseId, TimeToLive};
    use simkit::Timestamp;

    const AT: Timestamp = Timestamp::START;

    fn replayed(app: &AppState, now: Timestamp) -> AppState {
        let mut again = AppState::new(AppConfig::default(), AT);
        checkpoint(app).into_iter().for_each(|msg| drop(update(&mut again, msg, now)));
        again
    }

    #[test]
    fn keys_and_locks_of_a_large_key_space_are_known_at_the_start() {
        let mut app = AppState::new(AppConfig::default(), AT);
        let born: Vec<_> = (1..=4).map(LeaseId).collect();
        let later = Timestamp::at(std::time::Duration::from_secs(1));
        let mut send = |msg, at| drop(update(&mut app, msg, at));
        send(Msg::Listed(Listing { total: born.len(), born, ..Listing::default() }), AT);
        send(Msg::KeysByLease { revision: 9 }, AT);
        for (id, key) in [(1, "/svc/a"), (2, "/lock/2"), (3, "/lock/3")] {
            let keys = vec![key.as_bytes().to_vec()];
            let answer = TimeToLive { id: LeaseId(id), ttl: 9, granted_ttl: 10, keys, header: Header::default() };
            send(Msg::Polled { sent: later, received: later, answer, has_keys: true }, later);
        }
        let entry = |id, create_revision| KeyEntry {
            key: format!("/lock/{id}").into_bytes(),
            lease: Some(LeaseId(id)),
            create_revision,
        };
        // The lease with the higher id came first.
        let entries = vec![(entry(2, 8), 8), (entry(3, 7), 7)];
        send(
            Msg::KeysLoaded(LoadedKeys { read: KeyRead::Lock(b"/lock".to_vec()), entries, revision: 9, bytes: 100 }),
            later,
        );
        let again = replayed(&app, later);
        let keys = |app: &AppState| app.leases.living().map(|lease| lease.keys.clone()).collect::<Vec<_>>();
        assert_eq!(keys(&again), keys(&app));
        assert_eq!(keys(&app).iter().flatten().map(|keys| keys.count).collect::<Vec<_>>(), [1, 1, 1]);
        // A reply about the lease that had not answered is no news of its keys.
        let mut again = again;
        let keys_of_4 = vec![b"/svc/d".to_vec()];
        let answer = TimeToLive { id: LeaseId(4), ttl: 9, granted_ttl: 10, keys: keys_of_4, header: Header::default() };
        let even_later = Timestamp::at(std::time::Duration::from_secs(2));
        update(&mut again, Msg::Polled { sent: even_later, received: even_later, answer, has_keys: true }, even_later);
        assert_eq!(again.events.lines().filter(|event| event.lease.is_some()).count(), 0);
        let holders = |app: &AppState| app.keys.locks.queues().map(|lock| lock.holder().cloned()).collect::<Vec<_>>();
        assert_eq!(holders(&again), holders(&app));
        assert_eq!(holders(&app)[0].as_ref().map(|holder| holder.lease), Some(LeaseId(3)));
    }

    #[test]
    fn only_the_list_grows_with_the_number_of_leases_and_all_messages_together_recreate_them() {
        let mut app = AppState::new(AppConfig::default(), AT);
        let born: Vec<_> = (1..=2_500).map(etcd_lease::LeaseId).collect();
        update(&mut app, Msg::Listed(Listing { total: born.len(), born, ..Listing::default() }), Timestamp::START);
        let messages = checkpoint(&app);
        let size = |msg: &Msg| match msg {
            Msg::Known(known) => known.leases.len(),
            Msg::KeysPage(keys) => keys.len(),
            Msg::Statuses(statuses) => statuses.len(),
            _ => 0,
        };
        let sizes: Vec<usize> = messages.iter().map(size).filter(|size| *size > 0).collect();
        assert_eq!(sizes, [1_000, 1_000, 500]);
        let again = replayed(&app, AT);
        let known = |app: &AppState| app.leases.living().map(KnownLease::from).collect::<Vec<_>>();
        assert_eq!(known(&again), known(&app));
        assert_eq!(again.leases.cohorts, app.leases.cohorts);
    }
}
