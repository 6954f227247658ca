//! `members`: lists the members of the cluster.

use std::time::Duration;

use super::options::WatchArgs;
use super::signals::Signals;
use super::{CliError, CommandSession, Exit, GlobalFlags, Out, headless};
use crate::app::{AppConfig, knows_members};
use crate::report;
use crate::runtime::{self, FinalState};

/// How long to wait for the members.
const MAX_WAIT: Duration = Duration::from_secs(10);

pub(super) async fn run(shared: GlobalFlags, out: &mut Out) -> Result<Exit, CliError> {
    let config = AppConfig { reads_members: true, ..headless::config(WatchArgs::default(), &shared) };
    let session = CommandSession::open(shared).await?;
    let external = headless::external(Signals::catch()?, session.clock.clone(), Some(MAX_WAIT));
    let known = runtime::watch_until(headless::options(&session, config), external, |app, _| knows_members(app)).await;
    let FinalState { app, now, .. } = headless::reached(known, &session)?;
    let text = || report::members_table(&app, now);
    out.report(text, || report::members_json(&app, now), &report::MEMBERS_CSV).await?;
    if !out.is_text() {
        return Ok(Exit::Done);
    }
    let members = &app.cluster.members;
    if members.rows(&app.cluster.view).iter().any(|row| !row.is_endpoint) {
        out.message("* not among the endpoints").await;
    }
    if let Some(through) = members.renewals_through(&app.cluster.view) {
        out.message(&format!("renewals go through {through}")).await;
    }
    if let Some(failure) = &members.failure {
        out.message(&format!("the member list is not known: {}", failure.text)).await;
    }
    Ok(Exit::Done)
}
