//! The monitor's keepalive consumer: a task that reads every response, unless it is told to stall.
//!
//! What it has read goes into a tally that the event loop takes when it comes by. The task never waits for the loop,
//! so that a slow screen makes no queue overflow.

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};

use etcd_lease::engine::{Consumer, Delivery};
use etcd_lease::{Fault, Granted, LeaseId, RenewalSchedule};
use simkit::Clock;
use simkit::Timestamp;
use simkit::tasks::{self, Task};

/// What the consumer is to keep.
#[derive(Clone, Copy, Debug)]
enum ReaderCommand {
    Start(LeaseId, Option<RenewalSchedule>),
    KeepGranted(Granted, Timestamp, Option<RenewalSchedule>),
    Stop(LeaseId),
    Drill(LeaseId, Option<Fault>),
}

/// Responses read since they were last taken.
#[derive(Clone, Debug, Default)]
pub(super) struct ReadCounts(Arc<(Mutex<BTreeMap<LeaseId, u64>>, Notify)>);

impl ReadCounts {
    fn count(&self, id: LeaseId) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner).entry(id).or_default() += 1;
        self.0.1.notify_one();
    }

    /// Waits until something was read.
    pub(super) async fn changed(&self) {
        self.0.1.notified().await;
    }

    /// Takes what was read of each lease.
    pub(super) fn drain(&self) -> Vec<(LeaseId, u64)> {
        mem::take(&mut *self.0.0.lock().unwrap_or_else(PoisonError::into_inner)).into_iter().collect()
    }
}

/// The way to the consumer's task, which ends with the last of these.
#[derive(Clone, Debug)]
pub(super) struct ResponseReader {
    /// Unbounded: each order stands for a lease that somebody asked to keep or to leave.
    commands: mpsc::UnboundedSender<ReaderCommand>,
    counts: ReadCounts,
    _task: Arc<Task>,
}

impl ResponseReader {
    /// Starts the task.
    pub(super) fn start(consumer: Consumer, clock: Clock, is_stalled: bool) -> Self {
        let (commands, wanted) = mpsc::unbounded_channel();
        let counts = ReadCounts::default();
        let reader_task = ReaderTask { consumer, clock, counts: counts.clone(), slow: BTreeMap::new() };
        let task = tasks::spawn(reader_task.read(wanted, is_stalled));
        ResponseReader { commands, counts, _task: Arc::new(task) }
    }

    /// What it has read.
    pub(super) fn counts(&self) -> ReadCounts {
        self.counts.clone()
    }

    /// Keeps a lease alive, at the engine's pace unless another is named.
    pub(super) fn start_keep_alive(&self, id: LeaseId, pace: Option<RenewalSchedule>) {
        self.send(ReaderCommand::Start(id, pace));
    }

    /// Keeps a lease alive that was just granted, at the engine's pace unless another is named.
    pub(super) fn keep_granted(&self, granted: Granted, sent: Timestamp, pace: Option<RenewalSchedule>) {
        self.send(ReaderCommand::KeepGranted(granted, sent, pace));
    }

    /// Keeps a lease alive no more.
    pub(super) fn stop_keep_alive(&self, id: LeaseId) {
        self.send(ReaderCommand::Stop(id));
    }

    /// Reads a lease's responses slowly or not at all, or as they come.
    pub(super) fn drill(&self, id: LeaseId, drill: Option<Fault>) {
        self.send(ReaderCommand::Drill(id, drill));
    }

    /// The task ends only with the program, or by a panic that ends it.
    fn send(&self, command: ReaderCommand) {
        let _ = self.commands.send(command);
    }
}

/// What the task holds.
struct ReaderTask {
    consumer: Consumer,
    clock: Clock,
    counts: ReadCounts,
    /// Leases that are read slowly: when next, and in what time one.
    slow: BTreeMap<LeaseId, (Timestamp, Duration)>,
}

impl ReaderTask {
    async fn read(mut self, mut wanted: mpsc::UnboundedReceiver<ReaderCommand>, is_stalled: bool) {
        let mut has_leases = false;
        loop {
            let next = self.slow.values().map(|(at, _)| *at).min();
            tokio::select! {
                command = wanted.recv() => match command {
                    Some(command) => {
                        self.execute(command);
                        has_leases = true;
                    }
                    None => return,
                },
                delivery = self.consumer.next(), if has_leases && !is_stalled => match delivery {
                    Some(delivery) => self.on_delivery(&delivery),
                    None => has_leases = false,
                },
                () = self.clock.sleep_until(next.unwrap_or(Timestamp::NEVER)), if next.is_some() => self.read_slowly(),
            }
        }
    }

    fn execute(&mut self, command: ReaderCommand) {
        match command {
            ReaderCommand::Start(id, pace) => self.consumer.keep_alive_with_schedule(id, pace),
            ReaderCommand::KeepGranted(granted, sent, pace) => {
                self.consumer.keep_granted_with_schedule(&granted, sent, pace)
            }
            ReaderCommand::Stop(id) => {
                self.slow.remove(&id);
                self.consumer.stop_keep_alive(id);
            }
            ReaderCommand::Drill(id, drill) => self.drill(id, drill),
        }
    }

    fn drill(&mut self, id: LeaseId, drill: Option<Fault>) {
        self.slow.remove(&id);
        match drill {
            Some(Fault::SlowConsumer { every }) => {
                self.consumer.pause(id);
                self.slow.insert(id, (self.clock.now() + every, every));
            }
            Some(_) => self.consumer.pause(id),
            None => self.consumer.resume(id),
        }
    }

    /// Reads one response of each lease whose time has come.
    fn read_slowly(&mut self) {
        let now = self.clock.now();
        let due: Vec<LeaseId> = self.slow.iter().filter(|(_, (at, _))| *at <= now).map(|(id, _)| *id).collect();
        for id in due {
            let delivery = self.consumer.try_next(id);
            self.slow.entry(id).and_modify(|(at, every)| *at = now + *every);
            delivery.iter().for_each(|delivery| self.on_delivery(delivery));
        }
    }

    /// Why a lease ended stands on the engine's board.
    fn on_delivery(&mut self, delivery: &Delivery) {
        match delivery {
            Delivery::Response(response) => self.counts.count(response.id),
            Delivery::Ended(id, _) => drop(self.slow.remove(id)),
        }
    }
}
