//! Watches every lease for a while, as the monitor does.

use std::time::Duration;

use crate::app::{AppConfig, AppState};
use crate::cli::global_options::Format;
use crate::cli::out::Out;
use crate::cli::signals::Signals;
use crate::cli::{CliError, CommandSession, headless};
use crate::escape::printable;
use crate::plural::plural;
use crate::report::LeaseListing;
use crate::runtime::{self, FinalState};
use simkit::Clock;
use simkit::Timestamp;

/// How often the progress line is rewritten.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(250);

/// Watches for `span` or until a signal arrives. The second value says why the list may be incomplete.
///
/// # Errors
/// If no member has ever replied, or if the endpoints belong to two clusters.
pub(super) async fn watched(
    session: &CommandSession,
    config: AppConfig,
    span: Duration,
    is_grouped: bool,
    out: &mut Out,
) -> Result<(LeaseListing, Option<CliError>), CliError> {
    let external = headless::external(Signals::catch()?, session.clock.clone(), Some(span));
    let from = session.clock.now();
    let watching = runtime::watch_leases(headless::options(session, config), external);
    let (known, ended) = with_progress(watching, &session.clock, span, out).await;
    let FinalState { app, now, start } = headless::of_one_cluster(known, session)?;
    if !ended.is_empty() {
        let count = plural(ended.len(), "lease");
        let is_listed = !is_grouped && matches!(out.format, Format::Json | Format::Fields);
        let place = if is_listed { "listed apart, in `ended`" } else { "not listed" };
        out.message(&format!("{count} ended while watching ({place}); see `leasetop events`.")).await;
    }
    let listing = LeaseListing { ended: Some(ended), ..LeaseListing::watched(&app, now - from, now, start) };
    Ok((listing, incomplete(&app)))
}

async fn with_progress<T>(watching: impl Future<Output = T>, clock: &Clock, span: Duration, out: &mut Out) -> T {
    let from = clock.now();
    let mut look = tokio::time::interval(PROGRESS_INTERVAL);
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
    let over = (now - from).as_secs();
    let span = span.as_secs_f64().ceil();
    format!("watching: {over} s of {span} s (Ctrl-C lists now)")
}

/// Why the list may be incomplete or out of date.
fn incomplete(app: &AppState) -> Option<CliError> {
    let why = match &app.cluster.list_failure {
        _ if !app.cluster.is_reached() => {
            let why = app.cluster.link_failure().map_or("no reply".to_owned(), |failure| failure.reason());
            format!("connection lost: {why}")
        }
        Some(trouble) => trouble.text.clone(),
        None if !app.cluster.has_listed() => "no list received yet; use a longer --for".to_owned(),
        None => return None,
    };
    Some(CliError::Incomplete(printable(why.as_bytes())))
}
