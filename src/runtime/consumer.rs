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
enum Order {
    Keep(LeaseId, Option<RenewalSchedule>),
    KeepGranted(Granted, Timestamp, Option<RenewalSchedule>),
    Leave(LeaseId),
    Drill(LeaseId, Option<Fault>),
}

/// Responses read since they were last taken.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally(Arc<(Mutex<BTreeMap<LeaseId, u64>>, Notify)>);

impl Tally {
    fn count(&self, id: LeaseId) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner).entry(id).or_default() += 1;
        self.0.1.notify_one();
    }

    /// Waits until something was read.
    pub(super) async fn changed(&self) {
        self.0.1.notified().await;
    }

    /// Takes what was read of each lease.
    pub(super) fn take(&self) -> Vec<(LeaseId, u64)> {
        mem::take(&mut *self.0.0.lock().unwrap_or_else(PoisonError::into_inner)).into_iter().collect()
    }
}

/// The way to the consumer's task, which ends with the last of these.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    /// Unbounded: each order stands for a lease that somebody asked to keep or to leave.
    orders: mpsc::UnboundedSender<Order>,
    tally: Tally,
    _task: Arc<Task>,
}

impl Reader {
    /// Starts the task.
    pub(super) fn start(consumer: Consumer, clock: Clock, is_stalled: bool) -> Self {
        let (orders, wanted) = mpsc::unbounded_channel();
        let tally = Tally::default();
        let eyes = Eyes { consumer, clock, tally: tally.clone(), slow: BTreeMap::new() };
        let task = tasks::spawn(eyes.read(wanted, is_stalled));
        Reader { orders, tally, _task: Arc::new(task) }
    }

    /// What it has read.
    pub(super) fn tally(&self) -> Tally {
        self.tally.clone()
    }

    /// Keeps a lease alive, at the engine's pace unless another is named.
    pub(super) fn keep(&self, id: LeaseId, pace: Option<RenewalSchedule>) {
        self.order(Order::Keep(id, pace));
    }

    /// Keeps a lease alive that was just granted, at the engine's pace unless another is named.
    pub(super) fn keep_granted(&self, granted: Granted, sent: Timestamp, pace: Option<RenewalSchedule>) {
        self.order(Order::KeepGranted(granted, sent, pace));
    }

    /// Keeps a lease alive no more.
    pub(super) fn leave(&self, id: LeaseId) {
        self.order(Order::Leave(id));
    }

    /// Reads a lease's responses slowly or not at all, or as they come.
    pub(super) fn drill(&self, id: LeaseId, drill: Option<Fault>) {
        self.order(Order::Drill(id, drill));
    }

    /// The task ends only with the program, or by a panic that ends it.
    fn order(&self, order: Order) {
        let _ = self.orders.send(order);
    }
}

/// What the task holds.
struct Eyes {
    consumer: Consumer,
    clock: Clock,
    tally: Tally,
    /// Leases that are read slowly: when next, and in what time one.
    slow: BTreeMap<LeaseId, (Timestamp, Duration)>,
}

impl Eyes {
    async fn read(mut self, mut wanted: mpsc::UnboundedReceiver<Order>, is_stalled: bool) {
        let mut has_leases = false;
        loop {
            let next = self.slow.values().map(|(at, _)| *at).min();
            tokio::select! {
                order = wanted.recv() => match order {
                    Some(order) => {
                        self.carry_out(order);
                        has_leases = true;
                    }
                    None => return,
                },
                delivery = self.consumer.next(), if has_leases && !is_stalled => match delivery {
                    Some(delivery) => self.see(&delivery),
                    None => has_leases = false,
                },
                () = self.clock.sleep_until(next.unwrap_or(Timestamp::NEVER)), if next.is_some() => self.read_slowly(),
            }
        }
    }

    fn carry_out(&mut self, order: Order) {
        match order {
            Order::Keep(id, pace) => self.consumer.keep_alive_with_schedule(id, pace),
            Order::KeepGranted(granted, sent, pace) => self.consumer.keep_granted_with_schedule(&granted, sent, pace),
            Order::Leave(id) => {
                self.slow.remove(&id);
                self.consumer.stop_keep_alive(id);
            }
            Order::Drill(id, drill) => self.drill(id, drill),
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
            delivery.iter().for_each(|delivery| self.see(delivery));
        }
    }

    /// Why a lease ended stands on the engine's board.
    fn see(&mut self, delivery: &Delivery) {
        match delivery {
            Delivery::Response(response) => self.tally.count(response.id),
            Delivery::Ended(id, _) => drop(self.slow.remove(id)),
        }
    }
}
