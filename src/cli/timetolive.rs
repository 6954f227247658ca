//! `timetolive`: how long a lease has left.

use super::{CliError, CommandSession, Exit, GlobalFlags, Out};
use crate::report;
use etcd_lease::{LeaseId, TtlStatus};

/// `timetolive ID`.
#[derive(Debug, clap::Args)]
pub(super) struct TimeToLiveArgs {
    /// The lease
    #[arg(allow_negative_numbers = true)]
    id: LeaseId,
    /// Tell the attached keys too
    #[arg(long)]
    keys: bool,
}

pub(super) async fn run(args: TimeToLiveArgs, shared: GlobalFlags, out: &mut Out) -> Result<Exit, CliError> {
    let session = CommandSession::open(shared).await?;
    let answer = session.cluster.time_to_live(args.id, args.keys).await?;
    let line = if out.is_json() {
        report::time_to_live_json(&answer, args.keys).into_bytes()
    } else {
        report::time_to_live(&answer, args.keys, out.is_terminal())
    };
    out.data(line).await?;
    Ok(Exit::no_if(answer.ttl_status() == TtlStatus::Missing))
}
