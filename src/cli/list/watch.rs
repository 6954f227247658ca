//! Every lease as it was watched for a while, with the machinery of the monitor.

use std::time::Duration;

use crate::app::{AppConfig, AppState};
use crate::cli::out::Out;
use crate::cli::signals::Signals;
use crate::cli::{CliError, CommandSession, headless};
use crate::escape::printable;
use crate::plural::plural;
use crate::report::LeaseListing;
use crate::runtime::{self, FinalState};
use simkit::Clock;
use simkit::Timestamp;

/// How often the progress line is written anew.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(250);

/// Watches for so long, or until a signal comes: what is known by then, and why that may not be all.
///
/// # Errors
/// Where no member has ever answered.
pub(super) async fn watched(
    session: &CommandSession,
    config: AppConfig,
    span: Duration,
    out: &mut Out,
) -> Result<(LeaseListing, Option<CliError>), CliError> {
    let external = headless::external(Signals::catch()?, session.clock.clone(), Some(span));
    let from = session.clock.now();
    let watching = runtime::watch_leases(headless::options(session, config), external);
    let (known, deaths) = with_progress(watching, &session.clock, span, out).await;
    let FinalState { app, now, start } = headless::reached(known, session)?;
    if deaths > 0 {
        let died = plural(deaths, "lease");
        out.message(&format!("{died} died meanwhile, not listed here; `leasetop events` tells of each how.")).await;
    }
    Ok((LeaseListing::watched(&app, now - from, now, start), incomplete(&app)))
}

async fn with_progress<T>(watching: impl Future<Output = T>, clock: &Clock, span: Duration, out: &mut Out) -> T {
    let (from, mut look) = (clock.now(), tokio::time::interval(PROGRESS_INTERVAL));
    tokio::pin!(watching);
    loop {
        tokio::select! {
            known = &mut watching => {
                out.progress("").await;
                return known;
            }
            _ = look.tick() => out.progress(&progress(from, clock.now(), span)).await,
        }
    }
}

fn progress(from: Timestamp, now: Timestamp, span: Duration) -> String {
    let (over, span) = ((now - from).as_secs(), span.as_secs_f64().ceil());
    format!("watching: {over} s of {span} s; Ctrl-C lists what is known by then")
}

/// Why there may be more leases than were seen, or other things known of them by now.
fn incomplete(app: &AppState) -> Option<CliError> {
    let why = match &app.cluster.list_failure {
        _ if !app.cluster.is_reached() => {
            format!("no member answers any more: {}", app.cluster.link_failure().unwrap_or("no answer"))
        }
        Some(trouble) => trouble.text.clone(),
        None if !app.cluster.has_listed() => "no list was answered yet; watch for longer".to_owned(),
        None => return None,
    };
    Some(CliError::Incomplete(printable(why.as_bytes())))
}
