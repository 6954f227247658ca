//! The bounded response queues of one consumer.
//!
//! Each lease has a queue of its own, so that a lease whose responses are not read makes no other drop. A full queue
//! drops the newest response and counts it, as Go's does: the oldest are kept, the renewal stands.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::keepalive::{AnsweredRenewal, SlotId};
use crate::{Ended, LeaseId, QueueGauge};
use simkit::Timestamp;

/// The queues of all consumers that receive responses of one lease.
pub(super) type Subscribers = Arc<[Arc<ResponseQueues>]>;

/// A renewal that was answered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Response {
    /// Which lease.
    pub id: LeaseId,
    /// Its full TTL in seconds, as the server gave it.
    pub ttl: i64,
    /// When the answer arrived.
    pub at: Timestamp,
    /// From sending to the answer.
    pub round_trip: Duration,
    /// The header's revision, taken before the renewal.
    pub revision: i64,
}

/// What a consumer gets to read.
#[derive(Clone, Debug, PartialEq)]
pub enum Delivery {
    /// A response.
    Response(Response),
    /// The lease is not kept any more; nothing follows of it.
    Ended(LeaseId, Ended),
}

/// What became of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivered {
    Queued,
    /// The queue was full.
    Dropped(QueueGauge),
    /// The reader has left the lease.
    NotSubscribed,
}

/// Learns that a response was read, so that the depth of a queue has changed.
pub(super) trait ReadListener: fmt::Debug + Send + Sync {
    /// A response of this lease, which the scheduler keeps in `slot`, was read. Called without any lock.
    fn on_read(&self, slot: SlotId, id: LeaseId);
}

#[derive(Debug)]
pub(super) struct ResponseQueues {
    capacity: usize,
    listener: Arc<dyn ReadListener>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    queues: HashMap<LeaseId, Queue>,
    /// Leases with something to read, each once.
    readable: VecDeque<LeaseId>,
    reader: Option<Waker>,
}

/// A queue's buffer is allocated when it is first used: most of 100,000 are empty most of the time.
#[derive(Debug, Default)]
struct Queue {
    responses: VecDeque<Response>,
    ended: Option<Box<Ended>>,
    dropped: u64,
    /// Where the scheduler keeps the lease; none before the engine has taken it over.
    slot: Option<SlotId>,
    /// Whether its reader leaves it unread for now.
    paused: bool,
}

impl Queue {
    fn is_readable(&self) -> bool {
        !self.responses.is_empty() || self.ended.is_some()
    }
}

impl Response {
    fn new(id: LeaseId, renewal: &AnsweredRenewal) -> Self {
        let AnsweredRenewal { ttl, at, round_trip, revision, .. } = *renewal;
        Response { id, ttl, at, round_trip, revision }
    }
}

