//! The monitor's keepalive consumer: a task that reads every response, unless it is told to stall.
//!
//! What it has read goes into a tally that the event loop takes when it comes by. The task never waits for the loop,
//! so that a slow screen makes no queue overflow.

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, mpsc};

use crate::domain::{Granted, LeaseId, Moment};
use crate::engine::{Consumer, Delivery};
use crate::tasks::{self, Task};

/// What the consumer is to keep.
#[derive(Clone, Copy, Debug)]
enum Order {
    Keep(LeaseId),
    KeepGranted(Granted, Moment),
    Leave(LeaseId),
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
    pub(super) fn start(consumer: Consumer, is_stalled: bool) -> Self {
        let (orders, wanted) = mpsc::unbounded_channel();
        let tally = Tally::default();
        let task = tasks::spawn(read(consumer, wanted, tally.clone(), is_stalled));
        Reader { orders, tally, _task: Arc::new(task) }
    }

    /// What it has read.
    pub(super) fn tally(&self) -> Tally {
        self.tally.clone()
    }

    /// Keeps a lease alive.
    pub(super) fn keep(&self, id: LeaseId) {
        self.order(Order::Keep(id));
    }

    /// Keeps a lease alive that was just granted.
    pub(super) fn keep_granted(&self, granted: Granted, sent: Moment) {
        self.order(Order::KeepGranted(granted, sent));
    }

    /// Keeps a lease alive no more.
    pub(super) fn leave(&self, id: LeaseId) {
        self.order(Order::Leave(id));
    }

    /// The task ends only with the program, or by a panic that ends it.
    fn order(&self, order: Order) {
        let _ = self.orders.send(order);
    }
}

async fn read(mut consumer: Consumer, mut wanted: mpsc::UnboundedReceiver<Order>, tally: Tally, is_stalled: bool) {
    let mut has_leases = false;
    loop {
        tokio::select! {
            order = wanted.recv() => match order {
                Some(order) => {
                    carry_out(&consumer, order);
                    has_leases = true;
                }
                None => return,
            },
            delivery = consumer.next(), if has_leases && !is_stalled => match delivery {
                Some(Delivery::Response(response)) => tally.count(response.id),
                // Why it ended stands on the engine's board.
                Some(Delivery::Ended(..)) => (),
                None => has_leases = false,
            },
        }
    }
}

fn carry_out(consumer: &Consumer, order: Order) {
    match order {
        Order::Keep(id) => consumer.keep_alive(id),
        Order::KeepGranted(granted, sent) => consumer.keep_granted(&granted, sent),
        Order::Leave(id) => consumer.leave(id),
    }
}
