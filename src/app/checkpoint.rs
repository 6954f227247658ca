//! Messages that recreate a state, for a recording that does not begin with the monitor.

use super::lease::{KnownLease, KnownLeases};
use super::{AppState, Listing, MemberReading, Msg};
use crate::app::ttl_cohorts::TtlCohorts;
use etcd_lease::LeaseStatus;

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
    if app.keys.index.is_by_lease() {
        messages.push(Msg::KeysByLease { revision: app.keys.revision });
    } else if app.keys.index.is_read() {
        let pages = app.keys.index.entries();
        messages.push(Msg::KeysReloading);
        messages.extend(pages.chunks(BATCH).map(|page| Msg::KeysPage(page.to_vec())));
        messages.push(Msg::KeysRead { revision: app.keys.revision });
    }
    let known: Vec<KnownLease> = app.leases.living().map(KnownLease::from).collect();
    let batches = known.chunks(BATCH).map(|leases| (leases.to_vec(), TtlCohorts::default()));
    // The last message has the cohorts: each replaces those of the one before.
    let batches = batches.chain([(Vec::new(), app.leases.cohorts.clone())]);
    messages.extend(batches.map(|(leases, cohorts)| Msg::Known(Box::new(KnownLeases { leases, cohorts }))));
    let statuses: Vec<LeaseStatus> = app.leases.living().filter_map(|lease| lease.engine.as_deref().cloned()).collect();
    messages.extend(statuses.chunks(BATCH).map(|batch| Msg::Statuses(batch.to_vec())));
    messages
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{AppConfig, update};
    use simkit::Timestamp;

    #[test]
    fn no_message_grows_with_the_number_of_leases_and_together_they_recreate_all() {
        let config = AppConfig::default;
        let mut app = AppState::new(config(), Timestamp::START);
        let born: Vec<_> = (1..=2_500).map(etcd_lease::LeaseId).collect();
        update(&mut app, Msg::Listed(Listing { total: born.len(), born, ..Listing::default() }), Timestamp::START);
        let messages = checkpoint(&app);
        let size = |msg: &Msg| match msg {
            Msg::Known(known) => known.leases.len(),
            _ => 0,
        };
        let sizes: Vec<usize> = messages.iter().map(size).filter(|size| *size > 0).collect();
        assert_eq!(sizes, [1_000, 1_000, 500]);
        let mut again = AppState::new(config(), Timestamp::START);
        messages.into_iter().for_each(|msg| drop(update(&mut again, msg, Timestamp::START)));
        let known = |app: &AppState| app.leases.living().map(KnownLease::from).collect::<Vec<_>>();
        assert_eq!(known(&again), known(&app));
        assert_eq!(again.leases.cohorts, app.leases.cohorts);
    }
}
