//! One exercise from the first grant to the last revocation.

use std::cell::Cell;
use std::future::pending;
use std::time::{Duration, SystemTime};

use futures_util::{FutureExt, StreamExt, stream};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::revoke::revoke_all;
use super::usage::Usage;
use crate::app::GrantOrder;
use crate::app::exercise::{Exercise, Tally, plural};
use crate::cli::Error;
use crate::cli::grant::{New, grant};
use crate::cli::out::Out;
use crate::cli::session::Session;
use crate::cli::signals::Signals;
use etcd_lease::EngineEventKind;
use etcd_lease::engine::{Board, Consumer, Engine};
use simkit::Stopwatch;
use simkit::Timestamp;

/// Grants in flight at once.
const TOGETHER: usize = 128;
/// How often the board is looked at, by the leases' clock: more often than any lease is renewed.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// However fast that clock is.
const LEAST_BETWEEN_LOOKS: Duration = Duration::from_millis(2);
/// How often the progress line is written anew.
const TELL_EVERY: Duration = Duration::from_millis(250);

/// What to do.
pub(super) struct Plan {
    /// The leases, an order a series.
    pub(super) orders: Vec<GrantOrder>,
    /// How long to keep them.
    pub(super) keep_for: Duration,
    /// Whether to leave the responses unread.
    pub(super) stall: bool,
}

impl Plan {
    /// Every lease by its series and its number; the series in turn, so that all start together.
    fn leases(&self) -> impl Iterator<Item = (usize, u32)> {
        let count = self.orders.first().map_or(0, |order| order.count);
        (0..count).flat_map(move |index| {
            self.orders.iter().enumerate().map(move |(series, order)| (series, order.first_number + index))
        })
    }
}

/// An exercise on its way.
pub(super) struct Run<'a> {
    session: &'a Session,
    plan: &'a Plan,
    engine: Engine,
    signals: Signals,
    eye: Eye,
    kept_from: Option<(Timestamp, Option<Usage>)>,
    kept_until: Option<(Timestamp, Option<Usage>)>,
}

/// What watches the leases, and reads their responses unless they are to be left unread.
struct Eye {
    consumer: Consumer,
    reads: bool,
    board: Board,
    look: Interval,
    told: Stopwatch,
    tally: Tally,
}

impl<'a> Run<'a> {
    /// Starts an engine; nothing is granted yet.
    pub(super) fn start(session: &'a Session, plan: &'a Plan) -> Result<Self, Error> {
        let signals = Signals::catch()?;
        let engine = session.engine();
        let mut look = interval((LOOK_EVERY / session.clock.speed()).max(LEAST_BETWEEN_LOOKS));
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let eye = Eye {
            consumer: engine.consumer(),
            reads: !plan.stall,
            board: engine.board(),
            look,
            told: Stopwatch::start(),
            tally: Tally::new(plan.orders.iter().map(|order| order.ttl)),
        };
        Ok(Run { session, plan, engine, signals, eye, kept_from: None, kept_until: None })
    }

    /// Grants all leases and keeps them for as long as was asked, or until a signal comes.
    ///
    /// # Errors
    /// The first grant or put that failed; nothing is granted after it.
    pub(super) async fn grant_and_keep(&mut self, out: &mut Out) -> Result<(), Error> {
        let stopped = self.grant_all(out).await;
        self.kept_from = Some((self.session.clock.now(), Usage::read()));
        if matches!(stopped, Ok(false)) {
            self.keep(out).await;
        }
        self.kept_until = Some((self.session.clock.now(), Usage::read()));
        self.eye.take_in();
        stopped.map(drop)
    }

    /// Grants, and keeps each lease from the moment it is there. True if a signal stopped it.
    async fn grant_all(&mut self, out: &mut Out) -> Result<bool, Error> {
        let (plan, session) = (self.plan, self.session);
        let goes_on = Cell::new(true);
        // After a signal or an error those in flight are waited for: no lease is left behind unknown.
        let leases = plan.leases().take_while(|_| goes_on.get());
        let granting = |(series, number)| async move { (series, grant(session, &plan.orders[series], number).await) };
        let mut grants = stream::iter(leases).map(granting).buffer_unordered(TOGETHER);
        let (mut stopped, mut trouble) = (false, None);
        loop {
            tokio::select! {
                granted = grants.next() => match granted {
                    None => return trouble.map_or(Ok(stopped), Err),
                    Some((series, new)) => {
                        trouble = trouble.or(self.eye.granted(series, new).err());
                        goes_on.set(trouble.is_none() && !stopped);
                    }
                },
                () = self.signals.next() => {
                    stopped = true;
                    goes_on.set(false);
                }
                () = self.eye.watch(|seen| format!("granting {seen}"), out) => (),
            }
        }
    }

