//! Watching a cluster without a screen, for `events`, `list --for`, `locks`, `serve` and `wait`.

use std::future::pending;
use std::time::Duration;

use futures_util::stream::{self, Stream};

use super::options::WatchArgs;
use super::signals::Signals;
use super::{CliError, CommandSession, GlobalFlags};
use crate::app::{AppConfig, AppState, knows_locks};
use crate::escape::printable;
use crate::runtime::{self, ExternalEvent, FinalState, HeadlessOptions, Outputs};
use etcd_lease::wire::CallError;
use etcd_lease::{ClusterView, MemberView, Reachability};
use simkit::{Clock, Timestamp};

/// How long the last lines may take to be read.
pub(super) const LAST_LINES_TIMEOUT: Duration = Duration::from_secs(1);

/// How long to wait for the status of each member.
pub(super) const MEMBER_INFO_TIMEOUT: Duration = Duration::from_millis(500);

/// The configuration for watching a cluster, with a read-only state.
pub(super) fn config(watch_args: WatchArgs, shared: &GlobalFlags) -> AppConfig {
    AppConfig {
        target: shared.target(),
        backend: shared.backend(),
        is_read_only: true,
        mutes: shared.mutes.clone(),
        lock_patterns: shared.lock_patterns.clone(),
        ..watch_args.config()
    }
}

/// Options for watching the cluster of a session, without outputs.
pub(super) fn options(session: &CommandSession, config: AppConfig) -> HeadlessOptions {
    options_with(session, config, Outputs::default())
}

/// Options for watching the cluster of a session, with outputs: metrics, commands that run on events, or notifications.
pub(super) fn options_with(session: &CommandSession, config: AppConfig, outputs: Outputs) -> HeadlessOptions {
    HeadlessOptions { cluster: session.cluster.clone(), clock: session.clock.clone(), config, outputs }
}

/// The external events of a command: its end, at a signal or after `after`, and sleeps of the machine.
pub(super) fn external(
    signals: Signals,
    clock: Clock,
    after: Option<Duration>,
) -> impl Stream<Item = ExternalEvent> + Unpin {
    let end = stop(signals, clock.clone(), after);
    stream::select(Box::pin(stream::once(end)), Box::pin(runtime::sleeps(clock)))
}

async fn stop(mut signals: Signals, clock: Clock, after: Option<Duration>) -> ExternalEvent {
    let over = async {
        match after {
            Some(after) => clock.sleep(after).await,
            None => pending().await,
        }
    };
    tokio::select! {
        () = signals.next() => ExternalEvent::End,
        () = over => ExternalEvent::End,
    }
}

/// The error that the keys may be incomplete or out of date. `None` if they are complete.
pub(super) fn incomplete_keys(app: &AppState) -> Option<CliError> {
    let why = match &app.keys.failure {
        _ if !app.cluster.is_reached() => {
            let why = app.cluster.link_failure().map_or("no reply".to_owned(), |failure| failure.reason());
            format!("connection lost: {why}")
        }
        Some(failure) => failure.text.clone(),
        None if !knows_locks(app) => "not all keys and leases are read yet; use a longer --for".to_owned(),
        None => return None,
    };
    Some(CliError::Incomplete(printable(why.as_bytes())))
}

/// The final state, or an error if no member has ever replied or the endpoints belong to two clusters.
pub(super) fn of_one_cluster(known: FinalState, session: &CommandSession) -> Result<FinalState, CliError> {
    let known = reached(known, session)?;
    one_cluster(&known.app.cluster.view)?;
    Ok(known)
}

/// Whether each endpoint has failed, in a way for which `is_such` holds.
pub(super) fn have_all_failed(app: &AppState, is_such: impl Fn(&CallError) -> bool) -> bool {
    let members = &app.cluster.view.members;
    let has_failed = |member: &MemberView| match &member.reachability {
        Reachability::Down { trouble } => is_such(trouble),
        _ => false,
    };
    !members.is_empty() && members.iter().all(has_failed)
}

/// Whether the status of every member is known, or has been waited for long enough since `from`.
pub(super) fn knows_members(app: &AppState, from: Timestamp, now: Timestamp) -> bool {
    let is_known = |member: &MemberView| member.reachability != Reachability::Unknown;
    now >= from + MEMBER_INFO_TIMEOUT || app.cluster.view.members.iter().all(is_known)
}

/// Whether the endpoints belong to two clusters.
pub(super) fn has_two_clusters(app: &AppState) -> bool {
    let view = &app.cluster.view;
    view.members.iter().any(|member| view.is_elsewhere(member)) && one_cluster(view).is_err()
}

/// Refuses endpoints of two clusters: what they report would depend on which member is used.
pub(super) fn one_cluster(view: &ClusterView) -> Result<(), CliError> {
    let first = |is_elsewhere| {
        let mut known = view.members.iter().filter(|member| member.cluster_id != 0);
        let found = known.find(|member| view.is_elsewhere(member) == is_elsewhere)?;
        Some(format!("{} to {:x}", found.endpoint, found.cluster_id))
    };
    let (Some(known), Some(other)) = (first(false), first(true)) else { return Ok(()) };
    Err(CliError::TwoClusters { known, other })
}

/// The final state, or an error if no member has ever replied.
pub(super) fn reached(known: FinalState, session: &CommandSession) -> Result<FinalState, CliError> {
    let cluster = &known.app.cluster;
    if cluster.was_reached() { Ok(known) } else { Err(session.unreached(cluster.link_failure())) }
}
