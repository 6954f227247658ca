//! `revoke`: ends leases; their keys are deleted with them.

use super::{CliError, CommandSession, Exit, GlobalFlags, Out};
use crate::report;
use etcd_lease::wire::{self, ErrorKind};
use etcd_lease::{Header, LeaseId};

/// `revoke ID...`.
#[derive(Debug, clap::Args)]
pub(super) struct RevokeArgs {
    /// The leases
    #[arg(required = true, value_name = "ID", allow_negative_numbers = true)]
    ids: Vec<LeaseId>,
}

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
                out.message(&not_found(id, &error)).await;
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

/// How many keys it holds just before; etcd does not tell afterwards. None where the user may not know.
async fn keys(session: &CommandSession, id: LeaseId) -> Option<usize> {
    session.cluster.time_to_live(id, true).await.ok().map(|answer| answer.keys.len())
}

fn not_found(id: LeaseId, error: &wire::CallError) -> String {
    format!("Error: lease {id} was not revoked: {error}")
}
