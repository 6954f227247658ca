//! Grants and revocations, with the errors of this crate.

use crate::wire::Cluster;
use crate::{Clock, Error, Granted, LeaseId, MAX_TTL, Timestamp};

/// Grants a lease of `ttl` seconds. Returns the reply, and when the request was sent. A `ttl` out of range is not sent.
pub(crate) async fn grant(
    cluster: &Cluster,
    clock: &Clock,
    id: Option<LeaseId>,
    ttl: i64,
) -> Result<(Granted, Timestamp), Error> {
    // etcd would raise a TTL of 0 or less to its minimum without an error.
    if !(1..=MAX_TTL).contains(&ttl) {
        return Err(Error::InvalidTtl(ttl));
    }
    // For id 0, etcd chooses one.
    let id = id.filter(|id| *id != LeaseId(0));
    let sent = clock.now();
    let granted = cluster.grant(id, ttl).await.map_err(|error| match id {
        Some(id) => Error::of_lease(id, &error),
        None => Error::of_call(&error),
    })?;
    Ok((granted, sent))
}

/// Revokes a lease. Its keys are deleted.
pub(crate) async fn revoke(cluster: &Cluster, id: LeaseId) -> Result<(), Error> {
    cluster.revoke(id).await.map_err(|error| Error::of_lease(id, &error))?;
    Ok(())
}
