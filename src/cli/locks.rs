//! `locks`: lists locks and elections with their holders and waiters.

use std::time::Duration;

use super::options::LocksArgs;
use super::signals::Signals;
use super::{CliError, CommandSession, Exit, GlobalFlags, Out, headless};
use crate::app::{AppConfig, AppState, knows_locks, undecided_locks};
use crate::report;
use crate::runtime::{self, FinalState};
use etcd_lease::wire::{CallError, ErrorCause};

/// How long to wait for the keys, the leases of their holders and the values without `--for`.
const MAX_WAIT: Duration = Duration::from_secs(10);

pub(super) async fn run(args: LocksArgs, shared: GlobalFlags, out: &mut Out) -> Result<Exit, CliError> {
    let config = AppConfig { reads_lock_values: true, ..headless::config(args.watch_args, &shared) };
    let session = CommandSession::open(shared).await?;
    let external =
        headless::external(Signals::catch()?, session.clock.clone(), Some(args.watch_for.unwrap_or(MAX_WAIT)));
    let from = session.clock.now();
    let options = headless::options(&session, config);
    let known = match args.watch_for {
        Some(_) => runtime::watch_leases(options, external).await.0,
        None => {
            let is_hopeless = |app: &AppState| {
                // A member that has not replied yet may be slow.
                let has_failed = |trouble: &CallError| trouble.cause() != ErrorCause::NoReply;
                !app.cluster.was_reached() && headless::have_all_failed(app, has_failed)
            };
            let is_done = |app: &AppState, now| {
                knows_locks(app) && headless::knows_members(app, from, now)
                    || is_hopeless(app)
                    || headless::has_two_clusters(app)
            };
            runtime::watch_until(options, external, is_done).await
        }
    };
    let FinalState { app, now, .. } = headless::of_one_cluster(known, &session)?;
    let watched = args.watch_for.map(|_| now - from);
    let text = || report::locks_table(&app, now);
    out.report(text, || report::locks_json(&app, watched, now), &report::LOCKS_CSV).await?;
    if out.is_text() && app.keys.locks().queues().next().is_none() {
        out.message("no locks or elections").await;
    }
    let undecided = undecided_locks(app.keys.locks()).filter(|_| out.is_text());
    if let Some(undecided) = undecided {
        out.message(&undecided).await;
    }
    headless::incomplete_keys(&app).map_or(Ok(Exit::Done), Err)
}
