//! `lease`: the commands of `etcdctl lease`, under the names that its users type.

use super::commands::LeaseCommand;
use super::global_options::Format;
use super::options::ListArgs;
use super::{CliError, CommandSession, Exit, GlobalFlags, Out, grant, keep_alive, list, revoke, timetolive};
use crate::report;

pub(super) async fn run(command: LeaseCommand, shared: GlobalFlags, out: &mut Out) -> Result<Exit, CliError> {
    match command {
        LeaseCommand::Grant(args) => grant::run(args, shared, out).await,
        LeaseCommand::Revoke(args) => revoke::run(args, shared, out).await,
        LeaseCommand::TimeToLive(args) => timetolive::run(args, shared, out).await,
        LeaseCommand::List => list(shared, out).await,
        LeaseCommand::KeepAlive(args) => keep_alive::run(args, shared, out).await,
    }
}

/// The ids as etcdctl prints them. JSON and CSV are those of `leasetop list`.
async fn list(shared: GlobalFlags, out: &mut Out) -> Result<Exit, CliError> {
    if matches!(out.format, Format::Json | Format::Csv) {
        return list::run(ListArgs::default(), shared, out).await;
    }
    let session = CommandSession::open(shared).await?;
    let leases = list::read::listed(&session, None).await?;
    let text = match out.format {
        Format::Fields => out.fields().leases(&leases.ids, leases.header),
        _ => report::leases(&leases.ids),
    };
    out.data(text).await?;
    Ok(Exit::Done)
}
