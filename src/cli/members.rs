//! `members`: lists the members of the cluster.

use std::time::{Duration, SystemTime};

use futures_util::FutureExt;

use super::options::{MembersArgs, WatchArgs};
use super::signals::Signals;
use super::{CliError, CommandSession, Exit, GlobalFlags, Out, headless};
use crate::app::{AppConfig, AppState, MemberRow, certificate_expiry, knows_members};
use crate::report;
use crate::runtime::{self, FinalState};

/// How long to wait for the members.
const MAX_WAIT: Duration = Duration::from_secs(10);

pub(super) async fn run(args: MembersArgs, shared: GlobalFlags, out: &mut Out) -> Result<Exit, CliError> {
    if args.probe_members {
        shared.writes("members --probe-members")?;
    }
    let config = AppConfig { reads_members: true, ..headless::config(WatchArgs::default(), &shared) };
    // The watch below has signals of its own, which end it.
    let mut signals = Signals::catch()?;
    let session = CommandSession::open(shared).await?;
    let external = headless::external(Signals::catch()?, session.clock.clone(), Some(MAX_WAIT));
    let known = runtime::watch_until(headless::options(&session, config), external, |app, _| knows_members(app)).await;
    let FinalState { mut app, now, .. } = headless::reached(known, &session)?;
    let mut is_interrupted = signals.next().now_or_never().is_some();
    if is_interrupted {
        out.message("interrupted").await;
    } else if args.probe_members {
        let probing = session.cluster.probe_members(&app.cluster.members.listed);
        match signals.or_end(probing).await {
            Some(probes) => app.cluster.members.on_probed(probes, session.clock.now()),
            None => {
                is_interrupted = true;
                out.message("probe interrupted; a lease of 10 s may be left").await;
            }
        }
    }
    let wall = session.clock.wall(now);
    let text = || report::members_table(&app, now, wall);
    out.report(text, || report::members_json(&app, now, wall), &report::MEMBERS_CSV).await?;
    if out.is_text() {
        notes(&app, wall, out).await;
    }
    let rows = app.cluster.members.rows(&app.cluster.view);
    let has_failed = |row: &MemberRow<'_>| row.probe.is_some_and(|(probe, _)| !probe.is_done());
    Ok(Exit::no_if(is_interrupted || rows.iter().any(|row| row.is_silent() || has_failed(row))))
}

/// Prints notes below the table: what its mark means, and what is not about a single member.
async fn notes(app: &AppState, wall: SystemTime, out: &mut Out) {
    let members = &app.cluster.members;
    if members.rows(&app.cluster.view).iter().any(|row| !row.is_endpoint) {
        out.message("* not among the endpoints").await;
    }
    if let Some(through) = members.renewals_through(&app.cluster.view) {
        out.message(&format!("renewals go through {through}")).await;
    }
    let own = app.cluster.view.client_certificate_end.and_then(|end| certificate_expiry(end, wall));
    if let Some(expiry) = own {
        out.message(&format!("the client certificate {expiry}")).await;
    }
    if let Some(failure) = &members.failure {
        out.message(&format!("the member list is not known: {}", failure.text)).await;
    }
}
