//! The bounded response queues of one consumer.
//!
//! Each lease has a queue of its own, so that a lease whose responses are not read makes no other drop. A full queue
//! drops the newest response and counts it, as Go's does: the oldest are kept, the renewal stands.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::board::Board;
use crate::Ended;
use crate::LeaseId;
use crate::QueueGauge;
use simkit::Timestamp;

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
    Unwanted,
}

#[derive(Debug)]
pub(super) struct Inbox {
    capacity: usize,
    board: Board,
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
    /// Whether its reader leaves it unread for now.
    paused: bool,
}

impl Queue {
    fn is_readable(&self) -> bool {
        !self.responses.is_empty() || self.ended.is_some()
    }
}

impl Inbox {
    pub(super) fn new(capacity: usize, board: Board) -> Self {
        Inbox { capacity, board, state: Mutex::default() }
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

    /// The leases that it takes responses of.
    pub(super) fn leases(&self) -> Vec<LeaseId> {
        self.state().queues.keys().copied().collect()
    }

    pub(super) fn deliver(&self, response: Response) -> Delivered {
        let mut state = self.state();
        let State { queues, readable, reader } = &mut *state;
        let Some(queue) = queues.get_mut(&response.id) else { return Delivered::Unwanted };
        // Without a queue a response can only be handed to somebody who waits for it.
        let room = if self.capacity == 0 { usize::from(reader.is_some()) } else { self.capacity };
        if queue.responses.len() >= room {
            queue.dropped += 1;
            let depth = queue.responses.len();
            return Delivered::Dropped(QueueGauge { depth, capacity: self.capacity, dropped: queue.dropped });
        }
        let announce = !queue.is_readable() && !queue.paused;
        queue.responses.push_back(response);
        if announce {
            readable.push_back(response.id);
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
        let delivery = state.take(id);
        drop(state);
        if delivery.is_some() {
            self.board.queue_moved(id);
        }
        delivery
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
        let delivery = state.take(id);
        drop(state);
        self.board.queue_moved(id);
        Poll::Ready(delivery)
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

fn wake(reader: Option<Waker>) {
    if let Some(reader) = reader {
        reader.wake();
    }
}
