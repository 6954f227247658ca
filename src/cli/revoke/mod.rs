//! `revoke`: revokes leases, named by their ids or by a filter. etcd deletes their keys.

mod matching;

use super::global_options::Format;
use super::options::RevokeArgs;
use super::{CliError, CommandSession, Exit, GlobalFlags, Out};
use crate::report;
use etcd_lease::wire::ErrorKind;
use etcd_lease::{Header, LeaseId};

pub(super) async fn run(args: RevokeArgs, shared: GlobalFlags, out: &mut Out) -> Result<Exit, CliError> {
    if !args.dry_run {
        shared.writes("revoke")?;
    }
    matching::check(&args)?;
    let session = CommandSession::open(shared).await?;
    if let Some(filter) = &args.filter {
        return matching::revoke(&args, filter, &session, out).await;
    }
    let (mut unknown, mut failure) = (false, None);
    let is_single = args.ids.len() == 1;
    for id in args.ids {
        let prints_keys = !out.is_text() && out.format != Format::Fields;
        let keys = if prints_keys { keys(&session, id).await } else { None };
        match session.cluster.revoke(id).await {
            Ok(header) => print_revoked(id, header, keys, out).await?,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                unknown = true;
                let hint = session.decimal_hint(id).await;
                out.message(&format!("error: lease {id} not found{hint}")).await;
            }
            Err(error) => {
                let error = CliError::from(error);
                if !is_single {
                    out.message(&not_revoked(id, &error)).await;
                }
                if error.is_silence() {
                    return Err(error);
                }
                failure = Some(error);
            }
        }
    }
    failure.map_or(Ok(Exit::no_if(unknown)), Err)
}

/// The message that a lease could not be revoked.
fn not_revoked(id: LeaseId, error: &CliError) -> String {
    format!("lease {id} not revoked: {error}")
}

async fn print_revoked(id: LeaseId, header: Header, keys: Option<usize>, out: &mut Out) -> Result<(), CliError> {
    if out.format == Format::Fields {
        return out.data(out.fields().revoked(header)).await;
    }
    out.report(|| report::revoked(id), || report::revoked_json(id, header, keys), &report::REVOKE_CSV).await
}

/// The number of keys attached to a lease. Queried before the lease is revoked, because etcd does not report it
/// afterwards. `None` if the query fails.
async fn keys(session: &CommandSession, id: LeaseId) -> Option<usize> {
    session.cluster.time_to_live(id, true).await.ok().map(|answer| answer.keys.len())
}
