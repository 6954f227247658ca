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
    if answer.ttl_status() != TtlStatus::Missing {
        return Ok(Exit::Done);
    }
    let hint = session.decimal_hint(args.id).await;
    if !hint.is_empty() {
        out.message(&format!("lease {} not found{hint}", args.id)).await;
    }
    Ok(Exit::No)
}