    async fn keep(&mut self, out: &mut Out) {
        let (clock, keep_for) = (&self.session.clock, self.plan.keep_for);
        let from = clock.now();
        let progress = |seen| progress(seen, clock.now() - from, keep_for);
        let done = clock.sleep(keep_for);
        tokio::pin!(done);
        loop {
            tokio::select! {
                () = &mut done => return,
                () = self.signals.next() => return,
                () = self.eye.watch(progress, out) => (),
            }
        }
    }

    /// What was seen.
    pub(super) fn report(&self) -> Exercise {
        Exercise {
            pace: self.session.pace(),
            kept_for: Some(self.kept().map_or(Duration::ZERO, |(kept_for, _)| kept_for)),
            stalled: self.plan.stall,
            series: self.eye.tally.report(),
        }
    }

    /// What the wall said at the start of the clock.
    pub(super) fn start_of_clock(&self) -> SystemTime {
        self.session.clock.wall(Timestamp::START)
    }

    /// What the keeping has cost, where the system tells.
    pub(super) fn cost(&self) -> Option<String> {
        let (kept_for, (cpu, peak)) = self.kept().and_then(|(kept_for, cost)| Some((kept_for, cost?)))?;
        let (seconds, cpu) = (kept_for.as_secs_f64(), cpu.as_secs_f64());
        let megabytes = peak as f64 / 1e6;
        Some(format!("the cost of keeping: {cpu:.2} s of CPU in {seconds:.1} s, {megabytes:.1} MB of memory at most"))
    }

    fn kept(&self) -> Option<(Duration, Option<(Duration, u64)>)> {
        let ((from, before), (until, after)) = self.kept_from.zip(self.kept_until)?;
        let cost = before.zip(after).map(|(before, after)| (after.cpu - before.cpu, after.peak_memory));
        Some((until.since(from), cost))
    }

    /// Lets go of all leases and revokes those that live.
    pub(super) async fn revoke(mut self, out: &mut Out) {
        self.engine.close().await;
        revoke_all(self.session, self.eye.tally.alive(), &mut self.signals, out).await;
    }
}

impl Eye {
    fn granted(&mut self, series: usize, new: Result<New, Error>) -> Result<(), Error> {
        let New { granted, sent, put } = new?;
        self.tally.granted(series, &granted, sent);
        self.consumer.keep_granted(&granted, sent);
        put
    }

    /// Reads responses that are there, or looks at the board when it is time.
    async fn watch(&mut self, progress: impl FnOnce(String) -> String, out: &mut Out) {
        tokio::select! {
            () = read(&mut self.consumer), if self.reads => (),
            _ = self.look.tick() => {
                self.take_in();
                if self.told.elapsed() >= TELL_EVERY {
                    self.told = Stopwatch::start();
                    out.progress(&progress(self.seen())).await;
                }
            }
        }
    }

    fn seen(&self) -> String {
        let (leases, renewals, lost) = self.tally.totals();
        format!("{}, {}, {lost} lost", plural(leases, "lease"), plural(renewals, "renewal"))
    }

    fn take_in(&mut self) {
        let news = self.board.drain();
        for event in &news.events {
            if let (Some(id), EngineEventKind::Ended(why)) = (event.lease, &event.kind) {
                self.tally.ended(id, event.at, why);
            }
        }
        news.statuses.iter().for_each(|status| self.tally.status(status));
        news.queues.into_iter().for_each(|(id, gauge)| self.tally.queue(id, gauge));
    }
}

/// What was seen, how much of the time is over, and how much is left: `keeping 3 leases, 12 renewals, 0 lost; 34 s of 120 s,
/// 86 s left`.
fn progress(seen: String, elapsed: Duration, keep_for: Duration) -> String {
    let left = keep_for.saturating_sub(elapsed).as_secs_f64().ceil();
    let (elapsed, keep_for) = (elapsed.min(keep_for).as_secs(), keep_for.as_secs_f64().ceil());
    format!("keeping {seen}; {elapsed} s of {keep_for} s, {left} s left")
}

/// Waits for a response and takes what has come with it. The board tells of ends.
async fn read(consumer: &mut Consumer) {
    if consumer.next().await.is_none() {
        return pending().await;
    }
    for _ in 0..TOGETHER {
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
