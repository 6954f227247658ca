//! The monitor's mind without a screen: every event handed out as it happens, or what is known after a while.

use std::time::SystemTime;

use futures_util::stream::{Stream, StreamExt};
use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;

use super::ExternalEvent;
use super::session::Session;
use crate::app::{AppConfig, AppState, Event, EventKind, Msg, matches_filter, run_lints};
use etcd_lease::engine;
use etcd_lease::wire::Cluster;
use simkit::Clock;
use simkit::Timestamp;

/// What is followed.
#[derive(Clone, Debug)]
pub struct HeadlessOptions {
    /// The cluster, or the sandbox that stands for it.
    pub cluster: Cluster,
    /// The clock of polls and events: the sandbox's, where there is one.
    pub clock: Clock,
    /// What the state starts from. It keeps nothing alive and shows nothing.
    pub config: AppConfig,
}

/// An event, and what the wall said at the start of the clock.
#[derive(Clone, Debug, PartialEq)]
pub struct TimedEvent {
    /// The event.
    pub event: Event,
    /// The wall's time at the clock's start; later for what came after a sleep of the machine, which the clock did not count.
    pub start: SystemTime,
}

/// What was known when following ended.
#[derive(Clone, Debug)]
pub struct FinalState {
    /// All that was known.
    pub app: AppState,
    /// When that was.
    pub now: Timestamp,
    /// The wall's time at the clock's start, sleeps of the machine included.
    pub start: SystemTime,
}

/// Follows a cluster until `external` ends it, or ends, or nobody takes the events any more. Every renewal that polls show
/// is one of them; leases that are there at the start are none. Of leases those are told that the filter of the setup means.
///
/// Nothing waits for whoever takes them: where there is no room, events are lost, and that is an event once there is.
pub async fn follow_events<O>(options: HeadlessOptions, external: O, events: Sender<TimedEvent>) -> FinalState
where
    O: Stream<Item = ExternalEvent> + Unpin,
{
    let mut run = HeadlessRun::start(options);
    run.session.app.events.record_all();
    let mut sink = EventSink { events, lost: 0 };
    run.run(external, |session, start| sink.send_all(session, start)).await
}

/// Watches a cluster in the same way until `external` ends it, or ends, and tells nothing before that. How many leases died
/// meanwhile stands beside what is known of the others.
pub async fn watch_leases(
    options: HeadlessOptions,
    external: impl Stream<Item = ExternalEvent> + Unpin,
) -> (FinalState, u64) {
    let mut deaths = 0;
    let mut run = HeadlessRun::start(options);
    run.session.app.events.record_all();
    let count = |session: &mut Session, _| {
        let told = session.app.events.take_recorded();
        deaths += told.iter().filter(|event| matches!(event.kind, EventKind::LeaseEnded(_))).count() as u64;
        true
    };
    let mut known = run.run(external, count).await;
    run_lints(&mut known.app, known.now);
    (known, deaths)
}

struct HeadlessRun {
    session: Session,
    start: SystemTime,
}

impl HeadlessRun {
    fn start(HeadlessOptions { cluster, clock, config }: HeadlessOptions) -> Self {
        let start = clock.wall(Timestamp::START);
        HeadlessRun { session: Session::start(cluster, clock, engine::Options::default(), config, false), start }
    }

    /// Goes on until it is ended from outside, or `more` has had enough.
    async fn run<O>(mut self, mut external: O, mut more: impl FnMut(&mut Session, SystemTime) -> bool) -> FinalState
    where
        O: Stream<Item = ExternalEvent> + Unpin,
    {
        while more(&mut self.session, self.start) {
            let session = &mut self.session;
            let (asleep, wake) = (session.clock.now(), session.next_wake());
            tokio::select! {
                wakeup = session.next_wakeup(wake) => {
                    session.detect_stall(asleep, wake);
                    session.on_wakeup(wakeup);
                }
                external = external.next() => match external {
                    Some(ExternalEvent::Slept(span)) => {
                        self.start += span;
                        session.send(Msg::SystemSlept(span));
                    }
                    Some(ExternalEvent::Suspend | ExternalEvent::Continued) => (),
                    Some(ExternalEvent::End) | None => break,
                },
            }
        }
        FinalState { now: self.session.clock.now(), app: self.session.app, start: self.start }
    }
}

struct EventSink {
    events: Sender<TimedEvent>,
    /// Events that there was no room for, and that was not told yet.
    lost: u64,
}

impl EventSink {
    /// Tells what is new; no where nobody listens any more.
    fn send_all(&mut self, session: &mut Session, start: SystemTime) -> bool {
        if self.lost > 0 && self.events.capacity() > 0 {
            session.send(Msg::EventsLost(std::mem::take(&mut self.lost)));
        }
        let (told, now) = (session.app.events.take_recorded(), session.clock.now());
        let filter = session.app.config.filter.filter();
        for event in
            told.into_iter().filter(|event| matches_filter(&session.app.leases, &session.app.keys, filter, event, now))
        {
            match self.events.try_send(TimedEvent { event, start }) {
                Ok(()) => (),
                Err(TrySendError::Full(_)) => self.lost += 1,
                Err(TrySendError::Closed(_)) => return false,
            }
        }
        !self.events.is_closed()
    }
}
