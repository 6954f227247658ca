//! The model, all that it hears of, and the driver of what it wants: with a screen or without one.

use std::time::Duration;

use tokio::sync::watch;

use super::Ended;
use super::consumer::{Reader, Tally};
use super::driver::Driver;
use crate::app::{Effect, Model, Msg, Setup, next_wake, update};
use etcd_lease::ClusterView;
use etcd_lease::engine::{self, Board, Engine};
use etcd_lease::wire::Cluster;
use simkit::Clock;
use simkit::Timestamp;

/// Who wakes so much later than planned had no time to run at all.
const LATE: Duration = Duration::from_secs(1);

/// What wakes it.
pub(super) enum News {
    Answer(Msg),
    Board,
    Read,
    View,
    Time,
}

/// Who is suspended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Job {
    Alone,
    Whole,
}

/// What a terminal does beside showing the picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Aside {
    /// It takes a text into its clipboard.
    Copy(String),
    /// It gives us its mouse, or gets it back.
    Mouse(bool),
}

/// The model and what it is tied to.
pub(super) struct Mind {
    pub(super) model: Model,
    pub(super) clock: Clock,
    /// Set when the program is to be suspended: with or without the rest of its job.
    pub(super) stands_still: Option<Job>,
    /// What the terminal is asked for beside the picture.
    pub(super) asides: Vec<Aside>,
    /// Set when another world is wanted: at which speed.
    pub(super) begins_anew: Option<u32>,
    /// Set when the program is to end.
    pub(super) ended: Option<Ended>,
    board: Board,
    tally: Tally,
    view: watch::Receiver<ClusterView>,
    driver: Driver,
}

impl Mind {
    /// Begins, with an engine of its own.
    pub(super) fn start(
        cluster: Cluster,
        clock: Clock,
        keeping: engine::Options,
        setup: Setup,
        stall_consumer: bool,
    ) -> Mind {
        let model = Model::new(setup, clock.now());
        Mind::with(model, cluster, clock, keeping, stall_consumer)
    }

    /// Begins with a model of a cluster that nothing was heard of yet.
    pub(super) fn with(
        model: Model,
        cluster: Cluster,
        clock: Clock,
        keeping: engine::Options,
        stall_consumer: bool,
    ) -> Mind {
        let range = model.setup.range.clone();
        let engine = Engine::start(cluster.clone(), clock.clone(), keeping);
        let reader = Reader::start(engine.consumer(), clock.clone(), stall_consumer);
        let mut view = cluster.watch();
        view.mark_changed();
        Mind {
            model,
            stands_still: None,
            asides: Vec::new(),
            begins_anew: None,
            ended: None,
            board: engine.board(),
            tally: reader.tally(),
            view,
            driver: Driver::new(cluster, engine, clock.clone(), reader, range),
            clock,
        }
    }

    /// When the model wants to be woken at the latest.
    pub(super) fn next_wake(&self) -> Timestamp {
        next_wake(&self.model, self.clock.now())
    }

    /// Waits for what happens next, until `wake` at the latest.
    pub(super) async fn news(&mut self, wake: Timestamp) -> News {
        tokio::select! {
            msg = self.driver.next() => News::Answer(msg),
            () = self.board.changed() => News::Board,
            () = self.tally.changed() => News::Read,
            Ok(()) = self.view.changed() => News::View,
            () = self.clock.sleep_until(wake) => News::Time,
        }
    }

    /// It fell asleep at a moment, to wake at another, and is awake now: much later is too late.
    pub(super) fn awake(&mut self, asleep: Timestamp, wake: Timestamp) {
        if self.clock.now() > wake.max(asleep) + LATE * self.clock.speed() {
            self.tell(Msg::StoodStill { since: asleep });
        }
    }

    /// Takes in what has happened.
    pub(super) fn take_in(&mut self, news: News) {
        match news {
            News::Answer(msg) => self.tell(msg),
            News::Board => self.read_board(),
            News::Read => self.tell(Msg::Delivered(self.tally.take())),
            News::View => {
                let view = self.view.borrow_and_update().clone();
                self.tell(Msg::Cluster(view));
            }
            News::Time => self.tell(Msg::Tick),
        }
    }

    /// Tells the model, and begins what it wants.
    pub(super) fn tell(&mut self, msg: Msg) {
        for effect in update(&mut self.model, msg, self.clock.now()) {
            match effect {
                Effect::Quit { left } => self.ended = Some(Ended { left }),
                Effect::Suspend => self.stands_still = Some(Job::Whole),
                Effect::Mouse(is_ours) => self.asides.push(Aside::Mouse(is_ours)),
                Effect::Copy(text) => self.asides.push(Aside::Copy(text)),
                Effect::BeginAnew { warp } => self.begins_anew = Some(warp),
                effect => self.driver.act(effect),
            }
        }
    }

    fn read_board(&mut self) {
        let news = self.board.drain();
        self.tell(Msg::Statuses(news.statuses));
        self.tell(Msg::Queues(news.queues));
        news.events.into_iter().for_each(|event| self.tell(Msg::Engine(event)));
        if news.events_lost > 0 {
            self.tell(Msg::EventsLost(news.events_lost));
        }
    }

    /// How it ends when it is ended from outside.
    pub(super) fn leave(&mut self) {
        let kept = self.model.kept().map(|lease| lease.id);
        self.ended = Some(Ended { left: if self.model.is_sandbox() { Vec::new() } else { kept.collect() } });
    }
}
