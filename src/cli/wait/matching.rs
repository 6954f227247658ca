//! `wait --until 'count(FILTER)>=N'`: watches all leases until enough of them match.

use std::time::Duration;

use tokio::sync::mpsc;

use crate::app::{AppState, MatchCount, count_matching};
use crate::cli::options::WatchArgs;
use crate::cli::signals::Signals;
use crate::cli::{CliError, CommandSession, Exit, GlobalFlags, Out, headless};
use crate::escape::printable;
use crate::report::{self, Reason, WaitedForCount};
use crate::runtime::{self, FinalState};
use crate::wait_condition::CountCondition;
use etcd_lease::wire::CallError;
use simkit::Timestamp;

/// Time between two counts per lease: counting takes at most a few percent of a core.
const PAUSE_PER_LEASE: Duration = Duration::from_micros(10);

pub(super) async fn run(
    condition: &CountCondition,
    watch_args: WatchArgs,
    timeout: Option<Duration>,
    shared: GlobalFlags,
    out: &mut Out,
) -> Result<Exit, CliError> {
    let config = headless::config(watch_args, &shared);
    let session = CommandSession::open(shared).await?;
    let external = headless::external(Signals::catch()?, session.clock.clone(), timeout);
    let over = timeout.map_or(Timestamp::NEVER, |timeout| session.clock.now() + timeout);
    let (tell, told) = mpsc::unbounded_channel();
    let from = session.clock.now();
    let mut counter =
        Counter { condition, from, next: Timestamp::START, count: None, is_trouble_reported: false, tell };
    let options = headless::options(&session, config);
    let known = tokio::select! {
        known = runtime::watch_until(options, external, |app, now| counter.is_done(app, now)) => known,
        () = print_trouble(told, out) => unreachable!("the counter has the sender"),
    };
    let count = counter.count;
    let FinalState { app, now, .. } = headless::of_one_cluster(known, &session)?;
    let Some(count) = count else { return Err(incomplete(&app)) };
    let reason = match () {
        () if condition.is_met(count.matching, count.unknown) => None,
        () if now >= over => Some(Reason::TimedOut),
        () => Some(Reason::Stopped),
    };
    let waited = WaitedForCount { at: session.clock.wall(now), condition, count, reason };
    match reason {
        Some(_) if out.is_text() => out.message(report::waited_for_count(&waited).trim_end()).await,
        _ => {
            let json = || report::waited_for_count_json(&waited);
            out.report(|| report::waited_for_count(&waited), json, &report::WAIT_CSV).await?;
        }
    }
    Ok(Exit::no_if(reason.is_some()))
}

/// Prints why no member replies, until the sender is dropped.
async fn print_trouble(mut told: mpsc::UnboundedReceiver<String>, out: &mut Out) {
    while let Some(why) = told.recv().await {
        out.message(&format!("{why}. Retrying.")).await;
    }
}

/// Counts the leases that match, not more often than necessary.
struct Counter<'a> {
    condition: &'a CountCondition,
    /// When the wait began.
    from: Timestamp,
    /// When to count next.
    next: Timestamp,
    /// The last count. `None` while the leases are not known.
    count: Option<MatchCount>,
    /// Whether it was reported why no member replies. Reset by a reply.
    is_trouble_reported: bool,
    tell: mpsc::UnboundedSender<String>,
}

impl Counter<'_> {
    /// Counts if a count is due, and reports why no member replies. Returns whether the condition is met, or cannot be
    /// checked because the user may not list leases.
    fn is_done(&mut self, app: &AppState, now: Timestamp) -> bool {
        if now >= self.next {
            self.count = count_matching(app, self.condition.filter(), now);
            let leases = app.leases.living().count();
            self.next = now + PAUSE_PER_LEASE * u32::try_from(leases).unwrap_or(u32::MAX);
        }
        self.report_trouble(app);
        let is_met = self.count.is_some_and(|count| self.condition.is_met(count.matching, count.unknown));
        let is_forbidden = app.cluster.list_failure.as_ref().is_some_and(|failure| failure.is_forbidden);
        let is_refused = !app.cluster.was_reached() && headless::have_all_failed(app, CallError::is_refusal);
        is_met && headless::knows_members(app, self.from, now)
            || is_forbidden
            || is_refused
            || headless::has_two_clusters(app)
    }

    fn report_trouble(&mut self, app: &AppState) {
        if app.cluster.is_reached() {
            self.is_trouble_reported = false;
        } else if !self.is_trouble_reported
            && headless::have_all_failed(app, |_| true)
            && let Some(failure) = app.cluster.link_failure()
        {
            self.is_trouble_reported = true;
            // Nobody prints any more once the wait is over.
            let _ = self.tell.send(format!("no member replied: {}", printable(failure.reason().as_bytes())));
        }
    }
}

/// Why the leases are not known.
fn incomplete(app: &AppState) -> CliError {
    let why = match &app.cluster.list_failure {
        _ if !app.cluster.is_reached() => {
            let why = app.cluster.link_failure().map_or("no reply".to_owned(), |failure| failure.reason());
            format!("connection lost: {why}")
        }
        Some(failure) => failure.text.clone(),
        None => "no list received".to_owned(),
    };
    CliError::Incomplete(printable(why.as_bytes()))
}
