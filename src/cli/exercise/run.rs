//! An exercise, from the first grant to the last revocation.

use std::cell::Cell;
use std::future::pending;
use std::time::{Duration, SystemTime};

use futures_util::{FutureExt, StreamExt, stream};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::revoke::revoke_all;
use super::usage::Usage;
use crate::app::GrantRequest;
use crate::app::cadence::{CadenceReport, CadenceStats};
use crate::cli::CliError;
use crate::cli::grant::{NewLease, grant};
use crate::cli::out::Out;
use crate::cli::session::CommandSession;
use crate::cli::signals::Signals;
use crate::plural::plural;
use etcd_lease::EngineEventKind;
use etcd_lease::engine::{Consumer, Engine, StatusFeed};
use simkit::Stopwatch;
use simkit::Timestamp;

/// Grants in flight at once.
const MAX_IN_FLIGHT: usize = 128;
/// How often the status feed is read, by the leases' clock. Shorter than any renewal interval.
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// The shortest time between reads, however fast that clock is.
const MIN_POLL_INTERVAL: Duration = Duration::from_millis(2);
/// How often the progress line is rewritten.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(250);
/// Maximum number of waiting responses read at once, after the first one, so that reading them does not delay a signal.
const MAX_WAITING: usize = 128;

pub(super) struct ExercisePlan {
    /// The leases, one request per TTL.
    pub(super) orders: Vec<GrantRequest>,
    pub(super) keep_for: Duration,
    /// Whether to leave the responses unread.
    pub(super) stall: bool,
}

impl ExercisePlan {
    /// Series and number of every lease. The series alternate, so that all start together.
    fn leases(&self) -> impl Iterator<Item = (usize, u32)> {
        let count = self.orders.first().map_or(0, |order| order.count);
        (0..count).flat_map(move |index| {
            self.orders.iter().enumerate().map(move |(series, order)| (series, order.first_number + index))
        })
    }
}

pub(super) struct ExerciseRun<'a> {
    session: &'a CommandSession,
    plan: &'a ExercisePlan,
    engine: Engine,
    signals: Signals,
    monitor: LeaseMonitor,
    /// When the last lease was granted, and the resources used by then.
    kept_from: Option<(Timestamp, Option<Usage>)>,
    /// When the leases were no longer kept, and the resources used by then.
    kept_until: Option<(Timestamp, Option<Usage>)>,
    /// How long the leases were kept in real time, which a fast clock does not show.
    real_time: Duration,
}

/// Counts renewals, which the status feed reports, and reads the responses unless `--stall` is given.
struct LeaseMonitor {
    consumer: Consumer,
    reads: bool,
    feed: StatusFeed,
    /// When the feed is read.
    look: Interval,
    /// Time since the progress line was rewritten.
    told: Stopwatch,
    tally: CadenceStats,
}

impl<'a> ExerciseRun<'a> {
    /// Starts an engine. Nothing is granted yet.
    pub(super) fn start(session: &'a CommandSession, plan: &'a ExercisePlan) -> Result<Self, CliError> {
        let signals = Signals::catch()?;
        let engine = session.engine();
        let mut look = interval((POLL_INTERVAL / session.clock.speed()).max(MIN_POLL_INTERVAL));
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let monitor = LeaseMonitor {
            consumer: engine.consumer(),
            reads: !plan.stall,
            feed: engine.status_feed(),
            look,
            told: Stopwatch::start(),
            tally: CadenceStats::new(plan.orders.iter().map(|order| order.ttl)),
        };
        Ok(ExerciseRun {
            session,
            plan,
            engine,
            signals,
            monitor,
            kept_from: None,
            kept_until: None,
            real_time: Duration::ZERO,
        })
    }

    /// Grants all leases and keeps them alive for `keep_for`, or until a signal arrives.
    ///
    /// # Errors
    /// The first grant or put that failed; nothing is granted after it.
    pub(super) async fn grant_and_keep(&mut self, out: &mut Out) -> Result<(), CliError> {
        let stopped = self.grant_all(out).await;
        self.kept_from = Some((self.session.clock.now(), Usage::read()));
        let stopwatch = Stopwatch::start();
        if matches!(stopped, Ok(false)) {
            self.keep(out).await;
        }
        self.kept_until = Some((self.session.clock.now(), Usage::read()));
        self.real_time = stopwatch.elapsed();
        self.monitor.drain_feed();
        stopped.map(drop)
    }

    /// Grants all leases and keeps each alive from its grant on. Returns whether a signal stopped it.
    async fn grant_all(&mut self, out: &mut Out) -> Result<bool, CliError> {
        let plan = self.plan;
        let session = self.session;
        let goes_on = Cell::new(true);
        // Grants in flight are awaited even after a signal or an error, so that every lease is known and revoked.
        let leases = plan.leases().take_while(|_| goes_on.get());
        let granting = |(series, number)| async move { (series, grant(session, &plan.orders[series], number).await) };
        let mut grants = stream::iter(leases).map(granting).buffer_unordered(MAX_IN_FLIGHT);
        let mut stopped = false;
        let mut trouble = None;
        loop {
            tokio::select! {
                granted = grants.next() => match granted {
                    None => return trouble.map_or(Ok(stopped), Err),
                    Some((series, new)) => {
                        trouble = trouble.or(self.monitor.granted(series, new).err());
                        goes_on.set(trouble.is_none() && !stopped);
                    }
                },
                () = self.signals.next() => {
                    stopped = true;
                    goes_on.set(false);
                }
                () = self.monitor.watch(|seen| format!("granting {seen}"), out) => (),
            }
        }
    }