impl ResponseQueues {
    pub(super) fn new(capacity: usize, listener: Arc<dyn ReadListener>) -> Self {
        ResponseQueues { capacity, listener, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to take responses of a lease; false if it does already.
    pub(super) fn open(&self, id: LeaseId) -> bool {
        let mut state = self.state();
        // An end that nobody reads because of a pause does not stand in the way of a new life.
        if state.queues.get(&id).is_none_or(|queue| queue.paused && queue.ended.is_some()) {
            state.queues.insert(id, Queue::default());
            return true;
        }
        false
    }

    /// Notes where the scheduler keeps a lease.
    pub(super) fn set_slot(&self, id: LeaseId, slot: SlotId) {
        if let Some(queue) = self.state().queues.get_mut(&id) {
            queue.slot = Some(slot);
        }
    }

    /// Takes no more of a lease; what was not read is gone.
    pub(super) fn close(&self, id: LeaseId) {
        let mut state = self.state();
        state.queues.remove(&id);
        state.readable.retain(|readable| *readable != id);
    }

    /// Whether it takes responses of a lease.
    pub(super) fn is_open(&self, id: LeaseId) -> bool {
        self.state().queues.contains_key(&id)
    }

    /// Takes no more of any lease. Returns which it took responses of.
    pub(super) fn close_all(&self) -> Vec<LeaseId> {
        let mut state = self.state();
        state.readable.clear();
        std::mem::take(&mut state.queues).into_keys().collect()
    }

    /// Queues the response to a renewal, or drops it if the queue is full.
    pub(super) fn deliver(&self, id: LeaseId, renewal: &AnsweredRenewal) -> Delivered {
        let mut state = self.state();
        let State { queues, readable, reader } = &mut *state;
        let Some(queue) = queues.get_mut(&id) else { return Delivered::NotSubscribed };
        // Without a queue a response can only be handed to somebody who waits for it.
        let room = if self.capacity == 0 { usize::from(reader.is_some()) } else { self.capacity };
        if queue.responses.len() >= room {
            queue.dropped += 1;
            let depth = queue.responses.len();
            return Delivered::Dropped(QueueGauge { depth, capacity: self.capacity, dropped: queue.dropped });
        }
        let announce = !queue.is_readable() && !queue.paused;
        queue.responses.push_back(Response::new(id, renewal));
        if announce {
            readable.push_back(id);
            wake(reader.take());
        }
        Delivered::Queued
    }

    /// Tells the end of a lease: it is read after the responses that came before.
    pub(super) fn end(&self, id: LeaseId, ended: Ended) {
        let mut state = self.state();
        let State { queues, readable, reader } = &mut *state;
        let Some(queue) = queues.get_mut(&id) else { return };
        let announce = !queue.is_readable() && !queue.paused;
        queue.ended.get_or_insert_with(|| Box::new(ended));
        if announce {
            readable.push_back(id);
            wake(reader.take());
        }
    }

    /// Hides what there is to read of a lease from its reader, or shows it again.
    pub(super) fn pause(&self, id: LeaseId, paused: bool) {
        let mut state = self.state();
        let State { queues, readable, reader } = &mut *state;
        let Some(queue) = queues.get_mut(&id) else { return };
        if std::mem::replace(&mut queue.paused, paused) == paused {
            return;
        }
        readable.retain(|other| *other != id);
        if !paused && queue.is_readable() {
            readable.push_back(id);
            wake(reader.take());
        }
    }

    /// Takes what is next of one lease, whether it is paused or not.
    pub(super) fn take(&self, id: LeaseId) -> Option<Delivery> {
        let mut state = self.state();
        let taken = state.readable.iter().position(|readable| *readable == id);
        taken.map(|index| state.readable.remove(index));
        self.take_from(state, id)
    }

    fn take_from(&self, mut state: MutexGuard<'_, State>, id: LeaseId) -> Option<Delivery> {
        let slot = state.queues.get(&id)?.slot;
        let delivery = state.take(id)?;
        drop(state);
        if let (Delivery::Response(_), Some(slot)) = (&delivery, slot) {
            self.listener.on_read(slot, id);
        }
        Some(delivery)
    }

    pub(super) fn gauge(&self, id: LeaseId) -> QueueGauge {
        let state = self.state();
        let (depth, dropped) = state.queues.get(&id).map_or((0, 0), |queue| (queue.responses.len(), queue.dropped));
        QueueGauge { depth, capacity: self.capacity, dropped }
    }

    /// The next delivery, of the leases in turn. Ready with none when there is no lease left to wait for.
    pub(super) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Option<Delivery>> {
        let mut state = self.state();
        let Some(id) = state.readable.pop_front() else {
            if state.queues.is_empty() {
                return Poll::Ready(None);
            }
            state.reader = Some(cx.waker().clone());
            return Poll::Pending;
        };
        state.reader = None;
        Poll::Ready(self.take_from(state, id))
    }
}

impl State {
    fn take(&mut self, id: LeaseId) -> Option<Delivery> {
        let queue = self.queues.get_mut(&id)?;
        if let Some(response) = queue.responses.pop_front() {
            if queue.is_readable() && !queue.paused {
                self.readable.push_back(id);
            }
            return Some(Delivery::Response(response));
        }
        queue.ended.as_ref()?;
        let ended = self.queues.remove(&id)?.ended?;
        Some(Delivery::Ended(id, *ended))
    }
}

/// The sum over several queues of one lease: the depth of the fullest, and all drops.
pub(super) fn total_gauge(subscribers: &[Arc<ResponseQueues>], id: LeaseId) -> QueueGauge {
    subscribers.iter().map(|queues| queues.gauge(id)).fold(QueueGauge::default(), |sum, one| QueueGauge {
        depth: sum.depth.max(one.depth),
        capacity: sum.capacity.max(one.capacity),
        dropped: sum.dropped + one.dropped,
    })
}

fn wake(reader: Option<Waker>) {
    if let Some(reader) = reader {
        reader.wake();
    }
}
