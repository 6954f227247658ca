//! `timetolive`: shows a lease's remaining time.

use super::options::TimeToLiveArgs;
use super::{CliError, CommandSession, Exit, GlobalFlags, Out};
use crate::report;
use etcd_lease::TtlStatus;

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
