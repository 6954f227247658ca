//! The bounded response queues of one consumer.
//!
//! Each lease has its own queue, so that an unread lease causes no drops for others. A full queue drops the new response
//! and counts it, as Go's clientv3 does: it keeps the oldest, and the renewal itself succeeded.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::sync::watch;

use super::response::Response;
use super::response_arena::{Chain, ResponseArena};
use crate::keepalive::{AnsweredRenewal, SlotId};
use crate::{Ended, LeaseId, QueueGauge};

/// An item that a consumer reads.
#[derive(Clone, Debug, PartialEq)]
pub enum Delivery {
    /// A response.
    Response(Response),
    /// The keepalive ended. This is the last item of the lease.
    Ended(LeaseId, Ended),
}

/// The outcome of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivered {
    Queued,
    /// The queue was full.
    Dropped(QueueGauge),
    /// The reader has unsubscribed, or has subscribed to a newer lease with this id.
    NotSubscribed,
}

/// Notified when a response is read, because that changes the queue depth.
pub(super) trait ReadListener: fmt::Debug + Send + Sync {
    /// A response of the lease in the scheduler's `slot` was read. Called without holding a lock.
    fn on_read(&self, slot: SlotId, id: LeaseId);
}

#[derive(Debug)]
pub(super) struct ResponseQueues {
    capacity: usize,
    listener: Arc<dyn ReadListener>,
    /// For the queues of a single lease: sends the end at once, even if responses are unread.
    end: Option<watch::Sender<Option<Ended>>>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    queues: HashMap<LeaseId, Queue>,
    /// The unread responses of all queues.
    responses: ResponseArena,
    /// The ends that are unread.
    ends: HashMap<LeaseId, Ended>,
    readable: Readable,
    /// The dropped responses of queues whose end was read.
    dropped_before: u64,
}

/// What there is to read, and who waits for it.
#[derive(Debug, Default)]
struct Readable {
    /// Leases with deliveries, each once. It also has leases that were closed or paused since, because searching it takes
    /// long.
    ids: VecDeque<LeaseId>,
    /// The leases in `ids` whose queue was closed. One that is opened again keeps its turn and gets no second one.
    closed: HashSet<LeaseId>,
    reader: Option<Waker>,
}

impl Readable {
    /// Lists a lease if it has a delivery for its reader, and wakes the reader.
    fn announce(&mut self, id: LeaseId, queue: &mut Queue) {
        if queue.is_readable() && !queue.listed {
            queue.listed = true;
            self.ids.push_back(id);
            if let Some(reader) = self.reader.take() {
                reader.wake();
            }
        }
    }
}

/// The slot of a queue whose subscription the engine has not processed yet.
pub(super) const NO_SLOT: SlotId = SlotId::MAX;

/// The queue of one lease. There may be a million of them, most of them empty, so it is small.
#[derive(Debug, Default)]
struct Queue {
    responses: Chain,
    dropped: u32,
    /// The scheduler's slot of the lease; [`NO_SLOT`] until the engine has processed the subscription. What comes from
    /// another slot is about an earlier lease with this id.
    slot: SlotId,
    /// Whether its reader has paused it.
    paused: bool,
    /// Whether its end is among [`State::ends`].
    ended: bool,
    /// Whether it is in [`Readable::ids`].
    listed: bool,
}

impl Queue {
    /// Whether it has a delivery for its reader.
    fn is_readable(&self) -> bool {
        !self.paused && (!self.responses.is_empty() || self.ended)
    }
}

impl ResponseQueues {
    pub(super) fn new(capacity: usize, listener: Arc<dyn ReadListener>) -> Self {
        ResponseQueues { capacity, listener, end: None, state: Mutex::default() }
    }

