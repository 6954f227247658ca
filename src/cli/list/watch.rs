//! Every lease as it was watched for a while, with the machinery of the monitor.

use std::time::Duration;

use crate::app::exercise::plural;
use crate::app::{Model, Setup};
use crate::cli::out::Out;
use crate::cli::signals::Signals;
use crate::cli::{Error, Session, following};
use crate::escape::printable;
use crate::report::Listing;
use crate::runtime::{self, Known};
use simkit::Clock;
use simkit::Timestamp;

/// How often the progress line is written anew.
const TELL_EVERY: Duration = Duration::from_millis(250);

/// Watches for so long, or until a signal comes: what is known by then, and why that may not be all.
///
/// # Errors
/// Where no member has ever answered.
pub(super) async fn watched(
    session: &Session,
    setup: Setup,
    span: Duration,
    out: &mut Out,
) -> Result<(Listing, Option<Error>), Error> {
    let outside = following::outside(Signals::catch()?, session.clock.clone(), Some(span));
    let from = session.clock.now();
    let watching = runtime::watch(following::options(session, setup), outside);
    let (known, deaths) = with_progress(watching, &session.clock, span, out).await;
    let Known { model, now, start } = following::reached(known, session)?;
    if deaths > 0 {
        let died = plural(deaths, "lease");
        out.tell(&format!("{died} died meanwhile, not listed here; `leasetop events` tells of each how.")).await;
    }
    Ok((Listing::watched(&model, now - from, now, start), incomplete(&model)))
}

async fn with_progress<T>(watching: impl Future<Output = T>, clock: &Clock, span: Duration, out: &mut Out) -> T {
    let (from, mut look) = (clock.now(), tokio::time::interval(TELL_EVERY));
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
fn incomplete(model: &Model) -> Option<Error> {
    let why = match &model.list_trouble {
        _ if !model.is_reached() => {
            format!("no member answers any more: {}", model.link_trouble().unwrap_or("no answer"))
        }
        Some(trouble) => trouble.text.clone(),
        None if !model.has_listed() => "no list was answered yet; watch for longer".to_owned(),
        None => return None,
    };
    Some(Error::Incomplete(printable(why.as_bytes())))
}
