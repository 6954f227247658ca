//! Reads every lease, or one, once.

use futures_util::{StreamExt, stream};

use crate::cli::headless::{MEMBER_INFO_TIMEOUT, one_cluster};
use crate::cli::{CliError, CommandSession};
use crate::escape::printable;
use crate::report::{LeaseListing, ListedLease};
use etcd_lease::wire::{self, ErrorKind, LeaseList, LeaseReader};
use etcd_lease::{ClusterView, Header, LeaseId, Reachability};
use simkit::Timestamp;

/// LeaseTimeToLive calls in flight at once.
const MAX_IN_FLIGHT: usize = 256;

/// The lease that a key is attached to, or why there is none.
pub(super) async fn holder(session: &CommandSession, key: &str) -> Result<Result<LeaseId, String>, CliError> {
    let name = printable(key.as_bytes());
    Ok(match session.cluster.get(key.as_bytes()).await? {
        None => Err(format!("key “{name}” not found")),
        Some(pair) => pair.lease.ok_or_else(|| format!("key “{name}” is not attached to a lease")),
    })
}

/// The ids of all leases, or of `held` only.
pub(super) async fn ids(session: &CommandSession, held: Option<LeaseId>) -> Result<Vec<LeaseId>, CliError> {
    Ok(listed(session, held).await?.ids)
}

/// Queries all leases, or `held` only. Leases that end in the meantime are left out.
pub(in crate::cli) async fn all(session: &CommandSession, held: Option<LeaseId>) -> Result<LeaseListing, CliError> {
    let list = listed(session, held).await?;
    let reader = session.cluster.lease_reader().await;
    let mut answers = stream::iter(list.ids).map(|id| read_lease(session, &reader, id)).buffered(MAX_IN_FLIGHT);
    let mut leases = Vec::new();
    let mut header = list.header;
    while let Some(answer) = answers.next().await {
        let (lease, of_answer) = answer?;
        if header == Header::default() {
            header = of_answer;
        }
        if !lease.is_gone() {
            leases.push(lease);
        }
    }
    let now = session.clock.now();
    let start = session.clock.wall(Timestamp::START);
    Ok(LeaseListing::read_once(view_with_status(session).await, header, leases, now, start))
}

/// The list of all leases, or of `held` only, which needs no call.
///
/// # Errors
/// The user may not list leases, or the endpoints belong to two clusters.
pub(in crate::cli) async fn listed(session: &CommandSession, held: Option<LeaseId>) -> Result<LeaseList, CliError> {
    if let Some(id) = held {
        return Ok(LeaseList { ids: vec![id], header: Header::default() });
    }
    let list = session.cluster.leases().await.map_err(|error| match error.kind() {
        ErrorKind::Forbidden => CliError::ListDenied(error),
        _ => error.into(),
    })?;
    check_clusters(session).await?;
    Ok(list)
}

/// Refuses endpoints of two clusters: which of them is listed would depend on which member is used.
async fn check_clusters(session: &CommandSession) -> Result<(), CliError> {
    if session.cluster.view().members.len() == 1 {
        return Ok(());
    }
    one_cluster(&view_with_status(session).await)
}

async fn read_lease(
    session: &CommandSession,
    reader: &LeaseReader,
    id: LeaseId,
) -> Result<(ListedLease, Header), wire::CallError> {
    let sent = session.clock.now();
    let (answer, keys_known) = match reader.time_to_live(id, true).await {
        // The time alone needs no permission to read the keys.
        Err(error) if error.kind() == ErrorKind::Forbidden => (reader.time_to_live(id, false).await?, false),
        answer => (answer?, true),
    };
    let header = answer.header;
    let deadline = answer.deadline(sent, session.clock.now());
    Ok((ListedLease::read_once(answer, keys_known, deadline), header))
}

/// Waits until the status of every member is known, for at most [`MEMBER_INFO_TIMEOUT`]. Returns the view of the
/// cluster.
async fn view_with_status(session: &CommandSession) -> ClusterView {
    let mut view = session.cluster.watch();
    let known = |view: &ClusterView| view.members.iter().all(|member| member.reachability != Reachability::Unknown);
    let _ = tokio::time::timeout(MEMBER_INFO_TIMEOUT, view.wait_for(known)).await;
    session.cluster.view()
}
