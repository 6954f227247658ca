//! Revokes the leases of an exercise and reports the remaining ones.

use std::cell::Cell;
use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};

use crate::cli::out::Out;
use crate::cli::session::CommandSession;
use crate::cli::signals::Signals;
use crate::plural::plural;
use crate::report::rfc3339;
use etcd_lease::LeaseId;
use etcd_lease::wire::{self, ErrorKind};
use simkit::Timestamp;

/// Revocations in flight at once.
const MAX_IN_FLIGHT: usize = 128;
/// Remaining leases that are reported one by one.
const MAX_LISTED: usize = 16;

/// Leases that are not revoked (yet): when each expires, and why it was not revoked.
type Remaining = BTreeMap<LeaseId, (Timestamp, String)>;

/// Revokes all leases. Stops at a signal, or when no member replies, and reports the remaining leases.
pub(super) async fn revoke_all(
    session: &CommandSession,
    leases: impl Iterator<Item = (LeaseId, Timestamp)>,
    signals: &mut Signals,
    out: &mut Out,
) {
    let mut left: Remaining = leases.map(|(id, expires)| (id, (expires, String::new()))).collect();
    let ids: Vec<LeaseId> = left.keys().copied().collect();
    let answers = Cell::new(true);
    let ids = stream::iter(ids.into_iter().take_while(|_| answers.get()));
    let revoke = |id| async move { (id, session.cluster.revoke(id).await) };
    let mut revoked = ids.map(revoke).buffer_unordered(MAX_IN_FLIGHT);
    let all = async {
        while let Some((id, result)) = revoked.next().await {
            let error = result.err().filter(|error| error.kind() != ErrorKind::NotFound);
            answers.set(answers.get() && error.as_ref().is_none_or(is_an_answer));
            record_result(&mut left, id, error);
        }
    };
    tokio::select! {
        () = all => (),
        () = signals.next() => (),
    }
    report_remaining(session, &left, out).await;
}

/// Whether a member replied, so that the next call may succeed.
fn is_an_answer(error: &wire::CallError) -> bool {
    !matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::NoLeader | ErrorKind::Timeout)
}

fn record_result(left: &mut Remaining, id: LeaseId, error: Option<wire::CallError>) {
    match error {
        None => drop(left.remove(&id)),
        Some(error) => {
            left.entry(id).and_modify(|(_, why)| error.message().clone_into(why));
        }
    }
}

async fn report_remaining(session: &CommandSession, left: &Remaining, out: &mut Out) {
    let when = |expires| rfc3339(session.clock.wall(expires));
    for (id, (expires, why)) in left.iter().take(MAX_LISTED) {
        let why = if why.is_empty() { "interrupted" } else { why };
        out.message(&format!("lease {id} not revoked: {why}; expires at {}", when(*expires))).await;
    }
    if let Some(last) = left.values().skip(MAX_LISTED).map(|(expires, _)| *expires).max() {
        let more = plural(left.len() - MAX_LISTED, "more lease");
        out.message(&format!("{more} not revoked; the last expires at {}", when(last))).await;
    }
}
