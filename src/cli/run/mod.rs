//! `run`: runs a command while keeping its lease alive.

mod acquire;
mod child;
mod signals;

use std::fmt::Display;
use std::path::Path;

use self::signals::ForwardedSignals;
use super::options::RunArgs;
use super::{CliError, CommandSession, Exit, GlobalFlags, Out};
use crate::app::requests_for;
use crate::report;
use etcd_lease::engine::KeepAlive;
use etcd_lease::wire::ErrorKind;
use etcd_lease::{Ended, LeaseId};
use futures_util::FutureExt;
use rustix::process::Signal;

pub(super) async fn run(args: RunArgs, shared: GlobalFlags, out: &mut Out) -> Result<Exit, CliError> {
    shared.writes("run")?;
    // Of two puts to one key, the second would silently replace the first.
    requests_for(&[args.ttl], 1, &args.puts)?;
    let program = match child::find(&args.command[0]) {
        Ok(program) => program,
        Err(error) => return Ok(not_started(&args, &error, out).await),
    };
    let mut signals = ForwardedSignals::catch()?;
    let session = CommandSession::open(shared).await?;
    let engine = session.engine();
    let mut lease = None;
    let acquired = tokio::select! {
        biased;
        signal = signals.next() => Ok(Some(signal)),
        acquired = acquire::acquire(&session, &engine, &args, &mut lease, out) => acquired.map(|()| None),
    };
    let outcome = match (acquired, &mut lease) {
        (Ok(None), Some(lease)) => supervise(&args, &program, lease, &mut signals, out).await,
        // The command was not started. The exit code is that of a command that the signal killed.
        (Ok(Some(signal)), _) => Ok(child::killed_by(signal)),
        (Ok(None), None) => Err(session.unanswered()),
        (Err(error), _) => Err(error),
    };
    if let Some(lease) = lease {
        // The signals up to here were for the command.
        signals.forget();
        let id = lease.id();
        tokio::select! {
            biased;
            () = release(&session, lease, out) => (),
            () = signals.interrupted() => out.message(&not_revoked(id, "interrupted")).await,
        }
    }
    outcome
}

/// Runs the command until it ends, forwards signals to it, and ends it when the lease is lost.
async fn supervise(
    args: &RunArgs,
    program: &Path,
    lease: &mut KeepAlive,
    signals: &mut ForwardedSignals,
    out: &mut Out,
) -> Result<Exit, CliError> {
    let id = lease.id();
    if let Some(signal) = signals.next().now_or_never() {
        return Ok(child::killed_by(signal));
    }
    let mut command = match child::start(program, &args.command, id) {
        Ok(command) => command,
        Err(error) => return Ok(not_started(args, &error, out).await),
    };
    let mut is_lost = false;
    loop {
        tokio::select! {
            status = command.wait() => {
                let status = status.map_err(|error| CliError::System { tried: "wait for the command", error })?;
                return Ok(child::exit(status));
            }
            signal = signals.next_for_command() => child::send(&command, signal),
            ended = until_lost(lease), if !is_lost => {
                is_lost = true;
                child::send(&command, Signal::TERM);
                let why = report::end_reason(&ended);
                out.message(&format!("lease {id} {why}; sent SIGTERM to the command")).await;
            }
        }
    }
}

/// Reads the replies to the renewals until the keepalive ends.
async fn until_lost(lease: &mut KeepAlive) -> Ended {
    while lease.next().await.is_some() {}
    lease.ended().cloned().unwrap_or(Ended::Cancelled)
}

/// Revokes the lease, unless it has ended already.
async fn release(session: &CommandSession, lease: KeepAlive, out: &mut Out) {
    let id = lease.id();
    if matches!(lease.ended(), Some(Ended::Expired | Ended::NotFound)) {
        return;
    }
    drop(lease);
    match session.cluster.revoke(id).await {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            out.message(&not_revoked(id, CliError::from(error))).await;
        }
        _ => (),
    }
}

fn not_revoked(id: LeaseId, why: impl Display) -> String {
    format!("lease {id} not revoked; it expires within its TTL: {why}")
}

/// Prints why the command cannot be run, and returns the exit code that a shell would return.
async fn not_started(args: &RunArgs, error: &std::io::Error, out: &mut Out) -> Exit {
    let (why, exit) = child::failure(&args.command[0], error);
    out.message(&format!("error: {why}")).await;
    exit
}
