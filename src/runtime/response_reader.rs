//! The monitor's response reader: a task that reads every keepalive response, unless a fault drill stalls it.
//!
//! The task counts responses per lease, and the event loop collects the counts. The task never waits for the loop, so a
//! slow screen cannot make a queue overflow.

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

/// A command to the task.
#[derive(Clone, Copy, Debug)]
enum ReaderCommand {
    Start(LeaseId, Option<RenewalSchedule>),
    KeepGranted(Granted, Timestamp, Option<RenewalSchedule>),
    Stop(LeaseId),
    Drill(LeaseId, Option<Fault>),
}

/// Responses read since the last `drain`, by lease.
#[derive(Clone, Debug, Default)]
pub(super) struct ReadCounts(Arc<(Mutex<BTreeMap<LeaseId, u64>>, Notify)>);

impl ReadCounts {
    fn count(&self, id: LeaseId) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner).entry(id).or_default() += 1;
        self.0.1.notify_one();
    }

    /// Waits until a response was read.
    pub(super) async fn changed(&self) {
        self.0.1.notified().await;
    }

    /// Returns and resets the counts.
    pub(super) fn drain(&self) -> Vec<(LeaseId, u64)> {
        mem::take(&mut *self.0.0.lock().unwrap_or_else(PoisonError::into_inner)).into_iter().collect()
    }
}

/// A handle to the task. The task ends when the last handle is dropped.
#[derive(Clone, Debug)]
pub(super) struct ResponseReader {
    /// Unbounded, because each command corresponds to a lease that the user asked to keep or release.
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

    /// The counts of read responses.
    pub(super) fn counts(&self) -> ReadCounts {
        self.counts.clone()
    }

    /// Starts keeping a lease alive. Without `pace`, the engine's default schedule applies.
    pub(super) fn start_keep_alive(&self, id: LeaseId, pace: Option<RenewalSchedule>) {
        self.send(ReaderCommand::Start(id, pace));
    }

    /// Starts keeping a just granted lease alive. Without `pace`, the engine's default schedule applies.
    pub(super) fn keep_granted(&self, granted: Granted, sent: Timestamp, pace: Option<RenewalSchedule>) {
        self.send(ReaderCommand::KeepGranted(granted, sent, pace));
    }

    /// Stops keeping a lease alive.
    pub(super) fn stop_keep_alive(&self, id: LeaseId) {
        self.send(ReaderCommand::Stop(id));
    }

    /// Starts or ends a drill in which the responses of a lease are read slowly or not at all.
    pub(super) fn drill(&self, id: LeaseId, drill: Option<Fault>) {
        self.send(ReaderCommand::Drill(id, drill));
    }

    /// Sending fails only if the task panicked, which ends the program.
    fn send(&self, command: ReaderCommand) {
        let _ = self.commands.send(command);
    }
}

/// The state of the task.
struct ReaderTask {
    consumer: Consumer,
    clock: Clock,
    counts: ReadCounts,
    /// Slowly read leases, with the time of the next read and the interval.
    slow: BTreeMap<LeaseId, (Timestamp, Duration)>,
}

impl ReaderTask {
    /// Executes commands and reads responses until the last handle is dropped. With `is_stalled`, only the responses of slowly
    /// read leases are read.
    async fn read(mut self, mut wanted: mpsc::UnboundedReceiver<ReaderCommand>, is_stalled: bool) {
        let mut has_leases = false;
        loop {
            let next = self.slow.values().map(|(at, _)| *at).min().unwrap_or(Timestamp::NEVER);
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
                () = self.clock.sleep_until(next), if next < Timestamp::NEVER => self.read_slowly(),
            }
        }
    }

    fn execute(&mut self, command: ReaderCommand) {
        match command {
            ReaderCommand::Start(id, pace) => self.consumer.keep_alive_with_schedule(id, pace),
            ReaderCommand::KeepGranted(granted, sent, pace) => {
                self.slow.remove(&granted.id);
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

    /// Reads one response of each slowly read lease that is due.
    fn read_slowly(&mut self) {
        let now = self.clock.now();
        let due: Vec<LeaseId> = self.slow.iter().filter(|(_, (at, _))| *at <= now).map(|(id, _)| *id).collect();
        for id in due {
            let delivery = self.consumer.try_next(id);
            self.slow.entry(id).and_modify(|(at, every)| *at = now + *every);
            delivery.iter().for_each(|delivery| self.on_delivery(delivery));
        }
    }

    /// Counts a response, or stops the slow reading of a lease whose keepalive ended. The reason is in the engine's
    /// status feed.
    fn on_delivery(&mut self, delivery: &Delivery) {
        match delivery {
            Delivery::Response(response) => self.counts.count(response.id),
            Delivery::Ended(id, _) => drop(self.slow.remove(id)),
        }
    }
}