    async fn keep(&mut self, out: &mut Out) {
        let clock = &self.session.clock;
        let keep_for = self.plan.keep_for;
        let from = clock.now();
        let progress = |seen| progress(seen, clock.now() - from, keep_for);
        let done = clock.sleep(keep_for);
        tokio::pin!(done);
        loop {
            tokio::select! {
                () = &mut done => return,
                () = self.signals.next() => return,
                () = self.monitor.watch(progress, out) => (),
            }
        }
    }

    pub(super) fn report(&self) -> CadenceReport {
        CadenceReport {
            pace: self.session.pace(),
            kept_for: Some(self.kept().map_or(Duration::ZERO, |(kept_for, _)| kept_for)),
            stalled: self.plan.stall,
            series: self.monitor.tally.report(),
        }
    }

    /// The real time at the start of the clock.
    pub(super) fn start_of_clock(&self) -> SystemTime {
        self.session.clock.wall(Timestamp::START)
    }

    /// When the leases were no longer kept.
    pub(super) fn ended_at(&self) -> Timestamp {
        self.kept_until.map_or_else(|| self.session.clock.now(), |(until, _)| until)
    }

    /// CPU time and memory while leases were kept, if the system reports it.
    pub(super) fn cost(&self) -> Option<String> {
        let (_, usage) = self.kept()?;
        let (cpu, peak_memory) = usage?;
        let megabytes = peak_memory as f64 / 1e6;
        let (cpu, real) = (cpu.as_secs_f64(), self.real_time.as_secs_f64());
        Some(format!("resources: {cpu:.2} s CPU in {real:.1} s of real time, peak memory {megabytes:.1} MB"))
    }

    /// How long the leases were kept, and the CPU time and peak memory meanwhile.
    fn kept(&self) -> Option<(Duration, Option<(Duration, u64)>)> {
        let ((from, before), (until, after)) = self.kept_from.zip(self.kept_until)?;
        let cost = before.zip(after).map(|(before, after)| (after.cpu - before.cpu, after.peak_memory));
        Some((until.since(from), cost))
    }

    /// Stops keeping the leases alive and revokes the remaining ones.
    pub(super) async fn revoke(self, out: &mut Out) {
        let ExerciseRun { session, engine, mut signals, monitor, .. } = self;
        let LeaseMonitor { consumer, feed, tally, .. } = monitor;
        // Nobody reads how each keepalive ends here, so that need not be kept.
        drop((consumer, feed));
        engine.close().await;
        revoke_all(session, tally.alive(), &mut signals, out).await;
    }
}

impl LeaseMonitor {
    fn granted(&mut self, series: usize, new: Result<NewLease, CliError>) -> Result<(), CliError> {
        let NewLease { granted, sent, put } = new?;
        self.tally.granted(series, &granted, sent);
        self.consumer.keep_granted(&granted, sent);
        put
    }

    /// Waits for responses and reads them, or reads the status feed when it is due. Rewrites the progress line with the
    /// feed.
    async fn watch(&mut self, progress: impl FnOnce(String) -> String, out: &mut Out) {
        tokio::select! {
            () = read(&mut self.consumer), if self.reads => (),
            _ = self.look.tick() => {
                self.drain_feed();
                if self.told.elapsed() >= PROGRESS_INTERVAL {
                    self.told = Stopwatch::start();
                    out.progress(&progress(self.summary())).await;
                }
            }
        }
    }

    fn summary(&self) -> String {
        let (leases, renewals, lost) = self.tally.totals();
        format!("{}, {}, {lost} lost", plural(leases, "lease"), plural(renewals, "renewal"))
    }

    fn drain_feed(&mut self) {
        let LeaseMonitor { feed, tally, .. } = self;
        let update = feed.visit(|status| tally.status(status));
        for event in &update.events {
            if let (Some(id), EngineEventKind::Ended(why)) = (event.lease, &event.kind) {
                tally.ended(id, event.at, why);
            }
        }
    }
}

/// The progress line: `keeping 3 leases, 12 renewals, 0 lost; 34 s of 120 s, 86 s left`.
fn progress(seen: String, elapsed: Duration, keep_for: Duration) -> String {
    let left = keep_for.saturating_sub(elapsed).as_secs_f64().ceil();
    let elapsed = elapsed.min(keep_for).as_secs();
    let keep_for = keep_for.as_secs_f64().ceil();
    format!("keeping {seen}; {elapsed} s of {keep_for} s, {left} s left")
}

/// Waits for a response and reads it with others that have arrived. Never returns if no lease is kept alive. The
/// reasons of ends are in the status feed.
async fn read(consumer: &mut Consumer) {
    if consumer.next().await.is_none() {
        return pending().await;
    }
    for _ in 0..MAX_WAITING {
        if !matches!(consumer.next().now_or_never(), Some(Some(_))) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_says_what_is_over_and_what_is_left() {
        let told = |elapsed: f64, keep_for| progress("1 lease".to_owned(), Duration::from_secs_f64(elapsed), keep_for);
        let two_minutes = Duration::from_secs(120);
        assert_eq!(told(34.4, two_minutes), "keeping 1 lease; 34 s of 120 s, 86 s left");
        assert_eq!(told(120.2, two_minutes), "keeping 1 lease; 120 s of 120 s, 0 s left");
        assert_eq!(told(0.1, Duration::from_millis(1_500)), "keeping 1 lease; 0 s of 2 s, 2 s left");
    }
}
