//! The end of an exercise: its leases are revoked, and those that are not are named.

use std::cell::Cell;
use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};

use crate::cli::out::Out;
use crate::cli::session::Session;
use crate::cli::signals::Signals;
use crate::report::rfc3339;
use etcd_lease::LeaseId;
use etcd_lease::wire::{self, ErrorKind};
use simkit::Timestamp;

/// Revocations in flight at once.
const TOGETHER: usize = 128;
/// Leases that are named one by one.
const NAMED: usize = 16;

/// Leases that are not revoked (yet): when each expires by itself, and why it is still there.
type Left = BTreeMap<LeaseId, (Timestamp, String)>;

/// Revokes all, until a signal comes or nobody answers; tells which are left, and until when.
pub(super) async fn revoke_all(
    session: &Session,
    leases: impl Iterator<Item = (LeaseId, Timestamp)>,
    signals: &mut Signals,
    out: &mut Out,
) {
    let mut left: Left = leases.map(|(id, expires)| (id, (expires, String::new()))).collect();
    let ids: Vec<LeaseId> = left.keys().copied().collect();
    let answers = Cell::new(true);
    let ids = stream::iter(ids.into_iter().take_while(|_| answers.get()));
    let revoke = |id| async move { (id, session.cluster.revoke(id).await) };
    let mut revoked = ids.map(revoke).buffer_unordered(TOGETHER);
    let all = async {
        while let Some((id, result)) = revoked.next().await {
            let error = result.err().filter(|error| error.kind() != ErrorKind::NotFound);
            answers.set(answers.get() && error.as_ref().is_none_or(is_an_answer));
            settle(&mut left, id, error);
        }
    };
    tokio::select! {
        () = all => (),
        () = signals.next() => (),
    }
    tell_left(session, &left, out).await;
}

/// Whether there is any sense in asking for the next lease.
fn is_an_answer(error: &wire::Error) -> bool {
    !matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::NoLeader | ErrorKind::Timeout)
}

fn settle(left: &mut Left, id: LeaseId, error: Option<wire::Error>) {
    match error {
        None => drop(left.remove(&id)),
        Some(error) => {
            left.entry(id).and_modify(|(_, why)| error.message().clone_into(why));
        }
    }
}

async fn tell_left(session: &Session, left: &Left, out: &mut Out) {
    let when = |expires| rfc3339(session.clock.wall(expires));
    for (id, (expires, why)) in left.iter().take(NAMED) {
        let why = if why.is_empty() { "not asked for any more" } else { why };
        out.tell(&format!("lease {id} is not revoked and lives until {}: {why}", when(*expires))).await;
    }
    if let Some(last) = left.values().skip(NAMED).map(|(expires, _)| *expires).max() {
        let more = left.len() - NAMED;
        out.tell(&format!("and {more} more are not revoked; the last of them lives until {}", when(last))).await;
    }
}