    /// The queue of a single lease, and a receiver of its end.
    pub(super) fn of_one(capacity: usize, listener: Arc<dyn ReadListener>) -> (Self, watch::Receiver<Option<Ended>>) {
        let (sender, receiver) = watch::channel(None);
        (ResponseQueues { end: Some(sender), ..ResponseQueues::new(capacity, listener) }, receiver)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the queue of a lease. Returns false if it is open already. An unread end of an earlier keepalive is discarded
    /// with the responses before it.
    pub(super) fn open(&self, id: LeaseId) -> bool {
        let mut state = self.state();
        let may_open = state.queues.get(&id).is_none_or(|queue| queue.ended);
        if may_open {
            state.open(id);
        }
        may_open
    }

    /// Opens a queue for a new lease. All deliveries about an earlier lease with its id are discarded, also those that the
    /// engine has yet to make.
    pub(super) fn reopen(&self, id: LeaseId) {
        self.state().open(id);
    }

    /// Stores the scheduler's slot of a lease.
    pub(super) fn set_slot(&self, id: LeaseId, slot: SlotId) {
        if let Some(queue) = self.state().queues.get_mut(&id) {
            queue.slot = slot;
        }
    }

    /// Closes the queue of a lease. Unread responses are discarded, and so is an unread end.
    pub(super) fn close(&self, id: LeaseId) {
        self.state().remove(id);
    }

    /// Whether the queue of a lease is open.
    pub(super) fn is_open(&self, id: LeaseId) -> bool {
        self.state().queues.contains_key(&id)
    }

    /// Closes all queues. Returns their leases.
    pub(super) fn close_all(&self) -> Vec<LeaseId> {
        let mut state = self.state();
        let State { queues, responses, ends, readable, .. } = &mut *state;
        readable.ids.clear();
        readable.closed.clear();
        ends.clear();
        *responses = ResponseArena::default();
        std::mem::take(queues).into_keys().collect()
    }

    /// Queues the response to a renewal of the lease in a slot, or drops it if the queue is full.
    pub(super) fn deliver(&self, slot: SlotId, id: LeaseId, renewal: &AnsweredRenewal) -> Delivered {
        let mut state = self.state();
        let State { queues, responses, readable, .. } = &mut *state;
        let Some(queue) = queues.get_mut(&id).filter(|queue| queue.slot == slot) else {
            return Delivered::NotSubscribed;
        };
        // Without capacity a response is delivered only to a reader that waits for this lease.
        let is_awaited = readable.reader.is_some() && !queue.paused;
        let room = if self.capacity == 0 { usize::from(is_awaited) } else { self.capacity };
        if queue.responses.len() >= room {
            queue.dropped = queue.dropped.saturating_add(1);
            let (depth, dropped) = (queue.responses.len(), u64::from(queue.dropped));
            return Delivered::Dropped(QueueGauge { depth, capacity: self.capacity, dropped });
        }
        responses.push(&mut queue.responses, Response::new(id, renewal));
        readable.announce(id, queue);
        Delivered::Queued
    }

    /// Ends the queue of the lease in a slot; [`NO_SLOT`] for a subscription that the engine does not process. The reader
    /// gets the end after the responses before it.
    pub(super) fn end(&self, slot: SlotId, id: LeaseId, ended: Ended) {
        let mut state = self.state();
        let State { queues, ends, readable, .. } = &mut *state;
        let Some(queue) = queues.get_mut(&id).filter(|queue| queue.slot == slot) else { return };
        queue.ended = true;
        if let Some(end) = &self.end {
            end.send_replace(Some(ended.clone()));
        }
        ends.entry(id).or_insert(ended);
        readable.announce(id, queue);
    }

    /// Hides the responses of a lease from its reader, or shows them again.
    pub(super) fn pause(&self, id: LeaseId, paused: bool) {
        let mut state = self.state();
        let State { queues, readable, .. } = &mut *state;
        if let Some(queue) = queues.get_mut(&id) {
            queue.paused = paused;
            readable.announce(id, queue);
        }
    }

    /// Takes the next delivery of one lease, whether it is paused or not.
    pub(super) fn take(&self, id: LeaseId) -> Option<Delivery> {
        self.take_from(self.state(), id)
    }

    /// Takes the next delivery of a lease, and notifies the listener after unlocking the state.
    fn take_from(&self, mut state: MutexGuard<'_, State>, id: LeaseId) -> Option<Delivery> {
        let (delivery, slot) = state.take(id)?;
        drop(state);
        if let Delivery::Response(_) = &delivery {
            self.listener.on_read(slot, id);
        }
        Some(delivery)
    }

    pub(super) fn gauge(&self, id: LeaseId) -> QueueGauge {
        let state = self.state();
        let (depth, dropped) = match state.queues.get(&id) {
            Some(queue) => (queue.responses.len(), u64::from(queue.dropped)),
            // The queues of one lease: its count of drops outlives its queue.
            None if self.end.is_some() => (0, state.dropped_before),
            None => (0, 0),
        };
        QueueGauge { depth, capacity: self.capacity, dropped }
    }

    /// Waits for the next delivery. `None` if no lease is left.
    pub(super) async fn next(&self) -> Option<Delivery> {
        /// A reader that stops waiting must not count as one that waits.
        struct Waiting<'a>(&'a ResponseQueues);
        impl Drop for Waiting<'_> {
            fn drop(&mut self) {
                self.0.state().readable.reader = None;
            }
        }
        let waiting = Waiting(self);
        std::future::poll_fn(|cx| waiting.0.poll_next(cx)).await
    }

    /// Polls for the next delivery. The leases take turns. `None` if no lease is left.
    pub(super) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Option<Delivery>> {
        let mut state = self.state();
        let Some(id) = state.next_readable() else {
            if state.queues.is_empty() {
                return Poll::Ready(None);
            }
            state.readable.reader = Some(cx.waker().clone());
            return Poll::Pending;
        };
        state.readable.reader = None;
        Poll::Ready(self.take_from(state, id))
    }
}

