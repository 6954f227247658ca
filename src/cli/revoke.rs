//! `revoke`: revokes leases. etcd deletes their keys.

use super::options::RevokeArgs;
use super::{CliError, CommandSession, Exit, GlobalFlags, Out};
use crate::report;
use etcd_lease::wire::ErrorKind;
use etcd_lease::{Header, LeaseId};

pub(super) async fn run(args: RevokeArgs, shared: GlobalFlags, out: &mut Out) -> Result<Exit, CliError> {
    shared.writes("revoke")?;
    let session = CommandSession::open(shared).await?;
    let mut unknown = false;
    for id in args.ids {
        let keys = if out.is_json() { keys(&session, id).await } else { None };
        match session.cluster.revoke(id).await {
            Ok(header) => print_revoked(id, header, keys, out).await?,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                unknown = true;
                let hint = session.decimal_hint(id).await;
                out.message(&format!("error: lease {id} not found{hint}")).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Exit::no_if(unknown))
}

async fn print_revoked(id: LeaseId, header: Header, keys: Option<usize>, out: &mut Out) -> Result<(), CliError> {
    let line = if out.is_json() { report::revoked_json(id, header, keys) } else { report::revoked(id) };
    out.data(line).await
}

/// Number of keys attached just before, because the reply to the revocation does not contain it. `None` if the user may
/// not read the keys.
async fn keys(session: &CommandSession, id: LeaseId) -> Option<usize> {
    session.cluster.time_to_live(id, true).await.ok().map(|answer| answer.keys.len())
}
