//! `timetolive`: shows a lease's remaining time.

use super::global_options::Format;
use super::options::TimeToLiveArgs;
use super::{CliError, CommandSession, Exit, GlobalFlags, Out};
use crate::report;
use etcd_lease::TtlStatus;

pub(super) async fn run(args: TimeToLiveArgs, shared: GlobalFlags, out: &mut Out) -> Result<Exit, CliError> {
    let session = CommandSession::open(shared).await?;
    let answer = session.cluster.time_to_live(args.id, args.keys).await?;
    if out.format == Format::Fields {
        out.data(out.fields().time_to_live(&answer)).await?;
    } else {
        let for_terminal = out.is_terminal();
        let text = || report::time_to_live(&answer, args.keys, for_terminal);
        out.report(text, || report::time_to_live_json(&answer, args.keys), &report::TIME_TO_LIVE_CSV).await?;
    }
    if answer.ttl_status() != TtlStatus::Missing {
        return Ok(Exit::Done);
    }
    let hint = session.decimal_hint(args.id).await;
    if !hint.is_empty() {
        out.message(&format!("lease {} not found{hint}", args.id)).await;
    }
    Ok(Exit::No)
}