impl State {
    /// Takes the next lease that is readable from the list.
    fn next_readable(&mut self) -> Option<LeaseId> {
        loop {
            let id = self.readable.ids.pop_front()?;
            let Some(queue) = self.queues.get_mut(&id) else {
                self.readable.closed.remove(&id);
                continue;
            };
            queue.listed = false;
            if queue.is_readable() {
                return Some(id);
            }
        }
    }

    /// Opens the queue of a lease, in place of an open one.
    fn open(&mut self, id: LeaseId) {
        self.remove(id);
        let listed = self.readable.closed.remove(&id);
        self.queues.insert(id, Queue { slot: NO_SLOT, listed, ..Queue::default() });
    }

    /// Removes closed leases from the list, once they are the most of it.
    fn clean_readable(&mut self) {
        /// A shorter list is left as it is.
        const SHORT: usize = 64;
        let State { queues, readable: Readable { ids, closed, .. }, .. } = self;
        if ids.len() > SHORT + 2 * queues.len() {
            ids.retain(|id| queues.contains_key(id));
            closed.clear();
        }
    }

    /// Takes the next delivery of a lease, and returns it with the lease's slot. Removes the queue after its end.
    fn take(&mut self, id: LeaseId) -> Option<(Delivery, SlotId)> {
        let queue = self.queues.get_mut(&id)?;
        let slot = queue.slot;
        if let Some(response) = self.responses.pop(&mut queue.responses) {
            self.readable.announce(id, queue);
            return Some((Delivery::Response(response), slot));
        }
        let ended = self.ends.remove(&id)?;
        let dropped = self.remove(id)?.dropped;
        self.dropped_before += u64::from(dropped);
        Some((Delivery::Ended(id, ended), slot))
    }

    /// Removes the queue of a lease with its unread responses.
    fn remove(&mut self, id: LeaseId) -> Option<Queue> {
        let mut queue = self.queues.remove(&id)?;
        self.responses.clear(&mut queue.responses);
        if queue.ended {
            self.ends.remove(&id);
        }
        if queue.listed {
            self.readable.closed.insert(id);
        }
        self.clean_readable();
        Some(queue)
    }
}

#[cfg(test)]
mod tests;
